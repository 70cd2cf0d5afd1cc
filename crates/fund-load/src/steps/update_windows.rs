//! `update_windows`: what was decided counts from now on.

use std::cell::RefCell;
use std::rc::Rc;

use stream_kernel_exec::trace::Context;
use stream_kernel_exec::{Emitter, Step, StepError};

use super::store_error;
use crate::config::UpdateWindowsNode;
use crate::domain::{Cents, Decision, EnrichedAttempt, Features, FundLoadMessage, Idempotency, Subject};
use crate::stores::{StoreFull, WindowStore};

/// Counts attempts and accepted amounts, as far as their windows are switched on. Only the first attempt with an id counts.
pub struct UpdateWindows {
    parameters: UpdateWindowsNode,
    windows: Rc<RefCell<dyn WindowStore>>,
}

impl UpdateWindows {
    /// Returns the step for `parameters` that counts in `windows`.
    pub fn new(parameters: UpdateWindowsNode, windows: Rc<RefCell<dyn WindowStore>>) -> Self {
        Self { parameters, windows }
    }

    fn count(
        &self,
        attempt: &EnrichedAttempt,
        is_accepted: bool,
        context: &mut Context,
    ) -> Result<(), StoreFull> {
        let UpdateWindowsNode {
            daily_attempts,
            daily_accepted_amount,
            weekly_accepted_amount,
            daily_prime_gate,
        } = &self.parameters;
        let &Features { effective_amount, is_prime, .. } = attempt.features();
        let mut windows = self.windows.borrow_mut();
        // A customer's day is kept whole if any of its windows is on; what is off is not noted, and no limit looks at it.
        if daily_attempts.enabled || daily_accepted_amount.enabled || weekly_accepted_amount.enabled {
            let accepted = if is_accepted { effective_amount } else { Cents(0) };
            let customer_id = attempt.attempt().customer_id;
            let after = windows.count_attempt(customer_id, accepted, attempt.day(), attempt.week())?;
            if daily_attempts.enabled {
                context.metrics.set("attempts_after", after.attempts);
            }
            if daily_accepted_amount.enabled {
                context.metrics.set("day_amount_after_cents", after.day_accepted.0);
            }
            if weekly_accepted_amount.enabled {
                context.metrics.set("week_amount_after_cents", after.week_accepted.0);
            }
        }
        if is_accepted && is_prime && daily_prime_gate.enabled {
            windows.count_prime(attempt.day());
        }
        Ok(())
    }
}

impl Step<FundLoadMessage> for UpdateWindows {
    type Takes = Decision;
    type Emits = Decision;

    fn process(
        &mut self,
        decision: Decision,
        context: &mut Context,
        out: &mut Emitter<'_, FundLoadMessage, Decision>,
    ) -> Result<(), StepError> {
        if let Subject::Attempt(attempt) = decision.subject()
            && attempt.idempotency() == Idempotency::Canonical
        {
            self.count(attempt, decision.verdict().is_accepted(), context).map_err(store_error)?;
        }
        out.emit(decision);
        Ok(())
    }
}
