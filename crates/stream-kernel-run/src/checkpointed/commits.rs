//! Commits of a session: what was done so far is made durable now and then, with a snapshot of what the run remembers when that pays.

use std::io;
use std::sync::Arc;

use stream_kernel_checkpoint::{
    CommitError, Committed, FileError, InputPrefix, PrefixDigest, PrefixHash, ReplayFrom, Total,
};
use stream_kernel_exec::{Memory, RunReport};
use stream_kernel_trace::Timestamp;

use super::CheckpointFailure;
use super::committer::Committer;
use super::files::Trace;
use super::opening::{ABANDONED, Start, TraceEnd, UNDELIVERABLE};
use crate::{Position, SummaryRow};

/// A commit that is due is put off as long as the one before is being made, but no longer than this many times the usual number of lines.
const MAX_DELAY: u64 = 4;

/// What it costs to decide a line again, in bytes of a snapshot that are written now and read after a kill.
///
/// It takes as long as 600 bytes do; but every snapshot is written, and few runs are killed.
const BYTES_PER_LINE: u64 = 200;

/// Output is hashed in blocks of this size.
const HASHED_BLOCK_BYTES: usize = 64 * 1024;

/// What a session is fed from, and what it feeds, as far as commits account for it.
pub trait Ends {
    /// Returns what was read of the input up to `bytes` bytes, where a line ends: the last one that was taken, or the one before. `None` if
    /// the input cannot say, and so cannot be committed.
    fn input_up_to(&mut self, bytes: u64) -> Option<&InputPrefix>;

    /// Brings the output out as far as it was written, and checks that it is there.
    ///
    /// # Errors
    ///
    /// It cannot be written, or somebody else has shortened it.
    fn flush_output(&mut self) -> Result<(), FileError>;
}

/// How far a run has come when a line begins or ends.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mark {
    pub(crate) position: Position,
    pub(crate) written: Written,
    pub(crate) report: RunReport,
}

/// How many bytes a run has written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Written {
    pub(crate) output: u64,
    pub(crate) trace: u64,
}

/// Makes the commits of a session.
pub(crate) struct Commits {
    pub(super) committer: Committer,
    /// What every commit says alike.
    pub(super) template: Committed,
    pub(super) start: Start,
    pub(super) trace: Option<Trace>,
    /// Where the trace ends, if it could not be written.
    trace_end: Option<TraceEnd>,
    /// Why it ends, until people were told.
    trace_failure: Option<io::Error>,
    pub(super) output: WrittenOutput,
    /// The point that the last snapshot stands for.
    replay: ReplayFrom,
    /// The application's summary, of a finished run.
    pub(super) finished_rows: Option<Vec<SummaryRow>>,
    /// Where the last commit that was begun stands, and since when.
    begun: Mark,
    begun_at: Timestamp,
    /// The last line that is known to be committed.
    safe_line_no: u64,
    pub(super) cadence: CommitCadence,
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

/// When commits are due, and snapshots.
#[derive(Clone, Copy, Debug)]
pub(super) struct CommitCadence {
    pub(super) every_lines: u64,
    pub(super) every_ms: u64,
    /// What deciding lines again must cost at least to be worth a snapshot.
    pub(super) min_snapshot_bytes: u64,
}

/// The output that lines have written, counted and hashed since the last snapshot.
#[derive(Default)]
pub(super) struct WrittenOutput {
    pub(super) bytes: u64,
    hash: PrefixHash,
    /// What is not hashed yet; the last line's always is among it.
    pending: Vec<u8>,
    /// What comes after the last line of a complete run.
    pub(super) tail_bytes: u64,
    /// The hash, of a finished run: there is nothing to add to it.
    known: Option<PrefixDigest>,
}

impl WrittenOutput {
    /// Goes on with an output of so many bytes, which a snapshot covers.
    pub(super) fn after(bytes: u64) -> Self {
        Self { bytes, ..Self::default() }
    }

    /// Returns the output of a finished run.
    pub(super) fn known(bytes: u64, digest: PrefixDigest) -> Self {
        Self { bytes, known: Some(digest), ..Self::default() }
    }

    #[inline]
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.pending.len() >= HASHED_BLOCK_BYTES {
            self.hash_pending();
        }
        self.pending.extend_from_slice(bytes);
        self.bytes += bytes.len() as u64;
    }

    /// Returns the hash of what was written since the last snapshot.
    pub(super) fn digest(&mut self) -> PrefixDigest {
        self.hash_pending();
        self.known.unwrap_or_else(|| self.hash.digest())
    }

