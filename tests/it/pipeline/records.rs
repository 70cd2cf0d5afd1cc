//! A trace is complete and coherent: one record per step and message, each beginning where the one before ended.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::value::RawValue;
use stream_kernel_exec::trace::{
    ContextField, ContextSnapshot, MAX_TEXT_CHARS, Status, TRUNCATED, TraceRecord,
};
use stream_kernel_tests::model::{Verdict, adjudicate};
use stream_kernel_tests::streams::hostile_input;

use super::cases::{Case, case};
use super::harness::{Shared, prepare, run_traced};
use super::trace_modes::{TraceMode, trace_mode};

/// The steps of the default pipeline for an attempt: name, input, output.
const ROUTE: [(&str, &str, &str); 8] = [
    ("parse_load_attempt", "RawLine", "LoadAttempt"),
    ("compute_time_keys", "LoadAttempt", "AttemptWithKeys"),
    ("idempotency_gate", "AttemptWithKeys", "IdempotencyClassifiedAttempt"),
    ("compute_features", "IdempotencyClassifiedAttempt", "EnrichedAttempt"),
    ("evaluate_policies", "EnrichedAttempt", "Decision"),
    ("update_windows", "Decision", "Decision"),
    ("format_output", "Decision", "OutputLine"),
    ("write_output", "OutputLine", ""),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_records_are_those_of_the_routes(case in case(hostile_input()), mode in trace_mode()) {
        let records = records(&case, mode)?;
        let verdicts = adjudicate(&case.input, &case.settings);
        let routes = (1..).zip(&verdicts).flat_map(|(line_no, verdict)| route(line_no, verdict));
        prop_assert_eq!(records.iter().map(told).collect::<Vec<_>>(), routes.collect::<Vec<_>>());
        for TraceRecord { scenario, msg_out, msg_out_count, status, error, .. } in &records {
            prop_assert_eq!(*msg_out_count, msg_out.len());
            prop_assert_eq!((scenario.as_str(), *status, error), ("drawn", Status::Ok, &None));
        }
    }

    #[test]
    fn each_record_begins_where_the_one_before_left_off(case in case(hostile_input()), mode in trace_mode()) {
        let records = records(&case, mode)?;
        for pair in records.windows(2) {
            let [record, next] = pair else { unreachable!("windows of two") };
            prop_assert!(record.t_enter <= record.t_exit && record.t_exit <= next.t_enter);
            if record.line_no == next.line_no {
                prop_assert_eq!(&record.msg_out[..], std::slice::from_ref(&next.msg_in));
                prop_assert_eq!(&record.ctx_after, &next.ctx_before);
            }
        }
    }

    #[test]
    fn a_record_shows_exactly_its_modes_parts(case in case(hostile_input()), mode in trace_mode()) {
        let verdicts = adjudicate(&case.input, &case.settings);
        for record in records(&case, mode)? {
            let at = usize::try_from(record.line_no).unwrap() - 1;
            check_signatures(&record, mode, &verdicts[at])?;
            check_snapshots(&record, mode)?;
        }
    }

    /// With `tags` alone, the last record of a line shows who asked, the decision, and the reason.
    #[test]
    fn a_trace_with_tags_tells_every_decision(case in case(hostile_input())) {
        let records = records(&case, TraceMode::EXPLAINING)?;
        let last = records.iter().filter(|record| record.step_name == "write_output");
        for (record, verdict) in last.zip(adjudicate(&case.input, &case.settings)) {
            let snapshot = record.ctx_after.as_ref().map_or("", ContextSnapshot::as_json);
            let shown: serde_json::Value = serde_json::from_str(snapshot).unwrap();
            let tag = |name: &str| shown["tags"][name].as_str();
            prop_assert_eq!(tag("id"), Some(&*cut(&verdict.id)));
            prop_assert_eq!(tag("customer_id"), Some(&*cut(&verdict.customer_id)));
            prop_assert_eq!(tag("accepted"), Some(if verdict.reason.is_none() { "true" } else { "false" }));
            prop_assert_eq!(tag("reason"), verdict.reason);
        }
    }
}

/// Returns the records of a run; each must be one line, in the only form of a record.
fn records(case: &Case, mode: TraceMode) -> Result<Vec<TraceRecord>, TestCaseError> {
    let trace = Shared::default();
    run_traced(prepare(&case.yaml, &mode.settings()), &case.input, Some(Box::new(trace.clone())));
    let trace = String::from_utf8(trace.take()).unwrap();
    prop_assert!(trace.is_empty() || trace.ends_with('\n'));
    let parse = |line: &str| {
        let record: TraceRecord =
            serde_json::from_str(line).map_err(|error| TestCaseError::fail(format!("{error}: {line}")))?;
        prop_assert_eq!(serde_json::to_string(&record).unwrap(), line);
        Ok(record)
    };
    trace.lines().map(parse).collect()
}

