//! A run with a checkpoint: killed at any moment and started again, it comes to what it would have come to.

mod committed_lines;
mod committer;
mod failure;
mod feed;
mod files;
mod hashed_input;
mod identity;
mod opening;
mod output_place;

use std::io;
use std::path::Path;
use std::sync::Arc;

use stream_kernel_disk::Disk;
use stream_kernel_exec::{RunReport, StepFailure};
use stream_kernel_trace::{Clock, Timestamp};

use crate::{Application, Job, SummaryRow};

pub use committed_lines::CommittedLines;
pub use committer::CommitIn;
pub use failure::CheckpointFailure;
pub use identity::check_program;

/// What a run with a checkpoint needs beside its job.
pub struct Surroundings<'a> {
    /// Where all its files are.
    pub disk: Arc<dyn Disk>,
    /// What time it is: for the cadence of commits, and in them for people.
    pub now: &'a dyn Fn() -> Timestamp,
    /// Where commits are made.
    pub commit_in: CommitIn,
    /// How large the log of changes must be to be replaced by the whole state, mostly [`MIN_COMPACTION_BYTES`](stream_kernel_checkpoint::MIN_COMPACTION_BYTES).
    pub min_compaction_bytes: u64,
    /// The run's name in its trace.
    pub run_id: &'a str,
    /// Whether what the checkpoint holds is to be forgotten.
    pub restart: bool,
    /// Is told before every line, and behind the last, how far the run has come; returns whether it is to stop.
    pub between_lines: &'a mut dyn FnMut(Reached) -> bool,
    /// Is told what people may want to know.
    pub tell: &'a mut dyn FnMut(Event<'_>),
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// The number of the last line that was processed.
    pub line_no: u64,
    /// How many bytes of the input were read with it.
    pub bytes: u64,
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
    /// The application wants people to know something: see [`Application::take_notices`].
    Notice(&'a str),
    /// A step failed, and the line was abandoned.
    Abandoned(&'a StepFailure),
    /// The run waits for input, which may take any time.
    Waits(Reached),
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

/// Runs a job whose configuration has a checkpoint, from its beginning or from where the checkpoint says, traced by the clock that `clock`
/// makes, if it is traced.
///
/// # Errors
///
/// Says why the run was refused, or why it has ended; started again, it goes on from the last commit.
pub fn run_checkpointed<A: Application, C: Clock + 'static>(
    job: Job<A>,
    clock: impl FnOnce() -> C,
    surroundings: Surroundings<'_>,
) -> Result<Ended, CheckpointFailure> {
    let opened = opening::open(job, clock, surroundings)?;
    feed::feed(opened)
}
