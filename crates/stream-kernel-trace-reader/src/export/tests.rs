//! The exported text of records.

mod ids;
mod nesting;
mod speedscope;

use serde_json::{Value, json};
use stream_kernel_trace::{Outcome, Tags, TraceRecord};

use super::{Export, MAX_PART_BYTES};
use crate::reading::RunSplitter;
use crate::spans::Service;

#[derive(Clone, Copy, Debug)]
enum FormatName {
    Otlp,
    Chrome,
    Speedscope,
}

/// Returns a program that names an input by its day.
fn service() -> Service {
    let outcome = |tags: &Tags| {
        let name = tags.get("day")?.to_owned();
        Some(Outcome { name, is_declined: false })
    };
    Service::new("a-program", "1.2.3", outcome)
}

/// Returns the export of the records, or of one of their runs.
fn exported(records: &[Value], format: FormatName, only_run: Option<u64>) -> String {
    let mut out = Vec::new();
    let mut export = match format {
        FormatName::Otlp => Export::otlp(service(), &mut out),
        FormatName::Chrome => Export::chrome(&mut out),
        FormatName::Speedscope => Export::speedscope(&mut out),
    };
    let mut runs = RunSplitter::default();
    for record in records {
        let record: TraceRecord = serde_json::from_value(record.clone()).unwrap();
        let run = runs.run_of_record(&record);
        if only_run.is_none_or(|only| only == run) {
            export.record(run, &record).unwrap();
        }
    }
    export.finish().unwrap();
    String::from_utf8(out).unwrap()
}

/// Returns the record of a step that began `micros` microseconds into the trace.
fn record(line_no: u64, step_name: &str, micros: u32, duration_ms: f64) -> Value {
    json!({
        "trace_id": format!("run:{line_no}"), "scenario": "s", "line_no": line_no,
        "step_index": u8::from(step_name == "judge"),
        "step_name": step_name, "work_index": 0, "t_enter": format!("2026-01-21T01:23:45.{micros:06}Z"),
        "t_exit": "2026-01-21T01:23:46Z", "duration_ms": duration_ms,
        "msg_in": {"type_name": "In", "identity": "7", "hash": null}, "msg_out": [], "msg_out_count": 0,
        "ctx_before": null, "ctx_after": null, "ctx_diff": null, "status": "ok", "error": null,
    })
}

/// Places the records of a step after each other within their run, as for several messages.
fn one_after_the_other(mut records: Vec<Value>) -> Vec<Value> {
    for (work_index, record) in records.iter_mut().enumerate() {
        record["work_index"] = work_index.into();
    }
    records
}

/// Two inputs of a run and one of the next; a step that changes the context, and one that fails.
fn story() -> [Value; 4] {
    let mut changing = record(1, "parse", 0, 0.0015);
    changing["ctx_diff"] = json!({"tags": {"before": {"id": "6"}, "after": {"day": "</script>", "id": "7"}}});
    let mut failing = record(2, "judge", 10, 0.5);
    failing["status"] = "error".into();
    failing["error"] = json!({"type": "Panic", "message": "out of luck", "where": "judge", "stack": null});
    [changing, record(1, "judge", 1, 0.0), failing, record(1, "parse", 600, 0.25)]
}

