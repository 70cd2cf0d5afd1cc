//! Why a run with a checkpoint does not begin, or ends.

use std::io;
use std::path::PathBuf;

use rustix::io::Errno;
use stream_kernel_checkpoint::{CommitError, FileError, OpenError, PrefixError, RestoreError};
use stream_kernel_exec::{RunReport, StepFailure};

use crate::OpenInputError;

/// Why a run with a checkpoint does not begin, or ends before all lines are read.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointFailure {
    /// The checkpoint cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It was made by another program.
    #[error("the checkpoint `{}` was made by {committed}, and this is {present} (go on with that one, or use another `runtime.checkpoint.dir`)", dir.display())]
    OtherProgram {
        /// The checkpoint's directory.
        dir: PathBuf,
        /// Name and version of the program that has committed.
        committed: String,
        /// Name and version of this one.
        present: String,
    },
    /// It was made with another configuration.
    #[error(
        "the checkpoint `{}` was made with another configuration: {differences} (go back to that one, or use another \
         `runtime.checkpoint.dir`)",
        dir.display()
    )]
    OtherConfiguration {
        /// The checkpoint's directory.
        dir: PathBuf,
        /// What differs: each key with its value then and now.
        differences: String,
    },
    /// The input is not the one that was committed.
    #[error(transparent)]
    Input(#[from] PrefixError),
    /// The output or the trace of an earlier run is gone.
    #[error("the {what} `{}`, of which {committed} bytes were committed, is not there (put it back)", path.display())]
    Missing {
        /// What is missing: `output`, `trace`.
        what: &'static str,
        /// The name that it had.
        path: PathBuf,
        /// How many bytes of it were committed.
        committed: u64,
    },
    /// The output cannot take the name that the configuration gives it now.
    #[error("the output so far, `{}`, cannot become `{}` (move it there, and run again)", from.display(), to.display())]
    Move {
        /// The name that it has.
        from: PathBuf,
        /// The name that it should have.
        to: PathBuf,
        /// Why.
        #[source]
        cause: CommitError,
    },
    /// The output or the trace of a run that begins cannot be written. Nothing of it is committed.
    #[error(transparent)]
    Begin(FileError),
    /// The output or the trace is not what was committed.
    #[error(transparent)]
    File(#[from] FileError),
    /// The state cannot be restored.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// More is remembered than a limit allows by now.
    #[error("the checkpoint `{}` holds {what}", dir.display())]
    BeyondLimit {
        /// The checkpoint's directory.
        dir: PathBuf,
        /// What it holds more of than which limit allows, and what to do.
        what: String,
    },
    /// A committed line cannot be decided again.
    #[error("the checkpoint `{}` cannot be gone on from: what was decided before is not decided again: {cause}", dir.display())]
    NotDecidedAgain {
        /// The checkpoint's directory.
        dir: PathBuf,
        /// Why.
        cause: StepFailure,
    },
    /// The committed lines, decided again, come to another output than was committed.
    #[error(
        "the checkpoint `{}` cannot be gone on from: the committed lines, decided again, come to another output (was the program \
         built anew, with other rules?)",
        dir.display()
    )]
    DecidedOtherwise {
        /// The checkpoint's directory.
        dir: PathBuf,
    },
    /// The run was to stop while committed lines were decided again: it goes on from the same commit.
    #[error("the run was stopped while it recovered")]
    Stopped {
        /// The counts of the commit.
        report: RunReport,
    },
    /// The input cannot be opened.
    #[error(transparent)]
    OpenInput(#[from] OpenInputError),
    /// The input cannot be read.
    #[error("the input `{}` cannot be read after line {line_no}", path.display())]
    ReadInput {
        /// The input.
        path: PathBuf,
        /// The last line read.
        line_no: u64,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// A step has ended the run.
    #[error(transparent)]
    Step(#[from] StepFailure),
    /// A commit could not be made.
    #[error("nothing after line {line_no} is committed")]
    Commit {
        /// The last line that a commit covers, as far as is known.
        line_no: u64,
        /// Why.
        #[source]
        cause: CommitError,
    },
    /// The output is complete, and that is committed, but it cannot take its name.
    #[error("all lines are committed, but the output cannot take its name `{}`", path.display())]
    FinalName {
        /// The name.
        path: PathBuf,
        /// Why.
        #[source]
        cause: CommitError,
    },
    /// All lines are read, but the output is not there to take its name.
    #[error("the output cannot take its name `{}`: somebody else has removed or replaced `{}`", path.display(), partial.display())]
    OutputGone {
        /// The name.
        path: PathBuf,
        /// The name that it had until then.
        partial: PathBuf,
    },
    /// The output cannot be written; the error names it.
    #[error(transparent)]
    WriteOutput(io::Error),
}

impl CheckpointFailure {
    /// Returns whether the run was refused, with nothing touched, because something has to be decided first.
    pub fn is_refusal(&self) -> bool {
        match self {
            failure if failure.hint_at_obstacle().is_some() => true,
            Self::OtherProgram { .. }
            | Self::OtherConfiguration { .. }
            | Self::Missing { .. }
            | Self::BeyondLimit { .. }
            | Self::NotDecidedAgain { .. }
            | Self::DecidedOtherwise { .. } => true,
            Self::Restore(error) => {
                !matches!(error, RestoreError::Read { .. } | RestoreError::ReadConfiguration { .. })
            }
            Self::Open(error) => !matches!(error, OpenError::Io { .. }),
            Self::Input(error) => !matches!(error, PrefixError::Read { .. }),
            Self::File(error) | Self::Begin(error) => {
                !matches!(error, FileError::Io { .. } | FileError::Shortened { .. })
            }
            _ => false,
        }
    }

    /// Returns what to do about what is in the place of a file: a symbolic link, which is not followed, or a pipe or the like.
    pub fn hint_at_obstacle(&self) -> Option<&'static str> {
        let (Self::Open(OpenError::Io { cause, .. })
        | Self::File(FileError::Io { cause, .. })
        | Self::Restore(RestoreError::Read { cause, .. } | RestoreError::ReadConfiguration { cause, .. })) =
            self
        else {
            return None;
        };
        match cause.raw_os_error() {
            Some(code) if code == Errno::LOOP.raw_os_error() => {
                Some("a symbolic link is not followed; put a file in its place")
            }
            None if cause.kind() == io::ErrorKind::InvalidInput => Some("put a file in its place"),
            _ => None,
        }
    }
}
