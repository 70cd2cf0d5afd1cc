//! Limits at the bound and one beyond, and the attempts that count towards them.

use crate::model::money::MILLION;
use crate::model::{ApplyTo, Monday, Settings, Weekday, adjudicate, baseline, exp_mp};

/// An attempt in short: id, customer, amount, time.
type Attempt = (&'static str, &'static str, &'static str, &'static str);

/// Each attempt, in this order, must get the reason beside it.
#[track_caller]
fn check(settings: &Settings, expected: &[(Attempt, Option<&str>)]) {
    let mut lines = Vec::new();
    for ((id, customer_id, amount, time), _) in expected {
        lines.push(format!(
            "{{\"id\":\"{id}\",\"customer_id\":\"{customer_id}\",\"load_amount\":\"{amount}\",\"time\":\"{time}\"}}\n"
        ));
    }
    let input = lines.concat();
    let reasons: Vec<_> =
        adjudicate(input.as_bytes(), settings).into_iter().map(|verdict| verdict.reason).collect();
    let expected: Vec<_> = expected.iter().map(|(_, reason)| *reason).collect();
    assert_eq!(reasons, expected, "for\n{input}");
}

const SATURDAY: &str = "2000-01-01T10:00:00Z";
const SUNDAY: &str = "2000-01-02T10:00:00Z";
const MONDAY: &str = "2000-01-03T10:00:00Z";
const TUESDAY: &str = "2000-01-04T10:00:00Z";

const LARGEST: &str = "999999999999999.99";

const REPLAY: Option<&str> = Some("ID_DUPLICATE_REPLAY");
const CONFLICT: Option<&str> = Some("ID_DUPLICATE_CONFLICT");
const ATTEMPTS: Option<&str> = Some("DAILY_ATTEMPT_LIMIT");
const CAP: Option<&str> = Some("PRIME_AMOUNT_CAP");
const PRIMES: Option<&str> = Some("PRIME_DAILY_GLOBAL_LIMIT");
const DAY: Option<&str> = Some("DAILY_AMOUNT_LIMIT");
const WEEK: Option<&str> = Some("WEEKLY_AMOUNT_LIMIT");

#[test]
fn a_replay_is_the_same_customer_cents_and_instant() {
    check(
        &baseline(),
        &[
            (("4", "1", "$1.00", SATURDAY), None),
            (("4", "1", "USD 01.00", "2000-01-01 11:00:00.000+01:00"), REPLAY),
            (("4", "1", "$1.01", SATURDAY), CONFLICT),
            (("4", "01", "$1.00", SATURDAY), CONFLICT),
            (("4", "1", "$1.00", "2000-01-01T10:00:00.000000001Z"), CONFLICT),
            (("04", "1", "$1.00", SATURDAY), None),
        ],
    );
}

#[test]
fn a_declined_first_attempt_is_canonical_and_a_bad_line_is_not() {
    check(
        &baseline(),
        &[
            (("4", "1", "1", SATURDAY), Some("INVALID_AMOUNT_FORMAT")),
            (("4", "1", "9000.00", SATURDAY), DAY),
            (("4", "1", "9000.00", SATURDAY), REPLAY),
            (("4", "1", "1.00", SATURDAY), CONFLICT),
        ],
    );
}

#[test]
fn declined_attempts_count_but_duplicates_and_bad_lines_do_not() {
    check(
        &baseline(),
        &[
            (("1", "1", "9000.00", SATURDAY), DAY),
            (("1", "1", "9000.00", SATURDAY), REPLAY),
            (("8", "1", "x", SATURDAY), Some("INVALID_AMOUNT_FORMAT")),
            (("4", "1", "1.00", SATURDAY), None),
            (("6", "1", "1.00", SATURDAY), None),
            (("8", "1", "1.00", SATURDAY), ATTEMPTS),
            (("9", "1", "1.00", "2000-01-02T00:00:00Z"), None),
            (("10", "1", "1.00", "2000-01-02T00:00:00+00:01"), ATTEMPTS),
            (("12", "2", "1.00", SATURDAY), None),
        ],
    );
}

#[test]
fn an_amount_equal_to_the_limit_passes() {
    let settings = Settings { weekly_amount: Some(500_002), daily_attempts: None, ..baseline() };
    check(
        &settings,
        &[
            (("1", "1", "4999.99", TUESDAY), None),
            (("2", "1", "0.02", TUESDAY), DAY),
            (("3", "1", "0.01", TUESDAY), None),
            (("4", "1", "0.03", "2000-01-09T10:00:00Z"), WEEK),
            (("5", "1", "0.02", "2000-01-09T10:00:00Z"), None),
            (("6", "1", "0.01", MONDAY), WEEK),
            (("7", "1", "5000.00", SUNDAY), None),
        ],
    );
}

