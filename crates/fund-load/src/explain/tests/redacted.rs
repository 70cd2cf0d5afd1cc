//! Redacted traces: the explanation is true, and says what cannot be known.

use insta::assert_snapshot;

use super::{Asked, answer, attempt, traced};

const NOTES: &str = "runtime.tracing.context_diff={mode: whitelist, whitelist: [tags, metrics]}";
/// Two customers. The third line is in conflict with the second, the fourth is too much for its customer, and the fifth
/// has no valid id.
fn trace(redaction: &str) -> Vec<u8> {
    let line = |id, customer, day| attempt(id, customer, "3000.00", &format!("2000-01-0{day}T00:00:00Z"));
    let input = line("11", "1", 3) + &line("12", "2", 3) + &line("12", "1", 4) + &line("14", "2", 3);
    let input = input + &line("1x", "2", 3);
    traced(super::BASELINE, &[NOTES, redaction], input.as_bytes())
}

fn masked(tags: &str) -> Vec<u8> {
    trace(&format!("runtime.tracing.redact={{identity: mask, tags: [{tags}]}}"))
}

#[test]
fn lines_of_masked_customers_are_not_taken_for_those_of_one() {
    assert_snapshot!(answer(&masked("customer_id"), Asked::Line(4)), @"
    line 4  id 14  customer ***  DECLINED: DAILY_AMOUNT_LIMIT. $3,000.00 accepted earlier that day + $3,000.00 = $6,000.00, over $5,000.00
      $2,000.00 or less would have passed.
      day 2000-01-03, week from 2000-01-03
      The trace hides which earlier lines were counted.
    ");
    assert_snapshot!(answer(&masked("day"), Asked::Line(4)), @"
    line 4  id 14  customer 2  DECLINED: DAILY_AMOUNT_LIMIT. $3,000.00 accepted earlier that day + $3,000.00 = $6,000.00, over $5,000.00
      $2,000.00 or less would have passed.
      day ***, week from 2000-01-03
      The trace hides which earlier lines were counted.
    ");
}

#[test]
fn with_hashes_the_lines_of_a_customer_are_found() {
    let key = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(key.path(), "key").unwrap();
    let key = key.path().display();
    let trace =
        trace(&format!("runtime.tracing.redact={{identity: hash, tags: [customer_id], key_file: {key}}}"));
    assert_snapshot!(answer(&trace, Asked::Line(4)), @"
    line 4  id 14  customer ae7b3ee87b8c9214f714df1c2042c7a9  DECLINED: DAILY_AMOUNT_LIMIT. $3,000.00 accepted earlier that day + $3,000.00 = $6,000.00, over $5,000.00
      $2,000.00 or less would have passed.
      day 2000-01-03, week from 2000-01-03
      accepted earlier that day:
        line 2  id 12  $3,000.00
    ");
}

#[test]
fn a_hidden_reason_or_decision_is_not_guessed() {
    assert_snapshot!(answer(&masked("reason"), Asked::Line(4)), @"
    line 4  id 14  customer 2  DECLINED: ***. The trace hides the reason
      day 2000-01-03, week from 2000-01-03
    ");
    assert_snapshot!(answer(&masked("accepted"), Asked::Line(4)), @"
    line 4  id 14  customer 2  The trace hides the decision
      $2,000.00 or less would have passed.
      day 2000-01-03, week from 2000-01-03
      The trace hides which earlier lines were counted.
    ");
}

#[test]
fn hidden_values_are_not_narrowed_down() {
    assert_snapshot!(answer(&masked("id, customer_id"), Asked::Line(5)), @"line 5  id ***  customer ***  DECLINED: INVALID_ID_FORMAT. `id`, `customer_id` or both are not numbers of 1 to 19 digits. The line does not count as an attempt");
    assert_snapshot!(answer(&masked("id, customer_id, day"), Asked::Line(3)), @"
    line 3  id ***  customer ***  DECLINED: ID_DUPLICATE_CONFLICT. Line 2 used this id before and was accepted. It has another customer and another time. A conflict does not count as an attempt
      day ***, week from 2000-01-03
    ");
    assert_snapshot!(answer(&masked("differs"), Asked::Line(3)), @"
    line 3  id 12  customer 1  DECLINED: ID_DUPLICATE_CONFLICT. Line 2 used this id before and was accepted. It has another customer, amount or time. A conflict does not count as an attempt
      day 2000-01-04, week from 2000-01-03
    ");
}

#[test]
fn a_request_for_a_masked_id_gets_advice() {
    let ask = |id| answer(&masked("id"), Asked::Id(id)).replace(id, "ID");
    assert_snapshot!(ask("14"), @"exit 1: `TRACE` holds no line with the id `ID` (it hides ids: ask for a hash as the trace shows it, or with `--line N`)");
    assert_eq!(ask("***"), ask("14"), "lines whose ids are masked have nothing in common");
}
