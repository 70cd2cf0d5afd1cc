//! Whole traces compared.

use std::convert::Infallible;

use super::{Comparison, MAX_LISTED, MAX_PART_RECORDS, PlacedRecord, RunDifference};
use crate::TraceRecord;

/// Returns a record of line `line_no` with the tags `tags`, written `name=value name=value`.
pub(super) fn record(line_no: u64, step: &str, tags: &str) -> TraceRecord {
    let tags: serde_json::Map<_, _> = (tags.split_whitespace())
        .filter_map(|tag| tag.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    let snapshot =
        if tags.is_empty() { serde_json::Value::Null } else { serde_json::json!({ "tags": tags }) };
    serde_json::from_value(serde_json::json!({
        "trace_id": format!("run:{line_no}"), "scenario": "s", "line_no": line_no, "step_index": 0, "step_name": step,
        "work_index": 0, "t_enter": "", "t_exit": "", "duration_ms": 0.1,
        "msg_in": {"type_name": "In", "identity": null, "hash": null}, "msg_out": [], "msg_out_count": 0,
        "ctx_before": null, "ctx_after": snapshot, "ctx_diff": null, "status": "ok", "error": null,
    }))
    .unwrap()
}

/// Compares traces of one record a line, `run line_no step tags`.
fn check(a: &str, b: &str) -> Vec<RunDifference> {
    let records = |trace: &str| -> Vec<Result<PlacedRecord, Infallible>> {
        let lines = trace.lines().map(str::trim).filter(|line| !line.is_empty()).zip(1..);
        lines
            .map(|(line, file_line)| {
                let mut words = line.splitn(4, ' ');
                let mut number = || words.next().unwrap().parse().unwrap();
                let (run, line_no) = (number(), number());
                let record = record(line_no, words.next().unwrap(), words.next().unwrap_or_default());
                Ok(PlacedRecord { run, file_line, record })
            })
            .collect()
    };
    let mut comparison = Comparison::new(records(a).into_iter(), records(b).into_iter());
    std::iter::from_fn(|| comparison.next_run().unwrap()).collect()
}

fn as_json(run: &RunDifference) -> String {
    serde_json::to_string_pretty(run).unwrap()
}

#[test]
fn a_trace_is_the_same_as_itself() {
    let trace = "1 1 parse id=7\n1 1 decide id=7 accepted=true\n1 2 parse id=8";
    let runs = check(trace, trace);
    assert_eq!(runs.len(), 1);
    assert!(runs[0].same && runs[0].first.is_none());
    assert_eq!((runs[0].inputs.a, runs[0].inputs.b), (2, 2));
    assert_eq!(runs[0].steps.iter().map(|step| step.same).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn after_a_difference_the_traces_are_matched_again() {
    let runs = check(
        "1 1 parse\n1 1 decide\n1 2 parse\n1 2 decide\n1 4 parse",
        "1 1 parse\n1 1 decide\n1 2 parse\n1 3 parse\n1 4 parse",
    );
    let first = runs[0].first.as_ref().unwrap();
    assert_eq!((first.line_no, &*first.step_name), (2, "decide"));
    assert_eq!((first.file_line.a, first.file_line.b), (Some(4), None));
    let counts: Vec<_> = (runs[0].steps.iter())
        .map(|step| (&*step.step_name, step.same, step.differing, step.only_in_a, step.only_in_b))
        .collect();
    assert_eq!(counts, [("parse", 3, 0, 0, 1), ("decide", 1, 0, 1, 0)]);
    assert_eq!((runs[0].inputs.a, runs[0].inputs.b), (3, 4));
}

#[test]
fn a_run_that_one_trace_lacks_is_a_difference() {
    let runs = check("1 1 parse\n2 1 parse", "1 1 parse");
    assert_eq!(runs.iter().map(|run| (run.run, run.same)).collect::<Vec<_>>(), [(1, true), (2, false)]);
    assert_eq!((runs[1].inputs.a, runs[1].inputs.b), (1, 0));
    let runs = check("2 1 parse", "1 1 parse\n3 1 parse");
    assert_eq!(runs.iter().map(|run| (run.run, run.inputs.a)).collect::<Vec<_>>(), [(1, 0), (2, 1), (3, 0)]);
}

#[test]
fn decisions_are_counted_and_those_that_changed_are_named() {
    let a = "1 1 decide id=7 accepted=true
        1 2 decide id=8 accepted=false reason=DAY
        1 3 decide id=9 accepted=false reason=DAY
        1 4 decide accepted=true
        1 5 decide accepted=true";
    let b = "1 1 decide id=7 accepted=false reason=DAY
        1 2 decide id=8 accepted=true
        1 3 decide id=9 accepted=false reason=WEEK
        1 4 decide other=1
        1 6 decide accepted=false";
    let run = &check(a, b)[0];
    let lines = [
        serde_json::to_string(&run.tags),
        serde_json::to_string(&run.decisions),
        serde_json::to_string(&run.flipped),
        serde_json::to_string(&run.other_reason),
    ]
    .map(Result::unwrap);
    insta::assert_snapshot!(lines.join("\n"), @r#"
    [{"tag":"accepted","inputs":3},{"tag":"reason","inputs":3},{"tag":"other","inputs":1}]
    [{"decision":"accepted","a":3,"b":1},{"decision":"declined","a":0,"b":1},{"decision":"declined: DAY","a":2,"b":1},{"decision":"declined: WEEK","a":0,"b":1}]
    {"inputs":2,"first":[{"line_no":1,"id":"7","a":"accepted","b":"declined: DAY"},{"line_no":2,"id":"8","a":"declined: DAY","b":"accepted"}]}
    {"inputs":1,"first":[{"line_no":3,"id":"9","a":"declined: DAY","b":"declined: WEEK"}]}
    "#);
}

#[test]
fn as_many_changed_decisions_as_the_bound_are_named_and_one_more_is_counted() {
    for inputs in [MAX_LISTED, MAX_LISTED + 1] {
        let trace = |accepted: &str| {
            let lines = (1..=inputs).map(|line| format!("1 {line} decide accepted={accepted}"));
            lines.collect::<Vec<_>>().join("\n")
        };
        let flipped = check(&trace("true"), &trace("false")).remove(0).flipped;
        assert_eq!((flipped.inputs, flipped.first.len()), (inputs as u64, MAX_LISTED));
    }
}

#[test]
fn an_input_of_several_parts_is_one_input() {
    let steps = (0..=MAX_PART_RECORDS).map(|step| format!("1 1 step{step} accepted=true"));
    let steps = steps.collect::<Vec<_>>().join("\n");
    let run = check(&steps, &steps).remove(0);
    assert!(run.same);
    assert_eq!((run.inputs.a, run.decisions[0].a), (1, 1), "{}", as_json(&run));
}