#[test]
fn a_week_begins_where_it_is_configured_to() {
    let week_of_sunday = [(("1", "1", "5.00", SUNDAY), None), (("2", "1", "5.00", MONDAY), WEEK)];
    let week_of_monday = [(("1", "1", "5.00", SUNDAY), None), (("2", "1", "5.00", MONDAY), None)];
    for week_start in Weekday::ALL {
        let settings = Settings { week_start, weekly_amount: Some(500), ..baseline() };
        let expected = if week_start == Weekday::Mon { &week_of_monday } else { &week_of_sunday };
        check(&settings, expected);
    }
}

#[test]
fn days_go_by_the_attempts_own_time_in_any_order() {
    check(
        &baseline(),
        &[
            (("1", "1", "5000.00", TUESDAY), None),
            (("2", "1", "5000.00", SATURDAY), None),
            (("3", "1", "0.01", TUESDAY), DAY),
            (("4", "1", "0.01", "2000-01-03T23:59:60Z"), None),
            (("5", "1", "0.01", "2000-01-03T23:59:59-00:01"), DAY),
        ],
    );
}

#[test]
fn monday_multiplies_amounts_or_divides_limits() {
    let tripled = |apply_to| Settings {
        monday: Some(Monday { multiplier_millionths: 3 * MILLION, apply_to }),
        weekly_amount: Some(1_000_000),
        daily_attempts: None,
        ..baseline()
    };
    check(
        &tripled(ApplyTo::Amount),
        &[
            (("1", "1", "1666.67", MONDAY), DAY),
            (("2", "1", "1666.66", MONDAY), None),
            (("3", "1", "0.01", MONDAY), DAY),
            (("4", "1", "5000.00", TUESDAY), None),
            (("5", "1", "0.03", "2000-01-05T10:00:00Z"), WEEK),
            (("6", "1", "0.02", "2000-01-05T10:00:00Z"), None),
        ],
    );
    check(
        &tripled(ApplyTo::Limits),
        &[
            (("1", "1", "1666.67", MONDAY), DAY),
            (("2", "1", "1666.66", MONDAY), None),
            (("3", "1", "0.01", MONDAY), DAY),
            (("4", "1", "5000.00", TUESDAY), None),
            (("5", "1", "3333.34", "2000-01-05T10:00:00Z"), None),
            // The week holds 10,000.00 now: its limit outside Mondays.
            (("6", "1", "0.01", "2000-01-06T10:00:00Z"), WEEK),
        ],
    );
    // The weekly limit is divided, too, so Tuesday's amount exceeds Monday's limit.
    check(
        &tripled(ApplyTo::Limits),
        &[(("1", "1", "3333.34", TUESDAY), None), (("2", "1", "0.00", MONDAY), WEEK)],
    );
}

#[test]
fn half_a_cent_on_a_monday_rounds_up() {
    let settings = Settings {
        monday: Some(Monday { multiplier_millionths: 1_500_000, apply_to: ApplyTo::Amount }),
        daily_amount: Some(4),
        ..baseline()
    };
    check(&settings, &[(("1", "1", "0.03", MONDAY), DAY), (("2", "1", "0.03", TUESDAY), None)]);
    check(&Settings { daily_amount: Some(5), ..settings }, &[(("1", "1", "0.03", MONDAY), None)]);
}

#[test]
fn the_prime_gate_caps_amounts_and_counts_accepted_primes() {
    let settings = Settings { daily_amount: None, weekly_amount: None, ..exp_mp() };
    check(
        &settings,
        &[
            (("2", "1", "9999.01", TUESDAY), CAP),
            (("4", "1", "9999.01", TUESDAY), None),
            (("3", "2", "9999.00", TUESDAY), None),
            (("007", "3", "0.01", TUESDAY), PRIMES),
            (("5", "3", "9999.01", TUESDAY), CAP),
            (("9", "3", "0.01", TUESDAY), None),
            (("11", "3", "0.01", TUESDAY), ATTEMPTS),
            // On a Monday the amount counts twice, the cap stays.
            (("13", "4", "4999.51", MONDAY), CAP),
            (("17", "4", "4999.50", MONDAY), None),
        ],
    );
    let halved = Monday { multiplier_millionths: 2 * MILLION, apply_to: ApplyTo::Limits };
    let halved = Settings { monday: Some(halved), ..settings.clone() };
    check(&halved, &[(("2", "1", "9999.01", MONDAY), CAP), (("3", "1", "9999.00", MONDAY), None)]);
    let off = Settings { prime_gate: false, ..settings };
    check(&off, &[(("2", "1", "99999.00", TUESDAY), None), (("3", "1", "99999.00", TUESDAY), None)]);
}

