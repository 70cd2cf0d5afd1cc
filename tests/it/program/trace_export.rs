//! `trace export` for OpenTelemetry, read back with the types that OTLP's own definition gives.

use std::collections::{BTreeMap, BTreeSet};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind, status::StatusCode};
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

/// Returns the requests that the export of the trace holds, a line each.
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

/// Holds the span of a step against its record.
#[track_caller]
fn assert_tells(span: &Span, record: &TraceRecord) {
    assert_eq!((&span.name, span.kind), (&record.step_name, SpanKind::Internal as i32));
    let begin: Timestamp = record.t_enter.parse().unwrap();
    assert_eq!(span.start_time_unix_nano, begin.as_nanos());
    assert_eq!(span.end_time_unix_nano - span.start_time_unix_nano, record.duration_ns());
    for (key, value) in [
        ("line_no", integer(record.line_no)),
        ("step_index", integer(record.step_index)),
        ("work_index", integer(record.work_index)),
        ("msg_in.type_name", text(&record.msg_in.type_name)),
        ("msg_in.hash", text(record.msg_in.hash.as_ref().unwrap())),
    ] {
        assert_eq!(attribute(&span.attributes, key), Some(&value), "{key}");
    }
    for name in ["id", "reason", "accepted"] {
        if let Some(value) = attribute(&span.attributes, &format!("ctx.tags.{name}")) {
            assert_eq!(
                value,
                &text(&tag(record, name).unwrap()),
                "what the step set is what was there after it"
            );
            let path = text(&format!("tags.{name}"));
            let told = span.events.iter().filter(|event| attribute(&event.attributes, "path") == Some(&path));
            assert_eq!(told.count(), 1, "the change of `{name}` is an event as well");
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
    let mut runs_by_trace = BTreeMap::new();
    for request in &requests {
        let resource = &request.resource_spans[0].resource.as_ref().unwrap().attributes;
        assert_eq!(attribute(resource, "service.name"), Some(&text("baseline")));
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
        assert!(
            runs_by_trace.insert(&root.trace_id, attribute(resource, "run")).is_none(),
            "a trace an input"
        );
        for step in steps {
            let record = records.next().expect("no more spans than records");
            assert_tells(step, &record);
            assert_eq!(attribute(&root.attributes, "line_no"), Some(&integer(record.line_no)));
            assert_eq!(step.parent_span_id, root.span_id);
            assert!(root.start_time_unix_nano <= step.start_time_unix_nano);
            assert!(step.end_time_unix_nano <= root.end_time_unix_nano);
        }
    }
    assert!(records.next().is_none(), "no fewer spans than records");
}

#[test]
fn ids_depend_on_nothing_but_run_and_position() {
    let folder = traced();
    let ids = |requests: &[ExportTraceServiceRequest]| -> Vec<_> {
        let spans = requests.iter().flat_map(spans);
        spans.map(|span| (span.trace_id.clone(), span.span_id.clone())).collect()
    };
    let both = exported(&folder, &[]);
    let second = exported(&folder, &["--run", "2"]);
    assert_eq!(second.len() * 2, both.len());
    assert_eq!(ids(&second), ids(&both[second.len()..]));
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
