//! Every line through the pipeline, with a commit now and then.

use std::io;
use std::sync::Arc;

use stream_kernel_checkpoint::{CommitError, Committed, FileError, InputPrefix, Total};
use stream_kernel_exec::{InputOutcome, RunReport};
use stream_kernel_trace::Timestamp;

use super::files::Trace;
use super::hashed_input::HashedInput;
use super::opening::{ABANDONED, Files, Opened, Start, TraceEnd, UNDELIVERABLE};
use super::{CheckpointFailure, Ended, Event, Reached};
use crate::{Application, LineReader};

/// It is asked what time it is once in so many lines.
const LINES_PER_LOOK: u64 = 256;

/// It is asked what has changed in the state once in so many lines: that bounds what the state has to keep of it.
const LINES_PER_TAKE: u64 = 1024;

/// A commit that is due is put off as long as the one before is being made, but no longer than this many times the usual number of lines.
const MAX_DELAY: u64 = 4;

/// How far a run has come when a line begins or ends.
#[derive(Clone, Copy, Debug)]
struct Mark {
    line_no: u64,
    input_bytes: u64,
    output_bytes: u64,
    trace_bytes: u64,
    report: RunReport,
}

/// The lines of the input.
type Lines = LineReader<HashedInput>;

struct Feed<'a, A: Application> {
    opened: Opened<'a, A>,
    /// Whether the run ends with a line that is to come again.
    is_line_taken_back: bool,
    /// Where the trace ends, if it could not be written.
    trace_end: Option<TraceEnd>,
    /// Where the last commit that was begun stands, and since when.
    begun: Mark,
    begun_at: Timestamp,
    /// The last line that is known to be committed.
    safe_line_no: u64,
}

/// Takes every line through the pipeline, until there is none left or the run is to stop.
pub(super) fn feed<A: Application>(opened: Opened<'_, A>) -> Result<Ended, CheckpointFailure> {
    let input = HashedInput::new(Arc::clone(&opened.input), opened.prefix.clone());
    let input = input.with_bytes_at_first(opened.input_bytes);
    let lines = LineReader::new(input, opened.max_line_bytes).unterminated_line(opened.unterminated_line);
    let mut lines = lines.after(opened.start.line_no, opened.prefix.bytes());
    let mut feed = Feed::new(opened);
    feed.begin(&mut lines)?;
    let taken = if feed.opened.start.is_finished { Ok(false) } else { feed.take_all(&mut lines) };
    feed.tell_notices();
    feed.end(lines, taken?)
}

impl<'a, A: Application> Feed<'a, A> {
    fn new(opened: Opened<'a, A>) -> Self {
        let begun_at = (opened.surroundings.now)();
        let Start { line_no, trace_end, .. } = opened.start;
        let begun = mark(&opened, line_no, opened.prefix.bytes());
        Self { opened, is_line_taken_back: false, trace_end, begun, begun_at, safe_line_no: line_no }
    }

    /// Commits, if nothing may be written before: nothing that no commit accounts for.
    fn begin(&mut self, lines: &mut Lines) -> Result<(), CheckpointFailure> {
        if self.opened.start.commits_first {
            self.commit(lines, self.begun, false)?;
            self.wait()?;
        }
        if let Some(TraceEnd { line_no, .. }) = self.trace_end {
            self.tell_trace_end(line_no, None);
        }
        match &self.opened.files.trace {
            Some(trace) => Ok(trace.end_torn_record()?),
            None => Ok(()),
        }
    }

    /// Returns whether the run was stopped.
    fn take_all(&mut self, lines: &mut Lines) -> Result<bool, CheckpointFailure> {
        let mut shown_lines_left = 0;
        loop {
            let before = self.mark(lines.line_no(), lines.bytes_read());
            let reached = Reached { line_no: before.line_no, bytes: before.input_bytes };
            if (self.opened.surroundings.between_lines)(reached) {
                return Ok(true);
            }
            if shown_lines_left == 0 {
                self.tell_notices();
                let ahead = lines.lines_ahead();
                self.opened.run.look_ahead(&ahead);
                shown_lines_left = ahead.len();
            }
            shown_lines_left = shown_lines_left.saturating_sub(1);
            let line = match lines.next_line() {
                Ok(Some(line)) => line,
                Ok(None) => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(cause) => {
                    self.commit_what_can_be(lines, before);
                    let path = self.opened.input.path().to_owned();
                    return Err(CheckpointFailure::ReadInput { path, line_no: lines.line_no(), cause });
                }
            };
            self.opened.state.begin_line(reached);
            match self.opened.run.process(line) {
                Ok(InputOutcome::Completed) => {}
                Ok(InputOutcome::Abandoned(failure)) => {
                    (self.opened.surroundings.tell)(Event::Abandoned(&failure));
                }
                Err(failure) => {
                    // The line is taken back: it comes again when the run is resumed.
                    self.opened.state.take_back_line();
                    self.is_line_taken_back = true;
                    self.heed_trace_failure()?;
                    self.commit_what_can_be(lines, before);
                    return Err(failure.into());
                }
            }
            self.heed_trace_failure()?;
            self.commit_if_due(lines)?;
            self.write_ahead_if_due(lines.line_no())?;
        }
    }