#[test]
fn a_limit_of_nothing_is_not_checked_and_a_limit_of_zero_is() {
    let unlimited = Settings {
        daily_amount: None,
        weekly_amount: None,
        daily_attempts: None,
        global_per_day: None,
        amount_cap: None,
        ..exp_mp()
    };
    check(
        &unlimited,
        &[
            (("2", "1", LARGEST, MONDAY), None),
            (("3", "1", LARGEST, MONDAY), None),
            (("5", "1", LARGEST, MONDAY), None),
        ],
    );
    let nothing = [(("2", "1", "0.01", TUESDAY), DAY), (("3", "2", "0.00", TUESDAY), None)];
    check(&Settings { daily_amount: Some(0), ..unlimited.clone() }, &nothing);
    let never = |reason| [(("2", "1", "0.00", TUESDAY), reason)];
    check(&Settings { daily_attempts: Some(0), ..unlimited.clone() }, &never(ATTEMPTS));
    check(&Settings { global_per_day: Some(0), ..unlimited.clone() }, &never(PRIMES));
    check(&Settings { amount_cap: Some(0), ..unlimited }, &never(None));
}

const FORGETFUL: u16 = 2;

#[test]
fn an_id_is_remembered_for_exactly_the_configured_days() {
    let settings = Settings { remember_days: Some(FORGETFUL), ..baseline() };
    let third = "2000-01-03T23:59:59Z";
    let fourth = "2000-01-04T00:00:00Z";
    check(
        &settings,
        &[
            (("4", "1", "1.00", SATURDAY), None),
            (("6", "1", "1.00", third), None),
            (("4", "1", "1.00", SATURDAY), REPLAY),
        ],
    );
    check(
        &settings,
        &[
            (("4", "1", "1.00", SATURDAY), None),
            (("6", "1", "1.00", fourth), None),
            // Canonical again, and forgotten at once.
            (("4", "1", "1.00", SATURDAY), None),
            (("4", "1", "1.00", SATURDAY), None),
            (("4", "1", "1.00", SATURDAY), ATTEMPTS),
            (("4", "1", "1.00", SUNDAY), None),
            (("4", "1", "1.00", SATURDAY), CONFLICT),
        ],
    );
}

#[test]
fn a_day_too_far_ahead_forgets_nothing() {
    let settings = Settings { remember_days: Some(FORGETFUL), max_days_ahead: Some(2), ..baseline() };
    let far = |time| {
        [
            (("4", "1", "1.00", SATURDAY), None),
            (("6", "1", "1.00", time), None),
            (("4", "1", "1.00", SATURDAY), REPLAY),
        ]
    };
    check(&settings, &far("2000-01-03T23:59:59Z"));
    check(&settings, &far("2000-01-04T00:00:00Z"));
    check(&settings, &far("9999-12-31T00:00:00Z"));
    // Without the guard, one such line forgets everything.
    let unguarded = Settings { max_days_ahead: None, ..settings };
    check(
        &unguarded,
        &[
            (("4", "1", "1.00", SATURDAY), None),
            (("6", "1", "1.00", "9999-12-31T00:00:00Z"), None),
            (("4", "1", "1.00", SATURDAY), None),
        ],
    );
}

#[test]
fn a_duplicate_says_the_day_as_well_and_a_bad_line_does_not() {
    let settings = Settings { remember_days: Some(FORGETFUL), ..baseline() };
    check(
        &settings,
        &[
            (("4", "1", "1.00", SATURDAY), None),
            (("6", "1", "1.00", MONDAY), None),
            (("8", "1", "x", TUESDAY), Some("INVALID_AMOUNT_FORMAT")),
            (("4", "1", "1.00", SATURDAY), REPLAY),
            (("6", "1", "1.00", TUESDAY), CONFLICT),
            (("4", "1", "1.00", SATURDAY), None),
        ],
    );
}
