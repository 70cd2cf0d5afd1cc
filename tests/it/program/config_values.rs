//! Valid values of the configuration, up to the bounds of each.

use insta::assert_snapshot;
use serde_json::Value;

use super::attempts::{attempt, attempt_of};
use super::folder::Folder;
use super::harness::Program;

/// Returns the effective value at a JSON pointer, with these assignments.
#[track_caller]
fn effective(pointer: &str, settings: &[&str]) -> Value {
    let folder = Folder::new();
    let outcome = Program::new(&folder).args(["config", "show", "--json"]).set(settings).exits_with(0);
    serde_json::from_str::<Value>(&outcome.stdout).unwrap().pointer(pointer).unwrap().clone()
}

/// Returns the program's message about these assignments, which it must refuse.
#[track_caller]
pub(super) fn refused(settings: &[&str]) -> String {
    let folder = Folder::new();
    Program::new(&folder).args(["check"]).set(settings).exits_with(2).stderr
}

/// Each of the values must be accepted at `key`, and shown as `shown`.
#[track_caller]
fn check_taken(key: &str, values: &[(&str, &str)]) {
    let pointer = format!("/{}", key.replace('.', "/"));
    for (value, shown) in values {
        assert_eq!(effective(&pointer, &[&format!("{key}={value}")]), *shown, "{value}");
    }
}

/// Each of the values must be refused at `key`.
#[track_caller]
fn check_refused(key: &str, values: &[&str]) {
    for value in values {
        let told = refused(&[&format!("{key}={value}")]);
        assert!(told.starts_with(&format!("error: `{key}`: ")), "{value}: {told}");
        assert_eq!(told.matches("error: ").count(), 1, "{value} is one mistake: {told}");
    }
}

#[test]
fn money_is_read_exactly_bare_or_quoted_up_to_its_bounds() {
    for key in [
        "nodes.evaluate_policies.limits.daily_amount",
        "nodes.evaluate_policies.limits.weekly_amount",
        "nodes.evaluate_policies.prime_gate.amount_cap",
    ] {
        check_taken(
            key,
            &[
                ("0", "0.00"),
                ("0.01", "0.01"),
                ("0.1", "0.10"),
                ("5000", "5000.00"),
                ("'5000.29'", "5000.29"),
                ("\"5000.29\"", "5000.29"),
                ("90071992547409.93", "90071992547409.93"),
                ("999999999999999.99", "999999999999999.99"),
            ],
        );
        check_refused(
            key,
            &[
                "-1",
                "-0.01",
                "1000000000000000",
                "1000000000000000.00",
                "999999999999999.991",
                "0.001",
                "1.000",
                "1e3",
                "1.5E1",
                "+1",
                "1_000",
                "1,000.00",
                ".5",
                "5.",
                "0x10",
                ".inf",
                ".nan",
                "$5",
                "five",
                "''",
                "true",
                "[1]",
                "{}",
                "' 5'",
                "18446744073709551616.00",
            ],
        );
    }
}

#[test]
fn a_multiplier_is_1_to_1000_with_at_most_six_decimals() {
    let key = "nodes.compute_features.monday_multiplier.multiplier";
    check_taken(
        key,
        &[("1", "1.000000"), ("1.000001", "1.000001"), ("'2.5'", "2.500000"), ("1000", "1000.000000")],
    );
    check_refused(key, &["0", "0.999999", "1000.000001", "1001", "1.0000001", "-2", "1e1", "null", "'two'"]);
}

#[test]
fn counts_are_whole_numbers_in_their_range() {
    let attempts = "/nodes/evaluate_policies/limits/daily_attempts";
    assert_eq!(effective(attempts, &["nodes.evaluate_policies.limits.daily_attempts=0"]), 0);
    check_refused(
        "nodes.evaluate_policies.limits.daily_attempts",
        &["-1", "1.5", "'3'", "many", "99999999999999999999"],
    );
    check_refused(
        "nodes.evaluate_policies.prime_gate.global_per_day",
        &["-1", "1.5", "99999999999999999999"],
    );
    for days in ["1", "36500"] {
        let set = format!("nodes.idempotency_gate.remember_days={days}");
        assert_eq!(effective("/nodes/idempotency_gate/remember_days", &[&set]).to_string(), days);
    }
    for days in ["remember_days", "max_days_ahead"] {
        check_refused(
            &format!("nodes.idempotency_gate.{days}"),
            &["0", "36501", "-1", "1.5", "'7'", "70000", "week"],
        );
    }
    for limit in ["max_ids", "max_customers"] {
        check_refused(
            &format!("runtime.limits.{limit}"),
            &["0", "-1", "1.5", "'7'", "many", "18446744073709551616"],
        );
    }
    check_refused("adapters.input_source.settings.max_line_bytes", &["0", "-1", "1e6", "null"]);
    check_refused("version", &["0", "2", "'1'", "null"]);
}

