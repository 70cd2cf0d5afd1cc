//! `runtime.metrics`: the file of metrics, compared with the summary.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;

use rustix::process::Signal;
use serde_json::Value;

use super::attempts::attempts;
use super::checkpointing::{cut_off, run_checkpointed};
use super::folder::Folder;
use super::harness::Program;
use super::running::wait_until;

pub(super) const REASONS: &[u8] = include_bytes!("../../../fixtures/reasons.ndjson");

/// Returns a run that writes `run.prom` often.
fn measured(folder: &Folder) -> Program<'_> {
    with_metrics(Program::new(folder).args(["run"]))
}

pub(super) fn with_metrics(program: Program<'_>) -> Program<'_> {
    program.set(["runtime.metrics.textfile={path: run.prom, every_ms: 100}"])
}

/// Returns the samples of the file, as they are spelled: by name and labels, without those that all have.
#[track_caller]
fn samples(folder: &Folder) -> BTreeMap<String, String> {
    let text = folder.read("run.prom");
    let samples = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let series = series.replace("program=\"fund-load\",scenario=\"baseline\"", "");
        let series = series.replace("{,", "{").replace("{}", "");
        (series.trim_start_matches("stream_kernel_").to_owned(), value.to_owned())
    });
    samples.collect()
}

fn number(sample: &str) -> f64 {
    sample.parse().unwrap()
}

#[track_caller]
fn check_state(folder: &Folder, expected: &str) {
    let samples = samples(folder);
    let is = |state: &str| samples[&format!("run_state{{state=\"{state}\"}}")] == "1";
    let states: Vec<_> =
        ["running", "complete", "stopped", "failed"].into_iter().filter(|state| is(state)).collect();
    assert_eq!(states, [expected]);
}

#[test]
fn the_file_has_the_figures_of_the_summary() {
    let folder = Folder::with_input(REASONS);
    let outcome = measured(&folder).args(["--summary", "json", "--run-id", "nightly"]).exits_with(0);
    let summary: Value = serde_json::from_str(&outcome.stderr).unwrap();
    let samples = samples(&folder);
    assert_eq!(samples["lines_total"], "30");
    assert_eq!(samples["input_bytes_total"], REASONS.len().to_string());
    let counts = summary["counts"].as_array().unwrap();
    for count in counts.iter().filter(|count| count["name"] != "declined") {
        let name = count["name"].as_str().unwrap();
        let series = match count["within"].as_str() {
            Some(outcome) => format!("outcomes_total{{outcome=\"{outcome}\",reason=\"{name}\"}}"),
            None => format!("outcomes_total{{outcome=\"{name}\",reason=\"\"}}"),
        };
        assert_eq!(samples[&series], count["count"].to_string(), "{series}");
    }
    let outcomes = samples.iter().filter(|(series, _)| series.starts_with("outcomes_total"));
    assert_eq!(
        outcomes.map(|(_, count)| count.parse::<u64>().unwrap()).sum::<u64>(),
        30,
        "each line has one outcome"
    );
    let configuration = summary["configuration"].as_str().unwrap();
    let run = format!("run_info{{run_id=\"nightly\",configuration=\"{configuration}\"}}");
    assert_eq!(samples[&run], "1");
    for size in ["table_entries{table=\"ids\"}", "table_bytes{table=\"ids\"}"] {
        assert!(number(&samples[size]) > 0.0, "{size}");
    }
    check_state(&folder, "complete");
    assert_eq!(folder.names(), ["input.txt", "output.txt", "run.prom"]);
}

