//! `write_output`: the line goes to the output.

use stream_kernel_exec::trace::Context;
use stream_kernel_exec::{Counters, Emitter, KeyedStep, Nothing, StepResult};

use crate::domain::{FundLoadMessage, OutputLine};
use crate::memory::{Decisions, counter};

/// Writes lines and counts their decisions.
pub struct WriteOutput;

impl KeyedStep<FundLoadMessage> for WriteOutput {
    type Takes = OutputLine;
    type Emits = Nothing;
    type State = Decisions;

    fn key(&self, _: &OutputLine) {}

    fn process(
        &self,
        line: OutputLine,
        mut decisions: Counters<'_>,
        _: &mut Context,
        out: &mut Emitter<'_, FundLoadMessage, Nothing>,
    ) -> StepResult {
        out.write(line.text());
        decisions.add(counter(line.verdict()), 1);
        Ok(())
    }
}
