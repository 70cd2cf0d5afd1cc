//! Annotations of the steps: a trace with tags and metrics explains every decision, by the contract's table, row by
//! row.

use insta::assert_snapshot;
use stream_kernel_trace::{ContextSnapshot, TraceRecord};

use super::attempts::{attempt, attempt_of};
use super::folder::Folder;
use super::harness::Program;
use super::records::records;

const MONDAY: &str = "2000-01-03T23:59:59Z";
const PRIME_GATE: [&str; 3] = [
    "nodes.compute_features.prime_gate.enabled=true",
    "nodes.evaluate_policies.prime_gate.enabled=true",
    "nodes.update_windows.daily_prime_gate.enabled=true",
];

/// Returns each step's changes to tags and metrics for the last line of `input`, one step per line.
#[track_caller]
fn notes(input: &[String], settings: &[&str]) -> String {
    let folder = Folder::with_input(input.join("\n"));
    Program::new(&folder)
        .args(["run", "--trace-path", "trace.jsonl"])
        .set(["runtime.tracing.context_diff={mode: whitelist, whitelist: [tags, metrics]}"])
        .set(settings)
        .exits_with(0);
    let records = records(&folder.read("trace.jsonl"));
    let last = records.iter().filter(|record| record.line_no == input.len() as u64);
    let lines: Vec<_> = last.map(|record| format!("{}{}", record.step_name, added(record))).collect();
    lines.join("\n")
}

/// Returns the step's additions to tags and metrics in their order, a space before each.
fn added(record: &TraceRecord) -> String {
    let entries = |snapshot: &Option<ContextSnapshot>, field: &str| -> Vec<String> {
        let json = snapshot.as_ref().unwrap().as_json();
        let (_, rest) = json.split_once(&format!("\"{field}\":{{")).unwrap();
        let (entries, _) = rest.split_once('}').unwrap();
        entries.split(',').filter(|entry| !entry.is_empty()).map(|entry| entry.replace('"', "")).collect()
    };
    let new: Vec<_> = ["tags", "metrics"]
        .iter()
        .flat_map(|field| {
            let before = entries(&record.ctx_before, field);
            entries(&record.ctx_after, field).into_iter().filter(move |entry| !before.contains(entry))
        })
        .map(|entry| format!(" {entry}"))
        .collect();
    new.concat()
}

