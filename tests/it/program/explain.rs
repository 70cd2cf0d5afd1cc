//! What `explain` says, held against the naive model: of a line with the amount that would have passed, and a cent more.

use serde_json::Value;
use stream_kernel_tests::model::{Settings, adjudicate, baseline, exp_mp};

use super::folder::Folder;
use super::harness::Program;

const BASELINE: &str = include_str!("../../../fixtures/baseline.yaml");
const EXP_MP: &str = include_str!("../../../fixtures/exp_mp.yaml");
const REASONS: &str = include_str!("../../../fixtures/reasons.ndjson");

/// Returns a folder that holds the trace of a run over `fixtures/reasons.ndjson`, `trace.jsonl`.
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

/// Every decision must be explained as the model decides it, and so must its advice; returns how often advice was
/// given as an amount.
fn check(configuration: &str, settings: &Settings) -> usize {
    let folder = traced(configuration);
    let lines: Vec<&str> = REASONS.lines().collect();
    let mut amounts = 0;
    for (position, verdict) in adjudicate(REASONS.as_bytes(), settings).iter().enumerate() {
        let line_no = (position + 1).to_string();
        let explain = ["explain", "trace.jsonl", "--json", "--line", line_no.as_str()];
        let told = Program::new(&folder).args(explain).exits_with(0).stdout;
        let told: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(told["reason"].as_str(), verdict.reason, "line {line_no}");
        assert_eq!(told["accepted"].as_bool(), Some(verdict.reason.is_none()), "line {line_no}");
        if let Some(cents) = told["largest_amount_cents"].as_u64() {
            amounts += 1;
            let reason_with = |cents: u64| {
                let mut attempt: Value = serde_json::from_str(lines[position]).unwrap();
                attempt["load_amount"] = format!("${}.{:02}", cents / 100, cents % 100).into();
                let changed = [&lines[..position], &[&*attempt.to_string()]].concat().join("\n");
                adjudicate(changed.as_bytes(), settings)[position].reason
            };
            assert_eq!(reason_with(cents), None, "line {line_no} with {cents} cents");
            assert_eq!(
                reason_with(cents + 1),
                verdict.reason,
                "line {line_no} with a cent more than {cents}"
            );
        }
    }
    amounts
}

#[test]
fn the_largest_amount_passes_and_a_cent_more_does_not() {
    // Under `exp_mp` line 2 is declined for its amount, too, but line 17 for two rules at once.
    assert_eq!(check(BASELINE, &baseline()), 5);
    assert_eq!(check(EXP_MP, &exp_mp()), 5);
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
fn what_cannot_be_explained_ends_with_1_and_what_cannot_be_read_with_2() {
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
