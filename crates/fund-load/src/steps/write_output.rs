//! `write_output`: the line goes to the output.

use std::cell::RefCell;
use std::rc::Rc;

use stream_kernel_exec::trace::Context;
use stream_kernel_exec::{Emitter, Nothing, Step, StepError};
use stream_kernel_run::LineOutput;

use crate::domain::{FundLoadMessage, OutputLine};
use crate::tally::Tally;

/// Writes lines and counts what they say.
pub struct WriteOutput {
    output: Rc<RefCell<dyn LineOutput>>,
    tally: Rc<RefCell<Tally>>,
}

impl WriteOutput {
    /// Returns the step that writes to `output` and counts in `tally`.
    pub fn new(output: Rc<RefCell<dyn LineOutput>>, tally: Rc<RefCell<Tally>>) -> Self {
        Self { output, tally }
    }
}

impl Step<FundLoadMessage> for WriteOutput {
    type Takes = OutputLine;
    type Emits = Nothing;

    fn process(
        &mut self,
        line: OutputLine,
        _: &mut Context,
        _: &mut Emitter<'_, FundLoadMessage, Nothing>,
    ) -> Result<(), StepError> {
        // Without its output the run has no purpose: it stops whatever the policy for step errors says.
        self.output
            .borrow_mut()
            .write_line(line.text())
            .map_err(|error| StepError::new("OutputError", error).stopping())?;
        self.tally.borrow_mut().count(line.verdict());
        Ok(())
    }
}
