//! The command over small traces.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::*;

mod bounds;

/// A record of the input at `line_no` that took `nanos`.
fn record(run_id: &str, line_no: u64, nanos: u64, tags: &str, error: Option<&str>) -> String {
    let millis = format!("{}.{:06}", nanos / 1_000_000, nanos % 1_000_000);
    let second = line_no / 1_000 % 60;
    let micros = line_no % 1_000;
    let (status, error) = match error {
        Some(message) => {
            ("error", format!(r#"{{"type":"E","message":"{message}","where":"parse","stack":null}}"#))
        }
        None => ("ok", "null".into()),
    };
    format!(
        r#"{{"trace_id":"{run_id}:{line_no}","scenario":"s","line_no":{line_no},"step_index":0,"step_name":"parse","work_index":0,"t_enter":"2026-01-21T01:23:{second:02}.000{micros:03}Z","t_exit":"2026-01-21T01:23:{second:02}.000{micros:03}Z","duration_ms":{millis},"msg_in":{{"type_name":"In","identity":"i{line_no}","hash":null}},"msg_out":[],"msg_out_count":0,"ctx_before":null,"ctx_after":{tags},"ctx_diff":null,"status":"{status}","error":{error}}}
"#
    )
}

/// Views `trace` and returns the data of the page.
fn data_of(trace: &str, run: Option<u64>) -> serde_json::Value {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trace.jsonl");
    fs::write(&file, trace).unwrap();
    let mut options = options(&file, Path::new("-"));
    (options.run, options.json) = (run, true);
    let mut out = Vec::new();
    super::run(&options, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

fn options(file: &Path, output: &Path) -> Options {
    Options { file: file.to_str().unwrap().into(), output: output.into(), run: None, json: false }
}

#[test]
fn an_input_is_told_with_its_decision_its_error_and_its_id() {
    let tags = r#"{"tags":{"id":"</script>","accepted":"false","reason":"LIMIT"}}"#;
    let trace = [
        record("r", 1, 1_500, tags, None),
        record("r", 2, 700, r#"{"tags":{"accepted":"true"}}"#, None),
        record("r", 3, 9_000, tags, Some("it broke")),
        record("r", 4, 100, "null", None),
    ];
    let data = data_of(&trace.concat(), None);
    let run = &data["runs"][0];
    assert_eq!(
        run["decisions"],
        json!([{"accepted":false,"count":1,"label":"LIMIT"},{"accepted":true,"count":1,"label":"accepted"}])
    );
    assert_eq!(
        run["sample"],
        json!({"decision":[0,1,null,null],"duration_ns":[1500,700,9000,100],"errors":[[2,[{"kind":"E","message":"it broke","record":0}]]],"id":["</script>","i2","</script>","i4"],"line_no":[1,2,3,4],"record_count":[1,1,1,1],"shape":[0,0,0,0],"start_us":[0,1,2,3],"times":[[0,1500],[0,700],[0,9000],[0,100]],"values":[[],[],[],[]]})
    );
    assert_eq!(run["shapes"], json!([[{"step":1,"kind_in":0,"kinds_out":[],"changes":[]}]]));
    assert_eq!(
        run["steps"][0],
        json!({"classes":[[26,1],[37,1],[42,1],[52,1]],"errors":1,"max_ns":9000,"messages_out":0,"name":"parse","p50_ns":700,"p90_ns":9000,"p99_ns":9000,"records":4,"total_ns":11300})
    );
    // Each input counts once: what failed is not told as decided too.
    assert_eq!((&run["undecided"], &run["failed"], &run["inputs"]), (&1.into(), &1.into(), &4.into()));
}

#[test]
fn an_input_is_known_by_its_first_message_unless_it_has_an_id() {
    let line = |line_no: u64, tags: &str| {
        let out = r#""msg_out":[{"type_name":"Out","identity":"client","hash":null}],"msg_out_count":1"#;
        record("r", line_no, 5, tags, None).replace(r#""msg_out":[],"msg_out_count":0"#, out)
    };
    let tagged = r#"{"tags":{"id":"7"}}"#;
    let by_number = line(3, r#"{"tags":{"id":""}}"#).replace(r#""i3""#, r#""3""#);
    let data = data_of(&[line(1, "null"), line(2, tagged), by_number].concat(), None);
    let run = &data["runs"][0];
    assert_eq!(run["sample"]["id"], json!(["i1", "7", "client"]));
    // Without the tag `accepted` there is no decision, but that is no lack of the trace.
    assert_eq!((&run["has_tags"], &run["undecided"]), (&true.into(), &3.into()));
    assert_eq!(data_of(&line(1, "null"), None)["runs"][0]["has_tags"], false);
}

#[test]
fn the_output_is_private_complete_and_never_the_trace() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let trace = record("r", 1, 5, "null", None);
    for name in ["trace", "page.partial"] {
        fs::write(path(name), &trace).unwrap();
    }
    std::os::unix::fs::symlink(path("elsewhere"), path("link")).unwrap();
    for (file, output, why) in [
        ("trace", "trace", "would be written over the trace"),
        ("page.partial", "page", "would be written over the trace"),
        ("trace", "link", "is a symbolic link"),
    ] {
        let failure = super::run(&options(&path(file), &path(output)), &mut Vec::new()).unwrap_err();
        assert!(failure.exit_code() == 2 && failure.to_string().contains(why), "{failure}");
        assert_eq!(fs::read_to_string(path(file)).unwrap(), trace, "the trace is untouched");
    }
    super::run(&options(&path("trace"), &path("report.html")), &mut Vec::new()).unwrap();
    assert_eq!(path("report.html").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!path("report.html.partial").exists());
    assert!(fs::read_to_string(path("report.html")).unwrap().ends_with("</html>\n"));
}

#[test]
fn a_trace_of_no_records_has_a_page() {
    assert_eq!(data_of("", None)["runs"], json!([]));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trace.jsonl");
    fs::write(&file, "").unwrap();
    let mut out = Vec::new();
    assert_eq!(super::run(&options(&file, Path::new("-")), &mut out).unwrap(), 0);
    assert!(String::from_utf8(out).unwrap().ends_with("</html>\n"));
}

#[test]
fn a_trace_that_cannot_be_shown_leaves_no_page() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("wrong"), "no record\n").unwrap();
    for (file, why) in [("wrong", "line 1"), ("missing", "cannot be read")] {
        let failure = super::run(&options(&path(file), &path("page")), &mut Vec::new()).unwrap_err();
        assert!(failure.exit_code() == 2 && failure.to_string().contains(why), "{failure}");
        assert!(!path("page").exists() && !path("page.partial").exists());
    }
    fs::write(path("one"), record("r", 1, 5, "null", None)).unwrap();
    let absent = Options { run: Some(2), ..options(&path("one"), &path("page")) };
    assert_eq!(super::run(&absent, &mut Vec::new()).unwrap_err().exit_code(), 2);
}
