//! Failing and panicking steps: the record, the fate of the input, and the effect on the next one.

use std::panic::panic_any;

use stream_kernel_exec::trace::Context;
use stream_kernel_exec::{Emitter, Nothing, StepError};

use crate::toy::{Line, Rig, Toy, Verdict, Word, WordOrVerdict};

/// Emits a word, then fails in the way that the text says.
fn fail_as_told(text: &str, _: &mut Context, out: &mut Emitter<'_, Toy, Word>) -> Result<(), StepError> {
    out.emit(Word::from(text));
    match text {
        "error" => Err(StepError::new("OutOfPaper", "the tray is empty")),
        "panic" => panic!("a plain text"),
        "formatted panic" => panic!("{} of {}", 2, 3),
        "odd panic" => panic_any(7),
        "fatal" => Err(StepError::new("OutputError", "no space left on device").stopping()),
        _ => Ok(()),
    }
}

fn failing() -> Rig {
    Rig::new()
        .step::<Line, Line>("greet", |text| vec![text.into()])
        .acting::<Line, Word>("work", vec![], fail_as_told)
        .step::<Word, Nothing>("take", |_| vec![])
}

#[test]
fn stop_ends_the_run_and_names_line_step_and_cause() {
    insta::assert_snapshot!(failing().story(&["fine", "error", "fine"]), @r#"
    1 greet < Line "fine"
    1 work < Line "fine"
    1 take < Word "fine"
    2 greet < Line "error"
    2 work < Line "error"
    stopped: line 2: step `work` failed: OutOfPaper: the tray is empty
    inputs 2, abandoned 1
    "#);
}

#[test]
fn with_continue_the_input_is_abandoned_and_the_next_one_runs() {
    insta::assert_snapshot!(failing().continuing().story(&["fine", "error", "panic", "fine"]), @r#"
    1 greet < Line "fine"
    1 work < Line "fine"
    1 take < Word "fine"
    2 greet < Line "error"
    2 work < Line "error"
    abandoned: line 2: step `work` failed: OutOfPaper: the tray is empty
    3 greet < Line "panic"
    3 work < Line "panic"
    abandoned: line 3: step `work` failed: Panic: a plain text
    4 greet < Line "fine"
    4 work < Line "fine"
    4 take < Word "fine"
    inputs 4, abandoned 2
    "#);
}

#[test]
fn errors_and_panics_are_recorded_and_drop_the_output() {
    let inputs = ["error", "panic", "formatted panic", "odd panic", "fine"];
    insta::assert_snapshot!(failing().continuing().tapes(&inputs), @r#"
    run:1 0 greet #0: Line -> ["Line"]
    run:1 1 work #0: Line -> [] Error OutOfPaper "the tray is empty" at work
    run:2 0 greet #0: Line -> ["Line"]
    run:2 1 work #0: Line -> [] Error Panic "a plain text" at work
    run:3 0 greet #0: Line -> ["Line"]
    run:3 1 work #0: Line -> [] Error Panic "2 of 3" at work
    run:4 0 greet #0: Line -> ["Line"]
    run:4 1 work #0: Line -> [] Error Panic "a panic without a text" at work
    run:5 0 greet #0: Line -> ["Line"]
    run:5 1 work #0: Line -> ["Word"]
    run:5 2 take #0: Word -> []
    "#);
}

#[test]
fn the_step_that_ends_the_run_is_recorded_too() {
    insta::assert_snapshot!(failing().tapes(&["panic", "fine"]), @r#"
    run:1 0 greet #0: Line -> ["Line"]
    run:1 1 work #0: Line -> [] Error Panic "a plain text" at work
    "#);
}

#[test]
fn an_error_that_always_stops_does_so_under_continue() {
    insta::assert_snapshot!(failing().continuing().story(&["error", "fatal", "fine"]), @r#"
    1 greet < Line "error"
    1 work < Line "error"
    abandoned: line 1: step `work` failed: OutOfPaper: the tray is empty
    2 greet < Line "fatal"
    2 work < Line "fatal"
    stopped: line 2: step `work` failed: OutputError: no space left on device
    inputs 2, abandoned 2
    "#);
}

#[test]
fn messages_of_an_abandoned_input_do_not_reach_the_next() {
    // When `judge` fails at `bad`, a word waits for `late`, and one that `late` emitted waits for `take`.
    let rig = Rig::new()
        .step::<Line, Word>("split", |text| text.split_whitespace().map(Word::from).collect())
        .acting::<Word, Word>("judge", vec![], |text, _, out| {
            out.emit(Word::from(text));
            if text == "bad" { Err(StepError::new("Unjudged", "cannot tell")) } else { Ok(()) }
        })
        .step::<Word, Nothing>("take", |_| vec![])
        .continuing();
    insta::assert_snapshot!(rig.story(&["good bad late", "next"]), @r#"
    1 split < Line "good bad late"
    1 judge < Word "good"
    1 judge < Word "bad"
    abandoned: line 1: step `judge` failed: Unjudged: cannot tell
    2 split < Line "next"
    2 judge < Word "next"
    2 take < Word "next"
    inputs 2, abandoned 1
    "#);
}

#[test]
fn messages_dropped_before_a_failure_stay_counted() {
    // The word finds no taker; the verdict finds one that fails.
    let rig = Rig::new()
        .step::<Line, WordOrVerdict>("split", |text| {
            vec![Word::from(text).into(), Verdict::from(text).into()]
        })
        .acting::<Verdict, Nothing>("judge", vec![], |_, _, _| Err(StepError::new("Unjudged", "never can")))
        .not_strict()
        .continuing();
    insta::assert_snapshot!(rig.story(&["a", "b"]), @r#"
    1 split < Line "a"
    1 judge < Verdict "a"
    abandoned: line 1: step `judge` failed: Unjudged: never can
    2 split < Line "b"
    2 judge < Verdict "b"
    abandoned: line 2: step `judge` failed: Unjudged: never can
    inputs 2, abandoned 2, undeliverable 2
    "#);
}
