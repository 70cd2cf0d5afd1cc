//! Commits of a run: they make its progress durable, with a snapshot of its memory when that pays.

use std::io;
use std::mem;
use std::sync::Arc;

use stream_kernel_checkpoint::{CommitError, Committed, ReplayFrom, Total};
use stream_kernel_config::Checkpoint as Settings;
use stream_kernel_exec::{Memory, RunReport};
use stream_kernel_trace::Timestamp;

use super::committer::Committer;
use super::files::{CommittedOutput, Trace, WrittenOutput};
use super::hashed_input::HashedInput;
use super::{CheckpointFailure, Event};
use crate::feed::Feed;
use crate::{Application, Position, Session, SummaryRow};

/// A due commit waits for the one before, but only until this many times the usual number of lines are due.
const MAX_DELAY: u64 = 4;

/// The cost of deciding a line again, in bytes of a snapshot that is written now and read after a kill.
///
/// It takes as long as writing 600 bytes does. But every snapshot is written, and few runs are killed.
const BYTES_PER_LINE: u64 = 200;

/// The names of the kernel's counts among the totals.
const ABANDONED: &str = "abandoned";
const UNDELIVERABLE: &str = "undeliverable messages dropped";

/// The files of a run with a checkpoint, except its trace.
pub(super) type CommittedFeed = Feed<HashedInput, CommittedOutput>;

/// The progress of a run at the end of a line.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mark {
    pub(super) position: Position,
    pub(super) report: RunReport,
    /// The number of bytes of output written.
    pub(super) output: u64,
    /// The length of the trace in bytes: known once it is written out, for a commit.
    pub(super) trace: u64,
}

