//! Tests of the command on small traces.

use std::fs;
use std::path::Path;

use super::*;

/// A trace of one record.
const TRACE: &str = r#"{"trace_id":"r:1","scenario":"s","line_no":1,"step_index":0,"step_name":"parse","work_index":0,"t_enter":"2026-01-21T01:23:00.000001Z","t_exit":"2026-01-21T01:23:00.000001Z","duration_ms":0.000005,"msg_in":{"type_name":"In","identity":"i1","hash":null},"msg_out":[],"msg_out_count":0,"ctx_before":null,"ctx_after":null,"ctx_diff":null,"status":"ok","error":null}"#;

fn options(file: &Path, output: &Path) -> Options {
    Options { file: file.to_str().unwrap().into(), output: output.into(), run: None, json: false }
}

#[test]
fn the_output_is_private_complete_and_never_the_trace() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["trace", "page.partial"] {
        fs::write(path(name), TRACE).unwrap();
    }
    std::os::unix::fs::symlink(path("elsewhere"), path("link")).unwrap();
    for (file, output, why) in [
        ("trace", "trace", "would be written over the trace"),
        ("page.partial", "page", "would be written over the trace"),
        ("trace", "link", "is a symbolic link"),
    ] {
        let failure = super::run(&options(&path(file), &path(output)), &mut Vec::new()).unwrap_err();
        assert!(failure.exit_code() == 2 && failure.to_string().contains(why), "{failure}");
        assert_eq!(fs::read_to_string(path(file)).unwrap(), TRACE, "the trace is untouched");
    }
    super::run(&options(&path("trace"), &path("report.html")), &mut Vec::new()).unwrap();
    assert_eq!(path("report.html").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!path("report.html.partial").exists());
    assert!(fs::read_to_string(path("report.html")).unwrap().ends_with("</html>\n"));
}

#[test]
fn a_trace_of_no_records_has_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trace.jsonl");
    fs::write(&file, "").unwrap();
    let written = |json| {
        let mut out = Vec::new();
        let options = Options { json, ..options(&file, Path::new("-")) };
        assert_eq!(super::run(&options, &mut out).unwrap(), 0);
        String::from_utf8(out).unwrap()
    };
    let data = serde_json::from_str::<serde_json::Value>(&written(true)).unwrap();
    assert_eq!((&data["file"], &data["runs"]), (&file.to_str().unwrap().into(), &serde_json::json!([])));
    assert!(written(false).ends_with("</html>\n"));
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
    fs::write(path("one"), TRACE).unwrap();
    let absent = Options { run: Some(2), ..options(&path("one"), &path("page")) };
    assert_eq!(super::run(&absent, &mut Vec::new()).unwrap_err().exit_code(), 2);
}
