//! Pipelines that are not strict: the warnings, and the skipped, dropped and counted parts.

use insta::assert_snapshot;

use super::attempts::{attempts, decision};
use super::folder::Folder;
use super::harness::Program;
use super::records::records;
use super::running::Outcome;

/// Runs three lines, the second of them bad, through a pipeline that need not fit.
fn run(folder: &Folder, pipeline: &str) -> Outcome {
    folder.write("input.txt", attempts(2).replacen('\n', "\nx\n", 1));
    Program::new(folder)
        .args(["run", "--output", "-", "--trace-path", "trace.jsonl"])
        .set(["runtime.strict=false", &format!("runtime.pipeline={pipeline}")])
        .exits_with(0)
}

#[test]
fn messages_without_a_taker_are_dropped_and_counted() {
    let folder = Folder::new();
    let outcome = run(&folder, "[parse_load_attempt, format_output, write_output]");
    assert_snapshot!(outcome.stderr, @"
    warning: `runtime.pipeline.0`: step `parse_load_attempt` emits `LoadAttempt`, which no later step takes
      --> command line: --set runtime.pipeline=[parse_load_attempt, format_output, write_output]
      expected: a later step that takes `LoadAttempt`
      hint: check the order of the pipeline, and whether a step after it is missing
    fund-load: 3 lines
      limits: all off: `evaluate_policies` is not in the pipeline
      memory: no ids remembered (`idempotency_gate` is not in the pipeline), number of ids not limited, number of customers not limited
      accepted                                    0
      declined                                    1
        INPUT_PARSE_ERROR                         1
      undeliverable messages dropped              2
      output: -
      trace: trace.jsonl
      configuration: <digest>
    ");
    assert_eq!(outcome.stdout, decision("", "", false), "the bad line is the only one that has a way");
}

#[test]
fn an_unknown_step_is_skipped_and_keeps_its_index() {
    let folder = Folder::new();
    let outcome = run(
        &folder,
        "[prepare, parse_load_attempt, compute_time_keys, idempotency_gate, compute_features, evaluate_policies, update_windows, format_output, writ_output, write_output]",
    );
    assert_snapshot!(outcome.stderr, @"
    warning: `runtime.pipeline.0`: no step is named `prepare`
      --> command line: --set runtime.pipeline=[prepare, parse_load_attempt, compute_time_keys, idempotency_gate, compute_features, evaluate_policies, update_windows, format_output, writ_output, write_output]
      expected: one of `parse_load_attempt`, `compute_time_keys`, `idempotency_gate`, `compute_features`, `evaluate_policies`, `update_windows`, `format_output`, `write_output`
      hint: remove it, or set `runtime.strict: false` to skip it
    warning: `runtime.pipeline.8`: no step is named `writ_output`
      --> command line: --set runtime.pipeline=[prepare, parse_load_attempt, compute_time_keys, idempotency_gate, compute_features, evaluate_policies, update_windows, format_output, writ_output, write_output]
      expected: one of `parse_load_attempt`, `compute_time_keys`, `idempotency_gate`, `compute_features`, `evaluate_policies`, `update_windows`, `format_output`, `write_output`
      hint: did you mean `write_output`? it is listed already
    fund-load: 3 lines
      limits: $5,000.00 a day, $20,000.00 a week, 3 attempts a day; prime gate off; Monday multiplier off
      memory: ids remembered forever, number of ids not limited, number of customers not limited
      accepted                         2
      declined                         1
        INPUT_PARSE_ERROR              1
      output: -
      trace: trace.jsonl
      configuration: <digest>
    ");
    assert_eq!(outcome.stdout.lines().count(), 3);
    let indexes: Vec<_> = records(&folder.read("trace.jsonl"))
        .iter()
        .filter(|record| record.line_no == 1)
        .map(|record| record.step_index)
        .collect();
    assert_eq!(indexes, [1, 2, 3, 4, 5, 6, 7, 9]);
}

#[test]
fn a_step_that_nothing_feeds_is_warned_of_and_idle() {
    let folder = Folder::new();
    let outcome = run(&folder, "[write_output, parse_load_attempt, update_windows]");
    assert_snapshot!(outcome.stderr, @"
    warning: `runtime.pipeline.0`: step `write_output` takes `OutputLine`, which no earlier step sends it
      --> command line: --set runtime.pipeline=[write_output, parse_load_attempt, update_windows]
      expected: an earlier step that emits `OutputLine`
      hint: check the order of the pipeline, and whether a step before it is missing
    warning: `runtime.pipeline.1`: step `parse_load_attempt` emits `LoadAttempt`, which no later step takes
      --> command line: --set runtime.pipeline=[write_output, parse_load_attempt, update_windows]
      expected: a later step that takes `LoadAttempt`
      hint: check the order of the pipeline, and whether a step after it is missing
    warning: `runtime.pipeline.2`: step `update_windows` emits `Decision`, which no later step takes
      --> command line: --set runtime.pipeline=[write_output, parse_load_attempt, update_windows]
      expected: a later step that takes `Decision`
      hint: check the order of the pipeline, and whether a step after it is missing
    fund-load: 3 lines
      limits: all off: `evaluate_policies` is not in the pipeline
      memory: no ids remembered (`idempotency_gate` is not in the pipeline), number of ids not limited, number of customers not limited
      accepted                                    0
      declined                                    0
      undeliverable messages dropped              3
      output: -
      trace: trace.jsonl
      configuration: <digest>
    ");
    assert_eq!(outcome.stdout, "");
}

#[test]
fn lines_that_no_step_takes_are_dropped_too() {
    let folder = Folder::new();
    let outcome = run(&folder, "[format_output, write_output]");
    assert_snapshot!(outcome.stderr, @"
    warning: `runtime.pipeline`: no step takes `RawLine`, which the source gives
      --> command line: --set runtime.pipeline=[format_output, write_output]
      expected: a step that takes `RawLine`
      hint: check the order of the pipeline, and whether a step at the beginning is missing
    warning: `runtime.pipeline.0`: step `format_output` takes `Decision`, which no earlier step sends it
      --> command line: --set runtime.pipeline=[format_output, write_output]
      expected: an earlier step that emits `Decision`
      hint: check the order of the pipeline, and whether a step before it is missing
    fund-load: 3 lines
      limits: all off: `evaluate_policies` is not in the pipeline
      memory: no ids remembered (`idempotency_gate` is not in the pipeline), number of ids not limited, number of customers not limited
      accepted                                    0
      declined                                    0
      undeliverable messages dropped              3
      output: -
      trace: trace.jsonl
      configuration: <digest>
    ");
    assert_eq!(folder.read("trace.jsonl"), "");
}

#[test]
fn check_warns_as_run_does() {
    let folder = Folder::new();
    let settings =
        ["runtime.strict=false", "runtime.pipeline=[parse_load_attempt, format_output, write_output]"];
    let outcome = Program::new(&folder).args(["check"]).set(settings).exits_with(0);
    assert_snapshot!(outcome.stderr, @"
    warning: `runtime.pipeline.0`: step `parse_load_attempt` emits `LoadAttempt`, which no later step takes
      --> command line: --set runtime.pipeline=[parse_load_attempt, format_output, write_output]
      expected: a later step that takes `LoadAttempt`
      hint: check the order of the pipeline, and whether a step after it is missing
    ");
}

#[test]
fn fatal_faults_stay_mistakes_and_warnings_stay_warnings() {
    let folder = Folder::new();
    let program = Program::new(&folder).args(["check", "--set", "runtime.strict=false"]);
    let outcome = program
        .set(["runtime.pipeline=[parse_load_attempt, parse_load_attempt]", "runtime.trasing=1"])
        .exits_with(2);
    assert_snapshot!(outcome.stderr, @"
    error: `runtime.pipeline.1`: step `parse_load_attempt` is listed twice (its first place is 0)
      --> command line: --set runtime.pipeline=[parse_load_attempt, parse_load_attempt]
      expected: each step once
      hint: remove one of them

    error: `runtime.trasing`: unknown key
      --> command line: --set runtime.trasing=1
      expected: one of `strict`, `pipeline`, `on_step_error`, `limits`, `tracing`, `metrics`, `checkpoint`, `workers`, `cluster`, `epoch_bytes`
      hint: did you mean `tracing`?

    fund-load: 2 mistakes in the configuration; no input was read and no file was touched
    ");
}
