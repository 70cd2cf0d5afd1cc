//! `trace export --to`: a trace goes to a receiver, and everything of it arrives.

use insta::assert_snapshot;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;

use super::attempts::attempts;
use super::folder::Folder;
use super::harness::Program;
use super::otlp_receiver::{Receiver, Reply, Request, url_of_nobody};

const TO: [&str; 6] = ["trace", "export", "trace.jsonl", "--format", "otlp", "--to"];

/// Returns a folder with the trace of two runs.
fn traced() -> Folder {
    let folder = Folder::with_input(attempts(9) + "no attempt\n");
    for _ in 0..2 {
        Program::new(&folder)
            .args(["run", "--trace-path", "trace.jsonl"])
            .set(["runtime.tracing.context_diff={mode: full}"])
            .exits_with(0);
    }
    folder
}

/// Returns the spans with their resources, in order.
pub(super) fn spans(requests: impl IntoIterator<Item = ExportTraceServiceRequest>) -> Vec<(String, Span)> {
    let mut all = Vec::new();
    for resource_spans in requests.into_iter().flat_map(|request| request.resource_spans) {
        let resource = format!("{:?}", resource_spans.resource);
        for scope_spans in resource_spans.scope_spans {
            let scope = format!("{resource} {:?}", scope_spans.scope);
            all.extend(scope_spans.spans.into_iter().map(|mut span| {
                // No status is an unset one.
                span.status.get_or_insert_default();
                (scope.clone(), span)
            }));
        }
    }
    all
}

/// Returns the spans in an export to a file.
pub(super) fn spans_in_file(folder: &Folder) -> Vec<(String, Span)> {
    let args = ["trace", "export", "trace.jsonl", "--format", "otlp"];
    let lines = Program::new(folder).args(args).exits_with(0).stdout;
    spans(lines.lines().map(|line| serde_json::from_str(line).unwrap()))
}

#[test]
fn everything_arrives_in_batches() {
    let folder = traced();
    let expected = spans_in_file(&folder);
    for (compression, batch) in [("gzip", 2_048), ("none", 7)] {
        let receiver = Receiver::willing();
        let outcome = Program::new(&folder)
            .args(TO)
            .args([receiver.url()])
            .env("OTEL_EXPORTER_OTLP_COMPRESSION", compression)
            .env("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", batch.to_string())
            .env("OTEL_EXPORTER_OTLP_HEADERS", "x-scope-orgid=tenant")
            .exits_with(0);
        let requests = receiver.requests();
        for request in &requests {
            assert_eq!(request.path, "/v1/traces");
            assert_eq!(request.header("content-type"), Some("application/x-protobuf"));
            assert_eq!(request.header("content-encoding"), (compression == "gzip").then_some("gzip"));
            assert_eq!(request.header("x-scope-orgid"), Some("tenant"));
        }
        let decoded: Vec<_> = requests.iter().map(Request::decoded).collect();
        let lens = decoded.iter().map(|request| spans([request.clone()]).len());
        assert_eq!(lens.clone().max(), Some(batch.min(expected.len() / 2)), "a batch is of one run");
        assert!(spans(decoded) == expected, "as in a file");
        let told = outcome.stderr.replace(&receiver.url(), "URL");
        assert_eq!(told, format!("URL/v1/traces: {} spans exported\n", expected.len()));
        assert_eq!(outcome.stdout, "");
    }
}

#[test]
fn what_may_succeed_later_is_repeated() {
    let folder = traced();
    let replies = [
        Reply::Status(429, "retry-after: 0\r\n".to_owned(), Vec::new()),
        Reply::status(502),
        Reply::Close,
        Reply::ok(),
    ];
    let receiver = Receiver::start(move |number| replies.get(number).cloned().unwrap_or_else(Reply::ok));
    Program::new(&folder).args(TO).args([receiver.url()]).exits_with(0);
    let requests = receiver.requests();
    // The last two are those of the two runs.
    let (repeated, last) = requests.split_at(requests.len() - 2);
    assert_eq!(repeated.len(), 3);
    assert!(repeated.iter().all(|request| request.body == last[0].body), "the same spans each time");
    assert!(spans(last.iter().map(Request::decoded)) == spans_in_file(&folder), "everything arrives");
}

