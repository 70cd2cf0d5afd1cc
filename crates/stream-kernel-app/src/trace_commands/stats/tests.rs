//! Tests of the command on small traces.

use std::fs;

use super::*;
use crate::trace_commands::source::testing::check_file_and_pipe;

fn record(run_id: &str, line_no: u64, step: (usize, &str), millis: f64) -> String {
    let (index, name) = step;
    format!(
        r#"{{"trace_id":"{run_id}:{line_no}","scenario":"baseline","line_no":{line_no},"step_index":{index},"step_name":"{name}","work_index":0,"t_enter":"2026-01-21T00:00:0{line_no}.000000Z","t_exit":"2026-01-21T00:00:0{line_no}.250000Z","duration_ms":{millis},"msg_in":{{"type_name":"In","identity":null,"hash":null}},"msg_out":[],"msg_out_count":0,"ctx_before":null,"ctx_after":null,"ctx_diff":null,"status":"error","error":null}}"#
    ) + "\n"
}

fn two_runs() -> String {
    [
        record("first", 1, (0, "parse"), 0.001),
        record("first", 1, (10, "decide\\u202e"), 0.003),
        record("first", 2, (0, "parse"), 1234.5),
        record("second", 1, (0, "parse"), 0.0),
    ]
    .concat()
}

/// Returns the output of the command for `trace`, or its failure.
fn check(trace: &str, run: Option<u64>, json: bool) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.jsonl");
    fs::write(&path, trace).unwrap();
    let path = path.to_str().unwrap();
    printed(path, run, json).replace(path, "trace.jsonl")
}

fn printed(path: &str, run: Option<u64>, json: bool) -> String {
    let mut out = Vec::new();
    let ended = super::run(&Options { file: path.to_owned(), run, json }, &mut out);
    let failed = ended.err().map(|failure| format!("{} {failure}", failure.exit_code()));
    String::from_utf8(out).unwrap() + &failed.unwrap_or_default()
}

#[test]
fn each_run_has_a_table_under_its_heading() {
    insta::assert_snapshot!(check(&two_runs(), None, false), @r"
    run 1: `first`, scenario `baseline`
    3 records of 2 inputs in 1.25 s: 2 records/s, 1 inputs/s
        step            in  out  errors      p50      p90      p99      max    total    share
     0  parse            2    0       2  1.00 µs   1.23 s   1.23 s   1.23 s   1.23 s  100.0 %
    10  decide\u{202e}   1    0       1  3.00 µs  3.00 µs  3.00 µs  3.00 µs  3.00 µs    0.0 %

    run 2: `second`, scenario `baseline`
    1 record of 1 input in 250 ms: 4 records/s, 4 inputs/s
       step   in  out  errors   p50   p90   p99   max  total  share
    0  parse   1    0       1  0 ns  0 ns  0 ns  0 ns   0 ns  0.0 %
    ");
}

#[test]
fn one_run_alone_or_chosen_has_no_heading() {
    assert_eq!(
        check(&two_runs(), Some(2), false),
        check(&record("second", 1, (0, "parse"), 0.0), None, false)
    );
    insta::assert_snapshot!(check(&two_runs(), Some(2), false), @"
    1 record of 1 input in 250 ms: 4 records/s, 4 inputs/s
       step   in  out  errors   p50   p90   p99   max  total  share
    0  parse   1    0       1  0 ns  0 ns  0 ns  0 ns   0 ns  0.0 %
    ");
    insta::assert_snapshot!(check(&two_runs(), Some(3), false), @"2 `trace.jsonl` has no run 3 (it holds 2 runs)");
}

#[test]
fn machines_get_an_object_a_run() {
    insta::assert_snapshot!(check(&two_runs(), None, true), @r#"
    {"run":1,"run_id":"first","scenario":"baseline","records":3,"inputs":2,"wall_s":1.25,"records_per_s":2.4,"inputs_per_s":1.6,"total_ns":1234504000,"steps":[{"step_index":0,"step_name":"parse","msgs_in":2,"msgs_out":0,"errors":2,"p50_ns":1000,"p90_ns":1234500000,"p99_ns":1234500000,"max_ns":1234500000,"total_ns":1234501000,"share":0.9999975698742167},{"step_index":10,"step_name":"decide\u202e","msgs_in":1,"msgs_out":0,"errors":1,"p50_ns":3000,"p90_ns":3000,"p99_ns":3000,"max_ns":3000,"total_ns":3000,"share":2.430125783310544e-6}]}
    {"run":2,"run_id":"second","scenario":"baseline","records":1,"inputs":1,"wall_s":0.25,"records_per_s":4.0,"inputs_per_s":4.0,"total_ns":0,"steps":[{"step_index":0,"step_name":"parse","msgs_in":1,"msgs_out":0,"errors":1,"p50_ns":0,"p90_ns":0,"p99_ns":0,"max_ns":0,"total_ns":0,"share":0.0}]}
    "#);
}

#[test]
fn a_trace_of_no_records_has_no_run() {
    for is_json in [false, true] {
        assert_eq!(check("", None, is_json), "");
    }
    insta::assert_snapshot!(check("", Some(1), false), @"2 `trace.jsonl` has no run 1 (it holds 0 runs)");
}

#[test]
fn an_invalid_trace_is_named() {
    insta::assert_snapshot!(check("x\ny\n", None, false), @"2 `trace.jsonl`, line 1: no record: expected value at column 1 (is it a trace? `trace check` names everything that is wrong)");
}

#[test]
fn wrong_lines_fail_only_the_runs_they_may_belong_to() {
    let (damaged, sound) = (two_runs() + "x\ny\n", two_runs());
    let failure = "2 `trace.jsonl` has 2 lines that are not records, left out here (`trace check` names everything that is wrong)";
    for only_run in [None, Some(2)] {
        assert_eq!(check(&damaged, only_run, true), check(&sound, only_run, true) + failure);
    }
    assert_eq!(check(&damaged, Some(1), true), check(&sound, Some(1), true));
}

#[test]
fn a_long_file_gives_the_results_of_a_pipe() {
    let two_runs = two_runs();
    let damaged = [&two_runs.repeat(800), "x\n", &two_runs, "\n", two_runs.trim_end()].concat();
    for trace in [two_runs.repeat(800), damaged] {
        for only_run in [None, Some(1), Some(1601), Some(10_000)] {
            let told = check_file_and_pipe(&trace, |path| printed(path, only_run, true));
            assert!(only_run.is_some() || told.lines().count() >= 1600, "{told}");
        }
    }
    let too_many: String = (0..3000).map(|step| record("run", 1, (step, "a"), 0.0)).collect();
    let failure = "2 `trace`, line 1025: more than 1024 steps in one run";
    assert!(check_file_and_pipe(&too_many, |path| printed(path, None, true)).starts_with(failure));
}
