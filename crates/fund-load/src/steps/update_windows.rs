//! `update_windows`: the decision counts from now on.

use stream_kernel_exec::trace::Context;
use stream_kernel_exec::{Emitter, Entry, GateCount, KeyedStep, StepResult};

use crate::config::UpdateWindowsNode;
use crate::domain::{
    Cents, Day, Decision, DigitId, EnrichedAttempt, Features, FundLoadMessage, Idempotency, Subject,
};
use crate::memory::{AcceptedPrimes, CustomerWeek, WeekFigures, Weeks};

/// Counts attempts and accepted amounts in the enabled windows. Only the first attempt with an id counts.
pub struct UpdateWindows {
    /// Its part of the configuration.
    pub parameters: UpdateWindowsNode,
}

impl UpdateWindows {
    fn count(
        &self,
        attempt: &EnrichedAttempt,
        is_accepted: bool,
        (mut week, mut primes): (Entry<'_, CustomerWeek, WeekFigures, DigitId>, GateCount<'_, Day>),
        context: &mut Context,
    ) -> StepResult {
        let UpdateWindowsNode {
            daily_attempts,
            daily_accepted_amount,
            weekly_accepted_amount,
            daily_prime_gate,
        } = &self.parameters;
        let &Features { effective_amount, is_prime, .. } = attempt.features();
        // A customer's day is counted as a whole if any of its windows is enabled; disabled ones are not noted, and no
        // limit uses them.
        if daily_attempts.enabled || daily_accepted_amount.enabled || weekly_accepted_amount.enabled {
            let mut figures = week.get().unwrap_or_default();
            let (first_day, day) = (attempt.week(), attempt.day());
            figures.count(first_day, day, if is_accepted { effective_amount } else { Cents(0) });
            week.set(&figures)?;
            if daily_attempts.enabled {
                context.metrics.set("attempts_after", figures.attempts(first_day, day));
            }
            if daily_accepted_amount.enabled {
                context.metrics.set("day_amount_after_cents", figures.accepted_on(first_day, day).0);
            }
            if weekly_accepted_amount.enabled {
                context.metrics.set("week_amount_after_cents", figures.accepted().0);
            }
        }
        if is_accepted && is_prime && daily_prime_gate.enabled {
            primes.add(1);
        }
        Ok(())
    }
}

/// Returns the attempt of a decision, if it counts.
fn counted(decision: &Decision) -> Option<&EnrichedAttempt> {
    match decision.subject() {
        Subject::Attempt(attempt) => {
            Some(attempt).filter(|attempt| attempt.idempotency() == Idempotency::Canonical)
        }
        Subject::BadLine(_) => None,
    }
}

impl KeyedStep<FundLoadMessage> for UpdateWindows {
    type Takes = Decision;
    type Emits = Decision;
    type State = Option<(Weeks, AcceptedPrimes)>;

    #[inline]
    fn key(&self, decision: &Decision) -> Option<(CustomerWeek, Day)> {
        counted(decision).map(|attempt| (CustomerWeek::of(attempt), attempt.day()))
    }

    fn process(
        &self,
        decision: Decision,
        found: Option<(Entry<'_, CustomerWeek, WeekFigures, DigitId>, GateCount<'_, Day>)>,
        context: &mut Context,
        out: &mut Emitter<'_, FundLoadMessage, Decision>,
    ) -> StepResult {
        if let (Some(attempt), Some(found)) = (counted(&decision), found) {
            self.count(attempt, decision.verdict().is_accepted(), found, context)?;
        }
        out.emit(decision);
        Ok(())
    }
}
