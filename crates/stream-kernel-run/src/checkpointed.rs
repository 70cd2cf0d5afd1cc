//! A run with a checkpoint: killed at any moment and started again, it comes to what it would have come to.

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
use stream_kernel_trace::{Clock, Timestamp};

use crate::feed::{Interruption, tell_notices};
use crate::{Application, Job, Position, Session, SummaryRow};
use commits::{Commits, CommittedFeed};
use opening::{Names, Opened};

pub use commits::is_snapshot_worth;
pub use committer::CommitIn;
pub use failure::CheckpointFailure;
pub use identity::check_program;
pub use shared::{Reached, SharedCheckpoint};

/// What deciding lines again must cost, in bytes of a snapshot, to be worth one: that of six million lines, which takes some seconds.
pub const MIN_SNAPSHOT_BYTES: u64 = 1_200_000_000;

/// What a run with a checkpoint needs beside its job.
pub struct CheckpointOptions<'a> {
    /// Where all its files are.
    pub disk: Arc<dyn Disk>,
    /// What time it is: for the cadence of commits, and in them for people.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Where commits are made.
    pub commit_in: CommitIn,
    /// How much deciding lines again must cost, in bytes of a snapshot, to be worth one: mostly [`MIN_SNAPSHOT_BYTES`]. With 0 every commit
    /// has one.
    pub min_snapshot_bytes: u64,
    /// The run's name in its trace.
    pub run_id: &'a str,
    /// Whether what the checkpoint holds is to be forgotten.
    pub restart: bool,
    /// Is told before every line, and behind the last, how far the run has come; returns whether it is to stop.
    pub between_lines: &'a mut dyn FnMut(Position) -> bool,
    /// Is told what people may want to know.
    pub tell: &'a mut dyn FnMut(Event<'_>),
}

/// Something that people may want to know of a run.
#[derive(Debug)]
pub enum Event<'a> {
    /// The run goes on after a line, the last one that was committed.
    Resumed {
        /// The last line that was committed.
        line_no: u64,
        /// Whether the run had come to the end of its input.
        was_complete: bool,
    },
    /// The output so far has taken another name, since the configuration names another one now.
    OutputMoved {
        /// The name that it had.
        from: &'a Path,
        /// The name that it has until it is complete.
        to: &'a Path,
    },
    /// The trace ends: what followed could not be written, and the run goes on without it.
    TraceEnds {
        /// The trace.
        path: &'a str,
        /// The last line whose records it is certain to hold.
        line_no: u64,
        /// Why, unless that was told by an earlier run.
        cause: Option<&'a io::Error>,
    },
    /// A step wants people to know something: see [`Emitter::notice`](stream_kernel_exec::Emitter::notice).
    Notice(&'a str),
    /// A step failed, and the line was abandoned.
    Abandoned(&'a StepFailure),
    /// The run waits for input, which may take any time.
    Waits(Position),
}

/// How a run with a checkpoint has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Whether it was stopped; if not, all lines are read and the output has its name.
    pub is_stopped: bool,
    /// The counts of all lines, those of earlier runs included.
    pub report: RunReport,
    /// The number of lines that earlier runs had taken.
    pub resumed_after: u64,
    /// The last line in the trace, if what followed could not be written.
    pub trace_ends_after: Option<u64>,
    /// How many bytes without LF are left at the end of the input, for the next run.
    pub bytes_left: u64,
    /// The application's part of the summary.
    pub summary: Vec<SummaryRow>,
}

/// Runs a job whose configuration has a checkpoint, from its beginning or from where the checkpoint says, traced by the clock that `clock`
/// makes, if it is traced.
///
/// # Errors
///
/// Says why the run was refused, or why it has ended; started again, it goes on from the last commit.
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
    /// Commits, if nothing may be written before: nothing that no commit accounts for.
    fn begin(&mut self, tell: &mut dyn FnMut(Event<'_>)) -> Result<(), CheckpointFailure> {
        let Self { session, feed, commits, .. } = self;
        if let Some((path, line_no)) = commits.trace_end() {
            tell(Event::TraceEnds { path, line_no, cause: None });
        }
        if self.commits_first {
            commits.commit_end(feed, session, tell, false, false)?;
        }
        // What came after the last line of a complete run comes again, after the last of this one.
        let output = feed.output.written.bytes;
        if feed.output.file.bytes() > output && !commits.is_finished {
            feed.output.file.cut_to(output)?;
        }
        match &commits.trace {
            Some(trace) => Ok(trace.end_torn_record()?),
            None => Ok(()),
        }
    }

    /// Takes every line, and commits what can be if that is interrupted; returns whether the run was stopped.
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
            Interruption::Commit(failure) => return Err(failure),
            Interruption::Step(failure) => (failure.into(), true),
            Interruption::Write(cause) => (CheckpointFailure::WriteOutput(cause), true),
            Interruption::Read(cause) => {
                let path = feed.lines.input_mut().path().to_owned();
                (CheckpointFailure::ReadInput { path, line_no, cause }, false)
            }
        };
        commits.heed_trace_failure(tell)?;
        // If that is not possible, an earlier commit has to do.
        let _ = commits.commit_end(feed, session, tell, is_last_line_lost, false);
        Err(failure)
    }

    /// Makes the last commit. If all lines are read, the output is complete and takes its name.
    fn end(self, is_stopped: bool, tell: &mut dyn FnMut(Event<'_>)) -> Result<Ended, CheckpointFailure> {
        let Self { mut session, mut feed, mut commits, files, .. } = self;
        let tail = if is_stopped || commits.is_finished { Vec::new() } else { session.complete() };
        files.end(&mut commits, &mut feed, &tail, is_stopped, &mut |commits, feed| {
            commits.commit_end(feed, &mut session, tell, false, !is_stopped)
        })?;
        Ok(Ended {
            is_stopped,
            report: session.report(),
            resumed_after: self.resumed_after,
            trace_ends_after: commits.trace_end().map(|(_, line_no)| line_no),
            bytes_left: if commits.is_finished { self.bytes_left } else { feed.lines.bytes_left() },
            summary: commits.rows(&mut session),
        })
    }
}

/// Makes the last commit, with what has been written until then.
type MakeCommit<'a> = dyn FnMut(&mut Commits, &mut CommittedFeed) -> Result<(), CheckpointFailure> + 'a;

impl Names {
    /// Has the last commit made. If all lines are read, the output is complete with this tail, and takes its name.
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
        // Somebody else may have removed or replaced it: then it could not take its name.
        if !feed.output.is_at(&*disk, &output_path).map_err(FileError::io("be read", &output_path))? {
            return Err(CheckpointFailure::OutputGone { path: final_path, partial: output_path });
        }
        commit(commits, feed)?;
        // That it has its name is committed, too: what has the partial name later is not taken for it.
        let renamed = commits.committer.rename(&output_path, &final_path);
        renamed.map_err(|cause| CheckpointFailure::FinalName { path: final_path.clone(), cause })?;
        commits.last.output.is_named = true;
        if output_path == final_path { Ok(()) } else { commit(commits, feed) }
    }
}