    fn tell_notices(&mut self) {
        for notice in self.opened.run.take_notices() {
            (self.opened.surroundings.tell)(Event::Notice(&notice));
        }
    }

    /// Makes the last commit. If all lines are read, the output is complete and takes its name.
    fn end(mut self, mut lines: Lines, is_stopped: bool) -> Result<Ended, CheckpointFailure> {
        if !is_stopped {
            self.opened.run.complete().map_err(CheckpointFailure::Finish)?;
            self.check_output_is_there()?;
        }
        let mark = self.mark(lines.line_no(), lines.bytes_read());
        self.commit(&mut lines, mark, !is_stopped)?;
        self.wait()?;
        if !is_stopped {
            self.name_output(&mut lines, mark)?;
        }
        let (report, summary) = (self.opened.run.report(), self.opened.run.summary());
        let trace_ends_after = self.trace_end.map(|end| end.line_no);
        let Start { line_no: resumed_after, is_finished, bytes_left, .. } = self.opened.start;
        let bytes_left = if is_finished { bytes_left } else { lines.bytes_left() };
        Ok(Ended { is_stopped, report, resumed_after, trace_ends_after, bytes_left, summary })
    }

    /// Fails if somebody else has removed or replaced the output: it could not take its name.
    fn check_output_is_there(&self) -> Result<(), CheckpointFailure> {
        let Files { output, partial_path, final_path, .. } = &self.opened.files;
        let unread = |cause| FileError::Io { doing: "be read", path: partial_path.clone(), cause };
        if output.is_at(&*self.opened.surroundings.disk, partial_path).map_err(unread)? {
            return Ok(());
        }
        Err(CheckpointFailure::OutputGone { path: final_path.clone(), partial: partial_path.clone() })
    }

    /// Gives the complete output its name, and commits that it has it: what has the partial name later is not taken for it.
    fn name_output(&mut self, lines: &mut Lines, mark: Mark) -> Result<(), CheckpointFailure> {
        let Files { partial_path, final_path, .. } = &mut self.opened.files;
        let renamed = self.opened.committer.rename(partial_path, final_path);
        renamed.map_err(|cause| CheckpointFailure::FinalName { path: final_path.clone(), cause })?;
        let was_named = partial_path == final_path;
        partial_path.clone_from(final_path);
        if was_named {
            return Ok(());
        }
        self.commit(lines, mark, true)?;
        self.wait()
    }

    #[inline]
    fn mark(&self, line_no: u64, input_bytes: u64) -> Mark {
        mark(&self.opened, line_no, input_bytes)
    }

    #[inline]
    fn commit_if_due(&mut self, lines: &mut Lines) -> Result<(), CheckpointFailure> {
        let line_no = lines.line_no();
        let since_commit = line_no - self.begun.line_no;
        let is_due = since_commit >= self.opened.every_lines
            || (line_no.is_multiple_of(LINES_PER_LOOK) && self.is_time_for_commit());
        if !is_due {
            return Ok(());
        }
        let is_idle = self.opened.committer.is_idle().map_err(|cause| self.not_committed(cause))?;
        if is_idle || since_commit >= self.opened.every_lines.saturating_mul(MAX_DELAY) {
            let mark = self.mark(line_no, lines.bytes_read());
            self.commit(lines, mark, false)?;
        }
        Ok(())
    }

    /// Takes over what has changed in the state once in so many lines, and writes it if it is much: a line is never taken back after that.
    #[inline]
    fn write_ahead_if_due(&mut self, line_no: u64) -> Result<(), CheckpointFailure> {
        if !line_no.is_multiple_of(LINES_PER_TAKE) {
            return Ok(());
        }
        let Err(cause) = self.opened.committer.write_ahead(&mut *self.opened.state) else { return Ok(()) };
        // What was begun may be committed for all that: people are told of the last line that is.
        self.wait()?;
        Err(self.not_committed(cause))
    }

    fn is_time_for_commit(&self) -> bool {
        let nanos = (self.opened.surroundings.now)().nanos_since(self.begun_at);
        nanos / 1_000_000 >= self.opened.every_ms
    }

