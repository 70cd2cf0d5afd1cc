//! The live sink: what a run records arrives at a receiver while it goes on, and the run cannot tell.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;

use super::attempts::{attempt_of, attempts};
use super::folder::Folder;
use super::harness::Program;
use super::otlp_export::{spans, spans_in_file};
use super::otlp_receiver::{Receiver, Request};

const TRACED: [&str; 2] = [
    "runtime.tracing.enabled=true",
    "runtime.tracing.context_diff={mode: whitelist, whitelist: [tags, metrics]}",
];

/// Returns attempts of which every third is declined.
fn mixed() -> String {
    let line = |id: u32| {
        let amount = if id.is_multiple_of(3) { "9000.00" } else { "1.00" };
        let id = id.to_string();
        attempt_of(&id, &id, amount, "2000-01-01T00:00:00Z") + "\n"
    };
    (1..=30).map(line).collect()
}

pub(super) fn received(receiver: &Receiver) -> Vec<(String, Span)> {
    spans(receiver.requests().iter().map(Request::decoded))
}

fn sorted(mut spans: Vec<(String, Span)>) -> Vec<(String, Span)> {
    spans.sort_by(|(_, one), (_, other)| one.span_id.cmp(&other.span_id));
    spans
}

#[test]
fn a_run_sends_what_an_export_of_its_file_says() {
    let folder = Folder::with_input(mixed() + "no attempt\n");
    for batch in [1, 7, 10_000] {
        let receiver = Receiver::willing();
        let sinks = format!(
            "runtime.tracing.sinks=[{{kind: jsonl, jsonl: {{path: trace.jsonl}}}}, {}]",
            receiver.sink(&format!(", batch: {batch}"))
        );
        let outcome = Program::new(&folder).args(["run"]).set(TRACED).set([sinks]).exits_with(0);
        let expected = spans_in_file(&folder);
        assert!(sorted(received(&receiver)) == sorted(expected.clone()), "batches of {batch}");
        let told = format!("otlp: {}/v1/traces, {} spans exported\n", receiver.url(), expected.len());
        assert!(outcome.stderr.contains(&told), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("trace: trace.jsonl\n"), "{}", outcome.stderr);
        std::fs::remove_file(folder.path_of("trace.jsonl")).unwrap();
    }
}

#[test]
fn checkpointed_and_resumed_runs_send_what_they_record() {
    let folder = Folder::with_input(attempts(9));
    let receiver = Receiver::willing();
    let sink = format!("runtime.tracing.sink={}", receiver.sink(""));
    let run = || {
        let checkpoint = "runtime.checkpoint.dir=run.ckpt";
        let set = [TRACED[0], TRACED[1], &sink, checkpoint];
        Program::new(&folder).args(["run"]).set(set).exits_with(0).stderr
    };
    assert!(run().contains("81 spans exported"), "of nine lines");
    folder.write("input.txt", attempts(11));
    assert!(run().contains("18 spans exported"), "of two more lines");
    assert_eq!(received(&receiver).len(), 9 * 11);
    // Another receiver is no reason to refuse a checkpoint.
    let other = Receiver::willing();
    let sink = format!("runtime.tracing.sink={}", other.sink(", headers: {a: b}"));
    folder.write("input.txt", attempts(12));
    let set = [TRACED[0], TRACED[1], &sink, "runtime.checkpoint.dir=run.ckpt"];
    let told = Program::new(&folder).args(["run"]).set(set).exits_with(0).stderr;
    assert!(told.contains("9 spans exported"), "{told}");
}

