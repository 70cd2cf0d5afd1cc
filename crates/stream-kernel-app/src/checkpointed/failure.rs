//! Why a run with a checkpoint does not begin, or ends.

use std::io;
use std::path::PathBuf;

use stream_kernel_checkpoint::{CommitError, FileError, OpenError, PrefixError, RestoreError};
use stream_kernel_exec::StepFailure;

/// Why a run with a checkpoint does not begin, or ends before all lines are read.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointFailure {
    /// The checkpoint cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It belongs to something else.
    #[error("the checkpoint `{}` is of another {what}: {committed} (it has {present} now; start over with --restart, or use another `runtime.checkpoint.dir`)", dir.display())]
    Other {
        /// The checkpoint's directory.
        dir: PathBuf,
        /// What differs: `program`, `configuration`.
        what: &'static str,
        /// What was committed.
        committed: String,
        /// What is there now.
        present: String,
    },
    /// The input is not the one that was committed.
    #[error("{0} (start over with --restart, or use another `runtime.checkpoint.dir`)")]
    Input(PrefixError),
    /// What was appended to the input would make one line out of two.
    #[error(
        "the last line of `{}` that is committed, line {line_no}, has no line end, and what was appended does not begin with one (begin it with a line end, or start over with --restart)",
        path.display()
    )]
    Joined {
        /// The input.
        path: PathBuf,
        /// The last line committed.
        line_no: u64,
    },
    /// The output or the trace is not what was committed.
    #[error(transparent)]
    File(#[from] FileError),
    /// The state cannot be restored.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// The input cannot be opened.
    #[error("the input `{}` cannot be opened", path.display())]
    OpenInput {
        /// The input.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
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
    /// Records could not be written.
    #[error("the trace breaks off after line {line_no}")]
    Trace {
        /// The last line whose records are complete.
        line_no: u64,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// What comes after the last line could not be written.
    #[error(transparent)]
    Finish(io::Error),
}

impl CheckpointFailure {
    /// Returns whether the run was refused, with nothing touched, because something has to be decided first.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Other { .. } | Self::Joined { .. } | Self::Restore(_) => true,
            Self::Open(error) => !matches!(error, OpenError::Io { .. }),
            Self::Input(error) => !matches!(error, PrefixError::Read { .. }),
            Self::File(error) => matches!(error, FileError::Shorter { .. }),
            _ => false,
        }
    }
}
