//! Exported formats by the letter of their specifications, beyond the demands of tolerant readers.

use serde_json::Value;

use super::folder::Folder;
use super::harness::Program;

/// A bad line, a good one, and a replay of it, for values of every type.
const INPUT: &str = r#"no attempt
{"id":"15887","customer_id":"528","load_amount":"$3318.47","time":"2000-01-03T00:00:00Z"}
{"id":"15887","customer_id":"528","load_amount":"$3318.47","time":"2000-01-03T00:00:00Z"}
"#;

/// Returns the export of a trace whose last record has failed.
fn exported(format: &str) -> String {
    let folder = Folder::with_input(INPUT);
    Program::new(&folder)
        .args(["run", "--trace-path", "trace.jsonl"])
        .set(["runtime.tracing.context_diff={mode: full}", "runtime.tracing.signature.mode=hash"])
        .exits_with(0);
    let error =
        r#""status":"error","error":{"type":"Disk","message":"full","where":"write_output","stack":null}"#;
    let trace = folder.read("trace.jsonl");
    let (most, last) = trace.rsplit_once(r#""status":"ok","error":null"#).unwrap();
    folder.write("trace.jsonl", [most, error, last].concat());
    Program::new(&folder).args(["trace", "export", "trace.jsonl", "--format", format]).exits_with(0).stdout
}

fn is_hex(value: &Value, digits: usize) -> bool {
    let text = value.as_str().unwrap();
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// Checks an object of OTLP/JSON, with everything in it, against the encoding's rules; returns the number of spans.
fn check_otlp(object: &Value) -> usize {
    let Value::Object(members) = object else {
        return object.as_array().into_iter().flatten().map(check_otlp).sum();
    };
    for (key, value) in members {
        let is_right = match &**key {
            "traceId" => is_hex(value, 32),
            "spanId" => is_hex(value, 16),
            "parentSpanId" => value == "" || is_hex(value, 16),
            // 64-bit integers are decimal strings, the only form in JSON that every reader preserves.
            "startTimeUnixNano" | "endTimeUnixNano" | "timeUnixNano" => value
                .as_str()
                .is_some_and(|text| text.parse::<u64>().is_ok_and(|time| time.to_string() == text)),
            "intValue" => value
                .as_str()
                .is_some_and(|text| text.parse::<i64>().is_ok_and(|number| number.to_string() == text)),
            // Enums are numbers, never names.
            "kind" => value == 1,
            "code" => value == 2,
            "stringValue" | "name" | "version" | "key" | "message" => value.is_string(),
            "boolValue" => value.is_boolean(),
            "doubleValue" => value.is_f64(),
            "resource" | "scope" | "value" | "status" | "arrayValue" => value.is_object(),
            "resourceSpans" | "scopeSpans" | "spans" | "attributes" | "events" | "values" => value.is_array(),
            _ => false,
        };
        assert!(is_right, "`{key}`: {value}");
    }
    usize::from(members.contains_key("spanId")) + members.values().map(check_otlp).sum::<usize>()
}

#[test]
fn otlp_lines_follow_the_file_exporters_specification() {
    let exported = exported("otlp");
    assert!(exported.ends_with('\n') && !exported.contains('\r'));
    let lines: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3, "an input a line");
    for line in &lines {
        assert!(line.as_object().unwrap().keys().eq(["resourceSpans"]), "each line is one TracesData");
    }
    assert_eq!(lines.iter().map(check_otlp).sum::<usize>(), 4 + 8 + 8 + 3, "a span a record and a root each");
    for needed in ["intValue", "stringValue", "arrayValue", "exception.message", "\"code\":2"] {
        assert!(exported.contains(needed), "the test sees {needed}");
    }
}

#[test]
fn chrome_events_are_one_object_with_named_tracks() {
    let object: Value = serde_json::from_str(&exported("chrome")).unwrap();
    assert!(object.as_object().unwrap().keys().eq(["displayTimeUnit", "traceEvents"]));
    assert_eq!(object["displayTimeUnit"], "ns");
    let events = object["traceEvents"].as_array().unwrap();
    for event in events {
        let keys: Vec<_> = event.as_object().unwrap().keys().map(String::as_str).collect();
        assert!(event["pid"].is_u64() && event["tid"].is_u64() && event["args"].is_object(), "{event}");
        match event["ph"].as_str() {
            Some("M") => {
                assert_eq!(keys, ["name", "ph", "pid", "tid", "args"]);
                assert!(event["args"]["name"].is_string());
            }
            Some("X") => {
                assert_eq!(keys, ["name", "cat", "ph", "ts", "dur", "pid", "tid", "args"]);
                let is_time = |value: &Value| value.is_number() && value.as_f64().unwrap() >= 0.0;
                assert!(is_time(&event["ts"]) && is_time(&event["dur"]), "microseconds: {event}");
            }
            other => panic!("{other:?}: {event}"),
        }
    }
    let count = |key: &str, value: &str| events.iter().filter(|event| event[key] == value).count();
    assert_eq!((count("cat", "input"), count("cat", "step")), (3, 20));
    assert_eq!((count("name", "process_name"), count("name", "thread_name")), (1, 1));
}
