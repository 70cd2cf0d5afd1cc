//! The runner: takes inputs through the steps of a scenario, one after the other.

pub(crate) mod execution;

use std::collections::VecDeque;

use stream_kernel_trace::{Context, FieldSet, Recorder, RunLabel, SinkFailure, Timestamp};

use crate::emitter::{Notices, Outbox};
use crate::paused::{At, Paused};
use crate::{Memory, MessageSet, Scenario, Stage, StepError, StepFailure};

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
}

/// Returns the recorder if there is one; built with `--cfg without_recorder` there is none, whatever the configuration.
///
/// The benchmarks compare this branch with that build: the branch is the only cost of tracing while it is off.
#[inline]
fn present(recorder: &mut Option<Recorder>) -> Option<&mut Recorder> {
    if cfg!(without_recorder) { None } else { recorder.as_mut() }
}
