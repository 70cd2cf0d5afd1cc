//! Policies: canonical attempts, and the limits that apply to them.

use std::collections::{BTreeMap, BTreeSet};

use super::attempt::Attempt;
use super::money::{Cents, divided, multiplied};
use super::prime::is_prime;
use super::settings::{ApplyTo, Monday, Settings};
use super::utc::Utc;

/// The lines so far, as far as anything depends on them.
#[derive(Debug, Default)]
pub(super) struct History {
    canonical: Vec<Canonical>,
    /// The days of all usable lines, including duplicates.
    days: Vec<i64>,
}

/// The first attempt of an `id`, and its decision. An `id` that was forgotten has several; the last one counts.
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

/// The figures for a canonical attempt. Amounts are in cents; a limit that is `None` is not checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// The amount that counts.
    pub effective: Cents,
    /// The customer's attempts that day, before this one.
    pub attempts_before: u64,
    /// The customer's accepted amount that day.
    pub loaded_that_day: Cents,
    /// The customer's accepted amount that week.
    pub loaded_that_week: Cents,
    /// The attempts with a prime `id` accepted that day, of all customers.
    pub primes_before: u64,
    /// The limit of attempts.
    pub daily_attempts: Option<u64>,
    /// The largest amount; of a prime `id` only.
    pub amount_cap: Option<Cents>,
    /// The limit of attempts with a prime `id`; of a prime `id` only.
    pub global_per_day: Option<u64>,
    /// The limit of the day's amount, on that day.
    pub daily_amount: Option<Cents>,
    /// The limit of the week's amount, on that day.
    pub weekly_amount: Option<Cents>,
}

/// Returns why `attempt` is declined, `None` if it is accepted, and its figures if it is canonical, when it joins
/// `history`.
pub(super) fn adjudicate(
    attempt: &Attempt,
    history: &mut History,
    settings: &Settings,
) -> (Option<&'static str>, Option<Figures>) {
    history.days.push(attempt.time.day);
    if let Some(first) = history.remembered(&attempt.id, settings) {
        let replayed = first.customer_id == attempt.customer_id
            && first.cents == attempt.cents
            && first.time == attempt.time;
        return (Some(if replayed { "ID_DUPLICATE_REPLAY" } else { "ID_DUPLICATE_CONFLICT" }), None);
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
    let figures = figures(&canonical, &history.canonical, settings);
    let reason = first_failure(&figures);
    canonical.accepted = reason.is_none();
    history.canonical.push(canonical);
    (reason, Some(figures))
}

impl History {
    /// Returns the canonical attempt of an `id`, if the `id` is remembered after the lines so far.
    fn remembered(&self, id: &str, settings: &Settings) -> Option<&Canonical> {
        let last = self.canonical.iter().rfind(|earlier| earlier.id == id);
        last.filter(|canonical| is_remembered(canonical, self.latest_day(settings), settings))
    }

    /// Returns the latest day of the lines so far; days too far after it do not count.
    fn latest_day(&self, settings: &Settings) -> Option<i64> {
        let counts = |latest: i64, day: i64| {
            settings.max_days_ahead.is_none_or(|max_days_ahead| day <= latest + i64::from(max_days_ahead))
        };
        self.days
            .iter()
            .copied()
            .reduce(|latest, day| if counts(latest, day) { latest.max(day) } else { latest })
    }

    /// Returns the size of memory after the lines so far.
    pub(super) fn kept(&self, settings: &Settings) -> Kept {
        let customers: BTreeSet<_> = self.canonical.iter().map(|canonical| &canonical.customer_id).collect();
        // The last one of an `id` takes the place of those before it.
        let by_id: BTreeMap<_, _> =
            self.canonical.iter().map(|canonical| (&canonical.id, canonical)).collect();
        let latest = self.latest_day(settings);
        let ids = by_id.values().filter(|canonical| is_remembered(canonical, latest, settings)).count();
        Kept { ids, customers: customers.len() }
    }
}

/// Returns whether the `id` of the last attempt with it is remembered when the latest day is this.
fn is_remembered(canonical: &Canonical, latest: Option<i64>, settings: &Settings) -> bool {
    let age = latest.map(|latest| latest - canonical.time.day);
    settings.remember_days.is_none_or(|days| age <= Some(days.into()))
}

/// The size of memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    /// The `id`s that are remembered.
    pub ids: usize,
    /// The customers with any counts.
    pub customers: usize,
}

/// Returns the figures for `new`, given all canonical attempts before it.
fn figures(new: &Canonical, history: &[Canonical], settings: &Settings) -> Figures {
    let that_day = || history.iter().filter(|earlier| earlier.time.day == new.time.day);
    let that_week = || history.iter().filter(|earlier| earlier.week == new.week);
    let same_customer = |earlier: &&Canonical| earlier.customer_id == new.customer_id;
    let accepted = |earlier: &&Canonical| earlier.accepted;
    let gated = settings.prime_gate && new.prime;
    Figures {
        effective: new.effective,
        attempts_before: that_day().filter(same_customer).count() as u64,
        loaded_that_day: that_day()
            .filter(same_customer)
            .filter(accepted)
            .map(|earlier| earlier.effective)
            .sum(),
        loaded_that_week: that_week()
            .filter(same_customer)
            .filter(accepted)
            .map(|earlier| earlier.effective)
            .sum(),
        primes_before: that_day().filter(accepted).filter(|earlier| earlier.prime).count() as u64,
        daily_attempts: settings.daily_attempts,
        amount_cap: settings.amount_cap.filter(|_| gated),
        global_per_day: settings.global_per_day.filter(|_| gated),
        daily_amount: amount_limit(settings.daily_amount, new, settings),
        weekly_amount: amount_limit(settings.weekly_amount, new, settings),
    }
}

/// Returns the first policy that fails for these figures.
fn first_failure(figures: &Figures) -> Option<&'static str> {
    if figures.daily_attempts.is_some_and(|limit| figures.attempts_before + 1 > limit) {
        return Some("DAILY_ATTEMPT_LIMIT");
    }
    if figures.amount_cap.is_some_and(|cap| figures.effective > cap) {
        return Some("PRIME_AMOUNT_CAP");
    }
    if figures.global_per_day.is_some_and(|limit| figures.primes_before >= limit) {
        return Some("PRIME_DAILY_GLOBAL_LIMIT");
    }
    if figures.daily_amount.is_some_and(|limit| figures.loaded_that_day + figures.effective > limit) {
        return Some("DAILY_AMOUNT_LIMIT");
    }
    if figures.weekly_amount.is_some_and(|limit| figures.loaded_that_week + figures.effective > limit) {
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

/// Returns the daily or weekly amount limit on the day of `new`.
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
