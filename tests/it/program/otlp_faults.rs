//! Receivers that fail in any way: decisions, exit code and output of a run are what they are without a trace, and the
//! summary says what is missing.

use std::collections::BTreeSet;

use insta::assert_snapshot;

use super::attempts::attempts;
use super::folder::Folder;
use super::harness::Program;
use super::otlp_receiver::{Receiver, Reply, url_of_nobody};
use super::otlp_sink::received;

const LINES: u32 = 300;
/// Ends soon, and yet leaves a slow machine the time for a first request.
const SOON: &str = "timeout_ms: 1500, batch: 9";

/// Runs with a sink that sends to `url`, and returns what the summary says of it.
#[track_caller]
fn told_of(url: &str, settings: &str) -> String {
    let folder = Folder::with_input(attempts(LINES));
    let untraced = Program::new(&folder).args(["run", "--output", "untraced.txt"]).exits_with(0);
    assert!(!untraced.stderr.contains("otlp"));
    let sink = format!("runtime.tracing.sink={{kind: otlp, otlp: {{endpoint: '{url}', {settings}}}}}");
    let outcome =
        Program::new(&folder).args(["run"]).set(["runtime.tracing.enabled=true", &sink]).exits_with(0);
    assert_eq!(folder.read("output.txt"), folder.read("untraced.txt"));
    let line = outcome.stderr.lines().find(|line| line.starts_with("  otlp: ")).unwrap();
    line.trim().replace(url, "URL")
}

