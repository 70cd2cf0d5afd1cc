//! A run with a checkpoint: killed at any moment and started again, it comes to what it would have come to.

mod commits;
mod committer;
mod failure;
mod files;
mod hashed_input;
mod identity;
mod opening;
mod output_place;
mod recovery;

use std::io;
use std::path::Path;
use std::sync::Arc;

use stream_kernel_checkpoint::FileError;
use stream_kernel_disk::Disk;
use stream_kernel_exec::{RunReport, StepFailure};
use stream_kernel_trace::{Clock, Timestamp};

use crate::feed::{Interruption, Output, tell_notices};
use crate::{Application, Job, Position, SummaryRow};
use opening::Opened;

pub use commits::Ends;
pub(crate) use commits::{Commits, Mark};
pub use committer::CommitIn;
pub use failure::CheckpointFailure;
pub use identity::check_program;

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
#[derive(Clone, Debug, PartialEq, Eq)]
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

impl Ended {
    /// Returns the end of a run that was stopped before it went on from a commit.
    fn while_recovering(report: RunReport) -> Self {
        Self {
            is_stopped: true,
            report,
            resumed_after: report.inputs,
            trace_ends_after: None,
            bytes_left: 0,
            summary: Vec::new(),
        }
    }
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
        Err(CheckpointFailure::Stopped { report }) => return Ok(Ended::while_recovering(report)),
        opened => opened?,
    };
    let CheckpointOptions { between_lines, tell, .. } = options;
    opened.begin(tell)?;
    let taken = if opened.start.is_finished { Ok(false) } else { opened.take_all(between_lines, tell) };
    tell_notices(&mut opened.session, tell);
    opened.end(taken?, tell)
}

impl<A: Application> Opened<A> {
    /// Commits, if nothing may be written before: nothing that no commit accounts for.
    fn begin(&mut self, tell: &mut dyn FnMut(Event<'_>)) -> Result<(), CheckpointFailure> {
        if self.start.commits_first {
            self.session.commit_end(&mut self.feed, false, false)?;
        }
        let Some(commits) = self.session.commits() else { return Ok(()) };
        // What came after the last line of a complete run comes again, after the last of this one.
        let output = commits.written().output;
        if self.feed.output.0.bytes() > output && !self.start.is_finished {
            self.feed.output.0.cut_to(output)?;
        }
        if let Some(line_no) = commits.trace_ends_after() {
            tell(Event::TraceEnds { path: commits.trace_path(), line_no, cause: None });
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
        let Self { session, feed, .. } = self;
        let interruption = match feed.take_all(session, between_lines, tell) {
            Ok(is_stopped) => return Ok(is_stopped),
            Err(interruption) => interruption,
        };
        if let Interruption::Commit(failure) = interruption {
            return Err(failure);
        }
        if let Some(commits) = session.commits() {
            commits.heed_trace_failure()?;
        }
        session.tell_events(tell);
        // If that is not possible, an earlier commit has to do.
        let is_last_line_lost = !matches!(interruption, Interruption::Read(_));
        let _ = session.commit_end(feed, is_last_line_lost, false);
        let line_no = session.position().line_no;
        Err(match interruption {
            Interruption::Commit(failure) => failure,
            Interruption::Step(failure) => failure.into(),
            Interruption::Write(cause) => CheckpointFailure::WriteOutput(cause),
            Interruption::Read(cause) => {
                let path = feed.lines.input_mut().path().to_owned();
                CheckpointFailure::ReadInput { path, line_no, cause }
            }
        })
    }

    /// Makes the last commit. If all lines are read, the output is complete and takes its name.
    fn end(mut self, is_stopped: bool, tell: &mut dyn FnMut(Event<'_>)) -> Result<Ended, CheckpointFailure> {
        if !is_stopped {
            if !self.start.is_finished {
                let tail = self.session.complete();
                self.feed.output.write(&tail).map_err(CheckpointFailure::WriteOutput)?;
            }
            self.check_output_is_there()?;
        }
        self.session.commit_end(&mut self.feed, false, !is_stopped)?;
        if !is_stopped {
            self.name_output()?;
        }
        self.session.tell_events(tell);
        let bytes_left =
            if self.start.is_finished { self.start.bytes_left } else { self.feed.lines.bytes_left() };
        Ok(Ended {
            is_stopped,
            report: self.session.report(),
            resumed_after: self.start.position.line_no,
            trace_ends_after: self.session.commits().and_then(|commits| commits.trace_ends_after()),
            bytes_left,
            summary: self.session.summary(),
        })
    }

    /// Fails if somebody else has removed or replaced the output: it could not take its name.
    fn check_output_is_there(&self) -> Result<(), CheckpointFailure> {
        let Self { final_path, partial_path, .. } = self;
        let unread = |cause| FileError::Io { doing: "be read", path: partial_path.clone(), cause };
        if self.feed.output.is_at(&*self.disk, partial_path).map_err(unread)? {
            return Ok(());
        }
        Err(CheckpointFailure::OutputGone { path: final_path.clone(), partial: partial_path.clone() })
    }

    /// Gives the complete output its name, and commits that it has it: what has the partial name later is not taken for it.
    fn name_output(&mut self) -> Result<(), CheckpointFailure> {
        let Self { session, feed, final_path, partial_path, .. } = self;
        if let Some(commits) = session.commits() {
            let renamed = commits.committer.rename(partial_path, final_path);
            renamed.map_err(|cause| CheckpointFailure::FinalName { path: final_path.clone(), cause })?;
            commits.name_output();
        }
        if partial_path == final_path {
            return Ok(());
        }
        session.commit_end(feed, false, true)
    }
}