/// The maker of a run's commits.
pub(super) struct Commits {
    pub(super) committer: Committer,
    /// The last commit that was begun; at first, the commit that the run goes on from.
    pub(super) last: Committed,
    /// When it was begun.
    pub(super) begun_at: Timestamp,
    /// The last line known to be committed.
    pub(super) safe_line_no: u64,
    /// The end of the last line whose output is written.
    pub(super) mark: Mark,
    pub(super) trace: Option<Trace>,
    /// The number of bytes that the application has written after the last line of a complete run.
    pub(super) tail_bytes: u64,
    /// Whether the run was complete and the input has not grown since: its memory is not restored.
    pub(super) is_finished: bool,
    pub(super) settings: Settings,
    /// The minimal cost of deciding lines again that justifies a snapshot.
    pub(super) min_snapshot_bytes: u64,
    pub(super) now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl Commits {
    /// Notes that a line is done and its output written, and makes a commit if one is due: by the number of lines after
    /// each line, by the clock once all prepared lines are taken.
    #[inline]
    pub(super) fn line_done<A: Application>(
        &mut self,
        feed: &mut CommittedFeed,
        session: &mut Session<A>,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), CheckpointFailure> {
        self.note(feed, session);
        self.heed_trace_failure(tell)?;
        if self.is_due(session.prepared() == 0) {
            self.commit(feed, session, tell, true, false)?;
        }
        Ok(())
    }

    #[inline]
    fn note<A: Application>(&mut self, feed: &CommittedFeed, session: &Session<A>) {
        if let Some(trace) = &self.trace {
            trace.mark();
        }
        let (position, report) = (session.position(), session.report());
        self.mark = Mark { position, report, output: feed.output.written.bytes, ..self.mark };
    }

    #[inline]
    fn is_due(&self, asks_clock: bool) -> bool {
        let since_commit = self.mark.position.line_no - self.last.lines;
        let every_lines = self.settings.every_lines.get();
        let is_due = since_commit > 0 && (since_commit >= every_lines || (asks_clock && self.is_time()));
        is_due && (self.committer.is_idle() || since_commit >= every_lines.saturating_mul(MAX_DELAY))
    }

    fn is_time(&self) -> bool {
        (self.now)().nanos_since(self.begun_at) / 1_000_000 >= self.settings.every_ms.get()
    }

    /// Commits at the beginning or end of a run: everything, or everything but the line that was taken last.
    pub(super) fn commit_end<A: Application>(
        &mut self,
        feed: &mut CommittedFeed,
        session: &mut Session<A>,
        tell: &mut dyn FnMut(Event<'_>),
        is_last_line_lost: bool,
        complete: bool,
    ) -> Result<(), CheckpointFailure> {
        if !is_last_line_lost {
            self.note(feed, session);
        }
        // Memory may hold the changes of the lost line.
        self.commit(feed, session, tell, !is_last_line_lost, complete)?;
        self.wait()
    }

    /// Begins a commit of everything up to the mark, with a snapshot if it is allowed and due.
    fn commit<A: Application>(
        &mut self,
        feed: &mut CommittedFeed,
        session: &mut Session<A>,
        tell: &mut dyn FnMut(Event<'_>),
        may_snapshot: bool,
        complete: bool,
    ) -> Result<(), CheckpointFailure> {
        feed.output.flush_and_check()?;
        match self.trace.as_ref().map(Trace::flush) {
            None => {}
            Some(Ok(bytes)) => self.mark.trace = bytes,
            Some(Err(cause)) => self.end_trace(&cause, tell)?,
        }
        let last_time = session.last_time();
        let rows = self.rows(session);
        let has_snapshot = may_snapshot && self.is_snapshot_due(session.memory());
        let memory = has_snapshot.then(|| &*session.memory());
        self.commit_mark(feed, (rows, last_time), memory, complete)
    }

    /// Begins a commit of everything up to the mark, with the application's part of the summary and the time of the
    /// last record; with a snapshot if `memory` is given.
    pub(super) fn commit_mark(
        &mut self,
        feed: &mut CommittedFeed,
        (rows, last_time): (Vec<SummaryRow>, Timestamp),
        memory: Option<&Memory>,
        complete: bool,
    ) -> Result<(), CheckpointFailure> {
        self.wait()?;
        let Mark { position: Position { line_no, bytes }, report, output, trace } = self.mark;
        let last = &mut self.last;
        if memory.is_some() {
            let RunReport { abandoned, undeliverable, .. } = report;
            last.replay = ReplayFrom {
                lines: line_no,
                input_bytes: bytes,
                output_bytes: output,
                abandoned,
                undeliverable,
            };
            feed.output.written = WrittenOutput::after(output);
        }
        last.input = feed.lines.input_mut().hashed_up_to(bytes).committed(mem::take(&mut last.input.path));
        last.lines = line_no;
        last.output.bytes = output + if complete { self.tail_bytes } else { 0 };
        if !self.is_finished {
            last.output.since_snapshot = feed.output.written.digest();
        }
        let mut files = vec![feed.output.file.file()];
        if let (Some(committed), Some(file)) = (&mut last.trace, &self.trace) {
            committed.bytes = trace;
            committed.last_time_ns = committed.last_time_ns.max(last_time.as_nanos());
            files.push(file.file());
        }
        last.totals = totals(report, rows);
        last.committed_at_ms = (self.now)().as_nanos() / 1_000_000;
        last.complete = complete;
        let made = self.committer.commit(last.clone(), files, memory);
        made.map_err(|cause| self.not_committed(cause))?;
        self.begun_at = (self.now)();
        Ok(())
    }

    /// Returns whether a snapshot is due: deciding the lines since the last one again would cost more than twice a new
    /// one, or every snapshot is due.
    fn is_snapshot_due(&self, memory: &Memory) -> bool {
        let lines = self.mark.position.line_no - self.last.replay.lines;
        // Output after the last line of a complete run belongs to no line, and the memory of a finished run is not
        // restored.
        let is_possible = self.tail_bytes == 0 && !self.is_finished;
        is_possible && is_snapshot_worth(lines, memory.snapshot_bytes(), self.min_snapshot_bytes)
    }

    /// Ends the trace if a record could not be written or synced.
    #[inline]
    pub(super) fn heed_trace_failure(
        &mut self,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), CheckpointFailure> {
        match self.trace.as_ref().and_then(Trace::take_failure) {
            Some(cause) => self.end_trace(&cause, tell),
            None => Ok(()),
        }
    }

    /// Goes on without the trace. Only its bytes covered by the last commit are trusted. If another process has cut
    /// these, the run ends.
    #[cold]
    fn end_trace(
        &mut self,
        cause: &io::Error,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), CheckpointFailure> {
        let (Some(trace), Some(committed)) = (&self.trace, &mut self.last.trace) else { return Ok(()) };
        trace.give_up();
        trace.refuse_if_shortened()?;
        self.trace = None;
        committed.ends_after_line = Some(self.last.lines);
        tell(Event::TraceEnds { path: &committed.path, line_no: self.last.lines, cause: Some(cause) });
        Ok(())
    }

    /// Returns the application's part of the summary.
    pub(super) fn rows<A: Application>(&self, session: &mut Session<A>) -> Vec<SummaryRow> {
        if !self.is_finished {
            return session.summary();
        }
        // The kernel's rows come first.
        let rows = self.last.totals.iter().skip(2);
        rows.map(|it| SummaryRow { label: it.name.clone(), count: it.count, level: it.level }).collect()
    }

    /// Returns the path of the trace and the last line in it, if it could not be written further.
    pub(super) fn trace_end(&self) -> Option<(&str, u64)> {
        let trace = self.last.trace.as_ref()?;
        Some((&trace.path, trace.ends_after_line?))
    }

    /// Waits for the commit that was begun.
    pub(super) fn wait(&mut self) -> Result<(), CheckpointFailure> {
        self.committer.wait().map_err(|cause| self.not_committed(cause))?;
        self.safe_line_no = self.last.lines;
        Ok(())
    }

    fn not_committed(&self, cause: CommitError) -> CheckpointFailure {
        CheckpointFailure::Commit { line_no: self.safe_line_no, cause }
    }
}

/// Returns whether deciding this many lines again would cost more than twice a snapshot of this many bytes, and more
/// than `min` bytes. With 0, every snapshot is due.
pub fn is_snapshot_worth(lines: u64, snapshot_bytes: u64, min: u64) -> bool {
    let worth = if min == 0 { 0 } else { snapshot_bytes.saturating_mul(2).max(min) };
    lines.saturating_mul(BYTES_PER_LINE) > worth
}

/// Returns the rows of the summary: the kernel's counts first.
fn totals(report: RunReport, rows: Vec<SummaryRow>) -> Vec<Total> {
    let of_kernel = [(ABANDONED, report.abandoned), (UNDELIVERABLE, report.undeliverable)];
    let of_kernel = of_kernel.map(|(name, count)| Total { name: name.to_owned(), count, level: 0 });
    let of_application =
        rows.into_iter().map(|SummaryRow { label, count, level }| Total { name: label, count, level });
    of_kernel.into_iter().chain(of_application).collect()
}

/// Returns the counts of the commit.
pub(super) fn report_of(committed: &Committed) -> RunReport {
    let total =
        |name| committed.totals.iter().find(|total| total.name == name).map_or(0, |total| total.count);
    RunReport { inputs: committed.lines, abandoned: total(ABANDONED), undeliverable: total(UNDELIVERABLE) }
}
