//! Routing by kind, and the order in which messages are handled.

use stream_kernel_exec::Nothing;

use crate::toy::{Line, Rig, Verdict, Word, WordOrVerdict};

fn words(text: &str) -> Vec<Word> {
    text.split_whitespace().map(Word::from).collect()
}

#[test]
fn messages_are_handled_in_the_order_of_emission() {
    let rig = Rig::new().step::<Line, Word>("split", words).step::<Word, Nothing>("take", |_| vec![]);
    // The input without outputs is complete: it counts as an input, and nothing of it is undeliverable.
    insta::assert_snapshot!(rig.story(&["c a b", "", "z"]), @r#"
    1 split < Line "c a b"
    1 take < Word "c"
    1 take < Word "a"
    1 take < Word "b"
    2 split < Line ""
    3 split < Line "z"
    3 take < Word "z"
    inputs 3
    "#);
}

#[test]
fn a_step_handles_all_its_messages_before_later_steps() {
    let rig = Rig::new()
        .step::<Line, Word>("split", words)
        .step::<Word, Word>("double", |text| vec![format!("{text}1").into(), format!("{text}2").into()])
        .step::<Word, Nothing>("take", |_| vec![]);
    insta::assert_snapshot!(rig.story(&["a b"]), @r#"
    1 split < Line "a b"
    1 double < Word "a"
    1 double < Word "b"
    1 take < Word "a1"
    1 take < Word "a2"
    1 take < Word "b1"
    1 take < Word "b2"
    inputs 1
    "#);
}

#[test]
fn messages_of_several_steps_keep_the_order_of_emission() {
    // `parse` emits its verdicts first, although `judge` is nearer to `collect`.
    let rig = Rig::new()
        .step::<Line, WordOrVerdict>("parse", |_| {
            vec![
                Verdict::from("parse 1").into(),
                Word::from("a").into(),
                Word::from("b").into(),
                Verdict::from("parse 2").into(),
            ]
        })
        .step::<Word, Verdict>("judge", |text| vec![format!("judge {text}").into()])
        .step::<Verdict, Nothing>("collect", |_| vec![]);
    insta::assert_snapshot!(rig.story(&["x"]), @r#"
    1 parse < Line "x"
    1 judge < Word "a"
    1 judge < Word "b"
    1 collect < Verdict "parse 1"
    1 collect < Verdict "parse 2"
    1 collect < Verdict "judge a"
    1 collect < Verdict "judge b"
    inputs 1
    "#);
}

#[test]
fn the_first_later_step_that_takes_the_kind_receives_it() {
    // Three steps take words: a word goes only to the next of them, which decides what the one after it gets.
    let rig = Rig::new()
        .step::<Line, Word>("split", words)
        .step::<Word, Word>("upper", |text| vec![text.to_uppercase().into()])
        .step::<Word, Word>("exclaim", |text| vec![format!("{text}!").into()])
        .step::<Word, Nothing>("take", |_| vec![]);
    insta::assert_snapshot!(rig.story(&["a b"]), @r#"
    1 split < Line "a b"
    1 upper < Word "a"
    1 upper < Word "b"
    1 exclaim < Word "A"
    1 exclaim < Word "B"
    1 take < Word "A!"
    1 take < Word "B!"
    inputs 1
    "#);
}

#[test]
fn a_message_never_goes_back() {
    // `judge` takes words too, but comes before `reword`.
    let rig = Rig::new()
        .step::<Line, Word>("split", words)
        .step::<Word, Verdict>("judge", |text| vec![text.into()])
        .step::<Verdict, Word>("reword", |text| vec![format!("{text} again").into()])
        .step::<Word, Nothing>("take", |_| vec![]);
    insta::assert_snapshot!(rig.story(&["a"]), @r#"
    1 split < Line "a"
    1 judge < Word "a"
    1 reword < Verdict "a"
    1 take < Word "a again"
    inputs 1
    "#);
}

#[test]
fn a_bad_line_skips_steps_that_do_not_take_it() {
    let rig = Rig::new()
        .step::<Line, WordOrVerdict>("parse", |text| match text {
            "bad" => vec![Verdict::from("declined").into()],
            good => vec![Word::from(good).into()],
        })
        .step::<Word, Word>("enrich", |text| vec![text.into()])
        .step::<Word, Verdict>("decide", |_| vec!["accepted".into()])
        .step::<Verdict, Verdict>("update", |text| vec![text.into()])
        .step::<Verdict, Nothing>("write", |_| vec![]);
    insta::assert_snapshot!(rig.story(&["good", "bad", "good"]), @r#"
    1 parse < Line "good"
    1 enrich < Word "good"
    1 decide < Word "good"
    1 update < Verdict "accepted"
    1 write < Verdict "accepted"
    2 parse < Line "bad"
    2 update < Verdict "declined"
    2 write < Verdict "declined"
    3 parse < Line "good"
    3 enrich < Word "good"
    3 decide < Word "good"
    3 update < Verdict "accepted"
    3 write < Verdict "accepted"
    inputs 3
    "#);
}

#[test]
fn an_input_is_through_before_the_next_begins() {
    let rig = Rig::new()
        .step::<Line, WordOrVerdict>("parse", |text| {
            vec![Word::from(text).into(), Verdict::from(text).into()]
        })
        .step::<Word, Nothing>("count", |_| vec![])
        .step::<Verdict, Nothing>("write", |_| vec![]);
    insta::assert_snapshot!(rig.story(&["a", "b"]), @r#"
    1 parse < Line "a"
    1 count < Word "a"
    1 write < Verdict "a"
    2 parse < Line "b"
    2 count < Word "b"
    2 write < Verdict "b"
    inputs 2
    "#);
}
