//! `trace export` for OpenTelemetry, read back with the types of OTLP's own definition.

use std::collections::BTreeSet;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind, status::StatusCode};
use sha2::{Digest, Sha256};
use stream_kernel_trace::{Timestamp, TraceRecord};

use super::attempts::attempts;
use super::folder::Folder;
use super::harness::Program;
use super::records::{records, tag};

/// Returns a folder with the trace of two runs over the same lines.
fn traced() -> Folder {
    let folder = Folder::with_input(attempts(20) + "no attempt\n" + &attempts(2));
    for _ in 0..2 {
        Program::new(&folder)
            .args(["run", "--trace-path", "trace.jsonl"])
            .set(["runtime.tracing.context_diff={mode: full}", "runtime.tracing.signature.mode=hash"])
            .exits_with(0);
    }
    folder
}

/// Returns the requests in the export of the trace, one per line.
fn exported(folder: &Folder, args: &[&str]) -> Vec<ExportTraceServiceRequest> {
    let args = [&["trace", "export", "trace.jsonl", "--format", "otlp"], args].concat();
    let lines = Program::new(folder).args(args).exits_with(0).stdout;
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn spans(request: &ExportTraceServiceRequest) -> &[Span] {
    let [resource_spans] = &*request.resource_spans else { panic!("one resource a line") };
    let [scope_spans] = &*resource_spans.scope_spans else { panic!("one scope a line") };
    &scope_spans.spans
}

fn attribute<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    attributes.iter().find(|attribute| attribute.key == key)?.value.as_ref()?.value.as_ref()
}

fn text(text: &str) -> Value {
    Value::StringValue(text.to_owned())
}

fn integer(integer: impl TryInto<i64>) -> Value {
    Value::IntValue(integer.try_into().ok().unwrap())
}

/// Compares the span of a step with its record.
#[track_caller]
fn assert_tells(span: &Span, record: &TraceRecord) {
    assert_eq!((&span.name, span.kind), (&record.step_name, SpanKind::Internal as i32));
    let begin: Timestamp = record.t_enter.parse().unwrap();
    assert_eq!(span.start_time_unix_nano, begin.as_nanos());
    assert_eq!(span.end_time_unix_nano - span.start_time_unix_nano, record.duration_ns());
    for (key, value) in [
        ("stream_kernel.line_no", integer(record.line_no)),
        ("stream_kernel.step_index", integer(record.step_index)),
        ("stream_kernel.work_index", integer(record.work_index)),
        ("stream_kernel.msg_in.type_name", text(&record.msg_in.type_name)),
        ("stream_kernel.msg_in.hash", text(record.msg_in.hash.as_ref().unwrap())),
    ] {
        assert_eq!(attribute(&span.attributes, key), Some(&value), "{key}");
    }
    for name in ["id", "reason", "accepted"] {
        if let Some(value) = attribute(&span.attributes, &format!("fund_load.{name}")) {
            assert_eq!(
                value,
                &text(&tag(record, name).unwrap()),
                "what the step set is what was there after it"
            );
        }
    }
    assert!(span.events.iter().all(|event| event.time_unix_nano == span.end_time_unix_nano));
}

