//! The results of the message macros for an application's payloads.

use stream_kernel_exec::trace::{CanonicalContent, Message, ShortText};
use stream_kernel_exec::{Emits, Kind, MessageSet, Nothing, Payload, VariantOf, messages};

use crate::toy::{Line, Toy, Verdict, Word, WordOrVerdict};

struct Tick;

impl Payload for Tick {
    fn digest(&self, _: &mut CanonicalContent) {}
}

messages! { enum Alone { Tick } }

#[test]
fn a_kind_is_the_position_of_its_payload() {
    assert_eq!(Toy::KINDS, ["Line", "Word", "Verdict", "Report"]);
    assert_eq!(<Verdict as VariantOf<Toy>>::KIND.index(), 2);
    assert_eq!(Toy::from(Verdict::from("yes")).kind(), <Verdict as VariantOf<Toy>>::KIND);
    assert_eq!(<Verdict as VariantOf<Toy>>::KIND.name_in::<Toy>(), "Verdict");
}

#[test]
fn a_message_yields_its_own_payload_and_comes_back_from_another() {
    let message = Toy::from(Word::from("here"));
    let Err(message) = Line::from_message(message) else { panic!("a word is no line") };
    assert!(Word::from_message(message).is_ok_and(|word| word.0 == "here"));
}

#[test]
fn outputs_are_known_by_kind() {
    let names = |kinds: Vec<Kind>| -> Vec<_> { kinds.into_iter().map(Kind::name_in::<Toy>).collect() };
    assert_eq!(names(<Word as Emits<Toy>>::kinds()), ["Word"]);
    assert_eq!(names(WordOrVerdict::kinds()), ["Word", "Verdict"]);
    assert!(<Nothing as Emits<Toy>>::kinds().is_empty());
}

#[test]
fn tracing_asks_the_payload() {
    let message = Toy::from(Word::from("here"));
    let (mut identity, mut content) = (ShortText::default(), CanonicalContent::default());
    assert!(message.identity(&mut identity));
    content.begin(message.type_name());
    message.digest(&mut content);
    assert_eq!(identity.as_str(), "here");
    assert_eq!(content.as_bytes(), b"Word\ntext=4:here\n");
}

#[test]
fn a_message_enum_may_have_one_kind_and_a_payload_no_identity() {
    let message = Alone::from(Tick);
    assert_eq!(message.type_name(), "Tick");
    assert!(!message.identity(&mut ShortText::default()));
    assert!(Tick::from_message(message).is_ok());
}
