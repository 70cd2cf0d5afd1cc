//! The output of `explain`, beginning with the answer, and its limits.

use super::folder::Folder;
use super::harness::Program;

const BASELINE: &str = include_str!("../../../fixtures/baseline.yaml");
const REASONS: &str = include_str!("../../../fixtures/reasons.ndjson");

/// Returns a folder with the trace of a run over `fixtures/reasons.ndjson`, `trace.jsonl`.
fn traced(configuration: &str) -> Folder {
    let folder = Folder::with_input(REASONS);
    folder.write("config.yaml", configuration);
    let run = [
        "run",
        "--config",
        "config.yaml",
        "--input",
        "input.txt",
        "--output",
        "out",
        "--trace-path",
        "trace.jsonl",
    ];
    Program::new(&folder).args(run).exits_with(0);
    folder
}

#[test]
fn the_answer_comes_first() {
    let folder = traced(BASELINE);
    let told = Program::new(&folder).args(["explain", "trace.jsonl", "--id", "1702"]).exits_with(0);
    let (answer, _) = told.stdout.split_once('\n').unwrap();
    assert_eq!(
        answer,
        "line 13  id 1702  customer 18  DECLINED: DAILY_AMOUNT_LIMIT. $100.00 accepted earlier that day + $5,000.00 = $5,100.00, over $5,000.00"
    );
    assert_eq!(told.stderr, "");
}

#[test]
fn explain_fails_with_1_and_reading_with_2() {
    let folder = traced(BASELINE);
    folder.make_pipe("pipe");
    for (arguments, exit) in [
        (["trace.jsonl", "--line", "31"], 1),
        (["trace.jsonl", "--id", "31"], 1),
        (["missing.jsonl", "--line", "1"], 2),
        (["input.txt", "--line", "1"], 2),
        (["pipe", "--line", "1"], 2),
        (["-", "--line", "1"], 2),
    ] {
        let told = Program::new(&folder).args(["explain"]).args(arguments).exits_with(exit);
        assert!(told.stderr.starts_with("error: "), "{}", told.stderr);
        assert_eq!(told.stdout, "");
    }
    Program::new(&folder).args(["explain", "trace.jsonl"]).exits_with(2);
    Program::new(&folder).args(["explain", "trace.jsonl", "--line", "1", "--id", "1"]).exits_with(2);
}
