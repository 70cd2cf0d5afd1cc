//! Runs with a checkpoint: killed at any moment and started again, a run gives the results of an undisturbed one.

mod commits;
mod committer;
mod failure;
mod files;
mod hashed_input;
mod identity;
mod opening;
mod recovery;
mod shared;

use std::io;
use std::path::Path;
use std::sync::Arc;

use stream_kernel_checkpoint::FileError;
use stream_kernel_disk::Disk;
use stream_kernel_exec::{RunReport, StepFailure};
use stream_kernel_trace::{Clock, Timestamp, TraceSink};

use crate::feed::{Interruption, tell_notices};
use crate::{Application, Job, Position, Session, SummaryRow};
use commits::{Commits, CommittedFeed};
use opening::{Names, Opened};

pub use commits::is_snapshot_worth;
pub use committer::CommitIn;
pub use failure::CheckpointFailure;
pub use identity::check_program;
pub use shared::{Reached, SharedCheckpoint};

/// The cost of deciding lines again that justifies a snapshot, in bytes of a snapshot: that of six million lines, which
/// takes some seconds.
pub const MIN_SNAPSHOT_BYTES: u64 = 1_200_000_000;

/// The options of a run with a checkpoint, beside its job.
pub struct CheckpointOptions<'a> {
    /// The disk with all its files.
    pub disk: Arc<dyn Disk>,
    /// The wall clock: for the cadence of commits, and for people in each commit.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Where commits are made.
    pub commit_in: CommitIn,
    /// The cost of deciding lines again that justifies a snapshot, in bytes of a snapshot: usually
    /// [`MIN_SNAPSHOT_BYTES`]. With 0, every commit has a snapshot.
    pub min_snapshot_bytes: u64,
    /// The run's name in its trace.
    pub run_id: &'a str,
    /// Whether to discard an existing checkpoint.
    pub restart: bool,
    /// Sinks of the caller's own, beside the trace file: they take what is recorded while this run goes on.
    pub live_sinks: Vec<Box<dyn TraceSink>>,
    /// Called before every line and after the last with the progress of the run; returns whether to stop.
    pub between_lines: &'a mut dyn FnMut(Position) -> bool,
    /// Called with events for people.
    pub tell: &'a mut dyn FnMut(Event<'_>),
}

/// An event of a run, for people.
#[derive(Debug)]
pub enum Event<'a> {
    /// The run resumes after the line that was committed last.
    Resumed {
        /// The last line that was committed.
        line_no: u64,
        /// Whether the run was complete.
        was_complete: bool,
    },
    /// The unfinished output was renamed, because the configuration names another output now.
    OutputMoved {
        /// Its earlier name.
        from: &'a Path,
        /// Its name until it is complete.
        to: &'a Path,
    },
    /// The trace ends here: it could not be written further, and the run goes on without it.
    TraceEnds {
        /// The trace.
        path: &'a str,
        /// The last line whose records it certainly holds.
        line_no: u64,
        /// The cause, unless an earlier run has reported it.
        cause: Option<&'a io::Error>,
    },
    /// A step has a notice for people: see [`Emitter::notice`](stream_kernel_exec::Emitter::notice).
    Notice(&'a str),
    /// A step failed, and the line was abandoned.
    Abandoned(&'a StepFailure),
    /// The run waits for input, for any length of time.
    Waits(Position),
}

/// The end of a run with a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Whether it was stopped. If not, all lines are read and the output has its name.
    pub is_stopped: bool,
    /// The counts of all lines, including those of earlier runs.
    pub report: RunReport,
    /// The number of lines that earlier runs have taken.
    pub resumed_after: u64,
    /// The last line in the trace, if it could not be written further.
    pub trace_ends_after: Option<u64>,
    /// The number of bytes without LF at the end of the input, left for the next run.
    pub bytes_left: u64,
    /// The application's part of the summary.
    pub summary: Vec<SummaryRow>,
}

/// Runs a job whose configuration has a checkpoint, from the beginning or from its last commit. `clock` makes the clock
/// of the trace, if there is one.
///
/// # Errors
///
/// Returns why the run was refused, or why it has ended. Started again, it goes on from the last commit.
pub fn run_checkpointed<A: Application, C: Clock + 'static>(
    job: Job<A>,
    clock: impl FnOnce() -> C,
    mut options: CheckpointOptions<'_>,
) -> Result<Ended, CheckpointFailure> {
    let mut opened = match opening::open(job, clock, &mut options) {
        Err(CheckpointFailure::Stopped { report }) => {
            return Ok(Ended { is_stopped: true, report, resumed_after: report.inputs, ..Ended::default() });
        }
        opened => opened?,
    };
    let CheckpointOptions { between_lines, tell, .. } = options;
    opened.begin(tell)?;
    let taken = if opened.commits.is_finished { Ok(false) } else { opened.take_all(between_lines, tell) };
    tell_notices(&mut opened.session, tell);
    opened.end(taken?, tell)
}

