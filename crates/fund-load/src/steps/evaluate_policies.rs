//! `evaluate_policies`: the decision. The first policy that fails decides.

use std::cell::RefCell;
use std::rc::Rc;

use stream_kernel_exec::trace::Context;
use stream_kernel_exec::{Emitter, Step, StepError};

use crate::config::{EvaluatePoliciesNode, UpdateWindowsNode};
use crate::domain::{
    Cents, Decision, EnrichedAttempt, FundLoadMessage, Idempotency, Reason, Subject, Verdict,
};
use crate::stores::WindowStore;

/// Holds an attempt against the limits and what was accepted before.
pub struct EvaluatePolicies {
    parameters: EvaluatePoliciesNode,
    /// Which figures are kept at all: the others are neither compared nor noted.
    kept: UpdateWindowsNode,
    windows: Rc<RefCell<dyn WindowStore>>,
}

/// What was there before an attempt.
struct Before {
    attempts: u64,
    day_amount: Cents,
    week_amount: Cents,
    primes: u64,
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
        let customer_id = attempt.attempt().customer_id;
        let day = windows.customer_day(customer_id, attempt.day());
        Before {
            attempts: day.attempts,
            day_amount: day.accepted,
            week_amount: windows.customer_week(customer_id, attempt.week()),
            primes: if self.parameters.prime_gate.enabled { windows.prime_day(attempt.day()) } else { 0 },
        }
    }

    fn judge(&self, attempt: &EnrichedAttempt, before: &Before) -> Verdict {
        self.judge_attempts(before)
            .or_else(|| self.judge_prime(attempt, before))
            .or_else(|| self.judge_amounts(attempt, before))
            .map_or(Verdict::Accepted, Verdict::Declined)
    }

    fn judge_attempts(&self, before: &Before) -> Option<Reason> {
        let limit = self.parameters.limits.daily_attempts?;
        (before.attempts >= limit).then_some(Reason::DailyAttemptLimit)
    }

    fn judge_prime(&self, attempt: &EnrichedAttempt, before: &Before) -> Option<Reason> {
        let gate = &self.parameters.prime_gate;
        if !gate.enabled || !attempt.is_prime {
            return None;
        }
        if gate.amount_cap.is_some_and(|cap| attempt.effective_amount > cap) {
            return Some(Reason::PrimeAmountCap);
        }
        let is_exhausted = gate.global_per_day.is_some_and(|limit| before.primes >= limit);
        is_exhausted.then_some(Reason::PrimeDailyGlobalLimit)
    }

    fn judge_amounts(&self, attempt: &EnrichedAttempt, before: &Before) -> Option<Reason> {
        let limits = &self.parameters.limits;
        let exceeds = |limit: Option<Cents>, before: Cents| {
            limit.is_some_and(|limit| {
                before + attempt.effective_amount > limit.divided_by(attempt.limit_divisor)
            })
        };
        if exceeds(limits.daily_amount, before.day_amount) {
            return Some(Reason::DailyAmountLimit);
        }
        exceeds(limits.weekly_amount, before.week_amount).then_some(Reason::WeeklyAmountLimit)
    }

    fn note_before(&self, before: &Before, context: &mut Context) {
        if self.kept.daily_attempts.enabled {
            context.metrics.set("attempts_before", before.attempts);
        }
        if self.kept.daily_accepted_amount.enabled {
            context.metrics.set("day_amount_before_cents", before.day_amount.0);
        }
        if self.kept.weekly_accepted_amount.enabled {
            context.metrics.set("week_amount_before_cents", before.week_amount.0);
        }
        if self.parameters.prime_gate.enabled {
            context.metrics.set("primes_before", before.primes);
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
        let verdict = match attempt.classified.idempotency {
            Idempotency::Replay { .. } => Verdict::Declined(Reason::IdDuplicateReplay),
            Idempotency::Conflict { .. } => Verdict::Declined(Reason::IdDuplicateConflict),
            Idempotency::Canonical => {
                let before = self.look_up(&attempt);
                self.note_before(&before, context);
                self.judge(&attempt, &before)
            }
        };
        context.tags.set("accepted", verdict.is_accepted());
        if let Some(reason) = verdict.reason() {
            context.tags.set("reason", reason.code());
        }
        out.emit(Decision { subject: Subject::Attempt(attempt), verdict });
        Ok(())
    }
}
