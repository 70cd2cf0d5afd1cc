//! Every reason has its sentence, under both scenarios.

use super::*;

/// The lines of the fixture that give each reason, and their neighbours.
fn answers(yaml: &str, lines: &[u64]) -> String {
    let trace = traced(yaml, &[], REASONS);
    lines.iter().map(|line_no| answer(&trace, Asked::Line(*line_no)).trim_end().to_owned() + "\n").collect()
}

#[test]
fn accepted_and_every_step() {
    let trace = traced(BASELINE, &[], REASONS);
    assert_snapshot!(explain(&trace, Asked::Line(12)), @"
    line 12  id 1700  customer 18  ACCEPTED: $100.00. Left: 2 of 3 attempts that day, $4,900.00 of $5,000.00 that day, $19,900.00 of $20,000.00 that week
      day 2024-01-02, week from 2024-01-01
      steps:
        parse_load_attempt: RawLine -> LoadAttempt, 0.001 ms; amount_cents 10000, customer_id 18, id 1700
        compute_time_keys: LoadAttempt -> AttemptWithKeys, 0.001 ms; day 2024-01-02, week 2024-01-01
        idempotency_gate: AttemptWithKeys -> IdempotencyClassifiedAttempt, 0.001 ms; canonical_line_no 12, idempotency canonical
        compute_features: IdempotencyClassifiedAttempt -> EnrichedAttempt, 0.001 ms; effective_amount_cents 10000, monday false, prime false
        evaluate_policies: EnrichedAttempt -> Decision, 0.001 ms; accepted true, attempts_before 0, daily_attempts_limit 3, day_amount_before_cents 0, day_amount_limit_cents 500000, week_amount_before_cents 0, week_amount_limit_cents 2000000
        update_windows: Decision -> Decision, 0.001 ms; attempts_after 1, day_amount_after_cents 10000, week_amount_after_cents 10000
        format_output: Decision -> OutputLine, 0.001 ms
        write_output: OutputLine -> nothing, 0.001 ms
    ");
}

#[test]
fn a_line_that_cannot_be_read() {
    assert_snapshot!(answers(BASELINE, &[3, 4, 5, 6, 7]), @"
    line 3  DECLINED: INPUT_PARSE_ERROR. The line is no JSON object with `id`, `customer_id`, `load_amount` and `time`, each once and of its type, or is too long. It counts for nothing
    line 4  id 1102  customer 12  DECLINED: INPUT_PARSE_ERROR. The line is no JSON object with `id`, `customer_id`, `load_amount` and `time`, each once and of its type, or is too long. It counts for nothing
    line 5  id 12-00  customer 13  DECLINED: INVALID_ID_FORMAT. `id` is not 1 to 19 digits. The line counts for nothing
    line 6  id 1300  customer 14  DECLINED: INVALID_TIMESTAMP. `time` is not a time of the calendar in RFC 3339 with an offset, such as 2000-01-03T09:00:00Z. The line counts for nothing
    line 7  id 1400  customer 15  DECLINED: INVALID_AMOUNT_FORMAT. `load_amount` is not an amount with two decimals, such as $1234.50. The line counts for nothing
    ");
    let trace = traced(BASELINE, &[], REASONS);
    assert_snapshot!(explain(&trace, Asked::Line(5)), @"
    line 5  id 12-00  customer 13  DECLINED: INVALID_ID_FORMAT. `id` is not 1 to 19 digits. The line counts for nothing
      steps:
        parse_load_attempt: RawLine -> Decision, 0.001 ms; accepted false, customer_id 13, id 12-00, reason INVALID_ID_FORMAT
        update_windows: Decision -> Decision, 0.001 ms
        format_output: Decision -> OutputLine, 0.001 ms
        write_output: OutputLine -> nothing, 0.001 ms
    ");
}

#[test]
fn a_replay_and_a_conflict() {
    assert_snapshot!(answers(BASELINE, &[9, 11]), @"
    line 9  id 1500  customer 16  DECLINED: ID_DUPLICATE_REPLAY. Line 8, accepted, was the first with this id and says the same. A replay counts for nothing
      day 2024-01-02, week from 2024-01-01
    line 11  id 1600  customer 17  DECLINED: ID_DUPLICATE_CONFLICT. Line 10, accepted, was the first with this id and differs in the amount ($100.00 there, $100.01 here). A conflict counts for nothing
      day 2024-01-02, week from 2024-01-01
    ");
}

#[test]
fn a_conflict_names_everything_that_differs() {
    let input = attempt("1", "2", "$1.00", "2000-01-04T00:00:00Z")
        + &attempt("1", "3", "$2.00", "2000-01-04T00:00:00Z")
        + &attempt("1", "2", "$1.00", "2000-01-04T00:00:00.5Z")
        + &attempt("1", "3", "$1.00", "2000-01-05T00:00:00Z");
    let trace = traced(BASELINE, &[], input.as_bytes());
    assert_snapshot!(answer(&trace, Asked::Id("1")), @"
    line 1  id 1  customer 2  ACCEPTED: $1.00. Left: 2 of 3 attempts that day, $4,999.00 of $5,000.00 that day, $19,999.00 of $20,000.00 that week
      day 2000-01-04, week from 2000-01-03

    line 2  id 1  customer 3  DECLINED: ID_DUPLICATE_CONFLICT. Line 1, accepted, was the first with this id and differs in the customer (2 there, 3 here) and the amount ($1.00 there, $2.00 here). A conflict counts for nothing
      day 2000-01-04, week from 2000-01-03

    line 3  id 1  customer 2  DECLINED: ID_DUPLICATE_CONFLICT. Line 1, accepted, was the first with this id and differs in the time. A conflict counts for nothing
      day 2000-01-04, week from 2000-01-03

    line 4  id 1  customer 3  DECLINED: ID_DUPLICATE_CONFLICT. Line 1, accepted, was the first with this id and differs in the customer (2 there, 3 here) and the time (2000-01-04 there, 2000-01-05 here). A conflict counts for nothing
      day 2000-01-05, week from 2000-01-03
    ");
}

#[test]
fn limits_of_a_customer() {
    assert_snapshot!(answers(BASELINE, &[13, 15, 25, 30]), @"
    line 13  id 1702  customer 18  DECLINED: DAILY_AMOUNT_LIMIT. $100.00 accepted earlier that day + $5,000.00 = $5,100.00, over $5,000.00
      $4,900.00 or less would have passed.
      day 2024-01-02, week from 2024-01-01
      accepted earlier that day:
        line 12  id 1700  $100.00
    line 15  id 1706  customer 18  DECLINED: DAILY_ATTEMPT_LIMIT. 3 attempts earlier that day + this one = 4, over 3
      As one of the first 3 attempts that day it would have passed.
      day 2024-01-02, week from 2024-01-01
      attempts earlier that day:
        line 12  id 1700  $100.00
        line 13  id 1702  $5,000.00  declined
        line 14  id 1704  $100.00
    line 25  id 2004  customer 23  DECLINED: DAILY_AMOUNT_LIMIT. $5,000.00 accepted earlier that day + $0.01 = $5,000.01, over $5,000.00
      Only $0.00 would have passed.
      day 2024-01-02, week from 2024-01-01
      accepted earlier that day:
        line 23  id 2000  $3,000.00
        line 24  id 2002  $2,000.00
    line 30  id 2108  customer 24  DECLINED: WEEKLY_AMOUNT_LIMIT. $20,000.00 accepted earlier that week + $0.01 = $20,000.01, over $20,000.00
      Only $0.00 would have passed.
      day 2024-01-07, week from 2024-01-01
      accepted earlier that week:
        line 26  id 2100  $5,000.00
        line 27  id 2102  $5,000.00
        line 28  id 2104  $5,000.00
        line 29  id 2106  $5,000.00
    ");
}

#[test]
fn limits_of_primes() {
    assert_snapshot!(answers(EXP_MP, &[17, 18, 19, 20]), @"
    line 17  id 1801  customer 19  DECLINED: PRIME_AMOUNT_CAP. $9,999.01 for a prime id, over $9,999.00
      DAILY_AMOUNT_LIMIT stands in the way as well: $0.00 accepted earlier that day + $9,999.01 = $9,999.01, over $5,000.00.
      day 2024-01-04, week from 2024-01-01
    line 18  id 1811  customer 20  DECLINED: DAILY_AMOUNT_LIMIT. $0.00 accepted earlier that day + $9,999.00 = $9,999.00, over $5,000.00
      $5,000.00 or less would have passed.
      day 2024-01-04, week from 2024-01-01
    line 19  id 1901  customer 21  ACCEPTED: $100.00. Left: 2 of 3 attempts that day, 0 of 1 prime id of all customers that day, $4,900.00 of $5,000.00 that day, $19,900.00 of $20,000.00 that week
      day 2024-01-05, week from 2024-01-01
    line 20  id 1907  customer 22  DECLINED: PRIME_DAILY_GLOBAL_LIMIT. 1 prime id accepted earlier that day, of all customers, + this one = 2, over 1
      With an id that is no prime number it would have passed.
      day 2024-01-05, week from 2024-01-01
      prime ids accepted earlier that day:
        line 19  id 1901  customer 21  $100.00
    ");
    // Without the gate, the same lines meet other limits.
    assert_snapshot!(answers(BASELINE, &[17, 18, 19, 20]), @"
    line 17  id 1801  customer 19  DECLINED: DAILY_AMOUNT_LIMIT. $0.00 accepted earlier that day + $9,999.01 = $9,999.01, over $5,000.00
      $5,000.00 or less would have passed.
      day 2024-01-04, week from 2024-01-01
    line 18  id 1811  customer 20  DECLINED: DAILY_AMOUNT_LIMIT. $0.00 accepted earlier that day + $9,999.00 = $9,999.00, over $5,000.00
      $5,000.00 or less would have passed.
      day 2024-01-04, week from 2024-01-01
    line 19  id 1901  customer 21  ACCEPTED: $100.00. Left: 2 of 3 attempts that day, $4,900.00 of $5,000.00 that day, $19,900.00 of $20,000.00 that week
      day 2024-01-05, week from 2024-01-01
    line 20  id 1907  customer 22  ACCEPTED: $100.00. Left: 2 of 3 attempts that day, $4,900.00 of $5,000.00 that day, $19,900.00 of $20,000.00 that week
      day 2024-01-05, week from 2024-01-01
    ");
}

#[test]
fn a_prime_cap_alone_in_the_way() {
    let input = attempt("7", "2", "$60.00", "2000-01-04T00:00:00Z");
    let cap = ["nodes.evaluate_policies.prime_gate.amount_cap=50.00"];
    assert_snapshot!(answer(&traced(EXP_MP, &cap, input.as_bytes()), Asked::Line(1)), @"
    line 1  id 7  customer 2  DECLINED: PRIME_AMOUNT_CAP. $60.00 for a prime id, over $50.00
      $50.00 or less would have passed, as would an id that is no prime number.
      day 2000-01-04, week from 2000-01-03
    ");
}

#[test]
fn mondays_that_multiply_the_amount() {
    assert_snapshot!(answers(EXP_MP, &[1, 2]), @"
    line 1  id 1000  customer 10  ACCEPTED: $5,000.00. Left: 2 of 3 attempts that day, $0.00 of $5,000.00 that day, $15,000.00 of $20,000.00 that week
      Monday: $2,500.00 x 2 counts as $5,000.00.
      day 2024-01-01, week from 2024-01-01
    line 2  id 1002  customer 11  DECLINED: DAILY_AMOUNT_LIMIT. $0.00 accepted earlier that day + $5,000.02 = $5,000.02, over $5,000.00
      $2,500.00 or less would have passed.
      Monday: $2,500.01 x 2 counts as $5,000.02.
      day 2024-01-01, week from 2024-01-01
    ");
}

#[test]
fn mondays_that_divide_the_limits() {
    let limits =
        ["nodes.compute_features.monday_multiplier={enabled: true, multiplier: 1.5, apply_to: limits}"];
    let input = attempt("4", "2", "$3333.33", "2000-01-03T00:00:00Z")
        + &attempt("6", "2", "$0.01", "2000-01-03T00:00:00Z");
    let trace = traced(BASELINE, &limits, input.as_bytes());
    assert_snapshot!(answer(&trace, Asked::Line(1)) + &answer(&trace, Asked::Line(2)), @"
    line 1  id 4  customer 2  ACCEPTED: $3,333.33. Left: 2 of 3 attempts that day, $0.00 of $3,333.33 that day, $10,000.00 of $13,333.33 that week
      Monday: the limits of amounts are those of other days / 1.5.
      day 2000-01-03, week from 2000-01-03

    line 2  id 6  customer 2  DECLINED: DAILY_AMOUNT_LIMIT. $3,333.33 accepted earlier that day + $0.01 = $3,333.34, over $3,333.33
      Only $0.00 would have passed.
      Monday: the limits of amounts are those of other days / 1.5.
      day 2000-01-03, week from 2000-01-03
      accepted earlier that day:
        line 1  id 4  $3,333.33
    ");
}

#[test]
fn everything_else_that_stands_in_the_way_is_named() {
    let limits =
        ["nodes.evaluate_policies.limits={daily_amount: 10.00, weekly_amount: 5.00, daily_attempts: 1}"];
    let input = attempt("4", "2", "$5.00", "2000-01-04T00:00:00Z")
        + &attempt("6", "2", "$11.00", "2000-01-04T00:00:00Z");
    assert_snapshot!(answer(&traced(BASELINE, &limits, input.as_bytes()), Asked::Line(2)), @"
    line 2  id 6  customer 2  DECLINED: DAILY_ATTEMPT_LIMIT. 1 attempt earlier that day + this one = 2, over 1
      DAILY_AMOUNT_LIMIT stands in the way as well: $5.00 accepted earlier that day + $11.00 = $16.00, over $10.00.
      WEEKLY_AMOUNT_LIMIT stands in the way as well: $5.00 accepted earlier that week + $11.00 = $16.00, over $5.00.
      day 2000-01-04, week from 2000-01-03
      attempts earlier that day:
        line 1  id 4  $5.00
    ");
}

#[test]
fn without_limits_there_is_nothing_left_to_tell() {
    let limits =
        ["nodes.evaluate_policies.limits={daily_amount: null, weekly_amount: null, daily_attempts: null}"];
    let input = attempt("4", "2", "$5.00", "2000-01-04T00:00:00Z");
    assert_snapshot!(answer(&traced(BASELINE, &limits, input.as_bytes()), Asked::Line(1)), @"
    line 1  id 4  customer 2  ACCEPTED: $5.00. The trace shows no limit that it was compared with
      day 2000-01-04, week from 2000-01-03
    ");
}

#[test]
fn twenty_earlier_lines_are_listed_and_others_are_summed_up() {
    let limits = ["nodes.evaluate_policies.limits.daily_attempts=null"];
    let earlier = |count: u64| -> String {
        (1..=count).map(|id| attempt(&id.to_string(), "2", "$10.00", "2000-01-04T00:00:00Z")).collect()
    };
    for (count, more) in [(20, None), (21, Some("    and 1 more: $10.00 accepted"))] {
        let input = earlier(count) + &attempt("99", "2", "$4999.99", "2000-01-04T00:00:00Z");
        let told = answer(&traced(BASELINE, &limits, input.as_bytes()), Asked::Id("99"));
        assert_eq!(told.lines().filter(|line| line.starts_with("    line ")).count(), 20);
        assert_eq!(told.lines().find(|line| line.contains(" more: ")), more);
        assert!(!told.contains("do not make up"), "{told}");
    }
}
