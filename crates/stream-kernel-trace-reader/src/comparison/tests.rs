//! Comparison of whole traces.

use std::convert::Infallible;

use super::{ChangedDecision, Comparison, PlacedRecord, RunDifference};
use crate::reading::MAX_HELD_RECORDS;
use stream_kernel_trace::{MessageSignature, Status, TraceRecord};

/// Returns a record of line `line_no` with the tags `tags`, written `name=value name=value`.
pub(super) fn record(line_no: u64, step: &str, tags: &str) -> TraceRecord {
    let tags: Vec<String> = (tags.split_whitespace())
        .filter_map(|tag| tag.split_once('='))
        .map(|(name, value)| format!("\"{name}\":\"{value}\""))
        .collect();
    let snapshot = (!tags.is_empty()).then(|| format!("{{\"tags\":{{{}}}}}", tags.join(",")));
    TraceRecord {
        trace_id: format!("run:{line_no}"),
        scenario: "s".to_owned(),
        line_no,
        step_index: 0,
        step_name: step.to_owned(),
        work_index: 0,
        t_enter: String::new(),
        t_exit: String::new(),
        duration_ms: 0.1,
        msg_in: MessageSignature { type_name: "In".to_owned(), identity: None, hash: None },
        msg_out: Vec::new(),
        msg_out_count: 0,
        ctx_before: None,
        ctx_after: snapshot.map(|json| serde_json::from_str(&json).unwrap()),
        ctx_diff: None,
        status: Status::Ok,
        error: None,
    }
}

/// Compares traces of one record a line, `run line_no step tags`. A step `name@3` has the position 3.
fn check(a: &str, b: &str) -> Vec<RunDifference> {
    check_decisions(a, b).0
}