/// Returns the records of a line as text.
fn route(line_no: u64, verdict: &Verdict) -> Vec<String> {
    let tell = |(step_index, (step, takes, emits)): (usize, (&str, &str, &str))| {
        let emits: Vec<_> = [emits].into_iter().filter(|emits| !emits.is_empty()).collect();
        format!("run:{line_no} line {line_no}: {step_index} {step} #0: {takes} -> {emits:?}")
    };
    // A fault in the form of a line is found before there is an attempt.
    let is_bad =
        verdict.reason.is_some_and(|code| code.starts_with("INPUT_") || code.starts_with("INVALID_"));
    let mut steps: Vec<_> = ROUTE.into_iter().enumerate().collect();
    if is_bad {
        steps.drain(1..5);
        steps[0].1.2 = "Decision";
    }
    steps.into_iter().map(tell).collect()
}

fn told(record: &TraceRecord) -> String {
    let TraceRecord { trace_id, line_no, step_index, step_name, work_index, msg_in, msg_out, .. } = record;
    let emits: Vec<_> = msg_out.iter().map(|message| message.type_name.as_str()).collect();
    let takes = &msg_in.type_name;
    format!("{trace_id} line {line_no}: {step_index} {step_name} #{work_index}: {takes} -> {emits:?}")
}

fn check_signatures(record: &TraceRecord, mode: TraceMode, verdict: &Verdict) -> Result<(), TestCaseError> {
    for message in [&record.msg_in].into_iter().chain(&record.msg_out) {
        let id = match message.type_name.as_str() {
            "RawLine" => record.line_no.to_string(),
            _ => cut(&verdict.id),
        };
        match (mode.signature, &message.identity) {
            ("type_only", identity) => prop_assert_eq!(identity, &None),
            (_, Some(identity)) => prop_assert_eq!(identity, &id),
            // Without a readable id there may be none.
            (_, None) => prop_assert_eq!(&id, ""),
        }
        match (mode.signature, &message.hash) {
            ("hash", Some(hash)) => {
                prop_assert_eq!(hash.len(), 32);
                prop_assert!(hash.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')));
            }
            (mode, hash) => prop_assert!(mode != "hash" && hash.is_none(), "{}: {:?}", mode, hash),
        }
    }
    Ok(())
}

/// The snapshots must show the mode's fields in the contract's order, and the diff their differences.
fn check_snapshots(record: &TraceRecord, mode: TraceMode) -> Result<(), TestCaseError> {
    let json =
        |snapshot: &Option<ContextSnapshot>| snapshot.as_ref().map(|snapshot| snapshot.as_json().to_owned());
    let (before, after, diff) = (json(&record.ctx_before), json(&record.ctx_after), json(&record.ctx_diff));
    let (Some(shown), Some(before), Some(after)) = (mode.fields(), &before, &after) else {
        prop_assert!(mode.fields().is_none());
        prop_assert_eq!((before, after, diff), (None, None, None));
        return Ok(());
    };
    let (values_before, values_after) = (values(before), values(after));
    let all = |values: &BTreeMap<String, Box<RawValue>>| {
        object(shown.iter().map(|field| (*field, values[field.name()].get().to_owned())))
    };
    prop_assert_eq!(before, &all(&values_before));
    prop_assert_eq!(after, &all(&values_after));
    let changed = shown.iter().filter_map(|field| {
        let (before, after) = (values_before[field.name()].get(), values_after[field.name()].get());
        (before != after).then(|| (*field, format!("{{\"before\":{before},\"after\":{after}}}")))
    });
    prop_assert_eq!(diff, Some(object(changed)));
    Ok(())
}

fn values(object: &str) -> BTreeMap<String, Box<RawValue>> {
    serde_json::from_str(object).unwrap()
}

fn object(members: impl Iterator<Item = (ContextField, String)>) -> String {
    let members: Vec<_> = members.map(|(field, value)| format!("\"{field}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

/// Returns a text as a trace shows it.
fn cut(text: &str) -> String {
    if text.chars().count() <= MAX_TEXT_CHARS {
        return text.to_owned();
    }
    text.chars().take(MAX_TEXT_CHARS).chain(TRUNCATED.chars()).collect()
}
