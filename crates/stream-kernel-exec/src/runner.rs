//! The runner: takes inputs through the steps of a scenario, one after the other.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use stream_kernel_trace::{
    Context, FieldSet, Recorder, RunLabel, ShortText, SinkFailure, StepFault, StepRef, Timestamp,
};

use crate::chain::Surroundings;
use crate::emitter::{Destination, Notices, Outbox};
use crate::paused::{At, Paused};
use crate::scenario::BoundStep;
use crate::{MAX_EMITTED_PER_INPUT, Memory, MessageSet, Scenario, Stage, StepError, StepFailure};

/// The consequence of a failing step for the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnStepError {
    /// The run ends.
    #[default]
    Stop,
    /// The input is abandoned, and the run continues with the next.
    Continue,
}

/// The outcome of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputOutcome {
    /// Every step that was due has handled it.
    Completed,
    /// A step failed, and the run continues without this input.
    Abandoned(StepFailure),
}

/// The counters of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunReport {
    /// Inputs taken, abandoned ones included.
    pub inputs: u64,
    /// Inputs abandoned because a step failed.
    pub abandoned: u64,
    /// Messages that no step received and that were dropped, in a pipeline that is not strict.
    pub undeliverable: u64,
}

/// Runs a scenario, single-threaded: one input is taken through the whole pipeline before the next.
///
/// Steps run in the pipeline's order, and each handles its messages in the order of their emission. So the same inputs
/// always give the same outputs and the same trace.
pub struct SyncRunner<M> {
    pub(crate) scenario: Scenario<M>,
    on_step_error: OnStepError,
    recorder: Option<Recorder>,
    /// The recorder, during inputs that its sink does not take.
    resting: Option<Recorder>,
    observer: Option<Observer>,
    pub(crate) context: Context,
    /// The context of the inputs of the other kind: recorded ones, or those that are not.
    other_context: Context,
    pub(crate) outbox: Outbox<M>,
    /// The waiting messages of each step. A message that is alone under way never waits.
    pub(crate) inboxes: Vec<VecDeque<M>>,
    pub(crate) waiting: usize,
    /// The step that is handling a message.
    running: Option<usize>,
    pub(crate) report: RunReport,
    /// The stages with memory that several workers share.
    pub(crate) shared_stages: Vec<Stage>,
}

/// A failed step of the present input, by its position.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) step: usize,
    pub(crate) error: StepError,
}

type Observer = Box<dyn FnMut(&Context) + Send>;

impl<M: MessageSet> SyncRunner<M> {
    /// Returns a runner of `scenario` without tracing.
    pub fn new(scenario: Scenario<M>, label: RunLabel, on_step_error: OnStepError) -> Self {
        let inboxes = scenario.steps.iter().map(|_| VecDeque::new()).collect();
        Self {
            scenario,
            on_step_error,
            recorder: None,
            resting: None,
            observer: None,
            context: Context::new(label.clone(), FieldSet::EMPTY),
            other_context: Context::new(label, FieldSet::EMPTY),
            outbox: Outbox::new(),
            inboxes,
            waiting: 0,
            running: None,
            report: RunReport::default(),
            shared_stages: Vec::new(),
        }
    }

    /// Continues the counters from `report`, the result of an earlier part of the run.
    #[must_use]
    pub fn after(mut self, report: RunReport) -> Self {
        self.report = report;
        self
    }

    /// Traces every step with `recorder`.
    pub fn with_recorder(mut self, recorder: Recorder) -> Self {
        let label = RunLabel {
            run_id: self.context.run_id().to_owned(),
            scenario_id: self.context.scenario_id().to_owned(),
        };
        self.context = Context::new(label, recorder.settings().context_diff.unwrap_or_default());
        self.recorder = Some(recorder);
        self.resting = None;
        self
    }

    /// Returns whether the input at line `line_no` is recorded, if anything is.
    pub(crate) fn records_input(&mut self, line_no: u64) -> bool {
        let has_observer = self.observer.is_some();
        self.any_recorder().is_none_or(|recorder| recorder.takes_input(line_no) || has_observer)
    }

