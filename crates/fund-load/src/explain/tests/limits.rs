//! Limits at their extremes: none, zero, used up, and those of Mondays.

use super::*;

const MONDAY: &str = "2000-01-03T00:00:00Z";
const TUESDAY: &str = "2000-01-04T00:00:00Z";

#[test]
fn a_prime_cap_alone_in_the_way() {
    let input = attempt("7", "2", "$60.00", "2000-01-04T00:00:00Z");
    let cap = ["nodes.evaluate_policies.prime_gate.amount_cap=50.00"];
    assert_snapshot!(answer(&traced(EXP_MP, &cap, input.as_bytes()), Asked::Line(1)), @"
    line 1  id 7  customer 2  DECLINED: PRIME_AMOUNT_CAP. $60.00 for a prime id, over $50.00
      $50.00 or less would have passed, or this amount with an id that is no prime number.
      Prime id: at most $50.00 each; at most 1 accepted a day, of all customers.
      day 2000-01-04, week from 2000-01-03
    ");
}

/// Returns the explanation of the last line of `input`.
fn last_answer(settings: &[&str], input: &[String]) -> String {
    answer(&traced(EXP_MP, settings, input.concat().as_bytes()), Asked::Line(input.len() as u64))
}

#[test]
fn every_limit_on_a_monday_that_multiplies_the_amount() {
    let cap = "nodes.evaluate_policies.prime_gate.amount_cap=50.00";
    assert_snapshot!(last_answer(&[cap], &[attempt("7", "2", "$25.01", MONDAY)]), @"
    line 1  id 7  customer 2  DECLINED: PRIME_AMOUNT_CAP. $50.02 for a prime id, over $50.00
      $25.00 or less would have passed, or this amount with an id that is no prime number.
      Monday: $25.01 x 2 counts as $50.02.
      Prime id: at most $50.00 each; at most 1 accepted a day, of all customers.
      day 2000-01-03, week from 2000-01-03
    ");

    let primes = [attempt("7", "2", "$1.00", MONDAY), attempt("11", "3", "$1.00", MONDAY)];
    assert_snapshot!(last_answer(&[], &primes), @"
    line 2  id 11  customer 3  DECLINED: PRIME_DAILY_GLOBAL_LIMIT. 1 prime id accepted earlier that day, of all customers, + this one = 2, over 1
      With an id that is no prime number it would have passed.
      Monday: $1.00 x 2 counts as $2.00.
      Prime id: at most $9,999.00 each; at most 1 accepted a day, of all customers.
      day 2000-01-03, week from 2000-01-03
      prime ids accepted earlier that day:
        line 1  id 7  customer 2  $2.00  ($1.00 on a Monday)
    ");

    let attempts = ["4", "6", "8", "9"].map(|id| attempt(id, "2", "$1000.00", MONDAY));
    assert_snapshot!(last_answer(&[], &attempts), @"
    line 4  id 9  customer 2  DECLINED: DAILY_ATTEMPT_LIMIT. 3 attempts earlier that day + this one = 4, over 3
      DAILY_AMOUNT_LIMIT would have declined it, too: $4,000.00 accepted earlier that day + $2,000.00 = $6,000.00, over $5,000.00.
      Monday: $1,000.00 x 2 counts as $2,000.00.
      day 2000-01-03, week from 2000-01-03
      attempts earlier that day:
        line 1  id 4  $2,000.00  ($1,000.00 on a Monday)
        line 2  id 6  $2,000.00  ($1,000.00 on a Monday)
        line 3  id 8  $2,000.00  ($1,000.00 on a Monday)  declined: DAILY_AMOUNT_LIMIT
    ");

    let week = "nodes.evaluate_policies.limits.weekly_amount=5000.00";
    let amounts = [attempt("4", "2", "$2000.00", MONDAY), attempt("6", "2", "$1000.01", TUESDAY)];
    assert_snapshot!(last_answer(&[week], &amounts), @"
    line 2  id 6  customer 2  DECLINED: WEEKLY_AMOUNT_LIMIT. $4,000.00 accepted earlier that week + $1,000.01 = $5,000.01, over $5,000.00
      $1,000.00 or less would have passed.
      day 2000-01-04, week from 2000-01-03
      accepted earlier that week:
        line 1  id 4  $4,000.00  ($2,000.00 on a Monday)
    ");

    let again = [attempt("4", "2", "$1.00", MONDAY), attempt("4", "2", "$1.00", MONDAY)];
    assert_snapshot!(last_answer(&[], &again), @"
    line 2  id 4  customer 2  DECLINED: ID_DUPLICATE_REPLAY. Line 1 used this id before and was accepted. It has the same customer, amount and time. A replay does not count as an attempt
      day 2000-01-03, week from 2000-01-03
    ");
    let other = [attempt("4", "2", "$1.00", MONDAY), attempt("4", "2", "$1.50", MONDAY)];
    assert_snapshot!(last_answer(&[], &other), @"
    line 2  id 4  customer 2  DECLINED: ID_DUPLICATE_CONFLICT. Line 1 used this id before and was accepted. It has another amount ($1.00 there, $1.50 here). A conflict does not count as an attempt
      day 2000-01-03, week from 2000-01-03
    ");
}

#[test]
fn a_week_that_ends_on_a_monday_that_divides_its_limit() {
    let settings = [
        "nodes.compute_time_keys.week_start=TUE",
        "nodes.compute_features.monday_multiplier.apply_to=limits",
    ];
    let days = ["1999-12-28", "1999-12-29", "1999-12-30", "2000-01-03"];
    let ids = ["4", "6", "8", "9"];
    let input: Vec<_> = (ids.iter().zip(days))
        .map(|(id, day)| attempt(id, "2", "$4000.00", &format!("{day}T00:00:00Z")))
        .collect();
    let told = last_answer(&settings, &[&input[..3], &[attempt("9", "2", "$1.00", MONDAY)]].concat());
    assert_snapshot!(told, @"
    line 4  id 9  customer 2  DECLINED: WEEKLY_AMOUNT_LIMIT. $12,000.00 accepted earlier that week + $1.00 = $12,001.00, over $10,000.00
      Nothing would have passed: more than the limit had been accepted already.
      Monday: the daily and the weekly amount limit are those of other days / 2.
      day 2000-01-03, week from 1999-12-28
      accepted earlier that week:
        line 1  id 4  $4,000.00
        line 2  id 6  $4,000.00
        line 3  id 8  $4,000.00
    ");
}

#[test]
fn limits_that_let_nothing_pass() {
    let none = "nodes.evaluate_policies.limits={daily_amount: 0, weekly_amount: 0, daily_attempts: 0}";
    assert_snapshot!(last_answer(&[none], &[attempt("4", "2", "$0.00", TUESDAY)]), @"
    line 1  id 4  customer 2  DECLINED: DAILY_ATTEMPT_LIMIT. 0 attempts earlier that day + this one = 1, over 0
      No attempt would have passed: the limit is 0.
      day 2000-01-04, week from 2000-01-03
    ");
    let amounts =
        "nodes.evaluate_policies.limits={daily_amount: 0, weekly_amount: null, daily_attempts: null}";
    assert_snapshot!(last_answer(&[amounts], &[attempt("4", "2", "$0.01", TUESDAY)]), @"
    line 1  id 4  customer 2  DECLINED: DAILY_AMOUNT_LIMIT. $0.00 accepted earlier that day + $0.01 = $0.01, over $0.00
      Nothing above $0.00 would have passed.
      day 2000-01-04, week from 2000-01-03
    ");
    let no_prime = "nodes.evaluate_policies.prime_gate.global_per_day=0";
    assert_snapshot!(last_answer(&[no_prime], &[attempt("7", "2", "$1.00", TUESDAY)]), @"
    line 1  id 7  customer 2  DECLINED: PRIME_DAILY_GLOBAL_LIMIT. 0 prime ids accepted earlier that day, of all customers, + this one = 1, over 0
      With an id that is no prime number it would have passed.
      Prime id: at most $9,999.00 each; at most 0 accepted a day, of all customers.
      day 2000-01-04, week from 2000-01-03
    ");
    let no_cap = "nodes.evaluate_policies.prime_gate.amount_cap=0";
    assert_snapshot!(last_answer(&[no_cap], &[attempt("7", "2", "$1.00", TUESDAY)]), @"
    line 1  id 7  customer 2  DECLINED: PRIME_AMOUNT_CAP. $1.00 for a prime id, over $0.00
      With a prime id nothing above $0.00 would have passed, with another id this amount.
      Prime id: at most $0.00 each; at most 1 accepted a day, of all customers.
      day 2000-01-04, week from 2000-01-03
    ");
    let one_attempt = "nodes.evaluate_policies.limits.daily_attempts=1";
    let two = [attempt("4", "2", "$1.00", TUESDAY), attempt("6", "2", "$1.00", TUESDAY)];
    assert_snapshot!(last_answer(&[one_attempt], &two), @"
    line 2  id 6  customer 2  DECLINED: DAILY_ATTEMPT_LIMIT. 1 attempt earlier that day + this one = 2, over 1
      As the first attempt that day it would have passed.
      day 2000-01-04, week from 2000-01-03
      attempts earlier that day:
        line 1  id 4  $1.00
    ");
    // A cent counts as ten dollars.
    let thousand = [
        "nodes.compute_features.monday_multiplier.multiplier=1000",
        "nodes.evaluate_policies.limits.daily_amount=5",
    ];
    assert_snapshot!(last_answer(&thousand, &[attempt("4", "2", "$0.01", MONDAY)]), @"
    line 1  id 4  customer 2  DECLINED: DAILY_AMOUNT_LIMIT. $0.00 accepted earlier that day + $10.00 = $10.00, over $5.00
      Nothing above $0.00 would have passed.
      Monday: $0.01 x 1000 counts as $10.00.
      day 2000-01-03, week from 2000-01-03
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
      Monday: the daily and the weekly amount limit are those of other days / 1.5.
      day 2000-01-03, week from 2000-01-03

    line 2  id 6  customer 2  DECLINED: DAILY_AMOUNT_LIMIT. $3,333.33 accepted earlier that day + $0.01 = $3,333.34, over $3,333.33
      Nothing above $0.00 would have passed: the limit was used up.
      Monday: the daily and the weekly amount limit are those of other days / 1.5.
      day 2000-01-03, week from 2000-01-03
      accepted earlier that day:
        line 1  id 4  $3,333.33
    ");
}

#[test]
fn all_other_obstacles_are_named() {
    let limits =
        ["nodes.evaluate_policies.limits={daily_amount: 10.00, weekly_amount: 5.00, daily_attempts: 1}"];
    let input = attempt("4", "2", "$5.00", "2000-01-04T00:00:00Z")
        + &attempt("6", "2", "$11.00", "2000-01-04T00:00:00Z");
    assert_snapshot!(answer(&traced(BASELINE, &limits, input.as_bytes()), Asked::Line(2)), @"
    line 2  id 6  customer 2  DECLINED: DAILY_ATTEMPT_LIMIT. 1 attempt earlier that day + this one = 2, over 1
      DAILY_AMOUNT_LIMIT would have declined it, too: $5.00 accepted earlier that day + $11.00 = $16.00, over $10.00.
      WEEKLY_AMOUNT_LIMIT would have declined it, too: $5.00 accepted earlier that week + $11.00 = $16.00, over $5.00.
      day 2000-01-04, week from 2000-01-03
      attempts earlier that day:
        line 1  id 4  $5.00
    ");
}

#[test]
fn without_limits_there_is_nothing_left_to_tell() {
    let limits =
        ["nodes.evaluate_policies.limits={daily_amount: null, weekly_amount: null, daily_attempts: null}"];
    let windows = "nodes.update_windows={daily_attempts: {enabled: false}, daily_accepted_amount: {enabled: false}, weekly_accepted_amount: {enabled: false}}";
    let input = attempt("4", "2", "$5.00", TUESDAY);
    let told = answer(&traced(BASELINE, &limits, input.as_bytes()), Asked::Line(1));
    assert_eq!(answer(&traced(BASELINE, &[limits[0], windows], input.as_bytes()), Asked::Line(1)), told);
    assert_snapshot!(told, @"
    line 1  id 4  customer 2  ACCEPTED: $5.00. The trace shows no limit that it was compared with
      day 2000-01-04, week from 2000-01-03
    ");
}

#[test]
fn twenty_earlier_lines_are_listed_and_others_are_summed_up() {
    let limits = ["nodes.evaluate_policies.limits.daily_attempts=null"];
    let earlier = |count: u64| -> String {
        (1..=count).map(|id| attempt(&id.to_string(), "2", "$10.00", TUESDAY)).collect()
    };
    for (count, more) in [(20, None), (21, Some("    and 1 more: $10.00"))] {
        let input = earlier(count) + &attempt("99", "2", "$4999.99", "2000-01-04T00:00:00Z");
        let told = answer(&traced(BASELINE, &limits, input.as_bytes()), Asked::Id("99"));
        assert_eq!(told.lines().filter(|line| line.starts_with("    line ")).count(), 20);
        assert_eq!(told.lines().find(|line| line.contains(" more: ")), more);
        assert!(!told.contains("does not hold"), "{told}");
    }
}