#[test]
fn what_is_refused_ends_the_export() {
    let folder = traced();
    let refused = |reply: fn() -> Reply| {
        let receiver = Receiver::start(move |_| reply());
        let outcome = Program::new(&folder).args(TO).args([receiver.url()]).exits_with(1);
        assert_eq!(receiver.requests().len(), 1, "it is not repeated, and nothing follows it");
        outcome.stderr.replace(&receiver.url(), "URL")
    };
    let status_in_protobuf = || {
        let body = b"\x12\x08bad span".to_vec();
        Reply::Status(400, "content-type: application/x-protobuf\r\n".to_owned(), body)
    };
    let html = || Reply::Status(200, "content-type: text/html\r\n".to_owned(), b"<p>Welcome".to_vec());
    let partly = || {
        // rejected_spans: 2, error_message: "late".
        let body = b"\x0a\x08\x08\x02\x12\x04late".to_vec();
        Reply::Status(200, "content-type: application/x-protobuf\r\n".to_owned(), body)
    };
    let told = [
        refused(status_in_protobuf),
        refused(|| Reply::status(413)),
        refused(html),
        refused(|| Reply::Bytes(b"SSH-2.0-x\r\n")),
        refused(|| Reply::Status(302, "location: http://127.0.0.1:1/\r\n".to_owned(), Vec::new())),
    ];
    assert_snapshot!(told.concat(), @"
    error: URL/v1/traces: 0 spans exported, 86 spans not delivered (HTTP status 400, bad span); the export stopped at the first batch that was not delivered
    error: URL/v1/traces: 0 spans exported, 86 spans not delivered (HTTP status 413; lower `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`); the export stopped at the first batch that was not delivered
    error: URL/v1/traces: 0 spans exported, 86 spans not delivered (an answer that is not OTLP; is the endpoint right?); the export stopped at the first batch that was not delivered
    error: URL/v1/traces: 0 spans exported, 86 spans not delivered (an answer that is not HTTP: protocol: http parse fail: invalid HTTP version; port 4317 is for gRPC; OTLP over HTTP is usually at port 4318); the export stopped at the first batch that was not delivered
    error: URL/v1/traces: 0 spans exported, 86 spans not delivered (HTTP status 302; redirects are not followed); the export stopped at the first batch that was not delivered
    ");
    // Rejected spans are not repeated, and the others go on.
    let receiver = Receiver::start(move |_| partly());
    let outcome = Program::new(&folder).args(TO).args([receiver.url()]).exits_with(1);
    assert_eq!(receiver.requests().len(), 2);
    assert_snapshot!(outcome.stderr.replace(&receiver.url(), "URL"), @"error: URL/v1/traces: 168 spans exported, 4 spans rejected by the receiver (late)");
}

#[test]
fn a_wrong_url_is_refused_without_its_password() {
    let folder = traced();
    let refused = |args: &[&str]| Program::new(&folder).args(TO).args(args).exits_with(2).stderr;
    assert_snapshot!(refused(&["grpc://127.0.0.1:4317"]), @"error: the value of `--to` is not a URL that begins with `http://` or `https://` and a host");
    let with_password = refused(&["http://user:s3cret@h/"]);
    assert_snapshot!(with_password, @"error: the value of `--to` is a URL with a user name or a password (credentials go into headers)");
    assert!(refused(&["http://h/", "--output", "x"]).contains("cannot be used with"));
    let chrome = ["trace", "export", "trace.jsonl", "--format", "chrome", "--to", "http://h/"];
    assert_snapshot!(Program::new(&folder).args(chrome).exits_with(2).stderr, @"error: `--to` is only for `--format otlp`");
}

#[test]
fn secrets_in_headers_are_never_told() {
    let folder = traced();
    let receiver = Receiver::start(|_| Reply::Status(401, String::new(), b"not s3cret-token".to_vec()));
    let outcome = Program::new(&folder)
        .args(TO)
        .args([receiver.url()])
        .env("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20s3cret-token")
        .exits_with(1);
    assert_eq!(receiver.requests()[0].header("authorization"), Some("Bearer s3cret-token"));
    assert_snapshot!(outcome.stderr.replace(&receiver.url(), "URL"), @"error: URL/v1/traces: 0 spans exported, 86 spans not delivered (HTTP status 401, not ***; put the token into `OTEL_EXPORTER_OTLP_HEADERS`); the export stopped at the first batch that was not delivered");
}

#[test]
fn an_endpoint_that_is_down_fails_within_the_time_out() {
    let folder = traced();
    let url = url_of_nobody();
    let outcome =
        Program::new(&folder).args(TO).args([&url]).env("OTEL_EXPORTER_OTLP_TIMEOUT", "300").exits_with(1);
    assert_snapshot!(outcome.stderr.replace(&url, "URL"), @"error: URL/v1/traces: 0 spans exported, 86 spans not delivered (cannot connect: Connection refused (os error 111); is a receiver of OTLP/HTTP running there? Its port is usually 4318); the export stopped at the first batch that was not delivered");
}

#[test]
fn a_wait_beyond_the_time_out_ends_the_export() {
    let folder = traced();
    let receiver = Receiver::start(|_| Reply::Status(503, "retry-after: 11\r\n".to_owned(), Vec::new()));
    let url = receiver.url();
    let outcome =
        Program::new(&folder).args(TO).args([&url]).env("OTEL_EXPORTER_OTLP_TIMEOUT", "5000").exits_with(1);
    assert_eq!(receiver.requests().len(), 1, "none would begin within the time-out");
    assert_snapshot!(outcome.stderr.replace(&url, "URL"), @"error: URL/v1/traces: 0 spans exported, 86 spans not delivered (HTTP status 503); the export stopped at the first batch that was not delivered");
}