#[test]
fn receivers_that_refuse_lose_their_spans_and_nothing_else() {
    let told = |reply: fn() -> Reply| {
        let receiver = Receiver::start(move |_| reply());
        let told = told_of(&receiver.url(), "timeout_ms: 5000");
        assert_eq!(receiver.requests().len(), 2, "two batches, of which none is repeated");
        told
    };
    let html = || Reply::Status(200, "content-type: text/html\r\n".to_owned(), b"<p>Welcome".to_vec());
    let all = [
        told(|| Reply::status(400)),
        told(|| Reply::status(413)),
        told(|| Reply::Status(500, String::new(), b"out of order".to_vec())),
        told(html),
        told(|| Reply::Bytes(b"what?\r\n\r\n")),
    ];
    assert_snapshot!(all.join("\n"), @"
    otlp: URL/v1/traces, 0 spans exported, 2,700 spans not delivered (HTTP status 400)
    otlp: URL/v1/traces, 0 spans exported, 2,700 spans not delivered (HTTP status 413; lower `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`)
    otlp: URL/v1/traces, 0 spans exported, 2,700 spans not delivered (HTTP status 500, out of order)
    otlp: URL/v1/traces, 0 spans exported, 2,700 spans not delivered (an answer that is not OTLP; is the endpoint right?)
    otlp: URL/v1/traces, 0 spans exported, 2,700 spans not delivered (an answer that is not HTTP: protocol: http parse fail: invalid HTTP version; port 4317 is for gRPC; OTLP over HTTP is usually at port 4318)
    ");
}

#[test]
fn rejected_spans_are_reported_and_not_repeated() {
    let body = b"\x0a\x08\x08\x02\x12\x04late";
    let partly = || Reply::Status(200, "content-type: application/x-protobuf\r\n".to_owned(), body.to_vec());
    let receiver = Receiver::start(move |_| partly());
    assert_snapshot!(told_of(&receiver.url(), ""), @"otlp: URL/v1/traces, 2,696 spans exported, 4 spans rejected by the receiver (late)");
    assert_eq!(receiver.requests().len(), 2);
}

#[test]
fn busy_receivers_get_everything_later() {
    let busy = |number| match number {
        0 => Reply::Status(429, "retry-after: 0\r\n".to_owned(), Vec::new()),
        1 => Reply::status(503),
        2 => Reply::status(502),
        3 => Reply::status(504),
        _ => Reply::ok(),
    };
    let receiver = Receiver::start(busy);
    assert_snapshot!(told_of(&receiver.url(), ""), @"otlp: URL/v1/traces, 2,700 spans exported");
    let requests = receiver.requests();
    assert_eq!(requests.len(), 4 + 2);
    assert!(requests[..4].iter().all(|request| request.body == requests[4].body), "the same spans each time");
}

#[test]
fn a_receiver_that_demands_too_long_a_wait_loses_the_batch() {
    let receiver = Receiver::start(|_| Reply::Status(429, "retry-after: 301\r\n".to_owned(), Vec::new()));
    assert_snapshot!(told_of(&receiver.url(), ""), @"otlp: URL/v1/traces, 0 spans exported, 2,700 spans not delivered (HTTP status 429)");
}

#[test]
fn at_the_end_nothing_is_waited_for_beyond_the_time_out() {
    let nobody = url_of_nobody();
    assert_snapshot!(told_of(&nobody, SOON), @"otlp: URL/v1/traces, 0 spans exported, 2,700 spans not delivered (cannot connect: Connection refused (os error 111); is a receiver of OTLP/HTTP running there? Its port is usually 4318)");
    let hanging = Receiver::start(|_| Reply::Hang);
    assert_snapshot!(told_of(&hanging.url(), SOON), @"otlp: URL/v1/traces, 0 spans exported, 2,700 spans not delivered (no answer within the time-out)");
    let demanding = Receiver::start(|_| Reply::Status(429, "retry-after: 30\r\n".to_owned(), Vec::new()));
    assert_snapshot!(told_of(&demanding.url(), SOON), @"otlp: URL/v1/traces, 0 spans exported, 2,700 spans not delivered (HTTP status 429)");
}

#[test]
fn a_receiver_that_goes_away_keeps_what_it_took() {
    let receiver = Receiver::start(|number| if number == 0 { Reply::ok() } else { Reply::Close });
    let told = told_of(&receiver.url(), SOON);
    assert!(told.starts_with("otlp: URL/v1/traces, 9 spans exported, 2,691 spans not delivered ("), "{told}");
}

#[test]
fn what_does_not_fit_into_the_queue_is_dropped_as_whole_inputs() {
    let receiver = Receiver::start(|_| Reply::Hang);
    let told = told_of(&receiver.url(), "timeout_ms: 300, queue: 16, batch: 9");
    let count = |what: &str| -> u32 {
        let before = told.split(what).next().unwrap().trim_end();
        before.rsplit([' ', '(']).nth(1).unwrap().replace(',', "").parse().unwrap()
    };
    let (undelivered, dropped) = (count("not delivered"), count("dropped"));
    assert_eq!(undelivered % 9, 0, "whole inputs of eight records and a root span: {told}");
    assert_eq!(undelivered / 9 + dropped, LINES, "each input is counted once: {told}");
    assert!(dropped > LINES / 2, "{told}");
}

#[test]
fn a_file_has_what_the_queue_has_no_room_for() {
    let folder = Folder::with_input(attempts(LINES));
    let receiver = Receiver::start(|_| Reply::Hang);
    let sinks = format!(
        "runtime.tracing.sinks=[{{kind: jsonl, jsonl: {{path: trace.jsonl}}}}, {}]",
        receiver.sink(", timeout_ms: 300, queue: 16, batch: 9")
    );
    let run = ["run", "--summary", "json"];
    let outcome = Program::new(&folder).args(run).set(["runtime.tracing.enabled=true", &sinks]).exits_with(0);
    assert_eq!(folder.read("trace.jsonl").lines().count(), 8 * LINES as usize, "every record");
    let summary: serde_json::Value = serde_json::from_str(outcome.stderr.lines().last().unwrap()).unwrap();
    let count = |name: &str| summary["otlp"][name].as_u64().unwrap();
    let inputs = count("undelivered_spans") / 9 + count("dropped_inputs");
    assert_eq!((inputs, count("exported_spans")), (LINES.into(), 0), "each input is counted once");
}

#[test]
fn metrics_count_dropped_inputs_as_the_summary_does() {
    let folder = Folder::with_input(attempts(LINES));
    let receiver = Receiver::start(|_| Reply::Hang);
    let sink = format!("runtime.tracing.sink={}", receiver.sink(", timeout_ms: 300, queue: 16, batch: 9"));
    let settings = ["runtime.tracing.enabled=true", &sink, "runtime.metrics.textfile={path: run.prom}"];
    let outcome = Program::new(&folder).args(["run", "--summary", "json"]).set(settings).exits_with(0);
    let summary: serde_json::Value = serde_json::from_str(outcome.stderr.lines().last().unwrap()).unwrap();
    let dropped = summary["otlp"]["dropped_inputs"].as_u64().unwrap();
    assert!(dropped > 0, "{summary}");
    let metrics = folder.read("run.prom");
    let mut samples = metrics.lines().filter(|line| !line.starts_with('#'));
    let sample = samples.find(|line| line.contains("trace_inputs_dropped_total")).unwrap();
    assert!(sample.ends_with(&format!(" {dropped}")), "{dropped} against {sample}");
}

#[test]
fn a_queue_of_one_record_takes_inputs_one_by_one() {
    let receiver = Receiver::willing();
    told_of(&receiver.url(), "queue: 1");
    let spans = received(&receiver);
    let traces: BTreeSet<_> = spans.iter().map(|(_, span)| span.trace_id.clone()).collect();
    assert!(!traces.is_empty());
    assert_eq!(spans.len(), 9 * traces.len(), "whole inputs");
}
