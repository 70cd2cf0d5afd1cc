//! Pipelines that a strict configuration refuses: unknown steps, and steps that do not fit.

use insta::assert_snapshot;

use super::config_mistakes::mistakes;

#[test]
fn an_unknown_step_is_named_with_the_nearest_one() {
    let pipeline = "runtime:\n  pipeline:\n    - parse_load_attempt\n    - compute_time_key\n    - idempotency_gate\n    - compute_features\n    - evaluate_policies\n    - update_windows\n    - format_output\n    - write_output\n";
    assert_snapshot!(mistakes(pipeline), @"
    error: `runtime.pipeline.1`: no step is named `compute_time_key`
      --> a.yaml:6:7
       |
     6 |     - compute_time_key
       |       ^^^^^^^^^^^^^^^^
      expected: one of `parse_load_attempt`, `compute_time_keys`, `idempotency_gate`, `compute_features`, `evaluate_policies`, `update_windows`, `format_output`, `write_output`
      hint: did you mean `compute_time_keys`?

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
}

#[test]
fn a_pipeline_whose_steps_do_not_fit_is_a_mistake_of_each_step() {
    let pipeline =
        "runtime:\n  pipeline: [parse_load_attempt, idempotency_gate, update_windows, write_output]\n";
    assert_snapshot!(mistakes(pipeline), @"
    error: `runtime.pipeline.0`: step `parse_load_attempt` emits `LoadAttempt`, which no later step takes
      --> a.yaml:4:14
       |
     4 |   pipeline: [parse_load_attempt, idempotency_gate, update_windows, write_output]
       |              ^^^^^^^^^^^^^^^^^^
      expected: a later step that takes `LoadAttempt`
      hint: check the order of the pipeline, and whether a step after it is missing

    error: `runtime.pipeline.1`: step `idempotency_gate` emits `IdempotencyClassifiedAttempt`, which no later step takes
      --> a.yaml:4:34
       |
     4 |   pipeline: [parse_load_attempt, idempotency_gate, update_windows, write_output]
       |                                  ^^^^^^^^^^^^^^^^
      expected: a later step that takes `IdempotencyClassifiedAttempt`
      hint: check the order of the pipeline, and whether a step after it is missing

    error: `runtime.pipeline.1`: step `idempotency_gate` takes `AttemptWithKeys`, which no earlier step sends it
      --> a.yaml:4:34
       |
     4 |   pipeline: [parse_load_attempt, idempotency_gate, update_windows, write_output]
       |                                  ^^^^^^^^^^^^^^^^
      expected: an earlier step that emits `AttemptWithKeys`
      hint: check the order of the pipeline, and whether a step before it is missing

    error: `runtime.pipeline.2`: step `update_windows` emits `Decision`, which no later step takes
      --> a.yaml:4:52
       |
     4 |   pipeline: [parse_load_attempt, idempotency_gate, update_windows, write_output]
       |                                                    ^^^^^^^^^^^^^^
      expected: a later step that takes `Decision`
      hint: check the order of the pipeline, and whether a step after it is missing

    error: `runtime.pipeline.3`: step `write_output` takes `OutputLine`, which no earlier step sends it
      --> a.yaml:4:68
       |
     4 | ...ine: [parse_load_attempt, idempotency_gate, update_windows, write_output]
       |                                                                ^^^^^^^^^^^^
      expected: an earlier step that emits `OutputLine`
      hint: check the order of the pipeline, and whether a step before it is missing

    fund-load: 5 mistakes in the configuration; no input was read and no file was touched
    ");
}

#[test]
fn pipelines_without_lines_or_with_repeats_are_refused() {
    assert_snapshot!(mistakes("runtime: {pipeline: []}\n"), @"
    error: `runtime.pipeline`: no step takes `RawLine`, which the source gives
      --> a.yaml:3:21
       |
     3 | runtime: {pipeline: []}
       |                     ^
      expected: a step that takes `RawLine`
      hint: check the order of the pipeline, and whether a step at the beginning is missing

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
    assert_snapshot!(mistakes("runtime: {pipeline: [parse_load_attempt, parse_load_attempt, compute_time_keys, idempotency_gate, compute_features, evaluate_policies, update_windows, format_output, write_output]}\n"), @"
    error: `runtime.pipeline.1`: step `parse_load_attempt` is listed twice (its first place is 0)
      --> a.yaml:3:42
       |
     3 | runtime: {pipeline: [parse_load_attempt, parse_load_attempt, compute_time_keys, idempotency_gate, compute_features, evaluate_policies, update...
       |                                          ^^^^^^^^^^^^^^^^^^
      expected: each step once
      hint: remove one of them

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
}
