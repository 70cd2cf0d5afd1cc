//! Tests of exports: the output for each kind of record, and refusals.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};
use stream_kernel_text::with_causes;
use tempfile::TempDir;

use super::{FormatName, Options, run};
use crate::telemetry::Telemetry;

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

/// A folder with a trace, and an export of it.
struct Export {
    folder: TempDir,
    options: Options,
}

impl Export {
    fn of(records: &[Value], format: FormatName) -> Self {
        let folder = TempDir::new().unwrap();
        let lines: Vec<_> = records.iter().map(|record| format!("{record}\n")).collect();
        let file = folder.path().join("trace.jsonl");
        fs::write(&file, lines.concat()).unwrap();
        let file = file.to_str().unwrap().to_owned();
        Self {
            folder,
            options: Options { file, format, output: None, to: None, service_name: None, run: None },
        }
    }

    /// Writes the export to this file in the folder.
    fn to(mut self, name: &str) -> Self {
        self.options.output = Some(self.folder.path().join(name));
        self
    }

    /// Returns the output, or exit code and message.
    fn run(&self) -> Result<String, String> {
        let mut out = Vec::new();
        let done = run(&self.options, &Telemetry::of_test(), &mut out);
        done.map_err(|failure| {
            let folder = self.folder.path().to_str().unwrap();
            format!("{}: {}", failure.exit_code(), with_causes(&failure).replace(folder, "<folder>"))
        })?;
        Ok(String::from_utf8(out).unwrap())
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// Two inputs of a run and one of the next; a step that changes the context, and one that fails.
fn story() -> [Value; 4] {
    let mut changing = record(1, "parse", 0, 0.0015);
    changing["ctx_diff"] = json!({"tags": {"before": {"id": "6"}, "after": {"id": "7", "day": "</script>"}}});
    let mut failing = record(2, "judge", 10, 0.5);
    failing["status"] = "error".into();
    failing["error"] = json!({"type": "Panic", "message": "out of luck", "where": "judge", "stack": null});
    [changing, record(1, "judge", 1, 0.0), failing, record(1, "parse", 600, 0.25)]
}

#[test]
fn a_run_that_is_not_there_is_named() {
    let mut export = Export::of(&story(), FormatName::Otlp);
    export.options.run = Some(3);
    insta::assert_snapshot!(export.run().unwrap_err(), @"2: `<folder>/trace.jsonl` has no run 3 (it holds 2 runs)");
}

#[test]
fn records_without_time_or_changes_are_named_by_line() {
    let wrong = |key, value: Value| {
        let mut records = [record(1, "parse", 0, 0.1), record(1, "judge", 1, 0.1)];
        records[1][key] = value;
        Export::of(&records, FormatName::Otlp).run().unwrap_err()
    };
    insta::assert_snapshot!(wrong("t_enter", "yester\u{202e}day".into()) + "\n" + &wrong("ctx_diff", 5.into()), @r"
    2: `<folder>/trace.jsonl`, line 2: `t_enter`: `yester\u{202e}day` is not a time from 1970 to 2554 (RFC 3339, such as `2026-01-21T01:23:45.123456Z`) (is it a trace? `trace check` names everything that is wrong)
    2: `<folder>/trace.jsonl`, line 2: `ctx_diff`: invalid type: integer `5`, expected an object at line 1 column 1 (is it a trace? `trace check` names everything that is wrong)
    ");
}

#[test]
fn an_output_file_is_private_and_named_when_complete() {
    let export = Export::of(&story(), FormatName::Chrome).to("events.json");
    let written = Export::of(&story(), FormatName::Chrome).run().unwrap();
    assert_eq!(export.run().unwrap(), "", "nothing goes to standard output");
    assert_eq!(export.names(), ["events.json", "trace.jsonl"]);
    let path = export.folder.path().join("events.json");
    assert_eq!(fs::read_to_string(&path).unwrap(), written);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);

    let mut timeless = record(1, "judge", 1, 0.1);
    timeless["t_enter"] = "yesterday".into();
    let failing = Export::of(&[record(1, "parse", 0, 0.1), timeless], FormatName::Chrome).to("events.json");
    assert!(failing.run().is_err());
    assert_eq!(failing.names(), ["trace.jsonl"], "nothing is left of what failed");

    let [parse, judge, ..] = story();
    let damaged =
        Export::of(&[parse.clone(), json!({}), judge.clone()], FormatName::Chrome).to("events.json");
    assert!(
        damaged.run().unwrap_err().starts_with("2: `<folder>/trace.jsonl` has a line that is not a record")
    );
    let written = fs::read_to_string(damaged.folder.path().join("events.json")).unwrap();
    assert_eq!(written, Export::of(&[parse, judge], FormatName::Chrome).run().unwrap());
}

#[test]
fn nothing_is_written_of_a_trace_that_cannot_be_read() {
    for (records, run_no) in [(&story()[..], Some(3)), (&[], Some(1)), (&[json!({})], None)] {
        for format in [FormatName::Chrome, FormatName::Otlp] {
            let mut export = Export::of(records, format);
            export.options.run = run_no;
            let mut out = Vec::new();
            assert_eq!(run(&export.options, &Telemetry::of_test(), &mut out).unwrap_err().exit_code(), 2);
            assert_eq!(out, b"");
        }
    }
}

#[test]
fn a_trace_of_no_records_is_exported_as_one() {
    insta::assert_snapshot!(Export::of(&[], FormatName::Chrome).run().unwrap(), @r#"
    {"displayTimeUnit":"ns","traceEvents":[

    ]}
    "#);
    let export = Export::of(&[], FormatName::Otlp).to("spans.jsonl");
    assert_eq!(export.run().unwrap(), "");
    assert_eq!(fs::read(export.folder.path().join("spans.jsonl")).unwrap(), b"");
}

#[test]
fn an_output_that_is_the_trace_or_a_link_is_refused_untouched() {
    let own = Export::of(&story(), FormatName::Otlp).to("trace.jsonl");
    let before = fs::read(&own.options.file).unwrap();
    let told = own.run().unwrap_err();
    assert_eq!(fs::read(&own.options.file).unwrap(), before);

    let linked = Export::of(&story(), FormatName::Otlp).to("link");
    std::os::unix::fs::symlink("elsewhere", linked.folder.path().join("link")).unwrap();
    insta::assert_snapshot!(told + "\n" + &linked.run().unwrap_err(), @"
    2: the output `<folder>/trace.jsonl` would be written over the trace (name another file)
    2: the output `<folder>/link` is a symbolic link (name the file that it leads to)
    ");
    assert_eq!(linked.names(), ["link", "trace.jsonl"]);

    let mut unfinished = Export::of(&story(), FormatName::Otlp).to("trace");
    let partial = unfinished.folder.path().join("trace.partial");
    fs::rename(&unfinished.options.file, &partial).unwrap();
    unfinished.options.file = partial.to_str().unwrap().to_owned();
    assert!(
        unfinished.run().unwrap_err().starts_with("2: "),
        "the trace has the name that the output has until it is complete"
    );
    assert!(partial.exists());
}
