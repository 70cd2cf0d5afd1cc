//! `--summary`: the summary of a run for programs.

use rustix::process::Signal;
use serde_json::{Value, json};

use super::attempts::{accepted, attempts};
use super::folder::Folder;
use super::harness::Program;
use super::running::wait_for_bytes;

/// Three attempts, the last of which reuses an id.
fn input() -> String {
    attempts(2) + &attempts(1)
}

fn counts(summary: &Value) -> Vec<(&str, u64)> {
    let counts = summary["counts"].as_array().unwrap();
    counts.iter().map(|row| (row["name"].as_str().unwrap(), row["count"].as_u64().unwrap())).collect()
}

#[test]
fn json_replaces_the_text() {
    let folder = Folder::with_input(input());
    let outcome =
        Program::new(&folder).args(["run", "--summary", "json", "--run-id", "nightly"]).exits_with(0);
    let summary: Value = serde_json::from_str(&outcome.stderr).unwrap();
    assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
    assert_eq!(
        ["program", "run_id", "ended", "exit_code", "lines", "output", "trace"]
            .map(|key| summary[key].clone()),
        [
            json!("fund-load"),
            json!("nightly"),
            json!("complete"),
            json!(0),
            json!(3),
            json!("output.txt"),
            json!(null)
        ]
    );
    assert_eq!(counts(&summary)[..2], [("accepted", 2), ("declined", 1)]);
    let replay =
        summary["counts"].as_array().unwrap().iter().find(|row| row["name"] == "ID_DUPLICATE_REPLAY");
    assert_eq!(replay.map(|row| [&row["within"], &row["count"]]), Some([&json!("declined"), &json!(1)]));
    assert_eq!(folder.read("output.txt").lines().count(), 3);
}

/// The text is the same as without the file; the file of an earlier run is gone.
#[test]
fn the_file_is_replaced() {
    let folder = Folder::with_input(input());
    let text = Program::new(&folder).args(["run"]).exits_with(0).stderr;
    Program::new(&folder).args(["run", "--summary", "summary.json", "--run-id", "earlier"]).exits_with(0);
    let outcome = Program::new(&folder).args(["run", "--summary", "summary.json"]).exits_with(0);
    assert_eq!(outcome.stderr, text);
    let summary: Value = serde_json::from_str(&folder.read("summary.json")).unwrap();
    assert_eq!([&summary["lines"], &summary["run_id"]], [&json!(3), &json!("run")]);
    assert!(!folder.has("summary.json.partial"));

    // A failing run has none to write, and does not leave an earlier one.
    Program::new(&folder).args(["run", "--summary", "summary.json", "--input", "missing"]).exits_with(1);
    assert!(!folder.has("summary.json"));
}

#[test]
fn a_run_that_is_stopped_says_so() {
    for (settings, last_of_text) in [
        ("runtime.strict=true", "configuration: "),
        ("runtime.checkpoint.dir=run.ckpt", "fund-load: stopped by a signal; line "),
    ] {
        let folder = Folder::new();
        let input = if settings.contains("checkpoint") { "input.txt" } else { "-" };
        folder.write("input.txt", attempts(200_000));
        let args = ["run", "--summary", "summary.json", "--input", input, "--set", settings];
        let mut running = Program::new(&folder).args(args).start();
        if input == "-" {
            running.send(attempts(2));
        }
        wait_for_bytes(&folder, "output.txt.partial", accepted(1).len() as u64);
        running.signal(Signal::TERM);
        let outcome = running.wait();
        assert_eq!(outcome.exit, 143, "{}", outcome.stderr);
        assert!(outcome.stderr.contains(last_of_text), "{}", outcome.stderr);
        let summary: Value = serde_json::from_str(&folder.read("summary.json")).unwrap();
        assert_eq!([&summary["ended"], &summary["exit_code"]], [&json!("stopped"), &json!(143)]);
        assert!(summary["lines"].as_u64().unwrap() < 200_000, "{summary}");
    }
}

/// Each is refused before anything is touched.
#[test]
fn an_unusable_file_is_refused() {
    for (path, why) in [
        ("input.txt", "would be written over the input"),
        ("output.txt", "would be written over the output"),
        ("output.txt.partial", "would be written over the unfinished output"),
        ("./trace.jsonl", "would be written over the trace"),
        ("config.yaml", "would be written over the configuration"),
        ("link", "is a symbolic link"),
        ("none/summary.json", "cannot be written: the folder `none` does not exist"),
        ("mesh.key", "would replace a file that is not a summary"),
        ("other.json", "would replace a file that is not a summary"),
        (".", "is a folder"),
        ("-", "would go to standard output"),
    ] {
        let folder = Folder::with_input(input());
        folder.write("config.yaml", "{version: 1, scenario: {name: summaries}}");
        folder.write("mesh.key", "0123456789abcdef");
        folder.write("other.json", r#"{"program":"fund-load","ended":"complete"}"#);
        std::os::unix::fs::symlink("input.txt", folder.path_of("link")).unwrap();
        let names = folder.names();
        let outcome = Program::new(&folder)
            .args(["run", "--config", "config.yaml", "--trace-path", "trace.jsonl", "--summary", path])
            .exits_with(2);
        let expected = format!("error: the summary `{path}` {why}");
        assert!(outcome.stderr.contains(&expected), "{}", outcome.stderr);
        assert_eq!(folder.names(), names);
        assert_eq!(folder.read("input.txt"), input());
    }
}

#[test]
fn a_full_disk_costs_the_summary_and_nothing_else() {
    let folder = Folder::with_input(input());
    let outcome = Program::new(&folder).args(["run", "--summary", "/dev/full"]).exits_with(1);
    assert!(outcome.stderr.contains("error: the summary `/dev/full`: "), "{}", outcome.stderr);
    assert_eq!(folder.read("output.txt").lines().count(), 3);
}

#[test]
fn several_workers_give_the_same_summary() {
    let of = |workers: &str| {
        let folder = Folder::with_input(input());
        Program::new(&folder).args(["run", "--summary", "summary.json", "--workers", workers]).exits_with(0);
        let mut summary: Value = serde_json::from_str(&folder.read("summary.json")).unwrap();
        summary["seconds"] = json!(null);
        summary["lines_per_second"] = json!(null);
        summary
    };
    assert_eq!(of("2"), of("1"));
}