    /// Begins or ends a rest of the recorder. Inputs during a rest are those of a runner without a recorder, down to
    /// the context, in which steps note nothing.
    #[inline]
    pub(crate) fn record_inputs(&mut self, is_recorded: bool) {
        if is_recorded && self.resting.is_some() || !is_recorded && self.recorder.is_some() {
            std::mem::swap(&mut self.recorder, &mut self.resting);
            std::mem::swap(&mut self.context, &mut self.other_context);
        }
    }

    fn any_recorder(&mut self) -> Option<&mut Recorder> {
        present(&mut self.recorder).or(self.resting.as_mut())
    }

    /// Shows `observer` the context of each finished input, including its tape.
    pub fn with_observer(mut self, observer: impl FnMut(&Context) + Send + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Takes the input at line `line_no` through the pipeline.
    ///
    /// # Errors
    ///
    /// Returns the failure of a step if the policy is to stop, or if the step always stops. The line has then changed
    /// nothing in memory and written nothing. The run is over; call [`finish`](Self::finish).
    pub fn process(&mut self, line_no: u64, input: impl Into<M>) -> Result<InputOutcome, StepFailure> {
        let is_recorded = self.records_input(line_no);
        self.begin_input(line_no, is_recorded);
        let result = if let Some(entry) = self.scenario.entry {
            self.run_from(entry, input.into(), usize::MAX, &mut At::none())
        } else {
            self.report.undeliverable += 1;
            Ok(())
        };
        self.end_input(result)
    }

    /// Prepares an input for [`finish_paused`](Self::finish_paused), so that the steps' lookups for it can be
    /// [prefetched](Self::prefetch). This discards the output of the last finished input.
    ///
    /// The first stateless steps run here already, without a visible effect. With a recorder or an observer they wait,
    /// since running them twice would cost more than it saves.
    #[must_use]
    pub fn prepare(&mut self, line_no: u64, input: impl Into<M>) -> Paused<M> {
        let mut paused = self.enter(line_no, input);
        paused.is_recorded = self.records_input(line_no);
        self.record_inputs(paused.is_recorded);
        if !self.is_watched() {
            self.run_until(&mut paused, self.scenario.first_keyed);
            if let Some((index, message)) = paused.alone() {
                let Scenario { steps, memory, hints, .. } = &mut self.scenario;
                if let Some(step) = &steps[index] {
                    step.step.announce(message, memory);
                }
                for (slot, announce) in hints.iter() {
                    announce(message, memory, *slot);
                }
            }
        }
        paused
    }

    /// Prefetches the lookups of the inputs prepared since the last call.
    pub fn prefetch(&mut self) {
        self.scenario.memory.prefetch();
    }

    /// Returns the bytes that the last input has written to the output of the run.
    #[inline]
    pub fn written(&self) -> &[u8] {
        &self.outbox.written
    }

    /// Returns the notices of steps since the last call: see [`Emitter::notice`](crate::Emitter::notice).
    pub fn take_notices(&mut self) -> Vec<String> {
        self.outbox.notices.take()
    }

    /// Resets the counts of notices: the first ones of each topic are shown again.
    pub fn reset_notices(&mut self) {
        self.outbox.notices = Notices::default();
    }

    /// Returns the memory of the run.
    pub fn memory(&mut self) -> &mut Memory {
        &mut self.scenario.memory
    }

    /// Tells the trace's sink that the run is about to be idle: call it before waiting for input.
    pub fn idle(&mut self) {
        if let Some(recorder) = self.recorder.as_mut().or(self.resting.as_mut()) {
            recorder.idle(&self.context);
        }
    }

    /// Returns the time at which the last record ends, or the epoch if there is none.
    pub fn last_time(&self) -> Timestamp {
        let recorder = self.recorder.as_ref().or(self.resting.as_ref());
        recorder.map_or_else(Timestamp::default, Recorder::last_time)
    }

    /// Returns the number of inputs that the trace's sinks have dropped.
    pub fn inputs_dropped(&self) -> u64 {
        let recorder = self.recorder.as_ref().or(self.resting.as_ref());
        recorder.map_or(0, Recorder::dropped)
    }

    /// Returns the counters so far.
    pub fn report(&self) -> RunReport {
        self.report
    }

    /// Ends the run, after an error as well: writes the records that the trace's sink still holds.
    ///
    /// # Errors
    ///
    /// Returns the reason if the trace is incomplete.
    pub fn finish(mut self) -> Result<RunReport, SinkFailure> {
        self.finish_trace()?;
        Ok(self.report)
    }

    /// Writes the records that the trace's sinks still hold; call it once, after the last input.
    ///
    /// # Errors
    ///
    /// Returns the reason if the trace is incomplete.
    pub fn finish_trace(&mut self) -> Result<(), SinkFailure> {
        self.any_recorder().map_or(Ok(()), Recorder::finish)
    }

    #[inline]
    pub(crate) fn begin_input(&mut self, line_no: u64, is_recorded: bool) {
        self.record_inputs(is_recorded);
        self.report.inputs += 1;
        self.context.begin_input(line_no);
        self.outbox.begin_input();
        if let Some(recorder) = present(&mut self.recorder) {
            recorder.begin_input();
        }
    }

    #[inline]
    pub(crate) fn end_input(&mut self, done: Result<(), Failed>) -> Result<InputOutcome, StepFailure> {
        if let Some(observer) = &mut self.observer {
            observer(&self.context);
        }
        if let Err(failed) = done.and_then(|()| self.check_strayed()) {
            return self.abandon(failed);
        }
        self.outbox.notices.end_input(true);
        self.scenario.memory.end_line();
        Ok(InputOutcome::Completed)
    }

    #[cold]
    fn abandon(&mut self, failed: Failed) -> Result<InputOutcome, StepFailure> {
        let failure = self.failure(failed);
        self.outbox.begin_input();
        self.outbox.notices.end_input(false);
        self.clear_inboxes();
        self.report.abandoned += 1;
        if self.ends_at(&failure.error) {
            self.scenario.memory.roll_back();
            return Err(failure);
        }
        self.scenario.memory.end_line();
        Ok(InputOutcome::Abandoned(failure))
    }

    /// Returns whether an error ends the run.
    pub(crate) fn ends_at(&self, error: &StepError) -> bool {
        self.on_step_error == OnStepError::Stop || error.always_stops()
    }

    pub(crate) fn clear_inboxes(&mut self) {
        self.outbox.clear();
        self.inboxes.iter_mut().for_each(VecDeque::clear);
        self.waiting = 0;
    }

    pub(crate) fn failure(&self, Failed { step, error }: Failed) -> StepFailure {
        let step_name = self.scenario.steps[step].as_ref().map_or("", |step| step.name).to_owned();
        StepFailure { line_no: self.context.line_no(), step_name, error }
    }

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
    fn is_watched(&self) -> bool {
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

/// Returns the recorder if there is one; built with `--cfg without_recorder` there is none, whatever the configuration.
///
/// The benchmarks compare this branch with that build: the branch is the only cost of tracing while it is off.
#[inline]
fn present(recorder: &mut Option<Recorder>) -> Option<&mut Recorder> {
    if cfg!(without_recorder) { None } else { recorder.as_mut() }
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
    let done = step.step.process(message, memory, context, outbox, &step.targets);
    let done = done.and_then(|first| {
        if let Some(single) = first.and_then(|first| outbox.take_single(first)) {
            if let Some(to) = step.routes[single.kind().index()] {
                return Ok(Emitted::One(to, single));
            }
            outbox.put_back(single);
        }
        check_emissions(step, outbox, strict)?;
        Ok(Emitted::Other)
    });
    if done.is_err() {
        outbox.clear();
    }
    done
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
