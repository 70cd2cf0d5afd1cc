//! Errors of opening, restoring and committing to a checkpoint.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::committed::OutOfBounds;

/// Why a file cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The system refuses.
    #[error("`{}` cannot {doing}", path.display())]
    Io {
        /// The failed operation.
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's error.
        #[source]
        cause: Arc<io::Error>,
    },
    /// Another run writes to it.
    #[error("`{}` is being written by another run (wait until that ends, or stop it)", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// Another file could be taken for it.
    #[error("`{}` is in the way: the output of this run is `{}` (remove `{}`, or move it away)", other.display(), path.display(), other.display())]
    InTheWay {
        /// The other file.
        other: PathBuf,
        /// The file.
        path: PathBuf,
    },
    /// Somebody else has shortened it while this run wrote to it.
    #[error("`{}` was shortened while the run wrote to it: {} (restore it from a copy, or start over)", path.display(), what_is_missing(*bytes, *written))]
    Shortened {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: u64,
        /// The number of bytes written.
        written: u64,
    },
    /// The committed part does not end at a line end.
    #[error("`{}` was changed: the {committed} bytes of it that were committed do not end at a line end (restore it from a copy, or start over)", path.display())]
    TornLine {
        /// The file.
        path: PathBuf,
        /// The number of bytes committed.
        committed: u64,
    },
    /// Some committed bytes are missing.
    #[error("`{}` has {bytes} bytes, but {committed} were committed (restore it from a copy, or start over)", path.display())]
    Shorter {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: u64,
        /// The number of bytes committed.
        committed: u64,
    },
}

/// Returns in words how a file was shortened: it has `bytes` bytes now, and `written` were written to it.
fn what_is_missing(bytes: u64, written: u64) -> String {
    if bytes < written {
        format!("it has {bytes} bytes now, and {written} were written")
    } else {
        "what was written behind the cut has left a gap".to_owned()
    }
}

impl FileError {
    /// Returns a function that adds the operation and the path to a system error.
    pub fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::Io { doing, path: path.to_owned(), cause: Arc::new(cause) }
    }
}

/// Why a checkpoint cannot be opened. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenCheckpointError {
    /// A file or the directory cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another run has locked it.
    #[error("the checkpoint `{}` is in use by another run (wait until that ends, or stop it)", dir.display())]
    InUse {
        /// The checkpoint's directory.
        dir: PathBuf,
    },
    /// It was written in another format.
    #[error(
        "`{}` has format {version}, which this program does not know (use the version of the program that wrote it, or start over)",
        path.display()
    )]
    OtherFormat {
        /// The manifest.
        path: PathBuf,
        /// Its format.
        version: u32,
    },
    /// It is damaged.
    #[error("`{}` is damaged: {what} (restore it from a copy, or start over)", path.display())]
    Damaged {
        /// The damaged file.
        path: PathBuf,
        /// Its fault.
        what: &'static str,
    },
}

/// Why a run cannot be restored. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The snapshot cannot be read.
    #[error("the snapshot `{}` cannot be read", path.display())]
    Read {
        /// The snapshot.
        path: PathBuf,
        /// The system's error.
        #[source]
        cause: io::Error,
    },
    /// The configuration cannot be read.
    #[error("the configuration of the checkpoint, `{}`, cannot be read", path.display())]
    ReadConfiguration {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        cause: io::Error,
    },
    /// The configuration differs from the commit.
    #[error(
        "the configuration of the checkpoint, `{}`, is damaged: {what} (restore it from a copy, or start over)",
        path.display()
    )]
    ConfigurationDamaged {
        /// The file.
        path: PathBuf,
        /// Its fault.
        what: &'static str,
    },
    /// The snapshot differs from the one written.
    #[error("the snapshot `{}` is damaged at byte {offset}: {what} (restore it from a copy, or start over)", path.display())]
    Damaged {
        /// The snapshot.
        path: PathBuf,
        /// The offset of the unreadable block.
        offset: u64,
        /// Its fault.
        what: &'static str,
    },
    /// The program refuses the records of a block.
    #[error("cannot restore the block at byte {offset} of the snapshot `{}`: {reason}", path.display())]
    Refused {
        /// The snapshot.
        path: PathBuf,
        /// The offset of the block.
        offset: u64,
        /// The program's error.
        reason: String,
    },
}

/// Why a commit failed. Earlier commits are safe.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// A text or a record is too long.
    #[error(transparent)]
    OutOfBounds(#[from] OutOfBounds),
    /// A file cannot be written or synced, or somebody else has shortened it. All later commits fail with the same
    /// error: the bytes that the failed one covered are not trusted again, and are written anew when the run is
    /// resumed.
    #[error(transparent)]
    File(#[from] FileError),
}
