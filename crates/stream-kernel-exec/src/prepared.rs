//! Inputs whose stateless steps have run already, in wait for their turn.

use stream_kernel_trace::Context;

use crate::emitter::{Destination, Notice, Outbox};
use crate::runner::{receiver, run_step};
use crate::{MessageSet, Scenario, StepError};

/// An input that was prepared.
pub(crate) struct Prepared<M> {
    pub(crate) line_no: u64,
    /// How many messages were emitted for it.
    pub(crate) emitted: usize,
    /// What its steps have written to the output.
    pub(crate) written: Vec<u8>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) reached: Reached<M>,
}

/// How far a prepared input has come.
pub(crate) enum Reached<M> {
    /// The message is next in turn at the step.
    Waiting(usize, M),
    /// The step has emitted none or several, or one that no step receives.
    Emitted(usize, Vec<(M, Destination)>),
    /// The step failed, which counts once the input is due.
    Failed(usize, StepError),
    /// No step takes the input.
    Undeliverable,
}

/// Takes a message through the stateless steps that come first.
pub(crate) fn run_ahead<M: MessageSet>(
    scenario: &mut Scenario<M>,
    input: M,
    line_no: u64,
    context: &mut Context,
    outbox: &mut Outbox<M>,
) -> Prepared<M> {
    outbox.begin_input();
    context.begin_input(line_no);
    let reached = match scenario.entry {
        None => Reached::Undeliverable,
        Some(entry) => run_from(scenario, entry, input, context, outbox),
    };
    let (emitted, written) = (outbox.emitted(), std::mem::take(&mut outbox.written));
    Prepared { line_no, emitted, written, notices: outbox.notices.take_new(), reached }
}

fn run_from<M: MessageSet>(
    scenario: &mut Scenario<M>,
    mut index: usize,
    mut message: M,
    context: &mut Context,
    outbox: &mut Outbox<M>,
) -> Reached<M> {
    let Scenario { steps, memory, runs_ahead, strict, .. } = scenario;
    while runs_ahead[index] {
        // Routes lead to steps that exist.
        let Some(step) = &steps[index] else { break };
        if let Err(error) = run_step(step, message, memory, context, outbox, *strict) {
            return Reached::Failed(index, error);
        }
        let next = match outbox.emissions() {
            [(message, destination)] => receiver(step, message, *destination),
            _ => None,
        };
        match (next, outbox.pop()) {
            (Some(next), Some((emitted, _))) => (index, message) = (next, emitted),
            (_, last) => {
                let emissions = outbox.drain().chain(last).collect();
                return Reached::Emitted(index, emissions);
            }
        }
    }
    Reached::Waiting(index, message)
}
