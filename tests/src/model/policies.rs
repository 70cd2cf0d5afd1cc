//! Which attempt is canonical, and the limits that a canonical one is held against.

use super::attempt::Attempt;
use super::money::{Cents, divided, multiplied};
use super::prime::is_prime;
use super::settings::{ApplyTo, Monday, Settings};
use super::utc::Utc;

/// The first attempt of an `id`, and what became of it.
#[derive(Debug)]
pub(super) struct Canonical {
    id: String,
    customer_id: String,
    cents: Cents,
    time: Utc,
    week: i64,
    effective: Cents,
    prime: bool,
    accepted: bool,
}

/// Returns why `attempt` is declined, `None` if it is accepted; a canonical one joins `history`.
pub(super) fn adjudicate(
    attempt: &Attempt,
    history: &mut Vec<Canonical>,
    settings: &Settings,
) -> Option<&'static str> {
    if let Some(first) = history.iter().find(|earlier| earlier.id == attempt.id) {
        let replayed = first.customer_id == attempt.customer_id
            && first.cents == attempt.cents
            && first.time == attempt.time;
        return Some(if replayed { "ID_DUPLICATE_REPLAY" } else { "ID_DUPLICATE_CONFLICT" });
    }
    let mut canonical = Canonical {
        id: attempt.id.clone(),
        customer_id: attempt.customer_id.clone(),
        cents: attempt.cents,
        time: attempt.time,
        week: attempt.time.week(settings.week_start.days_after_monday()),
        effective: effective_amount(attempt, settings),
        prime: attempt.id.parse().is_ok_and(is_prime),
        accepted: false,
    };
    let reason = first_failure(&canonical, history, settings);
    canonical.accepted = reason.is_none();
    history.push(canonical);
    reason
}

/// Returns the first policy that `new` fails, given all canonical attempts before it.
fn first_failure(new: &Canonical, history: &[Canonical], settings: &Settings) -> Option<&'static str> {
    let that_day = || history.iter().filter(|earlier| earlier.time.day == new.time.day);
    let that_week = || history.iter().filter(|earlier| earlier.week == new.week);
    let same_customer = |earlier: &&Canonical| earlier.customer_id == new.customer_id;
    let accepted = |earlier: &&Canonical| earlier.accepted;

    let attempts_that_day = that_day().filter(same_customer).count() as u64;
    if settings.daily_attempts.is_some_and(|limit| attempts_that_day + 1 > limit) {
        return Some("DAILY_ATTEMPT_LIMIT");
    }
    if settings.prime_gate && new.prime {
        if settings.amount_cap.is_some_and(|cap| new.effective > cap) {
            return Some("PRIME_AMOUNT_CAP");
        }
        let primes_that_day = that_day().filter(accepted).filter(|earlier| earlier.prime).count() as u64;
        if settings.global_per_day.is_some_and(|limit| primes_that_day >= limit) {
            return Some("PRIME_DAILY_GLOBAL_LIMIT");
        }
    }
    let loaded_that_day: Cents =
        that_day().filter(same_customer).filter(accepted).map(|earlier| earlier.effective).sum();
    if amount_limit(settings.daily_amount, new, settings)
        .is_some_and(|limit| loaded_that_day + new.effective > limit)
    {
        return Some("DAILY_AMOUNT_LIMIT");
    }
    let loaded_that_week: Cents =
        that_week().filter(same_customer).filter(accepted).map(|earlier| earlier.effective).sum();
    if amount_limit(settings.weekly_amount, new, settings)
        .is_some_and(|limit| loaded_that_week + new.effective > limit)
    {
        return Some("WEEKLY_AMOUNT_LIMIT");
    }
    None
}

/// Returns the amount that policies and windows count.
fn effective_amount(attempt: &Attempt, settings: &Settings) -> Cents {
    match monday(attempt.time, settings) {
        Some(Monday { multiplier_millionths, apply_to: ApplyTo::Amount }) => {
            multiplied(attempt.cents, multiplier_millionths)
        }
        _ => attempt.cents,
    }
}

/// Returns the daily or weekly amount limit as it is on the day of `new`.
fn amount_limit(limit: Option<Cents>, new: &Canonical, settings: &Settings) -> Option<Cents> {
    match monday(new.time, settings) {
        Some(Monday { multiplier_millionths, apply_to: ApplyTo::Limits }) => {
            limit.map(|limit| divided(limit, multiplier_millionths))
        }
        _ => limit,
    }
}

/// Returns the Monday multiplier if it is on and `time` is on a Monday.
fn monday(time: Utc, settings: &Settings) -> Option<Monday> {
    settings.monday.filter(|_| time.days_after_monday() == 0)
}

#[cfg(test)]
mod tests;
