//! `idempotency_gate`: is this the first attempt with its id?

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use stream_kernel_exec::trace::Context;
use stream_kernel_exec::{Emitter, Step, StepError};

use super::store_error;
use crate::domain::{AttemptWithKeys, FundLoadMessage, Idempotency, IdempotencyClassifiedAttempt};
use crate::stores::{FirstAttempt, IdStore, StoreFull, WindowStore};

/// Tells the first attempt with an id from replays of it and from conflicts with it.
///
/// Of the first, its id is remembered here, and its customer's day further on. Whether there is room for that, too, is asked before the id is
/// remembered: a line that ends the run leaves everything as it was, and may be taken again.
pub struct IdempotencyGate {
    ids: Rc<RefCell<dyn IdStore>>,
    windows: Rc<RefCell<dyn WindowStore>>,
}

impl IdempotencyGate {
    /// Returns the step that remembers in `ids`, in a pipeline that counts in `windows`.
    pub fn new(ids: Rc<RefCell<dyn IdStore>>, windows: Rc<RefCell<dyn WindowStore>>) -> Self {
        Self { ids, windows }
    }

    fn classify(&self, keyed: &AttemptWithKeys, context: &mut Context) -> Result<Idempotency, StoreFull> {
        let attempt = FirstAttempt::from(keyed.attempt());
        let room = self.windows.borrow().check_room(attempt.customer_id, keyed.day(), keyed.week());
        let Some(first) = self.ids.borrow_mut().get_or_remember(keyed.attempt().id, attempt, room)? else {
            return Ok(Idempotency::Canonical);
        };
        let canonical_line_no = first.line_no;
        Ok(if (FirstAttempt { line_no: canonical_line_no, ..attempt }) == first {
            Idempotency::Replay { canonical_line_no }
        } else {
            context.tags.set("differs", Differences { first, later: attempt });
            Idempotency::Conflict { canonical_line_no }
        })
    }
}

/// In what two attempts with the same id differ.
struct Differences {
    first: FirstAttempt,
    later: FirstAttempt,
}

/// Writes what differs, such as `customer_id,amount,time`.
impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, later } = self;
        let mut separator = "";
        for (name, differs) in [
            ("customer_id", first.customer_id != later.customer_id),
            ("amount", first.amount != later.amount),
            ("time", first.time != later.time),
        ] {
            if differs {
                write!(f, "{separator}{name}")?;
                separator = ",";
            }
        }
        Ok(())
    }
}

impl Step<FundLoadMessage> for IdempotencyGate {
    type Takes = AttemptWithKeys;
    type Emits = IdempotencyClassifiedAttempt;

    fn process(
        &mut self,
        keyed: AttemptWithKeys,
        context: &mut Context,
        out: &mut Emitter<'_, FundLoadMessage, IdempotencyClassifiedAttempt>,
    ) -> Result<(), StepError> {
        let idempotency = self.classify(&keyed, context).map_err(store_error)?;
        let classified = keyed.classified(idempotency);
        context.tags.set("idempotency", idempotency.name());
        context.metrics.set("canonical_line_no", classified.canonical_line_no());
        out.emit(classified);
        Ok(())
    }
}