#[test]
fn a_sample_has_whole_inputs_and_always_the_declined() {
    let folder = Folder::with_input(mixed());
    let sampled = |sample: &str| {
        let receiver = Receiver::willing();
        let sink = format!("runtime.tracing.sink={}", receiver.sink(&format!(", sample: {sample}")));
        Program::new(&folder).args(["run"]).set(TRACED).set([sink]).exits_with(0);
        let spans = received(&receiver);
        let roots: Vec<_> = spans.iter().filter(|(_, span)| span.parent_span_id.is_empty()).collect();
        let traces: BTreeSet<_> = roots.iter().map(|(_, root)| &root.trace_id).collect();
        for (_, root) in &roots {
            let records =
                root.attributes.iter().find(|attribute| attribute.key == "stream_kernel.records").unwrap();
            let Some(Value::IntValue(records)) =
                records.value.as_ref().and_then(|value| value.value.as_ref())
            else {
                panic!("a count")
            };
            let of_input = spans.iter().filter(|(_, span)| span.trace_id == root.trace_id);
            assert_eq!(i64::try_from(of_input.count()), Ok(records + 1), "inputs are whole");
        }
        assert!(spans.iter().all(|(_, span)| traces.contains(&span.trace_id)));
        let declined = roots.iter().filter(|(_, root)| root.name.starts_with("DECLINED ")).count();
        (roots.len(), declined)
    };
    assert_eq!(sampled("{ratio: 0}"), (0, 0));
    assert_eq!(sampled("{ratio: 0, always: [errors, declined]}"), (10, 10));
    assert_eq!(sampled("{ratio: 0, always: [errors]}"), (0, 0));
    assert_eq!(sampled("{}"), (30, 10));
    let (inputs, declined) = sampled("{ratio: 0.5, always: [declined]}");
    assert!(declined == 10 && inputs < 30, "{inputs}");
}

#[test]
fn failed_inputs_are_always_sampled() {
    let folder = Folder::with_input(attempts(5));
    let receiver = Receiver::willing();
    let sink = format!("runtime.tracing.sink={}", receiver.sink(", sample: {ratio: 0, always: [errors]}"));
    // The limit ends the run before the third line, with an error of the step.
    Program::new(&folder).args(["run"]).set(TRACED).set([&*sink, "runtime.limits.max_ids=2"]).exits_with(1);
    let spans = received(&receiver);
    let root = &spans.last().unwrap().1;
    assert_eq!(root.name, "ERROR idempotency_gate");
    let failed: Vec<_> = spans
        .iter()
        .filter(|(_, span)| span.status.as_ref().is_some_and(|status| status.code == 2))
        .collect();
    assert_eq!(failed.len(), 2, "the step and the root");
    assert_eq!(failed[0].1.events.last().unwrap().name, "exception");
}

#[test]
fn a_sink_that_fails_leaves_the_others() {
    let folder = Folder::with_input(attempts(40));
    let receiver = Receiver::willing();
    let full = "{kind: jsonl, jsonl: {path: /dev/full}}";
    let sinks = format!("runtime.tracing.sinks=[{full}, {}]", receiver.sink(""));
    let told = Program::new(&folder).args(["run"]).set(TRACED).set([sinks]).exits_with(1).stderr;
    assert!(told.starts_with("error: trace `/dev/full`: "), "{told}");
    assert_eq!(received(&receiver).len(), 40 * 9, "everything has arrived");
    // A receiver that fails leaves the file.
    let nobody = super::otlp_receiver::url_of_nobody();
    let sinks = format!(
        "runtime.tracing.sinks=[{{kind: jsonl, jsonl: {{path: trace.jsonl}}}}, {{kind: otlp, otlp: {{endpoint: '{nobody}', timeout_ms: 100}}}}]"
    );
    Program::new(&folder).args(["run"]).set(TRACED).set([sinks]).exits_with(0);
    assert_eq!(folder.read("trace.jsonl").lines().count(), 40 * 8);
}

#[test]
fn the_summary_for_programs_counts_what_arrived() {
    let folder = Folder::with_input(attempts(4));
    let receiver = Receiver::willing();
    let sink = format!("runtime.tracing.sink={}", receiver.sink(""));
    let told =
        Program::new(&folder).args(["run", "--summary", "json"]).set(TRACED).set([sink]).exits_with(0).stderr;
    let summary: serde_json::Value = serde_json::from_str(&told).unwrap();
    let otlp = summary["otlp"].to_string().replace(&receiver.url(), "URL");
    assert_snapshot!(otlp, @r#"{"endpoint":"URL/v1/traces","exported_spans":36,"rejected_spans":0,"undelivered_spans":0,"dropped_inputs":0,"unsampled_inputs":0,"reason":null}"#);
}