#[test]
fn every_record_is_a_span_below_the_root_span_of_its_input() {
    let folder = traced();
    let mut records = records(&folder.read("trace.jsonl")).into_iter();
    let requests = exported(&folder, &[]);
    assert_eq!(requests.len(), 2 * 23, "a line for each input of both runs");
    let mut span_ids = BTreeSet::new();
    let mut trace_ids = BTreeSet::new();
    let mut instances = BTreeSet::new();
    for request in &requests {
        let resource = &request.resource_spans[0].resource.as_ref().unwrap().attributes;
        for (key, value) in [
            ("service.name", "fund-load"),
            ("service.version", env!("CARGO_PKG_VERSION")),
            ("stream_kernel.scenario", "baseline"),
            ("stream_kernel.run_id", "run"),
        ] {
            assert_eq!(attribute(resource, key), Some(&text(value)), "{key}");
        }
        let instance = attribute(resource, "service.instance.id").unwrap();
        instances.insert(format!("{instance:?}"));
        let scope = request.resource_spans[0].scope_spans[0].scope.as_ref().unwrap();
        assert_eq!((&*scope.name, &*scope.version), ("stream-kernel", env!("CARGO_PKG_VERSION")));
        let [steps @ .., root] = spans(request) else { panic!("a span at least") };
        assert!(root.parent_span_id.is_empty(), "the last span of a line is its root");
        for span in spans(request) {
            assert_eq!(span.trace_id, root.trace_id, "one trace a line");
            assert_eq!((span.trace_id.len(), span.span_id.len()), (16, 8));
            assert!(
                span.trace_id.iter().any(|&byte| byte != 0) && span.span_id.iter().any(|&byte| byte != 0)
            );
            assert!(span_ids.insert(span.span_id.clone()), "no span has the id of another");
            assert_eq!(span.status.as_ref().unwrap().code, StatusCode::Unset as i32);
        }
        assert!(trace_ids.insert(&root.trace_id), "a trace an input");
        for step in steps {
            let record = records.next().expect("no more spans than records");
            assert_tells(step, &record);
            assert_eq!(attribute(&root.attributes, "stream_kernel.line_no"), Some(&integer(record.line_no)));
            assert_eq!(step.parent_span_id, root.span_id);
            assert!(root.start_time_unix_nano <= step.start_time_unix_nano);
            assert!(step.end_time_unix_nano <= root.end_time_unix_nano);
        }
    }
    assert!(records.next().is_none(), "no fewer spans than records");
    assert_eq!(instances.len(), 2, "an instance a run");
}

#[test]
fn a_root_span_tells_outcome_and_notes_of_its_input() {
    let folder = traced();
    let mut records = records(&folder.read("trace.jsonl"));
    for request in exported(&folder, &["--run", "1"]) {
        let root = spans(&request).last().unwrap();
        let Some(Value::IntValue(line_no)) = attribute(&root.attributes, "stream_kernel.line_no") else {
            panic!()
        };
        let of_input = records.extract_if(.., |record| i64::try_from(record.line_no) == Ok(*line_no));
        let last = of_input.filter(|record| tag(record, "accepted").is_some()).last().unwrap();
        let name = match tag(&last, "reason") {
            Some(reason) => format!("DECLINED {reason}"),
            None => "ACCEPTED".to_owned(),
        };
        assert_eq!(root.name, name);
        assert_eq!(attribute(&root.attributes, "stream_kernel.outcome"), Some(&text(&name)));
        for name in ["customer_id", "day", "idempotency"] {
            let noted = tag(&last, name).map(|value| text(&value));
            assert_eq!(attribute(&root.attributes, &format!("fund_load.{name}")), noted.as_ref(), "{name}");
        }
    }
}

#[test]
fn the_service_has_the_name_that_somebody_gives_it() {
    let folder = traced();
    let name = |args: &[&str], variables: &[(&str, &str)]| {
        let args = [&["trace", "export", "trace.jsonl", "--format", "otlp", "--run", "1"], args].concat();
        let program =
            variables.iter().fold(Program::new(&folder), |program, (name, value)| program.env(name, value));
        let lines = program.args(args).exits_with(0).stdout;
        let request: ExportTraceServiceRequest = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        let resource = request.resource_spans[0].resource.clone().unwrap().attributes;
        let Some(Value::StringValue(name)) = attribute(&resource, "service.name").cloned() else { panic!() };
        name
    };
    let variables = [("OTEL_RESOURCE_ATTRIBUTES", "service.name=third,a=b"), ("OTEL_SERVICE_NAME", "second")];
    assert_eq!(name(&["--service-name", "first"], &variables), "first");
    assert_eq!(name(&[], &variables), "second");
    assert_eq!(name(&[], &variables[..1]), "third");
}

