//! `evaluate_policies`: the decision. The first policy that fails decides.

use std::cell::RefCell;
use std::rc::Rc;

use stream_kernel_exec::trace::Context;
use stream_kernel_exec::{Emitter, Step, StepError};

use crate::config::{EvaluatePoliciesNode, UpdateWindowsNode};
use crate::domain::{
    Cents, Decision, EnrichedAttempt, FundLoadMessage, Idempotency, Reason, Subject, Verdict,
};
use crate::stores::{CustomerWindows, WindowStore};

/// Holds an attempt against the limits and what was accepted before.
pub struct EvaluatePolicies {
    parameters: EvaluatePoliciesNode,
    /// Which figures are kept at all: the others are neither compared nor noted.
    kept: UpdateWindowsNode,
    windows: Rc<RefCell<dyn WindowStore>>,
}

/// What was there before an attempt.
struct Before {
    customer: CustomerWindows,
    primes: u64,
}

/// What an attempt is compared with; `None` where nothing is.
struct Limits {
    attempts: Option<u64>,
    day_amount: Option<Cents>,
    week_amount: Option<Cents>,
    amount_cap: Option<Cents>,
    primes: Option<u64>,
}

impl EvaluatePolicies {
    /// Returns the step for `parameters` that looks at the figures in `windows`, as far as `kept` says that they are kept.
    pub fn new(
        parameters: EvaluatePoliciesNode,
        kept: UpdateWindowsNode,
        windows: Rc<RefCell<dyn WindowStore>>,
    ) -> Self {
        Self { parameters, kept, windows }
    }

    fn look_up(&self, attempt: &EnrichedAttempt) -> Before {
        let windows = self.windows.borrow();
        Before {
            customer: windows.customer(attempt.attempt().customer_id, attempt.day(), attempt.week()),
            primes: if self.parameters.prime_gate.enabled { windows.prime_day(attempt.day()) } else { 0 },
        }
    }

    /// Returns the limits as they are for this attempt: divided on some Mondays, those of primes for primes alone.
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
        if self.kept.daily_attempts.enabled {
            context.metrics.set("attempts_before", before.customer.attempts);
        }
        if self.kept.daily_accepted_amount.enabled {
            context.metrics.set("day_amount_before_cents", before.customer.day_accepted.0);
        }
        if self.kept.weekly_accepted_amount.enabled {
            context.metrics.set("week_amount_before_cents", before.customer.week_accepted.0);
        }
        if self.parameters.prime_gate.enabled {
            context.metrics.set("primes_before", before.primes);
        }
    }
}
impl Limits {
    /// Returns whether `amount` may be loaded on top of what was there before.
    fn judge(&self, amount: Cents, before: &Before) -> Verdict {
        let is_reached = |limit: Option<u64>, before| limit.is_some_and(|limit| before >= limit);
        let is_exceeded = |limit: Option<Cents>, sum| limit.is_some_and(|limit| sum > limit);
        let first_failure = if is_reached(self.attempts, before.customer.attempts) {
            Reason::DailyAttemptLimit
        } else if is_exceeded(self.amount_cap, amount) {
            Reason::PrimeAmountCap
        } else if is_reached(self.primes, before.primes) {
            Reason::PrimeDailyGlobalLimit
        } else if is_exceeded(self.day_amount, before.customer.day_accepted + amount) {
            Reason::DailyAmountLimit
        } else if is_exceeded(self.week_amount, before.customer.week_accepted + amount) {
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

impl Step<FundLoadMessage> for EvaluatePolicies {
    type Takes = EnrichedAttempt;
    type Emits = Decision;

    fn process(
        &mut self,
        attempt: EnrichedAttempt,
        context: &mut Context,
        out: &mut Emitter<'_, FundLoadMessage, Decision>,
    ) -> Result<(), StepError> {
        let verdict = match attempt.idempotency() {
            Idempotency::Replay { .. } => Verdict::Declined(Reason::IdDuplicateReplay),
            Idempotency::Conflict { .. } => Verdict::Declined(Reason::IdDuplicateConflict),
            Idempotency::Canonical => {
                let before = self.look_up(&attempt);
                self.note_before(&before, context);
                let limits = self.limits(&attempt);
                limits.note(context);
                limits.judge(attempt.features().effective_amount, &before)
            }
        };
        context.tags.set("accepted", verdict.is_accepted());
        if let Some(reason) = verdict.reason() {
            context.tags.set("reason", reason.code());
        }
        out.emit(Decision::new(Subject::Attempt(attempt), verdict));
        Ok(())
    }
}