    fn hash_pending(&mut self) {
        self.hash.update(&self.pending);
        self.pending.clear();
    }

    /// Drops what was written behind `bytes`, which is of one line at most.
    fn cut(&mut self, bytes: u64) {
        let excess = usize::try_from(self.bytes.saturating_sub(bytes)).unwrap_or(usize::MAX);
        self.pending.truncate(self.pending.len().saturating_sub(excess));
        self.bytes = self.bytes.min(bytes);
    }
}

impl Commits {
    pub(super) fn new(
        committer: Committer,
        template: Committed,
        start: Start,
        trace: Option<Trace>,
        output: WrittenOutput,
        cadence: CommitCadence,
        now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    ) -> Self {
        let begun_at = now();
        let replay = template.replay;
        let Start { position, trace_end, .. } = start;
        let mut commits = Self {
            committer,
            template,
            start,
            trace,
            trace_end,
            trace_failure: None,
            output,
            replay,
            finished_rows: None,
            begun: Mark::default(),
            begun_at,
            safe_line_no: position.line_no,
            cadence,
            now,
        };
        commits.begun = Mark { position, written: commits.written(), report: start.report };
        commits
    }

    /// Counts what a line has written.
    #[inline]
    pub(crate) fn count_output(&mut self, bytes: &[u8]) {
        self.output.push(bytes);
    }

    /// Counts what comes after the last line.
    pub(crate) fn end_output(&mut self, tail: &[u8]) {
        self.output.tail_bytes = tail.len() as u64;
    }

    /// Returns how much is written.
    #[inline]
    pub(crate) fn written(&self) -> Written {
        let trace = self.trace.as_ref().map_or(self.start.trace_bytes, Trace::bytes);
        Written { output: self.output.bytes, trace }
    }

    /// Returns whether a commit is due: by the number of lines, or, if `asks_clock`, by the time.
    #[inline]
    pub(crate) fn is_due(&mut self, mark: &Mark, asks_clock: bool) -> Result<bool, CheckpointFailure> {
        let since_commit = mark.position.line_no - self.begun.position.line_no;
        let CommitCadence { every_lines, .. } = self.cadence;
        if since_commit == 0 || (since_commit < every_lines && !(asks_clock && self.is_time())) {
            return Ok(false);
        }
        let is_idle = self.committer.is_idle().map_err(|cause| self.not_committed(cause))?;
        Ok(is_idle || since_commit >= every_lines.saturating_mul(MAX_DELAY))
    }

    fn is_time(&self) -> bool {
        (self.now)().nanos_since(self.begun_at) / 1_000_000 >= self.cadence.every_ms
    }

    /// Begins a commit of everything up to `mark`; with a snapshot of `memory` if one is due.
    pub(crate) fn commit(
        &mut self,
        ends: &mut dyn Ends,
        mark: Mark,
        rows: &[SummaryRow],
        last_time: Timestamp,
        memory: Option<&mut Memory>,
        complete: bool,
    ) -> Result<(), CheckpointFailure> {
        ends.flush_output()?;
        if let Some(Err(cause)) = self.trace.as_ref().map(Trace::flush) {
            self.end_trace(cause)?;
        }
        self.output.cut(mark.written.output);
        let memory = memory.filter(|memory| self.is_snapshot_due(memory, &mark));
        if memory.is_some() {
            let RunReport { abandoned, undeliverable, .. } = mark.report;
            let Mark { position: Position { line_no: lines, bytes: input_bytes }, written, .. } = mark;
            self.replay =
                ReplayFrom { lines, input_bytes, output_bytes: written.output, abandoned, undeliverable };
            self.output = WrittenOutput::after(written.output);
        }
        let mut committed = self.template.clone();
        if let Some(input) = ends.input_up_to(mark.position.bytes) {
            committed.input = input.committed(committed.input.path);
        }
        committed.lines = mark.position.line_no;
        committed.output.bytes = mark.written.output + if complete { self.output.tail_bytes } else { 0 };
        committed.output.since_snapshot = self.output.digest();
        committed.output.is_named = complete && self.template.output.is_named;
        committed.replay = self.replay;
        if let Some(trace) = &mut committed.trace {
            trace.bytes = self.trace_end.map_or(mark.written.trace, |end| end.bytes);
            trace.last_time_ns = self.start.last_time.max(last_time).as_nanos();
            trace.ends_after_line = self.trace_end.map(|end| end.line_no);
        }
        committed.totals = totals(mark.report, rows);
        committed.committed_at_ms = (self.now)().as_nanos() / 1_000_000;
        committed.complete = complete;
        self.wait()?;
        let made = self.committer.commit(committed, memory);
        made.map_err(|cause| self.not_committed(cause))?;
        (self.begun, self.begun_at) = (mark, (self.now)());
        Ok(())
    }

