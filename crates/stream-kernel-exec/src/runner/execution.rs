//! Execution of one input: its messages go through the chain, or from step to step.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use stream_kernel_trace::{Context, Recorder, ShortText, StepFault, StepRef};

use super::{Failed, SyncRunner, present};
use crate::chain::Surroundings;
use crate::emitter::{Destination, Outbox};
use crate::paused::At;
use crate::scenario::BoundStep;
use crate::{MAX_EMITTED_PER_INPUT, Memory, MessageSet, Scenario, StepError};

impl<M: MessageSet> SyncRunner<M> {
    /// Runs the steps before `end` on `message`, from the step at `from` on. If only one message has arrived at a step
    /// from `end` on, it is put into `arrived`; several wait for their steps.
    pub(crate) fn run_from(
        &mut self,
        from: usize,
        message: M,
        end: usize,
        arrived: &mut At<M>,
    ) -> Result<(), Failed> {
        let is_watched = self.is_watched();
        let Self { scenario: Scenario { chain, memory, .. }, context, outbox, .. } = self;
        let Some(chain) = chain.as_ref().filter(|_| !is_watched) else {
            return self.run_steps(Some((from, message)), from, end);
        };
        let mut at = from;
        let mut around = Surroundings { memory, context, outbox, at: &mut at, arrived };
        let done = catch_unwind(AssertUnwindSafe(|| chain.run(from, end, message, &mut around)));
        match done {
            Ok(Ok(())) if outbox.emissions().is_empty() => Ok(()),
            Ok(Ok(())) => self.leave_chain(at, end),
            Ok(Err(error)) => Err(self.fail_in_chain(at, error)),
            Err(panic) => Err(self.fail_in_chain(at, StepError::new("Panic", panic_text(panic.as_ref())))),
        }
    }

    /// Delivers the messages of the step at `at`, which are several or have a target: from there on messages go from
    /// step to step.
    #[cold]
    fn leave_chain(&mut self, at: usize, end: usize) -> Result<(), Failed> {
        let Scenario { steps, strict, .. } = &self.scenario;
        let checked = steps[at].as_ref().map_or(Ok(()), |step| check_emissions(step, &self.outbox, *strict));
        if let Err(error) = checked {
            return Err(self.fail_in_chain(at, error));
        }
        self.deliver(at);
        self.run_steps(None, at, end)
    }

    #[cold]
    fn fail_in_chain(&mut self, step: usize, error: StepError) -> Failed {
        self.outbox.clear();
        Failed { step, error }
    }

    /// Returns whether there is a recorder or an observer.
    pub(super) fn is_watched(&self) -> bool {
        self.recorder.is_some() || self.observer.is_some()
    }

    /// Runs the steps before `end` on `next` and the messages that follow from it, or on the messages that wait from
    /// `position` on. Messages due from `end` on wait.
    ///
    /// Turns a panic of a step into its error. It is caught once per input: once per step would take 3 % of a line.
    pub(crate) fn run_steps(
        &mut self,
        next: Option<(usize, M)>,
        position: usize,
        end: usize,
    ) -> Result<(), Failed> {
        match catch_unwind(AssertUnwindSafe(|| self.run_uncaught(next, position, end))) {
            Ok(done) => done,
            Err(panic) => {
                // A panicking step may have made half of its changes; the policy decides what follows, as for an error.
                // A panic anywhere else is a bug of the kernel.
                let Some(index) = self.running.take() else { resume_unwind(panic) };
                self.outbox.clear();
                let error = StepError::new("Panic", panic_text(panic.as_ref()));
                if let (Some(recorder), Some(step)) =
                    (present(&mut self.recorder), &self.scenario.steps[index])
                {
                    let step = StepRef { index, name: step.name };
                    record(recorder, step, &mut self.context, &self.outbox, &Err(error.clone()));
                }
                Err(Failed { step: index, error })
            }
        }
    }

    fn run_uncaught(
        &mut self,
        mut next: Option<(usize, M)>,
        mut position: usize,
        end: usize,
    ) -> Result<(), Failed> {
        while let Some((index, message)) = next.take().or_else(|| self.next_waiting(&mut position)) {
            if index >= end {
                self.inboxes[index].push_front(message);
                self.waiting += 1;
                return Ok(());
            }
            position = index;
            let Scenario { steps, memory, strict, .. } = &mut self.scenario;
            // Routes lead to existing steps: none leads to a skipped one.
            let Some(step) = &steps[index] else { continue };
            // With tracing off, this branch and the one after the step are its only cost.
            if let Some(recorder) = present(&mut self.recorder) {
                recorder.enter(&message, &mut self.context);
            }
            self.running = Some(index);
            let done = run_step(step, message, memory, &mut self.context, &mut self.outbox, *strict);
            self.running = None;
            if let Some(recorder) = present(&mut self.recorder) {
                let step = StepRef { index, name: step.name };
                record(recorder, step, &mut self.context, &self.outbox, &done);
            }
            next = match done {
                // A message that is alone under way is handled at once.
                Ok(Emitted::One(to, message)) if self.waiting == 0 => Some((to, message)),
                Ok(Emitted::One(to, message)) => {
                    self.inboxes[to].push_back(message);
                    self.waiting += 1;
                    None
                }
                Ok(Emitted::Other) => {
                    self.deliver(index);
                    None
                }
                Err(error) => return Err(Failed { step: index, error }),
            };
            if let (Some(recorder), Some(_)) = (present(&mut self.recorder), &next) {
                recorder.hand_on();
            }
        }
        Ok(())
    }