#[test]
fn an_accepted_attempt() {
    let first = attempt_of("5", "7", "1000.00", "2000-01-04T00:00:00Z");
    let second = attempt_of("8", "7", "0.50", "2000-01-04T23:59:59+00:00");
    assert_snapshot!(notes(&[first, second], &[]), @"
    parse_load_attempt id:8 customer_id:7 amount_cents:50
    compute_time_keys day:2000-01-04 week:2000-01-03
    idempotency_gate idempotency:canonical canonical_line_no:2
    compute_features monday:false prime:false effective_amount_cents:50
    evaluate_policies accepted:true attempts_before:1 day_amount_before_cents:100000 week_amount_before_cents:100000 daily_attempts_limit:3 day_amount_limit_cents:500000 week_amount_limit_cents:2000000
    update_windows attempts_after:2 day_amount_after_cents:100050 week_amount_after_cents:100050
    format_output
    write_output
    ");
}

#[test]
fn a_declined_attempt() {
    let first = attempt_of("5", "7", "4999.50", "2000-01-04T00:00:00Z");
    let second = attempt_of("8", "7", "0.51", "2000-01-04T00:00:00Z");
    assert_snapshot!(notes(&[first, second], &[]), @"
    parse_load_attempt id:8 customer_id:7 amount_cents:51
    compute_time_keys day:2000-01-04 week:2000-01-03
    idempotency_gate idempotency:canonical canonical_line_no:2
    compute_features monday:false prime:false effective_amount_cents:51
    evaluate_policies accepted:false reason:DAILY_AMOUNT_LIMIT attempts_before:1 day_amount_before_cents:499950 week_amount_before_cents:499950 daily_attempts_limit:3 day_amount_limit_cents:500000 week_amount_limit_cents:2000000
    update_windows attempts_after:2 day_amount_after_cents:499950 week_amount_after_cents:499950
    format_output
    write_output
    ");
}

#[test]
fn a_replay() {
    assert_snapshot!(notes(&[attempt("5"), attempt("6"), attempt("5")], &[]), @"
    parse_load_attempt id:5 customer_id:7 amount_cents:100
    compute_time_keys day:2000-01-01 week:1999-12-27
    idempotency_gate idempotency:replay canonical_line_no:1
    compute_features monday:false prime:false effective_amount_cents:100
    evaluate_policies accepted:false reason:ID_DUPLICATE_REPLAY
    update_windows
    format_output
    write_output
    ");
}

#[test]
fn a_conflict() {
    let second = attempt_of("5", "7", "1.01", "2000-01-01T00:00:00Z");
    assert_snapshot!(notes(&["x".to_owned(), attempt("5"), second], &[]), @"
    parse_load_attempt id:5 customer_id:7 amount_cents:101
    compute_time_keys day:2000-01-01 week:1999-12-27
    idempotency_gate differs:amount idempotency:conflict canonical_line_no:2
    compute_features monday:false prime:false effective_amount_cents:101
    evaluate_policies accepted:false reason:ID_DUPLICATE_CONFLICT
    update_windows
    format_output
    write_output
    ");
}

#[test]
fn bad_lines() {
    assert_snapshot!(notes(&["x".to_owned()], &[]), @"
    parse_load_attempt id: customer_id: accepted:false reason:INPUT_PARSE_ERROR
    update_windows
    format_output
    write_output
    ");
    assert_snapshot!(notes(&[attempt_of(" a1 ", "7", "1.00", "x")], &[]), @"
    parse_load_attempt id:a1 customer_id:7 accepted:false reason:INVALID_ID_FORMAT
    update_windows
    format_output
    write_output
    ");
    assert_snapshot!(notes(&[attempt_of("1", "7", "1", "2000-01-01T00:00:00Z")], &[]), @"
    parse_load_attempt id:1 customer_id:7 accepted:false reason:INVALID_AMOUNT_FORMAT
    update_windows
    format_output
    write_output
    ");
}

#[test]
fn figures_of_windows_that_are_off_are_not_noted() {
    let off = [
        "nodes.evaluate_policies.limits={daily_amount: null, weekly_amount: null, daily_attempts: null}",
        "nodes.update_windows={daily_attempts: {enabled: false}, daily_accepted_amount: {enabled: false}, weekly_accepted_amount: {enabled: false}}",
    ];
    assert_snapshot!(notes(&[attempt("5")], &off), @"
    parse_load_attempt id:5 customer_id:7 amount_cents:100
    compute_time_keys day:2000-01-01 week:1999-12-27
    idempotency_gate idempotency:canonical canonical_line_no:1
    compute_features monday:false prime:false effective_amount_cents:100
    evaluate_policies accepted:true
    update_windows
    format_output
    write_output
    ");
    assert_snapshot!(notes(&[attempt("5")], &[off[0], "nodes.update_windows.daily_accepted_amount.enabled=false"]), @"
    parse_load_attempt id:5 customer_id:7 amount_cents:100
    compute_time_keys day:2000-01-01 week:1999-12-27
    idempotency_gate idempotency:canonical canonical_line_no:1
    compute_features monday:false prime:false effective_amount_cents:100
    evaluate_policies accepted:true attempts_before:0 week_amount_before_cents:0
    update_windows attempts_after:1 week_amount_after_cents:100
    format_output
    write_output
    ");
}

#[test]
fn a_prime_id_on_a_monday_with_both_switched_on() {
    let monday = "nodes.compute_features.monday_multiplier={enabled: true, multiplier: 1.5}";
    let settings = [&PRIME_GATE[..], &[monday]].concat();
    let first = attempt_of("2", "6", "1.00", MONDAY);
    let second = attempt_of("7", "7", "0.03", MONDAY);
    assert_snapshot!(notes(&[first, second], &settings), @"
    parse_load_attempt id:7 customer_id:7 amount_cents:3
    compute_time_keys day:2000-01-03 week:2000-01-03
    idempotency_gate idempotency:canonical canonical_line_no:2
    compute_features monday:true prime:true effective_amount_cents:5 amount_multiplier_millionths:1500000
    evaluate_policies accepted:false reason:PRIME_DAILY_GLOBAL_LIMIT attempts_before:0 day_amount_before_cents:0 week_amount_before_cents:0 primes_before:1 daily_attempts_limit:3 day_amount_limit_cents:500000 week_amount_limit_cents:2000000 amount_cap_cents:999900 global_per_day_limit:1
    update_windows attempts_after:1 day_amount_after_cents:0 week_amount_after_cents:0
    format_output
    write_output
    ");
}

#[test]
fn monday_and_prime_are_false_while_switched_off() {
    assert_snapshot!(notes(&[attempt_of("7", "7", "1.00", MONDAY)], &[]), @"
    parse_load_attempt id:7 customer_id:7 amount_cents:100
    compute_time_keys day:2000-01-03 week:2000-01-03
    idempotency_gate idempotency:canonical canonical_line_no:1
    compute_features monday:false prime:false effective_amount_cents:100
    evaluate_policies accepted:true attempts_before:0 day_amount_before_cents:0 week_amount_before_cents:0 daily_attempts_limit:3 day_amount_limit_cents:500000 week_amount_limit_cents:2000000
    update_windows attempts_after:1 day_amount_after_cents:100 week_amount_after_cents:100
    format_output
    write_output
    ");
}

#[test]
fn a_monday_that_divides_the_limits_leaves_the_amount() {
    let monday = "nodes.compute_features.monday_multiplier={enabled: true, multiplier: 3, apply_to: limits}";
    assert_snapshot!(notes(&[attempt_of("7", "7", "1666.66", MONDAY)], &[monday]), @"
    parse_load_attempt id:7 customer_id:7 amount_cents:166666
    compute_time_keys day:2000-01-03 week:2000-01-03
    idempotency_gate idempotency:canonical canonical_line_no:1
    compute_features monday:true prime:false effective_amount_cents:166666 limit_divisor_millionths:3000000
    evaluate_policies accepted:true attempts_before:0 day_amount_before_cents:0 week_amount_before_cents:0 daily_attempts_limit:3 day_amount_limit_cents:166666 week_amount_limit_cents:666666
    update_windows attempts_after:1 day_amount_after_cents:166666 week_amount_after_cents:166666
    format_output
    write_output
    ");
    assert_snapshot!(notes(&[attempt_of("7", "7", "1666.67", MONDAY)], &[monday]), @"
    parse_load_attempt id:7 customer_id:7 amount_cents:166667
    compute_time_keys day:2000-01-03 week:2000-01-03
    idempotency_gate idempotency:canonical canonical_line_no:1
    compute_features monday:true prime:false effective_amount_cents:166667 limit_divisor_millionths:3000000
    evaluate_policies accepted:false reason:DAILY_AMOUNT_LIMIT attempts_before:0 day_amount_before_cents:0 week_amount_before_cents:0 daily_attempts_limit:3 day_amount_limit_cents:166666 week_amount_limit_cents:666666
    update_windows attempts_after:1 day_amount_after_cents:0 week_amount_after_cents:0
    format_output
    write_output
    ");
}

#[test]
fn a_week_starts_when_the_configuration_says() {
    assert_snapshot!(notes(&[attempt_of("7", "7", "1.00", MONDAY)], &["nodes.compute_time_keys.week_start=TUE"]), @"
    parse_load_attempt id:7 customer_id:7 amount_cents:100
    compute_time_keys day:2000-01-03 week:1999-12-28
    idempotency_gate idempotency:canonical canonical_line_no:1
    compute_features monday:false prime:false effective_amount_cents:100
    evaluate_policies accepted:true attempts_before:0 day_amount_before_cents:0 week_amount_before_cents:0 daily_attempts_limit:3 day_amount_limit_cents:500000 week_amount_limit_cents:2000000
    update_windows attempts_after:1 day_amount_after_cents:100 week_amount_after_cents:100
    format_output
    write_output
    ");
}
