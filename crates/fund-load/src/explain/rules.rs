//! Limits that an attempt was compared with, and the amounts that would have passed.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::domain::Reason;

use super::notes::Metrics;

const ONE: u128 = 1_000_000;

/// A limit, the figure before, and the attempt's addition. Reaching the limit exactly is allowed.
///
/// Unknown only for the rule that declined, in a trace that does not show limits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) reason: Reason,
    pub(super) before: u128,
    pub(super) adds: u128,
    pub(super) limit: Option<u128>,
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rule = serializer.serialize_struct("Rule", 6)?;
        rule.serialize_field("rule", self.reason.code())?;
        rule.serialize_field("unit", if self.is_of_money() { "cents" } else { "count" })?;
        rule.serialize_field("before", &self.before)?;
        rule.serialize_field("adds", &self.adds)?;
        rule.serialize_field("limit", &self.limit)?;
        rule.serialize_field("passes", &self.passes())?;
        rule.end()
    }
}

impl Rule {
    pub(super) fn sum(&self) -> u128 {
        self.before.saturating_add(self.adds)
    }

    pub(super) fn passes(&self) -> bool {
        self.limit.is_some_and(|limit| self.sum() <= limit)
    }

    /// Returns whether it is about money, so that its figures are cents.
    pub(super) fn is_of_money(&self) -> bool {
        !matches!(self.reason, Reason::DailyAttemptLimit | Reason::PrimeDailyGlobalLimit)
    }
}

/// Returns the rules whose figures were noted, in the order in which they were checked; the one that `declined` is
/// among them, without its limit if that was not noted.
pub(super) fn rules(metrics: &Metrics, declined: Option<Reason>) -> Vec<Rule> {
    let amount = metrics.effective_amount_cents;
    let compared = [
        (Reason::DailyAttemptLimit, metrics.attempts_before, Some(1), metrics.daily_attempts_limit),
        (Reason::PrimeAmountCap, Some(0), amount, metrics.amount_cap_cents),
        (Reason::PrimeDailyGlobalLimit, metrics.primes_before, Some(1), metrics.global_per_day_limit),
        (Reason::DailyAmountLimit, metrics.day_amount_before_cents, amount, metrics.day_amount_limit_cents),
        (
            Reason::WeeklyAmountLimit,
            metrics.week_amount_before_cents,
            amount,
            metrics.week_amount_limit_cents,
        ),
    ];
    let rule = |(reason, before, adds, limit): (_, Option<_>, Option<_>, Option<_>)| {
        let is_known = limit.is_some() || declined == Some(reason);
        is_known.then_some(Rule { reason, before: before?, adds: adds?, limit })
    };
    compared.into_iter().filter_map(rule).collect()
}

/// Returns the largest amount, in cents on a line, that passes every rule about money; `None` if none does.
pub(super) fn largest_amount(rules: &[Rule], metrics: &Metrics) -> Option<u128> {
    let of_money = rules.iter().filter(|rule| rule.is_of_money());
    let room = of_money.map(|rule| rule.limit?.checked_sub(rule.before));
    let room = room.collect::<Option<Vec<_>>>()?.into_iter().min()?;
    let Some(multiplier) = metrics.amount_multiplier_millionths else { return Some(room) };
    // The multiplied amount is rounded half up: it must stay half a cent below the next cent.
    let below = room.checked_add(1)?.checked_mul(ONE)? - ONE / 2;
    (below - 1).checked_div(multiplier.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Cents, Multiplier};

    #[test]
    fn the_largest_amount_passes_and_a_cent_more_does_not() {
        for limit in [0, 1, 2, 99, 500_000] {
            for millionths in [1_000_000, 1_000_001, 1_499_999, 1_500_000, 3_000_000, 1_000_000_000] {
                let metrics = Metrics {
                    effective_amount_cents: Some(limit + 1),
                    day_amount_before_cents: Some(7),
                    day_amount_limit_cents: Some(limit + 7),
                    amount_multiplier_millionths: Some(millionths),
                    ..Metrics::default()
                };
                let largest = largest_amount(&rules(&metrics, None), &metrics).unwrap();
                let counts_as =
                    |cents| Cents(cents).times(Multiplier::from_millionths(millionths).unwrap()).0;
                assert!(counts_as(largest) <= limit, "{largest} x {millionths} within {limit}");
                assert!(counts_as(largest + 1) > limit, "{largest} + 1 x {millionths} beyond {limit}");
            }
        }
    }

    #[test]
    fn the_narrowest_rule_about_money_bounds_the_amount() {
        let metrics = Metrics {
            effective_amount_cents: Some(100),
            attempts_before: Some(0),
            daily_attempts_limit: Some(3),
            day_amount_before_cents: Some(10),
            day_amount_limit_cents: Some(60),
            week_amount_before_cents: Some(10),
            week_amount_limit_cents: Some(50),
            ..Metrics::default()
        };
        assert_eq!(largest_amount(&rules(&metrics, None), &metrics), Some(40));
        let exhausted = Metrics { week_amount_before_cents: Some(51), ..metrics };
        assert_eq!(largest_amount(&rules(&exhausted, None), &exhausted), None);
    }

    #[test]
    fn figures_beyond_all_measure_do_not_overflow() {
        let metrics = Metrics {
            effective_amount_cents: Some(u128::MAX),
            day_amount_before_cents: Some(1),
            day_amount_limit_cents: Some(u128::MAX - 1),
            amount_multiplier_millionths: Some(0),
            ..Metrics::default()
        };
        let rules = rules(&metrics, None);
        assert!(!rules[0].passes());
        assert_eq!(largest_amount(&rules, &metrics), None);
    }
}