#[test]
fn the_output_and_the_trace_are_those_without_metrics() {
    let [with, without] = [true, false].map(|is_measured| {
        let folder = Folder::with_input(REASONS);
        let run = Program::new(&folder).args(["run", "--trace-path", "trace"]);
        let run = if is_measured { with_metrics(run) } else { run };
        run.exits_with(0);
        folder
    });
    assert_eq!(with.read("output.txt"), without.read("output.txt"));
    let diff = ["trace", "diff"]
        .map(str::to_owned)
        .into_iter()
        .chain([&with, &without].map(|folder| folder.path_of("trace").display().to_string()));
    Program::new(&with).args(diff).exits_with(0);
    let durations = samples(&with);
    assert_eq!(durations["step_duration_seconds_count{step=\"parse_load_attempt\"}"], "30");
    assert_eq!(durations["step_duration_seconds_bucket{step=\"write_output\",le=\"+Inf\"}"], "30");
}

#[test]
fn a_waiting_run_shows_all_it_has_taken() {
    let folder = Folder::new();
    let mut running = measured(&folder).args(["--input", "-"]).start();
    for (line_no, line) in (1_u32..).zip(attempts(3).split_inclusive('\n')) {
        running.send(line);
        let is_counted =
            || folder.has("run.prom") && number(&samples(&folder)["lines_total"]) >= line_no.into();
        wait_until("the line in the metrics", is_counted);
        check_state(&folder, "running");
    }
    running.signal(Signal::TERM);
    assert_eq!(running.wait().exit, 143);
    check_state(&folder, "stopped");
}

#[test]
fn everybody_may_read_the_file() {
    let folder = Folder::with_input(REASONS);
    with_metrics(Program::after(&folder, "umask 0").args(["run"])).exits_with(0);
    assert_eq!(folder.mode("run.prom"), 0o644, "a collector is another user");
}

#[test]
fn an_unwritable_file_is_reported_once() {
    let folder = Folder::with_input(REASONS);
    let set = "runtime.metrics.textfile={path: nowhere/run.prom, every_ms: 100}";
    let outcome = Program::new(&folder).args(["run", "--summary", "out.json"]).set([set]).exits_with(1);
    let said: Vec<_> = outcome.stderr.lines().filter(|line| line.contains("nowhere")).collect();
    assert_eq!(
        said,
        ["error: the metrics `nowhere/run.prom` cannot be written: \
          No such file or directory (os error 2) (the run goes on)"]
    );
    assert_eq!(folder.read("output.txt").lines().count(), 30, "the run went on");
    let summary: Value = serde_json::from_str(&folder.read("out.json")).unwrap();
    assert_eq!(summary["exit_code"], 1);
}

#[test]
fn a_failed_run_says_so_and_a_refused_one_nothing() {
    let folder = Folder::new();
    measured(&folder).exits_with(1);
    assert!(!folder.has("run.prom"), "there is no input");
    folder.write("input.txt", attempts(3));
    measured(&folder).set(["runtime.limits.max_ids=2"]).exits_with(1);
    check_state(&folder, "failed");
    let lines = samples(&folder)["lines_total"].clone();
    let limit = ["runtime.limits.max_ids=2", "runtime.checkpoint={dir: run.ckpt}"];
    measured(&folder).set(limit).exits_with(1);
    check_state(&folder, "failed");
    assert_eq!(samples(&folder)["lines_total"], lines, "with a checkpoint, as without one");
    let before = folder.fingerprint("run.prom");
    measured(&folder).set(["runtime.strikt=true"]).exits_with(2);
    assert_eq!(folder.fingerprint("run.prom"), before);
}