    /// Returns whether to decide the lines since the last snapshot again would cost more than twice a new snapshot, or every snapshot is
    /// due.
    fn is_snapshot_due(&self, memory: &Memory, mark: &Mark) -> bool {
        let lines = mark.position.line_no - self.replay.lines;
        let worth = match self.cadence.min_snapshot_bytes {
            0 => 0,
            min => memory.snapshot_bytes().saturating_mul(2).max(min),
        };
        // What comes after the last line of a complete run is not a line's; and what a finished run remembers is not restored.
        let is_possible = self.output.tail_bytes == 0 && self.finished_rows.is_none();
        is_possible && lines.saturating_mul(BYTES_PER_LINE) > worth
    }

    /// Notes that the output has its final name.
    pub(super) fn name_output(&mut self) {
        self.template.output.is_named = true;
    }

    /// Ends the trace if a record could not be written, or not be made durable.
    #[inline]
    pub(crate) fn heed_trace_failure(&mut self) -> Result<(), CheckpointFailure> {
        match self.trace.as_ref().and_then(Trace::take_failure) {
            Some(cause) => self.end_trace(cause),
            None => Ok(()),
        }
    }

    /// Goes on without the trace. Of what is in its file, only what the last commit covers is trusted; if somebody else
    /// has shortened it, not even that, and the run ends.
    #[cold]
    fn end_trace(&mut self, cause: io::Error) -> Result<(), CheckpointFailure> {
        let Some(trace) = self.trace.take() else { return Ok(()) };
        trace.give_up();
        if let Err(error) = trace.refuse_if_shortened() {
            self.trace = Some(trace);
            return Err(error.into());
        }
        let Mark { position, written, .. } = self.begun;
        self.trace_end = Some(TraceEnd { line_no: position.line_no, bytes: written.trace });
        self.trace_failure = Some(cause);
        Ok(())
    }

    /// Returns where the trace has ended and why, if people were not told yet.
    #[inline]
    pub(crate) fn take_trace_failure(&mut self) -> Option<(u64, io::Error)> {
        let cause = self.trace_failure.take()?;
        self.trace_end.map(|end| (end.line_no, cause))
    }

    /// Returns the application's summary of a finished run, whose memory is not restored.
    pub(crate) fn finished_rows(&self) -> Option<&Vec<SummaryRow>> {
        self.finished_rows.as_ref()
    }

    /// Returns the last line in the trace, if what followed could not be written.
    pub(super) fn trace_ends_after(&self) -> Option<u64> {
        self.trace_end.map(|end| end.line_no)
    }

    /// Returns the path of the trace, as it is committed.
    pub(crate) fn trace_path(&self) -> &str {
        self.template.trace.as_ref().map_or("", |trace| &trace.path)
    }

    /// Waits until what was begun is committed.
    pub(crate) fn wait(&mut self) -> Result<(), CheckpointFailure> {
        self.committer.wait().map_err(|cause| self.not_committed(cause))?;
        self.safe_line_no = self.begun.position.line_no;
        Ok(())
    }

    fn not_committed(&self, cause: CommitError) -> CheckpointFailure {
        CheckpointFailure::Commit { line_no: self.safe_line_no, cause }
    }
}

/// Returns the rows of the summary: the kernel's counts first.
fn totals(report: RunReport, rows: &[SummaryRow]) -> Vec<Total> {
    let of_kernel = [(ABANDONED, report.abandoned), (UNDELIVERABLE, report.undeliverable)];
    let of_kernel = of_kernel.map(|(name, count)| Total { name: name.to_owned(), count, level: 0 });
    let of_application =
        rows.iter().map(|row| Total { name: row.label.clone(), count: row.count, level: row.level });
    of_kernel.into_iter().chain(of_application).collect()
}

/// Returns the rows of the application's summary in what was committed.
pub(super) fn rows(totals: &[Total]) -> Vec<SummaryRow> {
    let row =
        |total: &Total| SummaryRow { label: total.name.clone(), count: total.count, level: total.level };
    totals.iter().skip(2).map(row).collect()
}