    /// Routes the messages that the step at `index` emitted.
    fn deliver(&mut self, index: usize) {
        let Self { scenario, outbox, inboxes, waiting, report, .. } = self;
        let Some(step) = &scenario.steps[index] else { return };
        for (message, destination) in outbox.drain() {
            match receiver(step, &message, destination) {
                None => report.undeliverable += 1,
                Some(to) => {
                    inboxes[to].push_back(message);
                    *waiting += 1;
                }
            }
        }
    }

    /// Returns the next message; messages only go forward, so no step before `position` has any.
    fn next_waiting(&mut self, position: &mut usize) -> Option<(usize, M)> {
        if self.waiting == 0 {
            return None;
        }
        while *position < self.inboxes.len() {
            if let Some(message) = self.inboxes[*position].pop_front() {
                self.waiting -= 1;
                return Some((*position, message));
            }
            *position += 1;
        }
        None
    }
}

/// Returns the position of the receiving step; `None` if there is none.
pub(crate) fn receiver<M: MessageSet>(
    step: &BoundStep<M>,
    message: &M,
    destination: Destination,
) -> Option<usize> {
    match destination {
        Destination::ByKind => step.routes[message.kind().index()],
        Destination::Step(index) => Some(index),
        Destination::Unreachable | Destination::Undeclared => None,
    }
}

/// The messages of a step.
pub(crate) enum Emitted<M> {
    /// One message, for the step at this position.
    One(usize, M),
    /// None, or those in the outbox: several, or one that no step receives or that has a named target.
    Other,
}

/// Lets the step handle the message. After an error the outbox is empty.
#[expect(
    clippy::inline_always,
    reason = "called once a step: as a function of its own it takes 3 % of a line"
)]
#[inline(always)]
pub(crate) fn run_step<M: MessageSet>(
    step: &BoundStep<M>,
    message: M,
    memory: &mut Memory,
    context: &mut Context,
    outbox: &mut Outbox<M>,
    strict: bool,
) -> Result<Emitted<M>, StepError> {
    let first = match step.step.process(message, memory, context, outbox, &step.targets) {
        Ok(first) => first,
        Err(error) => {
            outbox.clear();
            return Err(error);
        }
    };
    if let Some(single) = first.and_then(|first| outbox.take_single(first)) {
        if let Some(to) = step.routes[single.kind().index()] {
            return Ok(Emitted::One(to, single));
        }
        outbox.put_back(single);
    }
    if let Err(error) = check_emissions(step, outbox, strict) {
        outbox.clear();
        return Err(error);
    }
    Ok(Emitted::Other)
}

/// Checks the properties of the outbox that binding cannot foresee: the number of messages, and their targets.
pub(crate) fn check_emissions<M: MessageSet>(
    step: &BoundStep<M>,
    outbox: &Outbox<M>,
    strict: bool,
) -> Result<(), StepError> {
    if outbox.overflowed() {
        let text = format_args!("more than {MAX_EMITTED_PER_INPUT} messages were emitted for one input");
        return Err(StepError::new("TooManyMessages", text));
    }
    let lost = |(message, destination): &&(M, Destination)| receiver(step, message, *destination).is_none();
    match outbox.emissions().iter().find(lost) {
        Some((message, _)) if strict => {
            let text =
                format_args!("emitted `{}` to a step that it does not name as a target", message.type_name());
            Err(StepError::new("Undeliverable", text))
        }
        _ => Ok(()),
    }
}

/// Returns the message of a panic.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    (panic.downcast_ref::<&'static str>().copied())
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a text")
}

fn record<M: MessageSet>(
    recorder: &mut Recorder,
    step: StepRef<'_>,
    context: &mut Context,
    outbox: &Outbox<M>,
    done: &Result<Emitted<M>, StepError>,
) {
    let fault = done.as_ref().err().map(|error| StepFault {
        type_name: ShortText::from(error.type_name()),
        message: ShortText::from(error.message()),
        step_name: step.name.to_owned(),
    });
    let single = if let Ok(Emitted::One(_, message)) = done { Some(message) } else { None };
    let emitted = single.into_iter().chain(outbox.emissions().iter().map(|(message, _)| message));
    recorder.exit(step, emitted, context, fault.as_ref().map_or(Ok(()), Err));
}