#[test]
fn words_are_taken_exactly() {
    for day in ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"] {
        assert_eq!(
            effective(
                "/nodes/compute_time_keys/week_start",
                &[&format!("nodes.compute_time_keys.week_start={day}")]
            ),
            day
        );
    }
    check_refused("nodes.compute_time_keys.week_start", &["mon", "Mon", "MONDAY", "1", "null"]);
    check_refused("runtime.on_step_error", &["Stop", "skip", "null"]);
    check_refused("runtime.tracing.signature.mode", &["Hash", "types", "null"]);
    check_refused("runtime.tracing.context_diff.mode", &["all", "null"]);
    check_refused("nodes.compute_features.monday_multiplier.apply_to", &["limit", "null"]);
    check_refused("adapters.window_store.kind", &["redis", "null"]);
    check_refused("runtime.strict", &["yes", "1", "True!", "null"]);
    for switch in ["true", "false"] {
        assert_eq!(effective("/runtime/strict", &[&format!("runtime.strict={switch}")]).to_string(), switch);
    }
}

#[test]
fn a_scenario_needs_a_name_that_is_not_empty() {
    let folder = Folder::new();
    folder.write("a.yaml", "version: 1\nscenario: {name: ''}\n");
    let in_file = Program::new(&folder).args(["check", "--config", "a.yaml"]).exits_with(2).stderr;
    let in_environment = Program::new(&folder).args(["check"]).env("FUND_LOAD__SCENARIO__NAME", "");
    let in_flag = refused(&["scenario.name="]);
    assert_snapshot!([in_file, in_environment.exits_with(2).stderr, in_flag].join("\n"), @"
    error: `scenario.name`: found empty text
      --> a.yaml:2:18
       |
     2 | scenario: {name: ''}
       |                  ^^
      expected: text, not empty
      hint: write a text

    fund-load: 1 mistake in the configuration; no input was read and no file was touched

    error: `scenario.name`: found empty text
      --> environment variable FUND_LOAD__SCENARIO__NAME=
      expected: text, not empty
      hint: write a text

    fund-load: 1 mistake in the configuration; no input was read and no file was touched

    error: `scenario.name`: found empty text
      --> command line: --set scenario.name=
      expected: text, not empty
      hint: write a text

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
}

#[test]
fn batches_are_flushed_every_100_records_unless_configured() {
    let flush = |jsonl: &str| {
        effective(
            "/runtime/tracing/sink/jsonl/flush_every_n",
            &[&format!("runtime.tracing.sink={{kind: jsonl, jsonl: {jsonl}}}")],
        )
    };
    assert_eq!(flush("{path: t}"), 1);
    assert_eq!(flush("{path: t, write_mode: line}"), 1);
    assert_eq!(flush("{path: t, write_mode: batch}"), 100);
    assert_eq!(flush("{path: t, write_mode: batch, flush_every_n: 1}"), 1);
    assert_eq!(flush("{path: t, write_mode: line, flush_every_n: 7}"), 7);
    for wrong in [
        "flush_every_n: 0",
        "fsync_every_n: 0",
        "flush_every_n: null",
        "flush_every_n: -1",
        "write_mode: lines",
        "path: ''",
    ] {
        let jsonl = format!("runtime.tracing.sink={{kind: jsonl, jsonl: {{path: t, {wrong}}}}}");
        let jsonl = if wrong.starts_with("path") { jsonl.replace("path: t, ", "") } else { jsonl };
        let told = refused(&[&jsonl]);
        assert!(told.starts_with("error: `runtime.tracing.sink.jsonl."), "{wrong}: {told}");
    }
}

#[test]
fn a_limit_that_is_null_is_not_checked() {
    let large = |id: &str, customer_id: &str| {
        attempt_of(id, customer_id, "999999999999999.99", "2000-01-01T00:00:00Z")
    };
    let input = [large("1", "1"), large("2", "1"), large("3", "1"), large("4", "1"), attempt("5")].join("\n");
    let folder = Folder::with_input(input);
    let outcome = Program::new(&folder)
        .args(["run", "--output", "-"])
        .set([
            "nodes.evaluate_policies.limits={daily_amount: null, weekly_amount: null, daily_attempts: null}",
        ])
        .exits_with(0);
    assert_eq!(outcome.stdout.matches("true").count(), 5, "{}", outcome.stdout);
}

#[test]
fn a_limit_of_zero_lets_nothing_pass() {
    let folder = Folder::with_input(attempt("1"));
    let program = Program::new(&folder).args(["run", "--output", "-"]);
    let outcome = program.set(["nodes.evaluate_policies.limits.daily_attempts=0"]).exits_with(0);
    assert!(outcome.stdout.contains("false"), "{}", outcome.stdout);
}
