//! Runs appended to one trace under the same run id: every reader tells them apart, even runs of a single line.

use super::attempts::{attempt, attempts};
use super::folder::Folder;
use super::harness::Program;

/// Returns a folder with a trace, `trace.jsonl`, to which a run over each of `inputs` was appended.
fn traced(inputs: &[&str]) -> Folder {
    let folder = Folder::new();
    for input in inputs {
        folder.write("input.txt", input);
        Program::new(&folder)
            .args(["run", "--trace-path", "trace.jsonl"])
            .set(["runtime.tracing.context_diff={mode: whitelist, whitelist: [tags, metrics]}"])
            .exits_with(0);
    }
    folder
}

#[test]
fn every_reader_separates_runs_of_a_single_line() {
    let folder = traced(&[&attempt("1"), &attempt("2"), "no attempt", &attempts(2), &attempt("3")]);
    let sound = "trace.jsonl: sound; 44 records of 6 inputs in 5 runs\n";
    for (run, id) in [("1", Some("1")), ("2", Some("2")), ("3", None), ("5", Some("3"))] {
        let of_run = |command: &[&str]| {
            Program::new(&folder).args(command).args(["trace.jsonl", "--run", run]).exits_with(0).stdout
        };
        let records = if id.is_some() { 8 } else { 4 };
        assert_eq!(of_run(&["trace", "check"]), sound);
        assert!(of_run(&["trace", "stats"]).contains(&format!("{records} records of 1 input")), "{run}");
        let shown = of_run(&["trace", "show"]);
        assert!(
            shown.contains(&format!("line 1{}", id.map(|id| format!("  id {id}")).unwrap_or_default())),
            "{shown}"
        );
        let explained = of_run(&["explain", "--line", "1"]);
        assert_eq!(explained.matches("line 1  ").count(), 1, "{explained}");
        let exported = of_run(&["trace", "export", "--format", "otlp"]);
        assert_eq!(exported.lines().count(), 1, "{exported}");
        of_run(&["trace", "diff", "trace.jsonl"]);
        of_run(&["trace", "view", "--output", "report.html"]);
    }
    assert_eq!(Program::new(&folder).args(["trace", "check", "trace.jsonl"]).exits_with(0).stdout, sound);
    let outcome = Program::new(&folder).args(["trace", "stats", "trace.jsonl", "--run", "6"]).exits_with(2);
    assert!(outcome.stderr.contains("run 6"), "{}", outcome.stderr);
}

#[test]
fn a_record_that_stands_there_twice_is_no_second_run() {
    let folder = traced(&[&attempt("1")]);
    let trace = folder.read("trace.jsonl");
    for line in trace.split_inclusive('\n') {
        folder.write("doubled.jsonl", trace.replacen(line, &line.repeat(2), 1));
        let outcome = Program::new(&folder).args(["trace", "check", "doubled.jsonl"]).exits_with(1);
        assert!(outcome.stdout.ends_with("in 1 run\n"), "{}", outcome.stdout);
    }
}