#[test]
fn chrome_events_follow_each_other_within_their_input() {
    let written = exported(&story(), FormatName::Chrome, None);
    assert!(serde_json::from_str::<Value>(&written).is_ok());
    insta::assert_snapshot!(written, @r#"
    {"displayTimeUnit":"ns","traceEvents":[
    {"name":"process_name","ph":"M","pid":1,"tid":1,"args":{"name":"run 1 `run`, s"}},
    {"name":"thread_name","ph":"M","pid":1,"tid":1,"args":{"name":"inputs"}},
    {"name":"line 1","cat":"input","ph":"X","ts":0.000,"dur":1.507,"pid":1,"tid":1,"args":{"trace_id":"run:1","line_no":1,"records":2}},
    {"name":"parse","cat":"step","ph":"X","ts":0.000,"dur":1.500,"pid":1,"tid":1,"args":{"line_no":1,"step_index":0,"work_index":0,"t_enter":"2026-01-21T01:23:45.000000Z","msg_in":{"type_name":"In","identity":"7","hash":null},"msg_out":[],"ctx_diff":{"tags.day":"- -> \"</script>\"","tags.id":"\"6\" -> \"7\""}}},
    {"name":"judge","cat":"step","ph":"X","ts":1.503,"dur":0.001,"pid":1,"tid":1,"args":{"line_no":1,"step_index":1,"work_index":0,"t_enter":"2026-01-21T01:23:45.000001Z","msg_in":{"type_name":"In","identity":"7","hash":null},"msg_out":[]}},
    {"name":"line 2","cat":"input","ph":"X","ts":10.000,"dur":500.003,"pid":1,"tid":1,"args":{"trace_id":"run:2","line_no":2,"records":1}},
    {"name":"judge","cat":"step","ph":"X","ts":10.000,"dur":500.000,"pid":1,"tid":1,"args":{"line_no":2,"step_index":1,"work_index":0,"t_enter":"2026-01-21T01:23:45.000010Z","msg_in":{"type_name":"In","identity":"7","hash":null},"msg_out":[],"error":{"type":"Panic","message":"out of luck","where":"judge","stack":null}}},
    {"name":"process_name","ph":"M","pid":2,"tid":2,"args":{"name":"run 2 `run`, s"}},
    {"name":"thread_name","ph":"M","pid":2,"tid":2,"args":{"name":"inputs"}},
    {"name":"line 1","cat":"input","ph":"X","ts":0.000,"dur":250.003,"pid":2,"tid":2,"args":{"trace_id":"run:1","line_no":1,"records":1}},
    {"name":"parse","cat":"step","ph":"X","ts":0.000,"dur":250.000,"pid":2,"tid":2,"args":{"line_no":1,"step_index":0,"work_index":0,"t_enter":"2026-01-21T01:23:45.000600Z","msg_in":{"type_name":"In","identity":"7","hash":null},"msg_out":[]}}
    ]}
    "#);
}

#[test]
fn otlp_has_a_line_for_each_input() {
    let written = exported(&story()[..1], FormatName::Otlp, None);
    insta::assert_snapshot!(written, @r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"a-program"}},{"key":"service.version","value":{"stringValue":"1.2.3"}},{"key":"service.instance.id","value":{"stringValue":"84e683a7-fdc1-854b-861b-52d461deb6b4"}},{"key":"stream_kernel.scenario","value":{"stringValue":"s"}},{"key":"stream_kernel.run_id","value":{"stringValue":"run"}}]},"scopeSpans":[{"scope":{"name":"stream-kernel","version":"0.1.0"},"spans":[{"traceId":"84e683a7fdc1a54b461b52d461deb6b4","spanId":"920ed095ab53fc4d","parentSpanId":"b814ab123be97a83","name":"parse","kind":1,"startTimeUnixNano":"1768958625000000000","endTimeUnixNano":"1768958625000001500","attributes":[{"key":"stream_kernel.line_no","value":{"intValue":"1"}},{"key":"stream_kernel.step_index","value":{"intValue":"0"}},{"key":"stream_kernel.work_index","value":{"intValue":"0"}},{"key":"stream_kernel.msg_in.type_name","value":{"stringValue":"In"}},{"key":"stream_kernel.msg_in.identity","value":{"stringValue":"7"}},{"key":"stream_kernel.msg_out.type_name","value":{"arrayValue":{"values":[]}}},{"key":"a_program.day","value":{"stringValue":"</script>"}},{"key":"a_program.id","value":{"stringValue":"7"}}],"events":[{"timeUnixNano":"1768958625000001500","name":"stream_kernel.replaced","attributes":[{"key":"stream_kernel.path","value":{"stringValue":"tags.id"}},{"key":"stream_kernel.before","value":{"stringValue":"6"}},{"key":"stream_kernel.after","value":{"stringValue":"7"}}]}],"status":{}},{"traceId":"84e683a7fdc1a54b461b52d461deb6b4","spanId":"b814ab123be97a83","parentSpanId":"","name":"</script>","kind":1,"startTimeUnixNano":"1768958625000000000","endTimeUnixNano":"1768958625000001500","attributes":[{"key":"stream_kernel.line_no","value":{"intValue":"1"}},{"key":"stream_kernel.records","value":{"intValue":"1"}},{"key":"stream_kernel.outcome","value":{"stringValue":"</script>"}},{"key":"a_program.day","value":{"stringValue":"</script>"}},{"key":"a_program.id","value":{"stringValue":"7"}}],"status":{}}]}]}]}"#);
}

#[test]
fn a_long_input_is_written_in_bounded_parts() {
    let records = one_after_the_other((0..5_000).map(|micros| record(1, "parse", micros, 0.0001)).collect());
    for (format, between_parts, root) in [
        (FormatName::Otlp, "\n", r#""name":"input""#),
        (FormatName::Chrome, r#""cat":"input""#, r#""name":"line 1, part 2""#),
    ] {
        let written = exported(&records, format, None);
        let parts: Vec<_> = written.split(between_parts).filter(|part| part.len() > MAX_PART_BYTES).collect();
        assert!(parts.len() > 1, "the test writes more than one part that has reached the bound");
        assert!(
            parts.iter().all(|part| part.len() < MAX_PART_BYTES + 2_000),
            "a part goes beyond by a record"
        );
        assert_eq!(written.matches(root).count(), 1);
        assert_eq!(written.matches(r#""name":"parse""#).count(), records.len(), "each record is there once");
    }
}

#[test]
fn a_part_ends_at_its_bound() {
    // The number of bytes that a format holds for an input with this step alone, which is what it then writes.
    let held = |step: &Value, format| {
        let (before, after) = match format {
            FormatName::Otlp => (r#""spans":["#, r#",{"traceId""#),
            FormatName::Chrome => ("\"records\":1}},\n", "\n]}"),
            FormatName::Speedscope => unreachable!("it holds nothing of an input"),
        };
        let written = exported(std::slice::from_ref(step), format, None);
        written.rsplit_once(after).unwrap().0.split_once(before).unwrap().1.len()
    };
    for (format, part) in [(FormatName::Otlp, "\n"), (FormatName::Chrome, r#""cat":"input""#)] {
        let missing = MAX_PART_BYTES - held(&record(1, "", 0, 0.1), format);
        for (beyond, parts) in [(0, 1), (1, 2)] {
            let first = record(1, &"a".repeat(missing + beyond), 0, 0.1);
            assert_eq!(held(&first, format), MAX_PART_BYTES + beyond);
            let written = exported(&[first, record(1, "judge", 200, 0.1)], format, None);
            assert_eq!(written.matches(part).count(), parts, "{format:?}, {beyond} beyond");
        }
    }
}
