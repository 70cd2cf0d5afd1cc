//! `--tracing` and `--trace-path`: their precedence, and that the output is always the same.

use insta::assert_snapshot;

use super::attempts::{accepted, attempts};
use super::folder::Folder;
use super::harness::Program;

const TRACED_IN_FILE: &str = "version: 1\nscenario: {name: x}\nruntime: {tracing: {enabled: true, sink: {kind: jsonl, jsonl: {path: file.jsonl}}}}\n";
const UNTRACED_IN_FILE: &str = "version: 1\nscenario: {name: x}\nruntime: {tracing: {enabled: false, sink: {kind: jsonl, jsonl: {path: file.jsonl}}}}\n";

/// Runs one line with this configuration and these flags, and returns the names of the resulting traces.
#[track_caller]
fn traces(config: &str, flags: &[&str]) -> Vec<String> {
    let folder = Folder::with_input(attempts(1));
    folder.write("config.yaml", config);
    Program::new(&folder).args(["run", "--config", "config.yaml"]).args(flags).exits_with(0);
    assert_eq!(folder.read("output.txt"), accepted(1), "{flags:?}");
    let traces: Vec<String> = folder.names().into_iter().filter(|name| name.contains("jsonl")).collect();
    for name in &traces {
        assert_eq!(folder.read(name).lines().count(), 8, "{name}: a record for each step");
    }
    traces
}

#[test]
fn the_tracing_flag_overrides_the_file() {
    assert_eq!(traces(TRACED_IN_FILE, &[]), ["file.jsonl"]);
    assert_eq!(traces(UNTRACED_IN_FILE, &[]), [""; 0], "no file is created");
    assert_eq!(traces(UNTRACED_IN_FILE, &["--tracing", "enable"]), ["file.jsonl"]);
    assert_eq!(traces(TRACED_IN_FILE, &["--tracing", "disable"]), [""; 0]);
}

#[test]
fn a_trace_path_implies_tracing_unless_disabled() {
    for config in [TRACED_IN_FILE, UNTRACED_IN_FILE, "version: 1\nscenario: {name: x}\n"] {
        assert_eq!(traces(config, &["--trace-path", "flag.jsonl"]), ["flag.jsonl"]);
        assert_eq!(traces(config, &["--trace-path", "flag.jsonl", "--tracing", "enable"]), ["flag.jsonl"]);
        assert_eq!(traces(config, &["--trace-path", "flag.jsonl", "--tracing", "disable"]), [""; 0]);
        assert_eq!(traces(config, &["--tracing", "disable", "--trace-path", "flag.jsonl"]), [""; 0]);
    }
}

#[test]
fn a_trace_path_wins_over_set_and_environment_too() {
    let folder = Folder::with_input(attempts(1));
    Program::new(&folder)
        .args(["run", "--trace-path", "flag.jsonl"])
        .set(["runtime.tracing.enabled=false", "runtime.tracing.sink.kind=stdout"])
        .env("FUND_LOAD__RUNTIME__TRACING__ENABLED", "false")
        .exits_with(0);
    assert_eq!(folder.names(), ["flag.jsonl", "input.txt", "output.txt"]);
}

#[test]
fn a_trace_path_keeps_the_other_settings_of_the_sink() {
    let folder = Folder::new();
    let outcome = Program::new(&folder)
        .args(["config", "show", "--trace-path", "flag.jsonl"])
        .set(["runtime.tracing.sink={kind: stdout, jsonl: {path: x, write_mode: batch, fsync_every_n: 7}}"])
        .exits_with(0);
    let sink = outcome.stdout.split_once("    sink:\n").unwrap().1.split_once("  metrics:").unwrap().0;
    assert_snapshot!(sink, @"
    kind: jsonl
    jsonl:
      path: flag.jsonl
      write_mode: batch
      flush_every_n: 100
      fsync_every_n: 7
      compress: none
      compress_level: 1
      rotate: null
    ");
}

#[test]
fn tracing_without_a_sink_is_said_and_changes_nothing_else() {
    let folder = Folder::with_input(attempts(2));
    let outcome = Program::new(&folder).args(["run", "--tracing", "enable"]).exits_with(0);
    assert_snapshot!(outcome.stderr, @"
    note: tracing is on without a sink: records are kept in memory, line by line, and then dropped (use `--trace-path FILE`)
    fund-load: 2 lines
      limits: $5,000.00 a day, $20,000.00 a week, 3 attempts a day; prime gate off; Monday multiplier off
      memory: ids remembered forever, number of ids not limited, number of customers not limited
      accepted              2
      declined              0
      output: output.txt
      configuration: <digest>
    ");
    assert_eq!(folder.read("output.txt"), accepted(1) + &accepted(2));
    assert_eq!(folder.names(), ["input.txt", "output.txt"]);
}

#[test]
fn records_go_to_standard_output_when_the_sink_says_so() {
    let folder = Folder::with_input(attempts(2));
    let program = Program::new(&folder).args(["run", "--tracing", "enable"]);
    let outcome = program.set(["runtime.tracing.sink.kind=stdout"]).exits_with(0);
    assert_eq!(super::records::records(&outcome.stdout).len(), 16);
    assert_eq!(folder.read("output.txt"), accepted(1) + &accepted(2));
}
