//! Incomplete traces: without notes, of another version, broken off, with failed steps.

use super::*;

const NO_CONTEXT: &str = "runtime.tracing.context_diff={mode: none}";

#[test]
fn a_trace_that_shows_too_little_names_the_setting() {
    let trace = traced(BASELINE, &[NO_CONTEXT], REASONS);
    assert_snapshot!(explain(&trace, Asked::Line(12)), @"exit 1: `TRACE` does not show the tags and metrics that explain a decision (trace the run again with `--set 'runtime.tracing.context_diff={mode: whitelist, whitelist: [tags, metrics]}'`)");
    let told = explain(&trace, Asked::Line(12));
    assert_eq!(explain(&trace, Asked::Id("1700")), told);
    for shown in ["[tags]", "[metrics]", "[notes, flags]"] {
        let setting = format!("runtime.tracing.context_diff.whitelist={shown}");
        let trace = traced(BASELINE, &[&*setting], REASONS);
        assert_eq!(explain(&trace, Asked::Line(12)), told, "{shown}");
    }
}

#[test]
fn only_the_incomplete_run_is_named() {
    let trace = [traced(BASELINE, &[], REASONS), traced(EXP_MP, &[NO_CONTEXT], REASONS)].concat();
    let told = answer(&trace, Asked::Line(19));
    assert_snapshot!(told, @"
    run 1: `run`, scenario `baseline`
    line 19  id 1901  customer 21  ACCEPTED: $100.00. Left: 2 of 3 attempts that day, $4,900.00 of $5,000.00 that day, $19,900.00 of $20,000.00 that week
      day 2024-01-05, week from 2024-01-01

    exit 1: `TRACE`, run 2, does not show the tags and metrics that explain a decision (trace the run again with `--set 'runtime.tracing.context_diff={mode: whitelist, whitelist: [tags, metrics]}'`)
    ");
    let first = explain_with(&trace, Asked::Line(19), Some(1), false);
    assert!(first.starts_with("line 19  id 1901  customer 21  ACCEPTED"), "{first}");
    let second = explain_with(&trace, Asked::Line(19), Some(2), false);
    assert!(second.starts_with("exit 1: `TRACE`, run 2, does not show the tags"), "{second}");
}

#[test]
fn the_setting_that_is_named_makes_a_trace_that_is_explained() {
    let setting = super::super::SETTING.strip_prefix("--set '").unwrap().strip_suffix('\'').unwrap();
    let trace = traced(BASELINE, &[NO_CONTEXT, setting], REASONS);
    assert_eq!(explain(&trace, Asked::Line(12)), explain(&traced(BASELINE, &[], REASONS), Asked::Line(12)));
}

#[test]
fn a_trace_without_limits_tells_the_figures_that_it_shows() {
    let trace = String::from_utf8(traced(EXP_MP, &[], REASONS)).unwrap();
    let limits =
        ["daily_attempts_limit", "day_amount_limit_cents", "week_amount_limit_cents", "amount_cap_cents"];
    // Under another name, they count as absent.
    let old = limits.iter().fold(trace, |trace, limit| trace.replace(limit, "x"));
    let old = old.replace("global_per_day_limit", "x");
    let told: String =
        [1, 13, 15, 17, 20, 30].map(|line_no| answer(old.as_bytes(), Asked::Line(line_no))).concat();
    assert_snapshot!(told, @"
    line 1  id 1000  customer 10  ACCEPTED: $2,500.00, which counts as $5,000.00. The trace shows no limit that it was compared with
      Monday: $2,500.00 x 2 counts as $5,000.00.
      day 2024-01-01, week from 2024-01-01

    line 13  id 1702  customer 18  DECLINED: DAILY_AMOUNT_LIMIT. $100.00 accepted earlier that day + $5,000.00 = $5,100.00, over a limit that the trace does not show
      day 2024-01-02, week from 2024-01-01
      accepted earlier that day:
        line 12  id 1700  $100.00

    line 15  id 1706  customer 18  DECLINED: DAILY_ATTEMPT_LIMIT. 3 attempts earlier that day + this one = 4, over a limit that the trace does not show
      day 2024-01-02, week from 2024-01-01
      attempts earlier that day:
        line 12  id 1700    $100.00
        line 13  id 1702  $5,000.00  declined: DAILY_AMOUNT_LIMIT
        line 14  id 1704    $100.00

    line 17  id 1801  customer 19  DECLINED: PRIME_AMOUNT_CAP. $9,999.01 for a prime id, over a limit that the trace does not show
      day 2024-01-04, week from 2024-01-01

    line 20  id 1907  customer 22  DECLINED: PRIME_DAILY_GLOBAL_LIMIT. 1 prime id accepted earlier that day, of all customers, + this one = 2, over a limit that the trace does not show
      day 2024-01-05, week from 2024-01-01
      prime ids accepted earlier that day:
        line 19  id 1901  customer 21  $100.00

    line 30  id 2108  customer 24  DECLINED: WEEKLY_AMOUNT_LIMIT. $20,000.00 accepted earlier that week + $0.01 = $20,000.01, over a limit that the trace does not show
      day 2024-01-07, week from 2024-01-01
      accepted earlier that week:
        line 26  id 2100  $5,000.00
        line 27  id 2102  $5,000.00
        line 28  id 2104  $5,000.00
        line 29  id 2106  $5,000.00
    ");
    let json = explain_with(old.as_bytes(), Asked::Line(13), None, true);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_snapshot!(json["rules"], @r#"[{"rule":"DAILY_AMOUNT_LIMIT","unit":"cents","before":10000,"adds":500000,"limit":null,"passes":false}]"#);
    // Nor are there figures.
    let old = old.replace("day_amount_before_cents", "x");
    assert_snapshot!(answer(old.as_bytes(), Asked::Line(13)), @"
    line 13  id 1702  customer 18  DECLINED: DAILY_AMOUNT_LIMIT. The trace does not show the figures that were compared
      day 2024-01-02, week from 2024-01-01
    ");
}

#[test]
fn an_unknown_reason_is_shown_unchanged() {
    let trace = String::from_utf8(traced(BASELINE, &[], REASONS)).unwrap();
    let newer = trace.replace("DAILY_ATTEMPT_LIMIT", "HOURLY_LIMIT");
    assert_snapshot!(answer(newer.as_bytes(), Asked::Line(15)), @"
    line 15  id 1706  customer 18  DECLINED: HOURLY_LIMIT. This version of fund-load does not know that reason
      DAILY_ATTEMPT_LIMIT would have declined it, too: 3 attempts earlier that day + this one = 4, over 3.
      day 2024-01-02, week from 2024-01-01
    ");
    let other = trace.replace(r#""differs":"amount","#, "");
    assert_snapshot!(answer(other.as_bytes(), Asked::Line(11)), @"
    line 11  id 1600  customer 17  DECLINED: ID_DUPLICATE_CONFLICT. Line 10 used this id before and was accepted. It has another customer, amount or time. A conflict does not count as an attempt
      day 2024-01-02, week from 2024-01-01
    ");
    let without_reason = trace.replace(r#","reason":"DAILY_ATTEMPT_LIMIT""#, "");
    assert_snapshot!(answer(without_reason.as_bytes(), Asked::Line(15)), @"
    line 15  id 1706  customer 18  DECLINED, for a reason that the trace does not show
      DAILY_ATTEMPT_LIMIT would have declined it, too: 3 attempts earlier that day + this one = 4, over 3.
      day 2024-01-02, week from 2024-01-01
    ");
    let no_notes = trace.replace(r#""canonical_line_no":10,"#, r#""canonical_line_no":"ten","#);
    assert_snapshot!(answer(no_notes.as_bytes(), Asked::Line(10)), @r#"exit 1: `TRACE` does not show what fund-load notes, of input line 10 for one: invalid type: string "ten", expected u64"#);
}

/// Returns the trace up to a record of `line_no` and `step`, in which the step fails.
fn failed(trace: &[u8], line_no: u64, step: &str) -> Vec<u8> {
    let trace = str::from_utf8(trace).unwrap();
    let (before, rest) = trace.split_once(&format!("{{\"trace_id\":\"run:{line_no}\"")).unwrap();
    let (own, _) = rest.split_once(&format!("\"step_name\":\"{step}\"")).unwrap();
    let rest = &rest[own.len()..];
    let (record, after) = rest.split_once('\n').unwrap();
    let error = format!(
        r#""status":"error","error":{{"type":"Panic","message":"\u001b[2J","where":"{step}","stack":null}}"#
    );
    let record = record.replace(r#""status":"ok","error":null"#, &error);
    let after = after.split_inclusive('\n').filter(|line| !line.contains(&format!("\"run:{line_no}\"")));
    let head = format!("{before}{{\"trace_id\":\"run:{line_no}\"{own}{record}\n");
    (head + &after.collect::<String>()).into_bytes()
}

#[test]
fn a_step_that_failed_is_named() {
    let trace = failed(&traced(BASELINE, &[], REASONS), 12, "idempotency_gate");
    assert_snapshot!(explain(&trace, Asked::Line(12)), @r"
    line 12  id 1700  customer 18  NOT DECIDED: step `idempotency_gate` failed: Panic: \u{1b}[2J
      day 2024-01-02, week from 2024-01-01
      steps:
        parse_load_attempt  RawLine -> LoadAttempt, 1.00 µs; id 1700, customer_id 18, amount $100.00
        compute_time_keys   LoadAttempt -> AttemptWithKeys, 1.00 µs; day 2024-01-02, week 2024-01-01
        idempotency_gate    AttemptWithKeys -> IdempotencyClassifiedAttempt, 1.00 µs; idempotency canonical, canonical_line_no 12; Panic: \u{1b}[2J
    ");
    // The decision stands, but the output lacks it.
    let trace = failed(&traced(BASELINE, &[], REASONS), 12, "write_output");
    assert_snapshot!(answer(&trace, Asked::Line(12)), @r"
    line 12  id 1700  customer 18  ACCEPTED: $100.00. Left: 2 of 3 attempts that day, $4,900.00 of $5,000.00 that day, $19,900.00 of $20,000.00 that week
      After that, step `write_output` failed: Panic: \u{1b}[2J. The output may lack the line.
      day 2024-01-02, week from 2024-01-01
    ");
    // Of the first of two with the same id.
    let trace = failed(&traced(BASELINE, &[], REASONS), 8, "compute_features");
    assert_snapshot!(answer(&trace, Asked::Id("1500")), @r"
    line 8  id 1500  customer 16  NOT DECIDED: step `compute_features` failed: Panic: \u{1b}[2J
      day 2024-01-02, week from 2024-01-01

    line 9  id 1500  customer 16  DECLINED: ID_DUPLICATE_REPLAY. Line 8 used this id before and was not decided. It has the same customer, amount and time. A replay does not count as an attempt
      day 2024-01-02, week from 2024-01-01
    ");
}

#[test]
fn a_torn_end_hides_no_decision_before_it() {
    let trace = traced(BASELINE, &[], REASONS);
    let lines: Vec<_> = trace.split_inclusive(|byte| *byte == b'\n').collect();
    // The last line went through eight steps; here it has come through three and a half.
    let torn = [&lines[..lines.len() - 5].concat(), &lines[lines.len() - 5][..100]].concat();
    assert_snapshot!(answer(&torn, Asked::Line(30)), @"
    line 30  id 2108  customer 24  NOT DECIDED in this trace: the last it shows of the line is step `idempotency_gate`
      day 2024-01-07, week from 2024-01-01
    ");
    assert_eq!(answer(&torn, Asked::Line(29)), answer(&trace, Asked::Line(29)));
    // Of the last line, the first record is torn.
    let torn = [&lines[..lines.len() - 8].concat(), &lines[lines.len() - 8][..100]].concat();
    assert_snapshot!(answer(&torn, Asked::Line(30)), @"exit 1: `TRACE` holds no line 30");
}

#[test]
fn lines_that_a_trace_lacks_are_missed() {
    let trace = String::from_utf8(traced(BASELINE, &[], REASONS)).unwrap();
    let without = trace.lines().filter(|line| !line.starts_with("{\"trace_id\":\"run:24\""));
    let without: String = without.map(|line| line.to_owned() + "\n").collect();
    let told = answer(without.as_bytes(), Asked::Line(25));
    assert!(told.contains("does not hold every earlier line"), "{told}");
    let alone = without.lines().filter(|line| line.starts_with("{\"trace_id\":\"run:25\""));
    let alone: String = alone.map(|line| line.to_owned() + "\n").collect();
    assert_snapshot!(answer(alone.as_bytes(), Asked::Line(25)), @"
    line 25  id 2004  customer 23  DECLINED: DAILY_AMOUNT_LIMIT. $5,000.00 accepted earlier that day + $0.01 = $5,000.01, over $5,000.00
      Nothing above $0.00 would have passed: the limit was used up.
      day 2024-01-02, week from 2024-01-01
      The trace does not hold every earlier line of the run: what it holds does not make up the figure above.
    ");
    let replay = without.lines().filter(|line| !line.starts_with("{\"trace_id\":\"run:8\""));
    let replay: String = replay.map(|line| line.to_owned() + "\n").collect();
    assert_snapshot!(answer(replay.as_bytes(), Asked::Line(9)), @"
    line 9  id 1500  customer 16  DECLINED: ID_DUPLICATE_REPLAY. Line 8 used this id before and is not in this trace. It has the same customer, amount and time. A replay does not count as an attempt
      day 2024-01-02, week from 2024-01-01
    ");
}