/// Compares traces and returns the changed decisions, too.
fn check_decisions(a: &str, b: &str) -> (Vec<RunDifference>, Vec<ChangedDecision>) {
    let records = |trace: &str| -> Vec<Result<PlacedRecord, Infallible>> {
        let lines = trace.lines().map(str::trim).filter(|line| !line.is_empty()).zip(1..);
        lines
            .map(|(line, file_line)| {
                let mut words = line.splitn(4, ' ');
                let mut number = || words.next().unwrap().parse().unwrap();
                let (run, line_no) = (number(), number());
                let step = words.next().unwrap();
                let (step, step_index) = step.split_once('@').unwrap_or((step, "0"));
                let mut record = record(line_no, step, words.next().unwrap_or_default());
                record.step_index = step_index.parse().unwrap();
                Ok(PlacedRecord { run, file_line, record })
            })
            .collect()
    };
    let mut comparison = Comparison::new(records(a).into_iter(), records(b).into_iter());
    let (mut runs, mut decisions) = (Vec::new(), Vec::new());
    while comparison.has_next_run().unwrap() {
        let run = comparison.next_run(|decision| {
            decisions.push(decision);
            Ok(())
        });
        runs.extend(run.unwrap());
    }
    (runs, decisions)
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
fn decisions_are_counted_and_changed_ones_named() {
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
    let (runs, changed) = check_decisions(a, b);
    assert_eq!((runs[0].has_tags, runs[0].flipped, runs[0].other_reason), (true, 2, 1));
    let counts = [serde_json::to_string(&runs[0].tags), serde_json::to_string(&runs[0].decisions)];
    let changed = changed.iter().map(serde_json::to_string);
    let lines: Vec<String> = counts.into_iter().chain(changed).map(Result::unwrap).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    [{"tag":"accepted","inputs":3},{"tag":"reason","inputs":3},{"tag":"other","inputs":1}]
    [{"decision":"accepted","a":3,"b":1},{"decision":"declined","a":0,"b":1},{"decision":"declined: DAY","a":2,"b":1},{"decision":"declined: WEEK","a":0,"b":1}]
    {"run":1,"line_no":1,"id":"7","a":"accepted","b":"declined: DAY","flipped":true}
    {"run":1,"line_no":2,"id":"8","a":"declined: DAY","b":"accepted","flipped":true}
    {"run":1,"line_no":3,"id":"9","a":"declined: DAY","b":"declined: WEEK","flipped":false}
    "#);
}

#[test]
fn an_added_step_moves_the_others_and_hides_nothing() {
    let a = "1 1 parse@0 id=7\n1 1 decide@1 id=7\n1 2 parse@0\n1 2 decide@1 id=8";
    let b =
        "1 1 parse@0 id=7\n1 1 audit@1 id=7\n1 1 decide@2 id=7\n1 2 parse@0\n1 2 audit@1\n1 2 decide@2 id=9";
    let run = check(a, b).remove(0);
    insta::assert_snapshot!(serde_json::to_string(&run.moved).unwrap(), @r#"{"step_name":"decide","step_index":{"a":1,"b":2}}"#);
    let counts: Vec<_> = (run.steps.iter())
        .map(|step| (&*step.step_name, step.same, step.differing, step.only_in_a, step.only_in_b))
        .collect();
    assert_eq!(counts, [("parse", 2, 0, 0, 0), ("audit", 0, 0, 0, 2), ("decide", 1, 1, 0, 0)]);
    // All records are the same, but the pipelines are not.
    let run = check("1 1 decide@1", "1 1 decide@2").remove(0);
    assert!(!run.same && run.first.is_none() && run.moved.is_some());
}

/// Lines of an input whose step `step` handles `messages` messages, except the one at `without`.
fn handled(step: &str, messages: usize, without: Option<usize>) -> Vec<TraceRecord> {
    let all = (0..messages).filter(|&at| Some(at) != without);
    all.map(|at| TraceRecord { work_index: u32::try_from(at).unwrap(), ..record(1, step, "accepted=true") })
        .collect()
}

/// Compares traces of one input.
fn check_records(a: Vec<TraceRecord>, b: Vec<TraceRecord>) -> RunDifference {
    let placed = |records: Vec<TraceRecord>| {
        let place = |(record, file_line)| Ok::<_, Infallible>(PlacedRecord { run: 1, file_line, record });
        records.into_iter().zip(1..).map(place)
    };
    Comparison::new(placed(a), placed(b)).next_run(|_| Ok(())).unwrap().unwrap()
}

#[test]
fn an_input_of_several_windows_is_one_input() {
    let records = || handled("a", 2 * MAX_HELD_RECORDS + 2, None);
    let run = check_records(records(), records());
    assert!(run.same);
    assert_eq!((run.inputs.a, run.decisions[0].a), (1, 1), "{run:?}");
}

#[test]
fn one_missing_record_in_several_windows_is_one_difference() {
    let many = 2 * MAX_HELD_RECORDS + 2;
    for without in [0, 5, MAX_HELD_RECORDS - 1, MAX_HELD_RECORDS, many - 1] {
        for is_in_a in [true, false] {
            let (whole, gap) = (handled("a", many, None), handled("a", many, Some(without)));
            let run = if is_in_a { check_records(whole, gap) } else { check_records(gap, whole) };
            let counts = &run.steps[0];
            let missing = (counts.only_in_a, counts.only_in_b);
            let expected = if is_in_a { (1, 0) } else { (0, 1) };
            assert_eq!((counts.same, missing), (many as u64 - 1, expected), "without {without}");
        }
    }
}

#[test]
fn a_step_missing_from_one_trace_is_skipped_window_by_window() {
    let many = 2 * MAX_HELD_RECORDS + 2;
    let then_b = |mut records: Vec<TraceRecord>| {
        let next = handled("b", many, None);
        records.extend(next.into_iter().map(|record| TraceRecord { step_index: 1, ..record }));
        records
    };
    let run = check_records(then_b(handled("a", many, None)), then_b(Vec::new()));
    let counts: Vec<_> = run
        .steps
        .iter()
        .map(|step| [step.same, step.only_in_a, step.only_in_b].map(|count| count / 2))
        .collect();
    let half = many as u64 / 2;
    assert_eq!(counts, [[0, half, 0], [half, 0, 0]]);
}

/// One of the two may have been recorded without tags.
#[test]
fn tags_are_there_if_either_trace_has_some() {
    let (with, without) = ("1 1 decide accepted=true", "1 1 decide");
    let has_tags = |a, b| check(a, b)[0].has_tags;
    assert!(has_tags(with, without) && has_tags(without, with) && has_tags(with, with));
    assert!(!has_tags(without, without));
}
