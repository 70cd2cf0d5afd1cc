//! `evaluate_policies`: the decision. The first policy that fails decides.

use stream_kernel_exec::trace::Context;
use stream_kernel_exec::{Emitter, Entry, GateCount, KeyedStep, StepResult};

use crate::config::{EvaluatePoliciesNode, UpdateWindowsNode};
use crate::domain::{
    Cents, Day, Decision, DigitId, EnrichedAttempt, FundLoadMessage, Idempotency, Reason, Subject, Verdict,
};
use crate::memory::{AcceptedPrimes, CustomerWeek, WeekFigures, Weeks};

/// Compares an attempt with the limits and the earlier attempts.
pub struct EvaluatePolicies {
    /// Its part of the configuration.
    pub parameters: EvaluatePoliciesNode,
    /// The figures that exist: others are neither compared nor noted.
    pub windows: UpdateWindowsNode,
}

/// The figures before an attempt.
struct Before {
    /// Attempts of the customer on the day, including declined ones.
    attempts: u64,
    day_amount: Cents,
    week_amount: Cents,
    /// Accepted attempts of the day whose id is a prime number, over all customers.
    primes: u64,
}

/// The limits for an attempt; `None` where there is none.
struct Limits {
    attempts: Option<u64>,
    day_amount: Option<Cents>,
    week_amount: Option<Cents>,
    amount_cap: Option<Cents>,
    primes: Option<u64>,
}

impl EvaluatePolicies {
    fn look_up(&self, attempt: &EnrichedAttempt, found: &mut Found<'_>) -> Before {
        let (week, primes) = found;
        let figures = week.get().unwrap_or_default();
        Before {
            attempts: figures.attempts(attempt.week(), attempt.day()),
            day_amount: figures.accepted_on(attempt.week(), attempt.day()),
            week_amount: figures.accepted(),
            primes: if self.parameters.prime_gate.enabled { primes.get() } else { 0 },
        }
    }

    /// Returns the limits for this attempt: divided on some Mondays, and those of primes only for primes.
    fn limits(&self, attempt: &EnrichedAttempt) -> Limits {
        let EvaluatePoliciesNode { limits, prime_gate: gate } = &self.parameters;
        let is_gated = gate.enabled && attempt.features().is_prime;
        let of_that_day =
            |limit: Option<Cents>| limit.map(|limit| limit.divided_by(attempt.features().limit_divisor));
        Limits {
            attempts: limits.daily_attempts,
            day_amount: of_that_day(limits.daily_amount),
            week_amount: of_that_day(limits.weekly_amount),
            amount_cap: gate.amount_cap.filter(|_| is_gated),
            primes: gate.global_per_day.filter(|_| is_gated),
        }
    }

    fn note_before(&self, before: &Before, context: &mut Context) {
        if self.windows.daily_attempts.enabled {
            context.metrics.set("attempts_before", before.attempts);
        }
        if self.windows.daily_accepted_amount.enabled {
            context.metrics.set("day_amount_before_cents", before.day_amount.0);
        }
        if self.windows.weekly_accepted_amount.enabled {
            context.metrics.set("week_amount_before_cents", before.week_amount.0);
        }
        if self.parameters.prime_gate.enabled {
            context.metrics.set("primes_before", before.primes);
        }
    }
}

impl Limits {
    /// Returns whether `amount` may be loaded on top of the figures before.
    fn judge(&self, amount: Cents, before: &Before) -> Verdict {
        let is_reached = |limit: Option<u64>, before| limit.is_some_and(|limit| before >= limit);
        let is_exceeded = |limit: Option<Cents>, sum| limit.is_some_and(|limit| sum > limit);
        let first_failure = if is_reached(self.attempts, before.attempts) {
            Reason::DailyAttemptLimit
        } else if is_exceeded(self.amount_cap, amount) {
            Reason::PrimeAmountCap
        } else if is_reached(self.primes, before.primes) {
            Reason::PrimeDailyGlobalLimit
        } else if is_exceeded(self.day_amount, before.day_amount + amount) {
            Reason::DailyAmountLimit
        } else if is_exceeded(self.week_amount, before.week_amount + amount) {
            Reason::WeeklyAmountLimit
        } else {
            return Verdict::Accepted;
        };
        Verdict::Declined(first_failure)
    }

    /// Notes the limits for people to read.
    fn note(&self, context: &mut Context) {
        let cents = |limit: Option<Cents>| limit.map(|limit| limit.0);
        for (name, limit) in [
            ("daily_attempts_limit", self.attempts.map(u128::from)),
            ("day_amount_limit_cents", cents(self.day_amount)),
            ("week_amount_limit_cents", cents(self.week_amount)),
            ("amount_cap_cents", cents(self.amount_cap)),
            ("global_per_day_limit", self.primes.map(u128::from)),
        ] {
            if let Some(limit) = limit {
                context.metrics.set(name, limit);
            }
        }
    }
}

/// The memory of a customer's week, and of a day.
type Found<'a> = (Entry<'a, CustomerWeek, WeekFigures, DigitId>, GateCount<'a, Day>);

impl KeyedStep<FundLoadMessage> for EvaluatePolicies {
    type Takes = EnrichedAttempt;
    type Emits = Decision;
    type State = Option<(Weeks, AcceptedPrimes)>;

    #[inline]
    fn key(&self, attempt: &EnrichedAttempt) -> Option<(CustomerWeek, Day)> {
        let is_canonical = attempt.idempotency() == Idempotency::Canonical;
        is_canonical.then(|| (CustomerWeek::of(attempt), attempt.day()))
    }

    fn process(
        &self,
        attempt: EnrichedAttempt,
        found: Option<Found<'_>>,
        context: &mut Context,
        out: &mut Emitter<'_, FundLoadMessage, Decision>,
    ) -> StepResult {
        let verdict = match found {
            Some(mut found) => {
                let before = self.look_up(&attempt, &mut found);
                let limits = self.limits(&attempt);
                if context.metrics.is_recorded() {
                    self.note_before(&before, context);
                    limits.note(context);
                }
                limits.judge(attempt.features().effective_amount, &before)
            }
            // Only canonical attempts look anything up.
            None => Verdict::Declined(match attempt.idempotency() {
                Idempotency::Replay => Reason::IdDuplicateReplay,
                _ => Reason::IdDuplicateConflict,
            }),
        };
        context.tags.set("accepted", verdict.is_accepted());
        if let Some(reason) = verdict.reason() {
            context.tags.set("reason", reason.code());
        }
        out.emit(Decision::new(Subject::Attempt(attempt), verdict));
        Ok(())
    }
}
