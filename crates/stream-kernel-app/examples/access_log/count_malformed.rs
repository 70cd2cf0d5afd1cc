//! `count_malformed`: a line that is no request counts, too.

use std::cell::RefCell;
use std::rc::Rc;

use stream_kernel_exec::trace::Context;
use stream_kernel_exec::{Emitter, Nothing, Step, StepError};

use super::counts::CountStore;
use super::messages::{AccessLogMessage, Malformed};

/// The group in which malformed lines are counted.
pub(crate) const GROUP: &str = "malformed";

/// Counts malformed lines by what is wrong with them.
pub(crate) struct CountMalformed {
    counts: Rc<RefCell<dyn CountStore>>,
}

impl CountMalformed {
    /// Returns the step that counts in `counts`.
    pub(crate) fn new(counts: Rc<RefCell<dyn CountStore>>) -> Self {
        Self { counts }
    }
}

impl Step<AccessLogMessage> for CountMalformed {
    type Takes = Malformed;
    type Emits = Nothing;

    fn process(
        &mut self,
        line: Malformed,
        _: &mut Context,
        _: &mut Emitter<'_, AccessLogMessage, Nothing>,
    ) -> Result<(), StepError> {
        self.counts.borrow_mut().add(GROUP, line.reason, 0);
        Ok(())
    }
}