    /// Begins a commit of everything up to `mark`.
    fn commit(&mut self, lines: &mut Lines, mark: Mark, complete: bool) -> Result<(), CheckpointFailure> {
        let mut output = self.opened.files.output.file();
        output.flush().and_then(|()| output.check())?;
        drop(output);
        if let Some(Err(cause)) = self.opened.files.trace.as_ref().map(Trace::flush) {
            self.end_trace(&cause)?;
        }
        let committed = self.committed(lines.input_mut().up_to(mark.input_bytes), mark, complete);
        self.wait()?;
        let made = self.opened.committer.commit(committed, &mut *self.opened.state, self.is_line_taken_back);
        made.map_err(|cause| self.not_committed(cause))?;
        (self.begun, self.begun_at) = (mark, (self.opened.surroundings.now)());
        Ok(())
    }

    fn committed(&self, input: &InputPrefix, mark: Mark, complete: bool) -> Committed {
        let mut committed = self.opened.template.clone();
        committed.input = input.committed(committed.input.path);
        committed.lines = mark.line_no;
        committed.output.bytes = mark.output_bytes;
        let Files { partial_path, final_path, .. } = &self.opened.files;
        committed.output.is_named = complete && partial_path == final_path;
        if let Some(trace) = &mut committed.trace {
            trace.bytes = self.trace_end.map_or(mark.trace_bytes, |end| end.bytes);
            trace.last_time_ns = self.opened.start.last_time.max(self.opened.run.last_time()).as_nanos();
            trace.ends_after_line = self.trace_end.map(|end| end.line_no);
        }
        let RunReport { abandoned, undeliverable, .. } = mark.report;
        let of_kernel = [(ABANDONED, abandoned), (UNDELIVERABLE, undeliverable)];
        let of_application = self.opened.run.summary();
        let of_application = of_application.iter().map(|row| (row.label.as_str(), row.count));
        let total = |(name, count): (&str, u64)| Total { name: name.to_owned(), count };
        committed.totals = of_kernel.into_iter().chain(of_application).map(total).collect();
        committed.committed_at_ms = (self.opened.surroundings.now)().as_nanos() / 1_000_000;
        committed.complete = complete;
        committed
    }

    /// Commits up to `mark` before the run ends with an error. If that is not possible, an earlier commit has to do.
    fn commit_what_can_be(&mut self, lines: &mut Lines, mark: Mark) {
        let _ = self.commit(lines, mark, false).and_then(|()| self.wait());
    }

    /// Ends the trace if a record could not be written, or not be made durable.
    #[inline]
    fn heed_trace_failure(&mut self) -> Result<(), CheckpointFailure> {
        match self.opened.files.trace.as_ref().and_then(Trace::take_failure) {
            Some(cause) => self.end_trace(&cause),
            None => Ok(()),
        }
    }

    /// Goes on without the trace. Of what is in its file, only what the last commit covers is trusted; if somebody else
    /// has shortened it, not even that, and the run ends.
    #[cold]
    fn end_trace(&mut self, cause: &io::Error) -> Result<(), CheckpointFailure> {
        let Some(trace) = self.opened.files.trace.take() else { return Ok(()) };
        trace.give_up();
        if let Err(error) = trace.refuse_if_shortened() {
            self.opened.files.trace = Some(trace);
            return Err(error.into());
        }
        let Mark { line_no, trace_bytes, .. } = self.begun;
        self.trace_end = Some(TraceEnd { line_no, bytes: trace_bytes });
        self.tell_trace_end(line_no, Some(cause));
        Ok(())
    }

    fn tell_trace_end(&mut self, line_no: u64, cause: Option<&io::Error>) {
        let path = self.opened.template.trace.as_ref().map_or("", |trace| &trace.path);
        (self.opened.surroundings.tell)(Event::TraceEnds { path, line_no, cause });
    }

    /// Waits until what was begun is committed.
    fn wait(&mut self) -> Result<(), CheckpointFailure> {
        self.opened.committer.wait().map_err(|cause| self.not_committed(cause))?;
        self.safe_line_no = self.begun.line_no;
        Ok(())
    }

    fn not_committed(&self, cause: CommitError) -> CheckpointFailure {
        CheckpointFailure::Commit { line_no: self.safe_line_no, cause }
    }
}

/// Returns how far the run has come.
#[inline]
fn mark<A: Application>(opened: &Opened<'_, A>, line_no: u64, input_bytes: u64) -> Mark {
    let output_bytes = opened.files.output.file().bytes();
    let trace_bytes = opened.files.trace.as_ref().map_or(opened.start.trace_bytes, Trace::bytes);
    Mark { line_no, input_bytes, output_bytes, trace_bytes, report: opened.run.report() }
}