/// Returns the first bytes of the hash of `content`, in hexadecimal.
fn hash(content: &str, bytes: usize) -> String {
    hex(&Sha256::digest(content)[..bytes])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

#[test]
fn ids_are_made_as_documented() {
    let folder = traced();
    let records = records(&folder.read("trace.jsonl"));
    let mut records = records.iter();
    for request in exported(&folder, &["--run", "1"]) {
        let [steps @ .., root] = spans(&request) else { panic!("a span at least") };
        let mut trace_id = None;
        for step in steps {
            let record = records.next().unwrap();
            // The time is that of the first step.
            let trace_id = trace_id.get_or_insert_with(|| {
                let (line_no, t_enter) = (record.line_no, &record.t_enter);
                hash(&format!("Input\nrun_id=3:run\nline_no={line_no}\nt_enter=27:{t_enter}\n"), 16)
            });
            let span = format!("Span\ntrace_id=32:{trace_id}\n");
            assert_eq!((hex(&root.trace_id), hex(&root.span_id)), (trace_id.clone(), hash(&span, 8)));
            let (step_index, work_index) = (record.step_index, record.work_index);
            let span = format!("{span}step_index={step_index}\nwork_index={work_index}\n");
            assert_eq!(hex(&step.span_id), hash(&span, 8));
        }
    }
}

#[test]
fn the_same_records_are_exported_alike_from_anywhere() {
    let folder = traced();
    let export = |args: &[&str], input: &str| {
        let export =
            Program::new(&folder).args(["trace", "export", "--format", "otlp"]).args(args).stdin(input);
        export.exits_with(0).stdout
    };
    let both = folder.read("trace.jsonl");
    let exported = export(&["trace.jsonl"], "");
    let second = export(&["trace.jsonl", "--run", "2"], "");
    let first = exported.strip_suffix(&second).expect("the second run is exported as behind the first");
    let records_of_first = first.matches("\"parentSpanId\":\"").count() - first.lines().count();
    let split = both.match_indices('\n').nth(records_of_first - 1).unwrap().0 + 1;
    let (one, two) = both.split_at(split);
    for (what, trace, expected) in [
        ("alone", two.to_owned(), second.clone()),
        ("with the runs in another order", two.to_owned() + one, second.clone() + first),
        ("twice", both.repeat(2), exported.repeat(2)),
    ] {
        folder.write("other", &trace);
        assert!(export(&["other"], "") == expected, "{what}");
        assert!(export(&["-"], &trace) == expected, "{what}, from standard input");
    }
    let ids_in = |exported: &str| -> BTreeSet<String> {
        let spans = exported.split("{\"traceId\":\"").skip(1);
        spans.flat_map(|span| [&span[..32], &span[44..60]].map(str::to_owned)).collect()
    };
    assert!(ids_in(first).is_disjoint(&ids_in(&second)), "two runs share no id");
}

#[test]
fn a_failed_step_has_its_exception_and_fails_its_input() {
    let folder = Folder::new();
    let record = r#"{"trace_id":"r:1","scenario":"s","line_no":1,"step_index":0,"step_name":"a","work_index":0,"t_enter":"2026-01-21T01:23:45.123456Z","t_exit":"2026-01-21T01:23:45.123599Z","duration_ms":0.143,"msg_in":{"type_name":"In","identity":null,"hash":null},"msg_out":[],"msg_out_count":0,"ctx_before":null,"ctx_after":null,"ctx_diff":null,"status":"error","error":{"type":"Panic","message":"out of luck","where":"a","stack":null}}"#;
    folder.write("trace.jsonl", record);
    let requests = exported(&folder, &[]);
    let [step, root] = spans(&requests[0]) else { panic!("two spans") };
    for span in [step, root] {
        let status = span.status.as_ref().unwrap();
        assert_eq!((status.code, &*status.message), (StatusCode::Error as i32, "out of luck"));
    }
    let [exception] = &*step.events else { panic!("one event") };
    assert_eq!(exception.name, "exception");
    assert_eq!(attribute(&exception.attributes, "exception.type"), Some(&text("Panic")));
    assert_eq!(attribute(&exception.attributes, "exception.message"), Some(&text("out of luck")));
}
