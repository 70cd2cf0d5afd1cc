//! Contexts: each input has its own, and the observer sees it when the input is done.

use std::sync::{Arc, Mutex};

use stream_kernel_exec::trace::{Context, ErrorEntry, FieldSet, Recorder, ShortText, TraceSettings};
use stream_kernel_exec::{Emitter, Nothing, StepError};

use crate::story::{drive, recorder};
use crate::toy::{Line, Rig, Toy, Word};

/// Annotates every field of the context, unless the line is `quiet`; if it is `failed`, then fails.
fn note(text: &str, context: &mut Context, out: &mut Emitter<'_, Toy, Word>) -> Result<(), StepError> {
    if text == "quiet" {
        return Ok(());
    }
    context.tags.set("tag", text);
    context.metrics.set("metric", 1_u64);
    context.notes.push(text);
    context.flags.set("flag", true);
    context.errors.push(|| ErrorEntry::new("E1", text, "note"));
    text.split_whitespace().for_each(|word| out.emit(Word::from(word)));
    if text == "failed" { Err(StepError::new("Failed", "as told")) } else { Ok(()) }
}

fn noting() -> Rig {
    Rig::new()
        .acting::<Line, Word>("note", vec![], note)
        .step::<Word, Nothing>("take", |_| vec![])
        .continuing()
}

fn full_recorder() -> Recorder {
    recorder(TraceSettings { context_diff: Some(FieldSet::ALL), ..TraceSettings::default() })
}

/// Runs the inputs and returns the observer's view of each context.
fn observed(recorder: Option<Recorder>, inputs: &[&str]) -> String {
    let (mut runner, log) = noting().runner();
    if let Some(recorder) = recorder {
        runner = runner.with_recorder(recorder);
    }
    let seen = Arc::new(Mutex::new(Vec::new()));
    let writer = Arc::clone(&seen);
    let mut runner = runner.with_observer(move |context| writer.lock().unwrap().push(fields(context)));
    drive(&mut runner, &log, inputs);
    seen.lock().unwrap().join("\n")
}

fn fields(context: &Context) -> String {
    let received_at = context.received_at().map(|at| at.to_string());
    let (id, run, scenario) = (context.trace_id(), context.run_id(), context.scenario_id());
    let tag = context.tags.get("tag").map(ShortText::as_str);
    let (metric, flag) = (context.metrics.get("metric"), context.flags.get("flag"));
    let counts = [context.notes.iter().count(), context.errors.iter().count(), context.trace().len()];
    format!(
        "{id} {run} {scenario} {received_at:?} {tag:?} {metric:?} {flag:?} \
         notes, errors, records: {counts:?}"
    )
}

#[test]
fn nothing_of_an_input_is_left_for_the_next() {
    // The context after a failed step is shown as well, and leaves nothing behind either.
    insta::assert_snapshot!(observed(Some(full_recorder()), &["noted", "quiet", "failed", "quiet"]), @r#"
    run:1 run toy Some("1970-01-01T00:00:00.000000Z") Some("noted") Some(Unsigned(1)) Some(true) notes, errors, records: [1, 1, 2]
    run:2 run toy Some("1970-01-01T00:00:00.000004Z") None None None notes, errors, records: [0, 0, 1]
    run:3 run toy Some("1970-01-01T00:00:00.000006Z") Some("failed") Some(Unsigned(1)) Some(true) notes, errors, records: [1, 1, 1]
    run:4 run toy Some("1970-01-01T00:00:00.000008Z") None None None notes, errors, records: [0, 0, 1]
    "#);
}

#[test]
fn an_untraced_context_holds_only_the_inputs_identity() {
    insta::assert_snapshot!(observed(None, &["noted", "failed"]), @"
    run:1 run toy None None None None notes, errors, records: [0, 0, 0]
    run:2 run toy None None None None notes, errors, records: [0, 0, 0]
    ");
}

#[test]
fn the_tape_numbers_messages_by_step_and_input() {
    insta::assert_snapshot!(noting().tapes(&["a b c", "d e"]), @r#"
    run:1 0 note #0: Line -> ["Word", "Word", "Word"]
    run:1 1 take #0: Word -> []
    run:1 1 take #1: Word -> []
    run:1 1 take #2: Word -> []
    run:2 0 note #0: Line -> ["Word", "Word"]
    run:2 1 take #0: Word -> []
    run:2 1 take #1: Word -> []
    "#);
}

#[test]
fn an_input_that_no_step_takes_is_observed_like_any_other() {
    let (runner, log) = noting().pipeline("take").not_strict().runner();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&seen);
    let mut runner = runner
        .with_recorder(full_recorder())
        .with_observer(move |context| lines.lock().unwrap().push((context.line_no(), context.received_at())));
    drive(&mut runner, &log, &["a", "b"]);
    assert_eq!(*seen.lock().unwrap(), [(1, None), (2, None)]);
}
