//! Messages about a wrong configuration: everything at once, each with key, place and remedy.

use insta::assert_snapshot;

use super::folder::Folder;
use super::harness::Program;

const START: &str = "version: 1\nscenario: {name: test}\n";

/// Returns the message of `run` about a file that begins with [`START`] and goes on like this.
#[track_caller]
pub(super) fn mistakes(rest: &str) -> String {
    let folder = Folder::new();
    folder.write("a.yaml", format!("{START}{rest}"));
    Program::new(&folder).args(["run", "--config", "a.yaml"]).exits_with(2).stderr
}

#[test]
fn mistakes_of_all_layers_are_reported_with_their_places() {
    let folder = Folder::new();
    folder.write("a.yaml", "version: 1\nscenario: {nam: x}\nruntime:\n  strict: yes\n");
    folder.write("b.yaml", "nodes:\n  compute_time_keys:\n    week_start: mon\n");
    let outcome = Program::new(&folder)
        .args(["run", "--config", "a.yaml", "--config", "b.yaml", "--output", "input.txt"])
        .set(["nodes.evaluate_policies.limits.daily_attempts=-1", "runtime.on_step_error"])
        .env("FUND_LOAD__RUNTIME__TRACING__ENABLED", "maybe")
        .env("FUND_LOAD__RUNTIME__TRACING__SIGNATUR__MODE", "hash")
        .exits_with(2);
    assert_snapshot!(outcome.stderr, @"
    error: `scenario.nam`: unknown key
      --> a.yaml:2:12
       |
     2 | scenario: {nam: x}
       |            ^^^
      expected: one of `name`, `description`
      hint: did you mean `name`?

    error: `runtime.strict`: found text `yes`
      --> a.yaml:4:11
       |
     4 |   strict: yes
       |           ^^^
      expected: `true` or `false`
      hint: write `true`

    error: `nodes.compute_time_keys.week_start`: found text `mon`
      --> b.yaml:3:17
       |
     3 |     week_start: mon
       |                 ^^^
      expected: one of `MON`, `TUE`, `WED`, `THU`, `FRI`, `SAT`, `SUN`
      hint: did you mean `MON`?

    error: `runtime.tracing.enabled`: found text `maybe`
      --> environment variable FUND_LOAD__RUNTIME__TRACING__ENABLED=maybe
      expected: `true` or `false`
      hint: write `true` or `false`

    error: `runtime.tracing.signatur.mode`: unknown environment variable
      --> environment variable FUND_LOAD__RUNTIME__TRACING__SIGNATUR__MODE=hash
      expected: the variable of a key that exists
      hint: did you mean `FUND_LOAD__RUNTIME__TRACING__SIGNATURE__MODE`?

    error: `nodes.evaluate_policies.limits.daily_attempts`: found the number `-1`
      --> command line: --set nodes.evaluate_policies.limits.daily_attempts=-1
      expected: a whole number of at least 0, or null
      hint: write a whole number of at least 0

    error: `--set` without a value
      --> command line: --set runtime.on_step_error
      expected: `--set KEY=VALUE`
      hint: write the key path, `=` and the value: `--set runtime.strict=false`

    error: `adapters.output_sink.settings.path`: the output `input.txt` is the same file as the input
      --> command line: --output input.txt
      expected: a file of its own
      hint: name another file

    error: `scenario.name`: required value is missing
      --> a.yaml:2:11
       |
     2 | scenario: {nam: x}
       |           ^
      expected: text, not empty
      hint: set `scenario.name`

    fund-load: 9 mistakes in the configuration; no input was read and no file was touched
    ");
}

#[test]
fn an_unknown_key_is_named_with_the_nearest_one() {
    assert_snapshot!(mistakes("nodes:\n  evaluate_policy:\n    limits: {}\n"), @"
    error: `nodes.evaluate_policy`: unknown key
      --> a.yaml:4:3
       |
     4 |   evaluate_policy:
       |   ^^^^^^^^^^^^^^^
      expected: one of `compute_time_keys`, `idempotency_gate`, `compute_features`, `evaluate_policies`, `update_windows`
      hint: did you mean `evaluate_policies`?

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
    assert_snapshot!(mistakes("nodes: {format_output: {compact: true}}\n"), @"
    error: `nodes.format_output`: unknown key
      --> a.yaml:3:9
       |
     3 | nodes: {format_output: {compact: true}}
       |         ^^^^^^^^^^^^^
      expected: one of `compute_time_keys`, `idempotency_gate`, `compute_features`, `evaluate_policies`, `update_windows`
      hint: check its spelling and its place, or remove it

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
}

#[test]
fn keys_of_the_predecessor_are_refused_with_replacements() {
    let keys = "runtime:\n  discovery_modules: [steps]\nadapters:\n  input_source: {factory: 'a:b', binds: [x]}\n  output_sink:\n    binds: []\n  prime_checker: {kind: sieve}\n";
    assert_snapshot!(mistakes(keys), @"
    error: `runtime.discovery_modules`: this key is no longer used
      --> a.yaml:4:3
       |
     4 |   discovery_modules: [steps]
       |   ^^^^^^^^^^^^^^^^^
      expected: one of `strict`, `pipeline`, `on_step_error`, `limits`, `tracing`, `metrics`, `checkpoint`, `workers`, `cluster`, `epoch_bytes`
      hint: remove it: steps are built in, and `runtime.pipeline` lists those that run

    error: `adapters.input_source.factory`: this key is no longer used
      --> a.yaml:6:18
       |
     6 |   input_source: {factory: 'a:b', binds: [x]}
       |                  ^^^^^^^
      expected: one of `kind`, `settings`
      hint: remove it: an adapter is chosen by its `kind`

    error: `adapters.input_source.binds`: this key is no longer used
      --> a.yaml:6:34
       |
     6 |   input_source: {factory: 'a:b', binds: [x]}
       |                                  ^^^^^
      expected: one of `kind`, `settings`
      hint: remove it: each adapter has its place by its name

    error: `adapters.output_sink.binds`: this key is no longer used
      --> a.yaml:8:5
       |
     8 |     binds: []
       |     ^^^^^
      expected: one of `kind`, `settings`
      hint: remove it: each adapter has its place by its name

    error: `adapters.prime_checker`: this key is no longer used
      --> a.yaml:9:3
       |
     9 |   prime_checker: {kind: sieve}
       |   ^^^^^^^^^^^^^
      expected: one of `input_source`, `output_sink`, `window_store`
      hint: remove it: primality is built in, `nodes.compute_features.prime_gate` switches it on

    fund-load: 5 mistakes in the configuration; no input was read and no file was touched
    ");
    let folder = Folder::new();
    let program = Program::new(&folder).args(["run"]).set(["adapters.window_store.factory=x"]);
    let outcome = program.env("FUND_LOAD__ADAPTERS__PRIME_CHECKER__KIND", "x").exits_with(2);
    assert_snapshot!(outcome.stderr, @"
    error: `adapters.prime_checker.kind`: unknown environment variable
      --> environment variable FUND_LOAD__ADAPTERS__PRIME_CHECKER__KIND=x
      expected: the variable of a key that exists
      hint: remove it: primality is built in, `nodes.compute_features.prime_gate` switches it on

    error: `adapters.window_store.factory`: this key is no longer used
      --> command line: --set adapters.window_store.factory=x
      expected: `kind`
      hint: remove it: an adapter is chosen by its `kind`

    fund-load: 2 mistakes in the configuration; no input was read and no file was touched
    ");
}

#[test]
fn a_missing_value_is_missed_where_the_map_that_lacks_it_stands() {
    let folder = Folder::new();
    folder.write("a.yaml", "# nothing but a sink\nruntime:\n  tracing:\n    sink:\n      jsonl:\n        flush_every_n: 5\nscenario:\n  description: x\n");
    let outcome = Program::new(&folder).args(["run", "--config", "a.yaml"]).exits_with(2);
    assert_snapshot!(outcome.stderr, @"
    error: `version`: required value is missing
      --> a.yaml:2:1
       |
     2 | runtime:
       | ^^^^^^^
      expected: the number 1
      hint: set `version`

    error: `runtime.tracing.sink.jsonl.path`: required value is missing: the sink's `kind` is `jsonl`
      --> a.yaml:5:7
       |
     5 |       jsonl:
       |       ^^^^^
      expected: the path of a file
      hint: set `runtime.tracing.sink.jsonl.path`, or `runtime.tracing.sink.kind` to `stdout`

    error: `scenario.name`: required value is missing
      --> a.yaml:7:1
       |
     7 | scenario:
       | ^^^^^^^^
      expected: text, not empty
      hint: set `scenario.name`

    fund-load: 3 mistakes in the configuration; no input was read and no file was touched
    ");
}

#[test]
fn a_sink_of_lines_needs_a_path() {
    assert_snapshot!(mistakes("runtime:\n  tracing:\n    sink: {kind: jsonl}\n"), @"
    error: `runtime.tracing.sink.jsonl.path`: required value is missing: the sink's `kind` is `jsonl`
      --> a.yaml:5:11
       |
     5 |     sink: {kind: jsonl}
       |           ^
      expected: the path of a file
      hint: set `runtime.tracing.sink.jsonl.path`, or `runtime.tracing.sink.kind` to `stdout`

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
}

#[test]
fn a_key_given_twice_is_a_mistake_at_its_second_place() {
    assert_snapshot!(mistakes("runtime:\n  strict: true\n  on_step_error: stop\n  strict: true\n"), @"
    error: `runtime.strict`: key given twice, first at line 4, column 3
      --> a.yaml:6:3
       |
     6 |   strict: true
       |   ^^^^^^
      expected: each key once
      hint: remove one of them

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
}

#[test]
fn the_whitelist_names_context_fields_but_not_the_tape() {
    let whitelist = "runtime:\n  tracing:\n    context_diff:\n      mode: whitelist\n      whitelist: [tags, trace, metrics.amount_cents, metric, Notes, colour]\n";
    assert_snapshot!(mistakes(whitelist), @"
    error: `runtime.tracing.context_diff.whitelist.1`: no context field is named `trace`
      --> a.yaml:7:25
       |
     7 |       whitelist: [tags, trace, metrics.amount_cents, metric, Notes, colour]
       |                         ^^^^^
      expected: one of `trace_id`, `run_id`, `scenario_id`, `line_no`, `received_at`, `tags`, `metrics`, `notes`, `flags`, `errors`
      hint: the tape itself is never part of a snapshot

    error: `runtime.tracing.context_diff.whitelist.2`: no context field is named `metrics.amount_cents`
      --> a.yaml:7:32
       |
     7 |       whitelist: [tags, trace, metrics.amount_cents, metric, Notes, colour]
       |                                ^^^^^^^^^^^^^^^^^^^^
      expected: one of `trace_id`, `run_id`, `scenario_id`, `line_no`, `received_at`, `tags`, `metrics`, `notes`, `flags`, `errors`
      hint: name the whole field, such as `tags`

    error: `runtime.tracing.context_diff.whitelist.3`: no context field is named `metric`
      --> a.yaml:7:54
       |
     7 |       whitelist: [tags, trace, metrics.amount_cents, metric, Notes, colour]
       |                                                      ^^^^^^
      expected: one of `trace_id`, `run_id`, `scenario_id`, `line_no`, `received_at`, `tags`, `metrics`, `notes`, `flags`, `errors`
      hint: did you mean `metrics`?

    error: `runtime.tracing.context_diff.whitelist.4`: no context field is named `Notes`
      --> a.yaml:7:62
       |
     7 | ...     whitelist: [tags, trace, metrics.amount_cents, metric, Notes, colour]
       |                                                                ^^^^^
      expected: one of `trace_id`, `run_id`, `scenario_id`, `line_no`, `received_at`, `tags`, `metrics`, `notes`, `flags`, `errors`
      hint: did you mean `notes`?

    error: `runtime.tracing.context_diff.whitelist.5`: no context field is named `colour`
      --> a.yaml:7:69
       |
     7 | ...itelist: [tags, trace, metrics.amount_cents, metric, Notes, colour]
       |                                                                ^^^^^^
      expected: one of `trace_id`, `run_id`, `scenario_id`, `line_no`, `received_at`, `tags`, `metrics`, `notes`, `flags`, `errors`
      hint: remove it: what steps note is in `tags`, `metrics`, `notes`, `flags` and `errors`

    fund-load: 5 mistakes in the configuration; no input was read and no file was touched
    ");
}

#[test]
fn a_file_that_cannot_be_read_hides_no_other_mistake() {
    let folder = Folder::new();
    folder.write("a.yaml", format!("{START}runtime:\n  strict: yes\n  pipeline: [parse_load_atempt]\n"));
    let outcome =
        Program::new(&folder).args(["run", "--config", "a.yaml", "--config", "missing.yaml"]).exits_with(2);
    assert!(outcome.stderr.contains("missing.yaml:1:1"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("`runtime.strict`"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("`parse_load_atempt`"), "{}", outcome.stderr);
}

#[test]
fn a_file_that_is_not_yaml_is_refused_with_its_place() {
    assert_snapshot!(mistakes("runtime:\n  strict: [true\n"), @"
    error: not YAML: while parsing a flow sequence, expected ',' or ']'
      --> a.yaml:5:1
      expected: YAML
      hint: look for a tab, wrong indentation, or a quote, bracket or colon too many or too few, here or before

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
    assert_snapshot!(mistakes("\truntime: {}\n"), @r"
    error: not YAML: while parsing a block mapping, did not find expected key
      --> a.yaml:3:2
       |
     3 | \truntime: {}
       |   ^^^^^^^
      expected: YAML
      hint: look for a tab, wrong indentation, or a quote, bracket or colon too many or too few, here or before

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
}
