//! Every reason has its sentence, in both scenarios.

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
        parse_load_attempt  RawLine -> LoadAttempt, 1.00 µs; id 1700, customer_id 18, amount $100.00
        compute_time_keys   LoadAttempt -> AttemptWithKeys, 1.00 µs; day 2024-01-02, week 2024-01-01
        idempotency_gate    AttemptWithKeys -> IdempotencyClassifiedAttempt, 1.00 µs; idempotency canonical, canonical_line_no 12
        compute_features    IdempotencyClassifiedAttempt -> EnrichedAttempt, 1.00 µs; monday false, prime false, effective_amount $100.00
        evaluate_policies   EnrichedAttempt -> Decision, 1.00 µs; accepted true, attempts_before 0, day_amount_before $0.00, week_amount_before $0.00, daily_attempts_limit 3, day_amount_limit $5,000.00, week_amount_limit $20,000.00
        update_windows      Decision -> Decision, 1.00 µs; attempts_after 1, day_amount_after $100.00, week_amount_after $100.00
        format_output       Decision -> OutputLine, 1.00 µs
        write_output        OutputLine -> nothing, 1.00 µs
    ");
}

#[test]
fn a_line_that_cannot_be_read() {
    assert_snapshot!(answers(BASELINE, &[3, 4, 5, 6, 7]), @"
    line 3  DECLINED: INPUT_PARSE_ERROR. The line is too long, or is not a JSON object with `id`, `customer_id`, `load_amount` and `time`, each once and of its type. The line does not count as an attempt
    line 4  id 1102  customer 12  DECLINED: INPUT_PARSE_ERROR. `load_amount` or `time` is missing or is not a text. The line does not count as an attempt
    line 5  id 12-00  customer 13  DECLINED: INVALID_ID_FORMAT. `id` is not a number of 1 to 19 digits. The line does not count as an attempt
    line 6  id 1300  customer 14  DECLINED: INVALID_TIMESTAMP. `time` is not a real date and time with an offset from UTC as RFC 3339 writes it, such as 2000-01-03T09:00:00Z. The line does not count as an attempt
    line 7  id 1400  customer 15  DECLINED: INVALID_AMOUNT_FORMAT. `load_amount` is not an amount with two decimals and without commas, such as $1234.50. The line does not count as an attempt
    ");
    let trace = traced(BASELINE, &[], REASONS);
    let without_ids = explain(&trace, Asked::Line(3));
    assert!(without_ids.contains(r#"; id "", customer_id "", accepted false"#), "{without_ids}");
    assert_snapshot!(explain(&trace, Asked::Line(5)), @"
    line 5  id 12-00  customer 13  DECLINED: INVALID_ID_FORMAT. `id` is not a number of 1 to 19 digits. The line does not count as an attempt
      steps:
        parse_load_attempt  RawLine -> Decision, 1.00 µs; id 12-00, customer_id 13, accepted false, reason INVALID_ID_FORMAT
        update_windows      Decision -> Decision, 1.00 µs
        format_output       Decision -> OutputLine, 1.00 µs
        write_output        OutputLine -> nothing, 1.00 µs
    ");
}

#[test]
fn readable_ids_explain_an_unreadable_line() {
    let line = |fields: &str| format!("{{{fields},\"time\":\"2000-01-01T00:00:00Z\"}}\n");
    let input = line(r#""id":"1","customer_id":"2","load_amount":1.00"#)
        + &line(r#""id":"1","customer_id":null,"load_amount":"$1.00""#)
        + &line(r#""customer_id":"2","load_amount":"$1.00""#)
        + &line(r#""load_amount":"$1.00""#)
        + &attempt("1", "x", "$1.00", "2000-01-01T00:00:00Z")
        + &attempt("", "12345678901234567890", "$1.00", "2000-01-01T00:00:00Z");
    let trace = traced(BASELINE, &[], input.as_bytes());
    let told: String = (1..=6).map(|line_no| answer(&trace, Asked::Line(line_no))).collect();
    assert_snapshot!(told, @"
    line 1  id 1  customer 2  DECLINED: INPUT_PARSE_ERROR. `load_amount` or `time` is missing or is not a text. The line does not count as an attempt

    line 2  id 1  DECLINED: INPUT_PARSE_ERROR. `customer_id`, `load_amount` or `time` is missing or not of its type. The line does not count as an attempt

    line 3  customer 2  DECLINED: INPUT_PARSE_ERROR. `id`, `load_amount` or `time` is missing or not of its type. The line does not count as an attempt

    line 4  DECLINED: INPUT_PARSE_ERROR. The line is too long, or is not a JSON object with `id`, `customer_id`, `load_amount` and `time`, each once and of its type. The line does not count as an attempt

    line 5  id 1  customer x  DECLINED: INVALID_ID_FORMAT. `customer_id` is not a number of 1 to 19 digits. The line does not count as an attempt

    line 6  customer 12345678901234567890  DECLINED: INVALID_ID_FORMAT. Neither `id` nor `customer_id` is a number of 1 to 19 digits. The line does not count as an attempt
    ");
    // Many lines show no id, so they are requested by number.
    assert_eq!(answer(&trace, Asked::Id("")).matches("DECLINED").count(), 3);
}

/// The fixture's days and ids tell exactly which lines the Monday multiplier and the prime gate affect.
#[test]
fn equal_decisions_of_the_scenarios_have_equal_explanations() {
    let alike = [3, 4, 5, 6, 7, 9, 11, 12, 13, 15, 25, 30];
    assert_eq!(answers(EXP_MP, &alike), answers(BASELINE, &alike));
}

#[test]
fn a_replay_and_a_conflict() {
    assert_snapshot!(answers(BASELINE, &[9, 11]), @"
    line 9  id 1500  customer 16  DECLINED: ID_DUPLICATE_REPLAY. Line 8 used this id before and was accepted. It has the same customer, amount and time. A replay does not count as an attempt
      day 2024-01-02, week from 2024-01-01
    line 11  id 1600  customer 17  DECLINED: ID_DUPLICATE_CONFLICT. Line 10 used this id before and was accepted. It has another amount ($100.00 there, $100.01 here). A conflict does not count as an attempt
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

    line 2  id 1  customer 3  DECLINED: ID_DUPLICATE_CONFLICT. Line 1 used this id before and was accepted. It has another customer (2 there, 3 here) and another amount ($1.00 there, $2.00 here). A conflict does not count as an attempt
      day 2000-01-04, week from 2000-01-03

    line 3  id 1  customer 2  DECLINED: ID_DUPLICATE_CONFLICT. Line 1 used this id before and was accepted. It has another time of that day. A conflict does not count as an attempt
      day 2000-01-04, week from 2000-01-03

    line 4  id 1  customer 3  DECLINED: ID_DUPLICATE_CONFLICT. Line 1 used this id before and was accepted. It has another customer (2 there, 3 here) and another time (2000-01-04 there, 2000-01-05 here). A conflict does not count as an attempt
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
        line 12  id 1700    $100.00
        line 13  id 1702  $5,000.00  declined: DAILY_AMOUNT_LIMIT
        line 14  id 1704    $100.00
    line 25  id 2004  customer 23  DECLINED: DAILY_AMOUNT_LIMIT. $5,000.00 accepted earlier that day + $0.01 = $5,000.01, over $5,000.00
      Nothing above $0.00 would have passed: the limit was used up.
      day 2024-01-02, week from 2024-01-01
      accepted earlier that day:
        line 23  id 2000  $3,000.00
        line 24  id 2002  $2,000.00
    line 30  id 2108  customer 24  DECLINED: WEEKLY_AMOUNT_LIMIT. $20,000.00 accepted earlier that week + $0.01 = $20,000.01, over $20,000.00
      Nothing above $0.00 would have passed: the limit was used up.
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
      DAILY_AMOUNT_LIMIT would have declined it, too: $0.00 accepted earlier that day + $9,999.01 = $9,999.01, over $5,000.00.
      Prime id: at most $9,999.00 each; at most 1 accepted a day, of all customers.
      day 2024-01-04, week from 2024-01-01
    line 18  id 1811  customer 20  DECLINED: DAILY_AMOUNT_LIMIT. $0.00 accepted earlier that day + $9,999.00 = $9,999.00, over $5,000.00
      $5,000.00 or less would have passed.
      Prime id: at most $9,999.00 each; at most 1 accepted a day, of all customers.
      day 2024-01-04, week from 2024-01-01
    line 19  id 1901  customer 21  ACCEPTED: $100.00. Left: 2 of 3 attempts that day, 0 of 1 prime id of all customers that day, $4,900.00 of $5,000.00 that day, $19,900.00 of $20,000.00 that week
      Prime id: at most $9,999.00 each; at most 1 accepted a day, of all customers.
      day 2024-01-05, week from 2024-01-01
    line 20  id 1907  customer 22  DECLINED: PRIME_DAILY_GLOBAL_LIMIT. 1 prime id accepted earlier that day, of all customers, + this one = 2, over 1
      With an id that is no prime number it would have passed.
      Prime id: at most $9,999.00 each; at most 1 accepted a day, of all customers.
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
fn mondays_that_multiply_the_amount() {
    assert_snapshot!(answers(EXP_MP, &[1, 2]), @"
    line 1  id 1000  customer 10  ACCEPTED: $2,500.00, which counts as $5,000.00. Left: 2 of 3 attempts that day, $0.00 of $5,000.00 that day, $15,000.00 of $20,000.00 that week
      Monday: $2,500.00 x 2 counts as $5,000.00.
      day 2024-01-01, week from 2024-01-01
    line 2  id 1002  customer 11  DECLINED: DAILY_AMOUNT_LIMIT. $0.00 accepted earlier that day + $5,000.02 = $5,000.02, over $5,000.00
      $2,500.00 or less would have passed.
      Monday: $2,500.01 x 2 counts as $5,000.02.
      day 2024-01-01, week from 2024-01-01
    ");
}
