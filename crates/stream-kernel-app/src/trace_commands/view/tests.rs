//! Tests of the command on small traces.

use std::fs;
use std::path::Path;

use super::*;

/// A trace of one record.
const TRACE: &str = r#"{"trace_id":"r:1","scenario":"s","line_no":1,"step_index":0,"step_name":"parse","work_index":0,"t_enter":"2026-01-21T01:23:00.000001Z","t_exit":"2026-01-21T01:23:00.000001Z","duration_ms":0.000005,"msg_in":{"type_name":"In","identity":"i1","hash":null},"msg_out":[],"msg_out_count":0,"ctx_before":null,"ctx_after":null,"ctx_diff":null,"status":"ok","error":null}"#;

fn options(file: &Path, output: &Path) -> Options {
    Options {
        file: file.to_str().unwrap().into(),
        other: None,
        output: output.into(),
        run: None,
        json: false,
    }
}

fn view(options: &Options, out: &mut dyn Write) -> Result<u8, Failure> {
    super::run(options, Wording::default(), out)
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
        let failure = view(&options(&path(file), &path(output)), &mut Vec::new()).unwrap_err();
        assert!(failure.exit_code() == 2 && failure.to_string().contains(why), "{failure}");
        assert_eq!(fs::read_to_string(path(file)).unwrap(), TRACE, "the trace is untouched");
    }
    view(&options(&path("trace"), &path("report.html")), &mut Vec::new()).unwrap();
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
        assert_eq!(view(&options, &mut out).unwrap(), 0);
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
        let failure = view(&options(&path(file), &path("page")), &mut Vec::new()).unwrap_err();
        assert!(failure.exit_code() == 2 && failure.to_string().contains(why), "{failure}");
        assert!(!path("page").exists() && !path("page.partial").exists());
    }
    fs::write(path("one"), TRACE).unwrap();
    let absent = Options { run: Some(Sides { a: 2, b: 2 }), ..options(&path("one"), &path("page")) };
    assert_eq!(view(&absent, &mut Vec::new()).unwrap_err().exit_code(), 2);
}

/// Returns the data of the page of two traces, or the failure.
fn pair(a: &str, b: &str, run: Option<Sides<u64>>) -> Result<serde_json::Value, Failure> {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("a"), a).unwrap();
    fs::write(path("b"), b).unwrap();
    let other = Some(path("b").to_str().unwrap().to_owned());
    let options = Options { other, run, json: true, ..options(&path("a"), Path::new("-")) };
    let mut out = Vec::new();
    assert_eq!(view(&options, &mut out)?, 0);
    Ok(serde_json::from_slice(&out).unwrap())
}

#[test]
fn two_traces_are_on_one_page() {
    let other = TRACE.replace("i1", "i2").replace(r#""s""#, r#""another""#);
    let data = pair(TRACE, &other, None).unwrap();
    let of = |side: &str| {
        let run = &data[side]["runs"][0];
        (run["scenario"].as_str().unwrap().to_owned(), run["sample"][0]["id"].as_str().unwrap().to_owned())
    };
    assert_eq!((of("a"), of("b")), (("s".into(), "i1".into()), ("another".into(), "i2".into())));
    assert_eq!(data["changes"][0]["first"]["line_no"], 1);
    // The scenario's name alone is not a change.
    let renamed = TRACE.replace(r#""s""#, r#""another""#);
    assert_eq!(pair(TRACE, &renamed, None).unwrap()["changes"][0]["same"], true);
}

#[test]
fn two_runs_are_chosen_of_two_traces() {
    let second = TRACE.replace("r:1", "q:1").replace("i1", "i2");
    let b = format!("{TRACE}\n{second}\n");
    let chosen = |a, b_run| pair(TRACE, &b, Some(Sides { a, b: b_run }));
    let data = chosen(1, 2).unwrap();
    assert_eq!((&data["a"]["runs"][0]["run"], &data["b"]["runs"][0]["run"]), (&1.into(), &2.into()));
    assert_eq!(data["changes"].as_array().unwrap().len(), 1);
    assert_eq!(chosen(2, 1).unwrap_err().exit_code(), 2, "the first trace has one run only");
    // All runs: the second one of B has no counterpart.
    let all = pair(TRACE, &b, None).unwrap();
    assert_eq!(
        (all["changes"][0]["same"].clone(), all["changes"][1]["same"].clone()),
        (true.into(), false.into())
    );
}

#[test]
fn two_traces_that_cannot_be_shown_leave_no_page() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("one"), TRACE).unwrap();
    fs::write(path("wrong"), "no record\n").unwrap();
    let of = |file: &str, other: &str, output: &str, run| {
        let other = Some(path(other).to_str().unwrap().to_owned());
        let options = Options { other, run, ..options(&path(file), &path(output)) };
        view(&options, &mut Vec::new()).unwrap_err().to_string()
    };
    assert!(of("one", "one", "one", None).contains("would be written over the trace"));
    assert!(of("missing", "one", "one", None).contains("cannot be read"));
    assert!(of("one", "wrong", "page", None).contains("line 1"));
    assert!(of("one", "wrong", "wrong", None).contains("would be written over the trace"));
    let one = Options { run: Some(Sides { a: 1, b: 2 }), ..options(&path("one"), &path("page")) };
    assert!(view(&one, &mut Vec::new()).unwrap_err().to_string().contains("two traces"));
    assert!(!path("page").exists() && !path("page.partial").exists());
}
