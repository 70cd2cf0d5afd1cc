//! Sessions: lines go in, output comes out, in line order.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use stream_kernel_exec::{InputOutcome, Memory, RunReport, StepFailure, SyncRunner};
use stream_kernel_trace::{Context, Recorder, SinkFailure, Timestamp};

use crate::{Application, ConfigOf, Event, RawLine, SummaryRow};

/// The number of lines that may be prepared before the first of them is taken: enough for the processor to wait for what they need all at
/// once, few enough that it is still near when they come.
pub const MAX_LINES_AHEAD: usize = 8;

/// How far a run has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The number of the last line that was taken.
    pub line_no: u64,
    /// How many bytes of the input were read with it.
    pub bytes: u64,
}

/// A run under way: it takes lines, from wherever a driver has them, and hands out what they write.
///
/// [`take`](Self::take) each line and write what [`written`](Self::written) returns; after the last, write what
/// [`complete`](Self::complete) returns; always [`finish`](Self::finish). Who has several lines at hand
/// [prepares](Self::prepare) them first, which is quicker and changes nothing else.
pub struct Session<A: Application> {
    runner: SyncRunner<A::Message>,
    pub(crate) config: Arc<ConfigOf<A>>,
    /// Of each line that is prepared: how many bytes of the input were read with it.
    prepared: VecDeque<u64>,
    position: Position,
    abandoned: Vec<StepFailure>,
}

impl<A: Application> Session<A> {
    pub(crate) fn new(runner: SyncRunner<A::Message>, config: Arc<ConfigOf<A>>) -> Self {
        let (prepared, abandoned) = (VecDeque::new(), Vec::new());
        Self { runner, config, prepared, position: Position::default(), abandoned }
    }

    /// Goes on at `position`, where an earlier run had come to `report`.
    pub(crate) fn after(self, report: RunReport, position: Position) -> Self {
        Self { runner: self.runner.after(report), position, ..self }
    }

    /// Traces every step from now on.
    pub(crate) fn with_recorder(self, recorder: Recorder) -> Self {
        Self { runner: self.runner.with_recorder(recorder), ..self }
    }

    /// Shows `observer` the context of each line when it is done, the tape included if records are kept there.
    pub fn with_observer(mut self, observer: impl FnMut(&Context) + Send + 'static) -> Self {
        self.runner = self.runner.with_observer(observer);
        self
    }

    /// Prepares a line that [`take_prepared`](Self::take_prepared) takes in its turn; `end` bytes of the input were read with it.
    ///
    /// A driver prepares [`MAX_LINES_AHEAD`] at most; more are right, and no quicker.
    pub fn prepare(&mut self, line: RawLine, end: u64) {
        self.runner.prepare(line.line_no(), line);
        self.prepared.push_back(end);
    }

    /// Prefetches what prepared lines will look up.
    pub fn prefetch(&mut self) {
        self.runner.prefetch();
    }

    /// Returns how many lines are prepared.
    pub fn prepared(&self) -> usize {
        self.prepared.len()
    }

    /// Takes the line that was prepared first; nothing if there is none.
    ///
    /// # Errors
    ///
    /// Returns the failure of a step that ends the run: the line has changed nothing, and has written nothing.
    pub fn take_prepared(&mut self) -> Result<(), StepFailure> {
        let Some(end) = self.prepared.pop_front() else { return Ok(()) };
        let done = self.runner.process_prepared();
        self.end_line(done.unwrap_or(Ok(InputOutcome::Completed)), end)
    }

    /// Takes a line through the pipeline, when no other is prepared; `end` bytes of the input were read with it.
    ///
    /// # Errors
    ///
    /// As for [`take_prepared`](Self::take_prepared).
    pub fn take(&mut self, line: RawLine, end: u64) -> Result<(), StepFailure> {
        let done = self.runner.process(line.line_no(), line);
        self.end_line(done, end)
    }

    #[inline]
    fn end_line(&mut self, done: Result<InputOutcome, StepFailure>, end: u64) -> Result<(), StepFailure> {
        if let InputOutcome::Abandoned(failure) = done? {
            self.abandoned.push(failure);
        }
        self.position = Position { line_no: self.position.line_no + 1, bytes: end };
        Ok(())
    }

    /// Returns what the line that was taken last writes to the output.
    #[inline]
    pub fn written(&self) -> &[u8] {
        self.runner.written()
    }

    /// Returns how far the run has come.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Tells people which lines were abandoned since the last call.
    #[inline]
    pub(crate) fn tell_abandoned(&mut self, tell: &mut dyn FnMut(Event<'_>)) {
        for failure in self.abandoned.drain(..) {
            tell(Event::Abandoned(&failure));
        }
    }

    /// Notes how many bytes the input has, now that its end is reached: what is no line counts as well.
    pub(crate) fn reach_end(&mut self, bytes: u64) {
        self.position.bytes = bytes;
    }

    /// Returns the failures for which lines were abandoned since the last call.
    pub fn take_abandoned(&mut self) -> Vec<StepFailure> {
        mem::take(&mut self.abandoned)
    }

    /// Forgets how many notices there were.
    pub(crate) fn reset_notices(&mut self) {
        self.runner.reset_notices();
    }

    /// Returns what steps want people to know since the last call.
    pub fn take_notices(&mut self) -> Vec<String> {
        self.runner.take_notices()
    }

    /// Tells the trace's sink that nothing happens for a while: to be called before waiting for input.
    pub fn idle(&mut self) {
        self.runner.idle();
    }

    /// Returns what the application writes after the last line.
    pub fn complete(&mut self) -> Vec<u8> {
        let mut output = Vec::new();
        A::finish(&self.config, self.runner.memory(), &mut output);
        output
    }

    /// Returns what the run remembers.
    pub fn memory(&mut self) -> &mut Memory {
        self.runner.memory()
    }

    /// Takes what the run remembers, and leaves nothing.
    pub(crate) fn take_memory(&mut self) -> Memory {
        let nothing = A::registry().build_memory(&self.config);
        mem::replace(self.runner.memory(), nothing)
    }

    /// Returns the counts so far.
    pub fn report(&self) -> RunReport {
        self.runner.report()
    }

    /// Returns the time at which the last record of the trace ends, the epoch if there is none.
    pub fn last_time(&self) -> Timestamp {
        self.runner.last_time()
    }

    /// Returns the application's part of the summary.
    pub fn summary(&mut self) -> Vec<SummaryRow> {
        A::summary(&self.config, self.runner.memory())
    }

    /// Ends the run, after an error as well: brings out what the trace's sink still holds.
    ///
    /// # Errors
    ///
    /// Returns why the trace is not complete, if it is not.
    pub fn finish(self) -> Result<RunReport, SinkFailure> {
        self.runner.finish()
    }
}
