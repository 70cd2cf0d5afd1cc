//! Named targets: which messages arrive, what is refused, and when.

use stream_kernel_exec::{Nothing, Target};

use crate::binding::bound;
use crate::toy::{Line, Rig, Verdict, Word, WordOrVerdict, target};

/// A pipeline whose `send` declares `targets`, and sends one word to the step in the line and one by its kind.
fn sending(targets: Vec<Target>) -> Rig {
    Rig::new()
        .step::<Line, Line>("greet", |text| vec![text.into()])
        .acting::<Line, WordOrVerdict>("send", targets, |step_name, _, out| {
            out.emit_to(step_name, Word::from("named"));
            out.emit(Word::from("by kind"));
            Ok(())
        })
        .step::<Word, Nothing>("first", |_| vec![])
        .step::<Word, Nothing>("second", |_| vec![])
        .step::<Verdict, Nothing>("last", |_| vec![])
}

#[test]
fn a_target_is_reached_past_an_earlier_taker() {
    let rig = sending(vec![target::<Word>("first"), target::<Word>("second")]);
    insta::assert_snapshot!(rig.story(&["second", "first"]), @r#"
    1 greet < Line "second"
    1 send < Line "second"
    1 first < Word "by kind"
    1 second < Word "named"
    2 greet < Line "first"
    2 send < Line "first"
    2 first < Word "named"
    2 first < Word "by kind"
    inputs 2
    "#);
}

#[test]
fn a_target_feeds_an_otherwise_unreachable_step() {
    // By kind, no word gets to `second`: `first` comes before it.
    insta::assert_snapshot!(bound(&sending(vec![])), @"
    strict: refused, not strict: runs
    step 3: step `second` takes `Word`, which no earlier step sends it
    ");
    insta::assert_snapshot!(bound(&sending(vec![target::<Word>("second")])), @"strict: runs, not strict: runs");
}

#[test]
fn a_target_that_cannot_be_reached_is_a_fault() {
    insta::assert_snapshot!(bound(&sending(vec![
        target::<Word>("second"),
        target::<Word>("secnod"), // does not exist
        target::<Line>("greet"),  // comes earlier
        target::<Line>("send"),   // is the sender itself
        target::<Word>("last"),   // takes another kind
    ])), @"
    strict: refused, not strict: runs
    step 1: step `send` sends `Word` to step `secnod`, which is not in the pipeline
    step 1: step `send` sends `Line` to step `greet`, which does not come after it
    step 1: step `send` sends `Line` to step `send`, which does not come after it
    step 1: step `send` sends `Word` to step `last`, which takes `Verdict`
    ");
}

#[test]
fn a_faulty_target_is_reported_once() {
    // A correct target gives the kind a taker.
    let rig = Rig::new().acting::<Line, Word>("send", vec![target::<Word>("gone")], |_, _, _| Ok(()));
    insta::assert_snapshot!(bound(&rig), @"
    strict: refused, not strict: runs
    step 0: step `send` sends `Word` to step `gone`, which is not in the pipeline
    ");
}

#[test]
fn a_lenient_pipeline_drops_and_counts_unreachable_targets() {
    // They do not exist, come earlier, or take another kind. The word that goes by its kind arrives anyway.
    let targets = ["second", "secnod", "greet", "last"].map(target::<Word>);
    let rig = sending(targets.to_vec()).not_strict();
    insta::assert_snapshot!(rig.story(&["secnod", "greet", "last"]), @r#"
    1 greet < Line "secnod"
    1 send < Line "secnod"
    1 first < Word "by kind"
    2 greet < Line "greet"
    2 send < Line "greet"
    2 first < Word "by kind"
    3 greet < Line "last"
    3 send < Line "last"
    3 first < Word "by kind"
    inputs 3, undeliverable 3
    "#);
}

#[test]
fn an_undeclared_target_fails_when_strict() {
    // `first` could take the word, and is named: but nobody could check that before the run. Neither word arrives.
    let rig = sending(vec![target::<Word>("second"), target::<Verdict>("last")]).continuing();
    insta::assert_snapshot!(rig.story(&["first", "last", "second"]), @r#"
    1 greet < Line "first"
    1 send < Line "first"
    abandoned: line 1: step `send` failed: Undeliverable: emitted `Word` to a step that it does not name as a target
    2 greet < Line "last"
    2 send < Line "last"
    abandoned: line 2: step `send` failed: Undeliverable: emitted `Word` to a step that it does not name as a target
    3 greet < Line "second"
    3 send < Line "second"
    3 first < Word "by kind"
    3 second < Word "named"
    inputs 3, abandoned 2
    "#);
}

#[test]
fn an_undeclared_target_is_dropped_when_lenient() {
    let rig = sending(vec![target::<Word>("second"), target::<Verdict>("last")]).not_strict();
    insta::assert_snapshot!(rig.story(&["first", "last", "second"]), @r#"
    1 greet < Line "first"
    1 send < Line "first"
    1 first < Word "by kind"
    2 greet < Line "last"
    2 send < Line "last"
    2 first < Word "by kind"
    3 greet < Line "second"
    3 send < Line "second"
    3 first < Word "by kind"
    3 second < Word "named"
    inputs 3, undeliverable 2
    "#);
}
