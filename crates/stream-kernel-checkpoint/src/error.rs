//! Errors of opening, restoring and committing to a checkpoint.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::committed::OutOfBounds;
use crate::committed_file::what_is_missing;
use crate::snapshot::RecordTooLong;

/// Why a checkpoint cannot be opened. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file or the directory cannot be used.
    #[error("`{}` cannot {doing}", path.display())]
    Io {
        /// What could not be done.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
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
        /// What is wrong with it.
        what: &'static str,
    },
}

/// Why a run cannot be restored. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The snapshot cannot be read.
    #[error("the snapshot `{}` cannot be read", path.display())]
    Read {
        /// The snapshot.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The configuration cannot be read.
    #[error("the configuration of the checkpoint, `{}`, cannot be read", path.display())]
    ReadConfiguration {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The configuration is not what was committed.
    #[error(
        "the configuration of the checkpoint, `{}`, is damaged: {what} (restore it from a copy, or start over)",
        path.display()
    )]
    ConfigurationDamaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The snapshot is not what was written.
    #[error("the snapshot `{}` is damaged at byte {offset}: {what} (restore it from a copy, or start over)", path.display())]
    Damaged {
        /// The snapshot.
        path: PathBuf,
        /// Where the block begins that cannot be read.
        offset: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The program refuses the records of a block.
    #[error("cannot restore the block at byte {offset} of the snapshot `{}`: {reason}", path.display())]
    Refused {
        /// The snapshot.
        path: PathBuf,
        /// Where the block begins.
        offset: u64,
        /// What the program said.
        reason: String,
    },
}

/// Why a commit failed. What was committed before is safe.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CommitError {
    /// There is too much to say.
    #[error(transparent)]
    OutOfBounds(#[from] OutOfBounds),
    /// A record of a snapshot is too long.
    #[error(transparent)]
    RecordTooLong(#[from] RecordTooLong),
    /// Somebody else has shortened a file while the run wrote to it. All later commits are refused with the same error.
    #[error("`{}` was shortened while the run wrote to it: {} (restore it from a copy, or start over)", path.display(), what_is_missing(*bytes, *written))]
    Shortened {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: u64,
        /// How many bytes were written.
        written: u64,
    },
    /// A file cannot be written or made durable. All later commits are refused with the same error: what the failed one
    /// covered is not trusted again, and is written anew when the run is resumed.
    #[error("`{}` cannot {doing}", path.display())]
    Io {
        /// What could not be done.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: Arc<io::Error>,
    },
}

/// Names a failure of a commit.
pub(crate) fn doing(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> CommitError {
    move |cause| CommitError::Io { doing, path: path.to_owned(), cause: Arc::new(cause) }
}
