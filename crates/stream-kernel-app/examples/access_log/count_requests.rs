//! `count_requests`: a hit counts.

use std::cell::RefCell;
use std::rc::Rc;

use stream_kernel_exec::trace::Context;
use stream_kernel_exec::{Emitter, Nothing, Step, StepError};

use super::counts::CountStore;
use super::messages::{AccessLogMessage, Hit};

/// Counts hits by group and value.
pub(crate) struct CountRequests {
    counts: Rc<RefCell<dyn CountStore>>,
}

impl CountRequests {
    /// Returns the step that counts in `counts`.
    pub(crate) fn new(counts: Rc<RefCell<dyn CountStore>>) -> Self {
        Self { counts }
    }
}

impl Step<AccessLogMessage> for CountRequests {
    type Takes = Hit;
    type Emits = Nothing;

    fn process(
        &mut self,
        hit: Hit,
        _: &mut Context,
        _: &mut Emitter<'_, AccessLogMessage, Nothing>,
    ) -> Result<(), StepError> {
        self.counts.borrow_mut().add(hit.group.name(), &hit.value, hit.bytes);
        Ok(())
    }
}
