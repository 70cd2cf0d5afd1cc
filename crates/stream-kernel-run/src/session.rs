//! Sessions: lines go in, output comes out, in line order.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use stream_kernel_exec::{InputOutcome, Memory, Paused, RunReport, StepFailure, SyncRunner, TableSize};
use stream_kernel_trace::{Context, Recorder, SinkFailure, Timestamp};

use crate::{Application, ConfigOf, Event, Figures, Meter, RawLine, SummaryRow};

/// The number of lines that may be prepared in advance: enough for the processor to overlap their waits for memory, few
/// enough that their data is still in the cache.
pub const MAX_LINES_AHEAD: usize = 16;

/// The progress of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The number of the last line taken.
    pub line_no: u64,
    /// The number of input bytes up to the end of that line.
    pub bytes: u64,
}

/// A run in progress: a driver gives it lines from any source and writes their output.
///
/// [`take`](Self::take) each line and write the bytes of [`written`](Self::written); after the last, write the bytes of
/// [`complete`](Self::complete); always [`finish`](Self::finish). If you have several lines, [prepare](Self::prepare)
/// them first: it is faster and changes nothing else.
pub struct Session<A: Application> {
    runner: SyncRunner<A::Message>,
    pub(crate) config: Arc<ConfigOf<A>>,
    /// Each prepared line, with the number of input bytes up to its end.
    prepared: VecDeque<(Paused<A::Message>, u64)>,
    position: Position,
    abandoned: Vec<StepFailure>,
    meter: Option<Arc<Meter>>,
}

impl<A: Application> Session<A> {
    pub(crate) fn new(runner: SyncRunner<A::Message>, config: Arc<ConfigOf<A>>) -> Self {
        let (prepared, abandoned) = (VecDeque::new(), Vec::new());
        Self { runner, config, prepared, position: Position::default(), abandoned, meter: None }
    }

    /// Goes on at `position`, with the counts in `report`.
    pub(crate) fn after(self, report: RunReport, position: Position) -> Self {
        Self { runner: self.runner.after(report), position, ..self }
    }

    /// Traces every step from now on.
    pub(crate) fn with_recorder(self, recorder: Recorder) -> Self {
        Self { runner: self.runner.with_recorder(recorder), ..self }
    }

    /// Publishes figures from now on.
    pub(crate) fn with_meter(self, meter: Option<Arc<Meter>>) -> Self {
        Self { meter, ..self }
    }

    /// Publishes figures, if somebody asks for them; call it between lines, when no line is prepared.
    #[inline]
    pub(crate) fn publish_if_asked(&mut self) {
        if self.meter.as_ref().is_some_and(|meter| meter.is_asked()) {
            self.publish();
        }
    }

    /// Publishes figures, if there is a meter.
    #[cold]
    pub(crate) fn publish(&mut self) {
        if self.meter.is_some() {
            let (rows, tables) = (self.summary(), self.memory().table_sizes());
            self.publish_with(rows, tables);
        }
    }

    /// Publishes figures with these counts and sizes, if there is a meter: those in memory may not be the run's.
    pub(crate) fn publish_with(&self, rows: Vec<SummaryRow>, tables: Vec<TableSize>) {
        let Some(meter) = &self.meter else { return };
        let (position, report) = (self.position, self.report());
        meter.publish(Figures {
            position,
            report,
            rows,
            tables,
            inputs_dropped: self.runner.inputs_dropped(),
        });
    }

    /// Shows `observer` the context of each line when it is done, with the tape if records are kept there.
    pub fn with_observer(mut self, observer: impl FnMut(&Context) + Send + 'static) -> Self {
        self.runner = self.runner.with_observer(observer);
        self
    }

    /// Prepares a line for [`take_prepared`](Self::take_prepared); it ends at byte `end` of the input.
    ///
    /// Prepare at most [`MAX_LINES_AHEAD`]; more are correct, but not faster.
    pub fn prepare(&mut self, line: RawLine, end: u64) {
        let paused = self.runner.prepare(line.line_no(), line);
        self.prepared.push_back((paused, end));
    }

    /// Prefetches the look-ups of prepared lines.
    pub fn prefetch(&mut self) {
        self.runner.prefetch();
    }

    /// Returns the number of prepared lines.
    pub fn prepared(&self) -> usize {
        self.prepared.len()
    }

    /// Takes the line that was prepared first; does nothing if there is none.
    ///
    /// # Errors
    ///
    /// Returns the failure of a step that ends the run: the line has changed and written nothing.
    pub fn take_prepared(&mut self) -> Result<(), StepFailure> {
        let Some((paused, end)) = self.prepared.pop_front() else { return Ok(()) };
        let done = self.runner.finish_paused(paused);
        self.end_line(done, end)
    }

    /// Takes a line through the pipeline when no other is prepared; it ends at byte `end` of the input.
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

    /// Returns the output of the line taken last.
    #[inline]
    pub fn written(&self) -> &[u8] {
        self.runner.written()
    }

    /// Returns the progress of the run.
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

    /// Notes the length of the input at its end: bytes after the last line count as well.
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

    /// Returns the notices of steps for people since the last call.
    pub fn take_notices(&mut self) -> Vec<String> {
        self.runner.take_notices()
    }

    /// Tells the trace's sink that the run goes idle; call it before waiting for input.
    pub fn idle(&mut self) {
        self.runner.idle();
    }

    /// Returns the application's output after the last line.
    pub fn complete(&mut self) -> Vec<u8> {
        let mut output = Vec::new();
        A::finish(&self.config, self.runner.memory(), &mut output);
        output
    }

    /// Returns the memory of the run.
    pub fn memory(&mut self) -> &mut Memory {
        self.runner.memory()
    }

    /// Takes the memory of the run, and leaves it empty.
    pub(crate) fn take_memory(&mut self) -> Memory {
        let nothing = A::registry().build_memory(&self.config);
        mem::replace(self.runner.memory(), nothing)
    }

    /// Returns the counts so far.
    pub fn report(&self) -> RunReport {
        self.runner.report()
    }

    /// Returns the end time of the last record in the trace, the epoch if there is none.
    pub fn last_time(&self) -> Timestamp {
        self.runner.last_time()
    }

    /// Returns the application's part of the summary.
    pub fn summary(&mut self) -> Vec<SummaryRow> {
        A::summary(&self.config, self.runner.memory())
    }

    /// Flushes the trace's sinks after the last line, so that figures of the run include what they drop.
    pub(crate) fn finish_trace(&mut self) -> Result<(), SinkFailure> {
        self.runner.finish_trace()
    }

    /// Ends the run, after an error too: flushes the trace's sink.
    ///
    /// # Errors
    ///
    /// Returns why the trace is incomplete, if it is.
    pub fn finish(self) -> Result<RunReport, SinkFailure> {
        self.runner.finish()
    }
}