impl<A: Application> Opened<A> {
    /// Commits first where that is due: nothing may be written that no commit accounts for.
    fn begin(&mut self, tell: &mut dyn FnMut(Event<'_>)) -> Result<(), CheckpointFailure> {
        let Self { session, feed, commits, .. } = self;
        if let Some((path, line_no)) = commits.trace_end() {
            tell(Event::TraceEnds { path, line_no, cause: None });
        }
        if self.commits_first {
            commits.commit_end(feed, session, tell, false, false)?;
        }
        // The output after the last line of the complete run is written again, after the last line of this run.
        let output = feed.output.written.bytes;
        if feed.output.file.bytes() > output && !commits.is_finished {
            feed.output.file.cut_to(output)?;
        }
        match &commits.trace {
            Some(trace) => Ok(trace.end_torn_record()?),
            None => Ok(()),
        }
    }

    /// Takes every line, and commits what it can after an interruption; returns whether the run was stopped.
    fn take_all(
        &mut self,
        between_lines: &mut dyn FnMut(Position) -> bool,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<bool, CheckpointFailure> {
        let Self { session, feed, commits, .. } = self;
        let line_done =
            |feed: &mut CommittedFeed, session: &mut Session<A>, tell: &mut dyn FnMut(Event<'_>)| {
                commits.line_done(feed, session, tell)
            };
        let interruption = match feed.take_all(session, between_lines, tell, line_done) {
            Ok(is_stopped) => return Ok(is_stopped),
            Err(interruption) => interruption,
        };
        let line_no = session.position().line_no;
        let (failure, is_last_line_lost) = match interruption {
            Interruption::Commit(failure) => {
                session.publish();
                return Err(failure);
            }
            Interruption::Step(failure) => (failure.into(), true),
            Interruption::Write(cause) => (CheckpointFailure::WriteOutput(cause), true),
            Interruption::Read(cause) => {
                let path = feed.lines.input_mut().path().to_owned();
                (CheckpointFailure::ReadInput { path, line_no, cause }, false)
            }
        };
        commits.heed_trace_failure(tell)?;
        // If that fails, an earlier commit has to do.
        let _ = commits.commit_end(feed, session, tell, is_last_line_lost, false);
        session.publish();
        Err(failure)
    }

    /// Makes the last commit. If all lines are read, the output is complete and takes its name.
    fn end(self, is_stopped: bool, tell: &mut dyn FnMut(Event<'_>)) -> Result<Ended, CheckpointFailure> {
        let Self { mut session, mut feed, mut commits, files, .. } = self;
        let tail = if is_stopped || commits.is_finished { Vec::new() } else { session.complete() };
        files.end(&mut commits, &mut feed, &tail, is_stopped, &mut |commits, feed| {
            commits.commit_end(feed, &mut session, tell, false, !is_stopped)
        })?;
        let summary = commits.rows(&mut session);
        // The memory of a finished run was not restored.
        let tables = if commits.is_finished { Vec::new() } else { session.memory().table_sizes() };
        session.publish_with(summary.clone(), tables);
        Ok(Ended {
            is_stopped,
            report: session.report(),
            resumed_after: self.resumed_after,
            trace_ends_after: commits.trace_end().map(|(_, line_no)| line_no),
            bytes_left: if commits.is_finished { self.bytes_left } else { feed.lines.bytes_left() },
            summary,
        })
    }
}

/// Makes the last commit, of everything written so far.
type MakeCommit<'a> = dyn FnMut(&mut Commits, &mut CommittedFeed) -> Result<(), CheckpointFailure> + 'a;

impl Names {
    /// Makes the last commit. If all lines are read, this tail completes the output, which takes its name.
    fn end(
        self,
        commits: &mut Commits,
        feed: &mut CommittedFeed,
        tail: &[u8],
        is_stopped: bool,
        commit: &mut MakeCommit<'_>,
    ) -> Result<(), CheckpointFailure> {
        let Self { disk, final_path, output_path } = self;
        if is_stopped {
            return commit(commits, feed);
        }
        if !commits.is_finished {
            feed.output.append(tail).map_err(CheckpointFailure::WriteOutput)?;
            commits.tail_bytes = tail.len() as u64;
        }
        // Another process may have removed or replaced it; then it cannot take its name.
        if !feed.output.is_at(&*disk, &output_path).map_err(FileError::io("be read", &output_path))? {
            return Err(CheckpointFailure::OutputGone { path: final_path, partial: output_path });
        }
        commit(commits, feed)?;
        // The name is committed too, so that a later file under the partial name is not mistaken for this output.
        let renamed = commits.committer.rename(&output_path, &final_path);
        renamed.map_err(|cause| CheckpointFailure::FinalName { path: final_path.clone(), cause })?;
        commits.last.output.is_named = true;
        if output_path == final_path { Ok(()) } else { commit(commits, feed) }
    }
}
