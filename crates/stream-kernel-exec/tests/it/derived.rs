//! Derived payloads are those that a person would write.

use std::borrow::Cow;
use std::fmt;

use stream_kernel_exec::Payload;
use stream_kernel_exec::trace::{CanonicalContent, ShortText};

fn content(payload: &impl Payload) -> String {
    let mut content = CanonicalContent::default();
    payload.digest(&mut content);
    String::from_utf8(content.as_bytes().to_vec()).unwrap()
}

fn identity(payload: &impl Payload) -> Option<String> {
    let mut identity = ShortText::default();
    payload.identity(&mut identity).then(|| identity.as_str().to_owned())
}

struct Shout(&'static str);

impl fmt::Display for Shout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}!", self.0)
    }
}

#[derive(Payload)]
struct Everything {
    text: String,
    borrowed: Cow<'static, str>,
    bytes: Vec<u8>,
    unsigned: u128,
    signed: i8,
    size: usize,
    ratio: f64,
    short_ratio: f32,
    truth: bool,
    none: Option<u8>,
    some: Option<Box<str>>,
    #[payload(display)]
    shout: Shout,
    #[payload(name = "renamed")]
    r#type: u16,
}

#[test]
fn every_field_is_content_in_order() {
    let everything = Everything {
        text: "a\nb".to_owned(),
        borrowed: "c".into(),
        bytes: b"de".to_vec(),
        unsigned: u128::MAX,
        signed: -8,
        size: 9,
        ratio: 0.1,
        short_ratio: 0.1,
        truth: true,
        none: None,
        some: Some("f".into()),
        shout: Shout("g"),
        r#type: 10,
    };
    let expected = "text=3:a\nb\nborrowed=1:c\nbytes=2:de\nunsigned=340282366920938463463374607431768211455\nsigned=-8\n\
                    size=9\nratio=0.1\nshort_ratio=0.1\ntruth=true\nnone=null\nsome=1:f\nshout=2:g!\nrenamed=10\n";
    assert_eq!(content(&everything), expected);
    assert_eq!(identity(&everything), None);
    assert!(!Everything::always_packs());
}

#[derive(Payload)]
struct Nothing;

#[derive(Payload)]
struct Pair<T: stream_kernel_exec::trace::ContentField>(
    #[payload(identity)] u8,
    #[payload(name = "second")] T,
);

#[test]
fn structs_of_every_shape_are_payloads() {
    assert_eq!(content(&Nothing), "");
    assert_eq!(content(&Pair(1, "x")), "0=1\nsecond=1:x\n");
    assert_eq!(identity(&Pair(1, "x")).as_deref(), Some("1"));
    assert!(!Pair(1, "x").identity_is_public());
}

#[derive(Debug, PartialEq, Payload)]
#[payload(identity = "{method} {id:>3}", public_identity, pack)]
struct Request {
    method: String,
    id: u64,
    idle: bool,
}

#[test]
fn an_identity_may_be_of_several_fields() {
    let request = Request { method: "GET".to_owned(), id: 7, idle: false };
    assert_eq!(identity(&request).as_deref(), Some("GET   7"));
    assert!(request.identity_is_public());
}

#[derive(Payload)]
#[payload(identity = "{identity}{{}} {id:>width$} {id }")]
struct Awkward {
    identity: &'static str,
    id: u8,
    width: usize,
}

#[test]
fn a_format_may_use_every_field() {
    let awkward = Awkward { identity: "a", id: 7, width: 3 };
    assert_eq!(identity(&awkward).as_deref(), Some("a{}   7 7"));
}

#[test]
fn packed_payloads_round_trip() {
    let request = Request { method: "GET".to_owned(), id: 7, idle: true };
    let mut bytes = Vec::new();
    assert!(Request::always_packs() && request.pack(&mut bytes));
    for len in 0..bytes.len() {
        assert_eq!(Request::unpack(&mut &bytes[..len]), None, "cut at {len}");
    }
    bytes.push(0xee);
    let mut rest = bytes.as_slice();
    assert_eq!(Request::unpack(&mut rest), Some(request));
    assert_eq!(rest, [0xee], "only its own bytes are taken");
}
