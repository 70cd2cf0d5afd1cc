use std::fs;
use std::path::Path;

use super::*;

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
        r#"{{"trace_id":"{run_id}:{line_no}","scenario":"s","line_no":{line_no},"step_index":0,"step_name":"parse","work_index":0,"t_enter":"2026-01-21T01:23:{second:02}.000{micros:03}Z","t_exit":"2026-01-21T01:23:{second:02}.000{micros:03}Z","duration_ms":{millis},"msg_in":{{"type_name":"In","identity":"{line_no}","hash":null}},"msg_out":[],"msg_out_count":0,"ctx_before":null,"ctx_after":{tags},"ctx_diff":null,"status":"{status}","error":{error}}}
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
        record("r", 3, 9_000, "null", Some("it broke")),
    ];
    let data = data_of(&trace.concat(), None);
    let run = &data["runs"][0];
    assert_eq!(
        run["decisions"],
        serde_json::json!([{"accepted":false,"count":1,"label":"LIMIT"},{"accepted":true,"count":1,"label":"accepted"}])
    );
    assert_eq!(
        run["sample"],
        serde_json::json!({"decision":[0,1,null],"duration_ns":[1500,700,9000],"errors":[[2,0,"it broke"]],"id":["</script>","2","3"],"line_no":[1,2,3],"record_count":[1,1,1],"shape":[0,0,0],"start_us":[0,1,2],"times":[[0,1500],[0,700],[0,9000]]})
    );
    assert_eq!(
        run["steps"][0],
        serde_json::json!({"buckets":[{"count":1,"from_ns":640,"to_ns":704},{"count":1,"from_ns":1408,"to_ns":1536},{"count":1,"from_ns":8192,"to_ns":9216}],"errors":1,"index":0,"max_ns":9000,"messages_out":0,"name":"parse","p50_ns":1535,"p90_ns":9000,"p99_ns":9000,"records":3,"total_ns":11200})
    );
    assert_eq!((&run["undecided"], &run["inputs"]), (&1.into(), &3.into()));
}

#[test]
fn everything_is_sampled_up_to_the_bound_and_one_beyond_only_a_part() {
    // The slowest and the one that fails are kept apart from the regular sample.
    let most = collector::MAX_INPUTS as u64 + sample::MAX_SLOWEST as u64 + 1;
    for (inputs, stride) in [(most, 1), (most + 1, 2)] {
        // The first is the slowest, the second fails and is the fastest.
        let line = |line_no| match line_no {
            1 => record("r", 1, 9_000, "null", None),
            2 => record("r", 2, 1, "null", Some("x")),
            _ => record("r", line_no, 100, "null", None),
        };
        let trace: String = (1..=inputs).map(line).collect();
        let data = data_of(&trace, None);
        let run = &data["runs"][0];
        assert_eq!((&data["stride"], &run["inputs"]), (&stride.into(), &inputs.into()));
        let lines = run["sample"]["line_no"].as_array().unwrap();
        assert!(lines.starts_with(&[1.into(), 2.into()]), "the slowest and the failed are always in");
        let expected = if stride == 1 { inputs } else { most / 2 };
        assert!((lines.len() as u64).abs_diff(expected) <= sample::MAX_SLOWEST as u64, "{}", lines.len());
    }
}

#[test]
fn runs_stand_apart_up_to_the_bound_and_one_can_be_chosen() {
    let runs = |count: usize| (0..count).map(|run| record(&run.to_string(), 1, 5, "null", None)).collect();
    for (count, left_out) in [(collector::MAX_RUNS, 0), (collector::MAX_RUNS + 1, 1)] {
        let trace: String = runs(count);
        let data = data_of(&trace, None);
        assert_eq!(data["runs"].as_array().unwrap().len(), collector::MAX_RUNS);
        assert_eq!(data["runs_left_out"], left_out);
    }
    let data = data_of(&runs(3), Some(2));
    assert_eq!((&data["runs"][0]["run"], &data["runs"][0]["run_id"]), (&2.into(), &"1".into()));
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
        ("trace", "trace", "is the same file as the trace"),
        ("page.partial", "page", "is the same file as the trace"),
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
fn a_trace_that_cannot_be_shown_leaves_no_page() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("empty"), "").unwrap();
    fs::write(path("wrong"), "no record\n").unwrap();
    for (file, why) in [("empty", "holds no record"), ("wrong", "line 1"), ("missing", "cannot be read")] {
        let failure = super::run(&options(&path(file), &path("page")), &mut Vec::new()).unwrap_err();
        assert!(failure.exit_code() == 2 && failure.to_string().contains(why), "{failure}");
        assert!(!path("page").exists() && !path("page.partial").exists());
    }
    fs::write(path("one"), record("r", 1, 5, "null", None)).unwrap();
    let absent = Options { run: Some(2), ..options(&path("one"), &path("page")) };
    assert_eq!(super::run(&absent, &mut Vec::new()).unwrap_err().exit_code(), 2);
}
