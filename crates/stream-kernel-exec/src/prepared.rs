//! Inputs whose stateless steps have run already, in wait for their turn.

use std::panic::{AssertUnwindSafe, catch_unwind};

use stream_kernel_trace::Context;

use crate::chain::Surroundings;
use crate::emitter::{Destination, Notice, Outbox};
use crate::runner::{Emitted, check_emissions, panic_text, run_step};
use crate::{MessageSet, Scenario, StepError};

/// An input that was prepared.
pub(crate) struct Prepared<M> {
    pub(crate) line_no: u64,
    /// How many messages were emitted for it.
    pub(crate) emitted: usize,
    /// What its steps have written to the output, and their notices: mostly none.
    pub(crate) told: Option<Box<(Vec<u8>, Vec<Notice>)>>,
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
    let mut at = scenario.entry.unwrap_or_default();
    let reached = match scenario.entry {
        None => Reached::Undeliverable,
        Some(_) => catch_unwind(AssertUnwindSafe(|| run_from(scenario, &mut at, input, context, outbox)))
            .unwrap_or_else(|panic| Err(StepError::new("Panic", panic_text(panic.as_ref()))))
            .unwrap_or_else(|error| {
                outbox.clear();
                Reached::Failed(at, error)
            }),
    };
    Prepared { line_no, emitted: outbox.emitted(), told: outbox.take_told(), reached }
}

/// Takes a message on from the step `at`, which it moves.
fn run_from<M: MessageSet>(
    scenario: &mut Scenario<M>,
    at: &mut usize,
    mut message: M,
    context: &mut Context,
    outbox: &mut Outbox<M>,
) -> Result<Reached<M>, StepError> {
    let Scenario { steps, chain, memory, first_keyed, strict, .. } = scenario;
    if let Some(chain) = chain {
        let mut around = Surroundings { memory, context, outbox, at };
        if let Some((at, message)) = chain.run(*around.at, *first_keyed, message, &mut around)? {
            return Ok(Reached::Waiting(at, message));
        }
        // Routes lead to steps that exist.
        let Some(step) = &steps[*at] else { return Ok(Reached::Undeliverable) };
        check_emissions(step, outbox, *strict)?;
        return Ok(Reached::Emitted(*at, outbox.drain().collect()));
    }
    while *at < *first_keyed {
        let Some(step) = &steps[*at] else { break };
        match run_step(step, message, memory, context, outbox, *strict)? {
            Emitted::One(to, emitted) => (*at, message) = (to, emitted),
            Emitted::Other => return Ok(Reached::Emitted(*at, outbox.drain().collect())),
        }
    }
    Ok(Reached::Waiting(*at, message))
}
