//! `update_windows`: what was decided counts from now on.

use std::cell::RefCell;
use std::rc::Rc;

use stream_kernel_exec::trace::Context;
use stream_kernel_exec::{Emitter, Step, StepError};

use crate::config::UpdateWindowsNode;
use crate::domain::{Cents, Decision, EnrichedAttempt, FundLoadMessage, Subject};
use crate::stores::{WindowEntry, WindowStore};

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

    fn count(&self, attempt: &EnrichedAttempt, is_accepted: bool, context: &mut Context) {
        let accepted = if is_accepted { attempt.effective_amount } else { Cents(0) };
        self.count_day(attempt, accepted, context);
        self.count_week(attempt, accepted, context);
        if is_accepted && attempt.is_prime && self.parameters.daily_prime_gate.enabled {
            let mut windows = self.windows.borrow_mut();
            let (day, before) = (attempt.day(), windows.prime_day(attempt.day()));
            windows.set(WindowEntry::PrimeDay { day, accepted: before + 1 });
        }
    }

    fn count_day(&self, attempt: &EnrichedAttempt, accepted: Cents, context: &mut Context) {
        let UpdateWindowsNode { daily_attempts, daily_accepted_amount, .. } = &self.parameters;
        if !daily_attempts.enabled && !daily_accepted_amount.enabled {
            return;
        }
        let mut windows = self.windows.borrow_mut();
        let (customer_id, day) = (attempt.attempt().customer_id, attempt.day());
        let mut window = windows.customer_day(customer_id, day);
        if daily_attempts.enabled {
            window.attempts += 1;
            context.metrics.set("attempts_after", window.attempts);
        }
        if daily_accepted_amount.enabled {
            window.accepted = window.accepted + accepted;
            context.metrics.set("day_amount_after_cents", window.accepted.0);
        }
        let (attempts, accepted) = (window.attempts, window.accepted);
        windows.set(WindowEntry::CustomerDay { customer_id, day, attempts, accepted });
    }

    fn count_week(&self, attempt: &EnrichedAttempt, accepted: Cents, context: &mut Context) {
        if !self.parameters.weekly_accepted_amount.enabled {
            return;
        }
        let mut windows = self.windows.borrow_mut();
        let (customer_id, week) = (attempt.attempt().customer_id, attempt.week());
        let accepted = windows.customer_week(customer_id, week) + accepted;
        context.metrics.set("week_amount_after_cents", accepted.0);
        windows.set(WindowEntry::CustomerWeek { customer_id, week, accepted });
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
        if let Subject::Attempt(attempt) = &decision.subject
            && attempt.is_canonical()
        {
            self.count(attempt, decision.verdict.is_accepted(), context);
        }
        out.emit(decision);
        Ok(())
    }
}