#[test]
fn nothing_else_is_replaced() {
    let folder = Folder::with_input(REASONS);
    folder.write("other.txt", "somebody needs it\n");
    folder.write("empty.prom", "");
    folder.make_pipe("pipe");
    symlink("empty.prom", folder.path_of("link")).unwrap();
    for (path, said) in [
        ("other.txt", "a file that is not one of metrics"),
        ("input.txt", "would replace the input"),
        ("output.txt", "would replace the output"),
        ("output.txt.partial", "would replace the unfinished output"),
        ("trace", "would replace the trace"),
        ("pipe", "need a regular file"),
        (".", "need a regular file"),
        ("link", "is a symbolic link"),
        ("-", "`-` is not a file of metrics"),
        ("trace.1", "would replace the earlier part of the trace"),
        ("output.txt.parts/_SUCCESS", "would be among the files of the output"),
    ] {
        let set = format!("runtime.metrics.textfile={{path: '{path}'}}");
        let rotate = "runtime.tracing.sink.jsonl.rotate={max_bytes: 1000, keep: 1}".to_owned();
        let outcome =
            Program::new(&folder).args(["run", "--trace-path", "trace"]).set([set, rotate]).exits_with(2);
        assert!(outcome.stderr.contains(said), "{path}: {}", outcome.stderr);
    }
    let in_checkpoint =
        ["runtime.checkpoint={dir: run.ckpt}", "runtime.metrics.textfile={path: run.ckpt/manifest}"];
    let outcome = Program::new(&folder).args(["run"]).set(in_checkpoint).exits_with(2);
    assert!(outcome.stderr.contains("would be among the files of the checkpoint"), "{}", outcome.stderr);
    let summary = ["run", "--summary", "run.prom"];
    let outcome = with_metrics(Program::new(&folder).args(summary)).exits_with(2);
    assert!(outcome.stderr.contains("would be written over the file of metrics"), "{}", outcome.stderr);
    assert_eq!(folder.names(), ["empty.prom", "input.txt", "link", "other.txt", "pipe"]);
    let set = ["runtime.metrics.textfile={path: empty.prom}"];
    Program::new(&folder).args(["run"]).set(set).exits_with(0);
    Program::new(&folder).args(["run"]).set(set).exits_with(0);
}

#[test]
fn a_link_under_the_temporary_name_is_not_followed() {
    let folder = Folder::with_input(REASONS);
    folder.write("target", "kept\n");
    symlink("target", folder.path_of("run.prom.partial")).unwrap();
    measured(&folder).exits_with(0);
    assert_eq!(folder.read("target"), "kept\n");
    assert!(!folder.has("run.prom.partial"));
}

#[test]
fn a_resumed_run_counts_all_lines_and_names_its_commit() {
    let folder = Folder::with_input(attempts(2_000));
    cut_off(&folder, &[]);
    // Metrics are no part of what a checkpoint is made for.
    with_metrics(run_checkpointed(&folder)).exits_with(0);
    let first = samples(&folder);
    assert_eq!(first["lines_total"], "2000");
    assert_eq!(first["last_commit_line"], "2000");
    assert!(number(&first["last_commit_timestamp_seconds"]) > 1e9);
    assert!((1.0..2_000.0).contains(&number(&first["resumed_lines"])));
    assert_eq!(first["table_entries{table=\"ids\"}"], "2000");
    // A complete run that is started again does not restore its memory.
    with_metrics(run_checkpointed(&folder)).exits_with(0);
    let again = samples(&folder);
    let outcome = "outcomes_total{outcome=\"accepted\",reason=\"\"}";
    for series in ["lines_total", "input_bytes_total", outcome] {
        assert_eq!(again[series], first[series], "{series}");
    }
    assert_eq!(again["resumed_lines"], "2000");
    assert_eq!(again.get("table_entries{table=\"ids\"}"), None);
}

#[test]
fn several_workers_agree_with_one_at_the_end() {
    let [one, several] = ["1", "3"].map(|workers| {
        // So many that a worker publishes its progress before the end.
        let folder = Folder::with_input(attempts(20_000));
        measured(&folder).args(["--workers", workers]).exits_with(0);
        samples(&folder)
    });
    let is_common = |series: &&String| {
        ["lines", "input_bytes", "outcomes", "run_state"].iter().any(|name| series.starts_with(name))
    };
    let series: Vec<_> = one.keys().filter(is_common).collect();
    assert!(series.len() >= 7, "{series:?}");
    for series in series {
        assert_eq!(several[series], one[series], "{series}");
    }
}
