//! Failures of a run with a checkpoint, at its beginning or later.

use std::io;
use std::path::PathBuf;

use rustix::io::Errno;
use stream_kernel_checkpoint::{CommitError, FileError, OpenCheckpointError, PrefixError, RestoreError};
use stream_kernel_exec::{RunReport, StepFailure};

use crate::OpenInputError;

/// Why a run with a checkpoint does not begin, or ends before all lines are read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointFailure {
    /// The checkpoint cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenCheckpointError),
    /// Another program or another configuration has made it, one of its files is missing, it holds more than a limit
    /// allows now, or the committed lines cannot be decided again or give another output.
    #[error("{what}")]
    Refused {
        /// What is wrong, and the remedy.
        what: String,
        /// Whether a restart is a remedy; if not, the text says what to do first.
        restart_helps: bool,
    },
    /// The input is not the committed one.
    #[error(transparent)]
    Input(#[from] PrefixError),
    /// The unfinished output cannot be renamed as the configuration demands now.
    #[error("the output so far, `{}`, cannot become `{}` (move it there, and run again)", from.display(), to.display())]
    Move {
        /// Its present name.
        from: PathBuf,
        /// The name that it should have.
        to: PathBuf,
        /// Why.
        #[source]
        cause: CommitError,
    },
    /// The output or the trace of a new run cannot be written. Nothing is committed.
    #[error(transparent)]
    Begin(FileError),
    /// The output or the trace is not the committed one.
    #[error(transparent)]
    File(#[from] FileError),
    /// The state cannot be restored.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// The run was stopped while it decided committed lines again. It goes on from the same commit.
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
        /// The system's error.
        #[source]
        cause: io::Error,
    },
    /// A step has ended the run.
    #[error(transparent)]
    Step(#[from] StepFailure),
    /// A commit failed.
    #[error("nothing after line {line_no} is committed")]
    Commit {
        /// The last line that a commit covers, as far as is known.
        line_no: u64,
        /// Why.
        #[source]
        cause: CommitError,
    },
    /// The output is complete and committed, but cannot take its name.
    #[error("all lines are committed, but the output cannot take its name `{}`", path.display())]
    FinalName {
        /// The name.
        path: PathBuf,
        /// Why.
        #[source]
        cause: CommitError,
    },
    /// All lines are read, but the output is missing.
    #[error("the output cannot take its name `{}`: somebody else has removed or replaced `{}`", path.display(), partial.display())]
    OutputGone {
        /// The name.
        path: PathBuf,
        /// Its name until then.
        partial: PathBuf,
    },
    /// The output cannot be written; the error names it.
    #[error(transparent)]
    WriteOutput(io::Error),
}

impl CheckpointFailure {
    pub(super) fn refused(what: String) -> Self {
        Self::Refused { what, restart_helps: true }
    }

    /// Returns whether the run was refused, with nothing touched, because somebody has to decide first.
    pub fn is_refusal(&self) -> bool {
        match self {
            failure if failure.hint_at_obstacle().is_some() => true,
            Self::Refused { .. } => true,
            Self::Restore(error) => {
                !matches!(error, RestoreError::Read { .. } | RestoreError::ReadConfiguration { .. })
            }
            Self::Open(error) => !matches!(error, OpenCheckpointError::File(_)),
            Self::Input(error) => !matches!(error, PrefixError::Read { .. }),
            Self::File(error) | Self::Begin(error) => {
                !matches!(error, FileError::Io { .. } | FileError::Shortened { .. })
            }
            _ => false,
        }
    }

    /// Returns the remedy for something in the place of a file: a symbolic link, which is not followed, or a pipe or
    /// the like.
    pub fn hint_at_obstacle(&self) -> Option<&'static str> {
        let cause = match self {
            Self::Open(OpenCheckpointError::File(FileError::Io { cause, .. }))
            | Self::File(FileError::Io { cause, .. }) => &**cause,
            Self::Restore(
                RestoreError::Read { cause, .. } | RestoreError::ReadConfiguration { cause, .. },
            ) => cause,
            _ => return None,
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
