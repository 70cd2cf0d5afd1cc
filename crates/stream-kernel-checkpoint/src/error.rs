//! Errors of opening, restoring and committing to a checkpoint.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::committed::OutOfBounds;

/// Why a file cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FileError {
    /// The system refuses.
    #[error("`{}` cannot {doing}", path.display())]
    Io {
        /// What could not be done.
        doing: &'static str,
        /// With which file or directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: Arc<io::Error>,
    },
    /// Another run writes to it.
    #[error("`{}` is being written by another run (wait until that ends, or stop it)", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// Beside a file there is another one that it could be taken for.
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
        /// How many bytes were written.
        written: u64,
    },
    /// What was committed does not end at the end of a line.
    #[error("`{}` was changed: the {committed} bytes of it that were committed do not end at a line end (restore it from a copy, or start over)", path.display())]
    TornLine {
        /// The file.
        path: PathBuf,
        /// How many bytes were committed.
        committed: u64,
    },
    /// Some of what was committed is not there any longer.
    #[error("`{}` has {bytes} bytes, but {committed} were committed (restore it from a copy, or start over)", path.display())]
    Shorter {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: u64,
        /// How many bytes were committed.
        committed: u64,
    },
}

/// Returns what a file of `bytes` bytes lacks of the `written` that were written to it.
fn what_is_missing(bytes: u64, written: u64) -> String {
    if bytes < written {
        format!("it has {bytes} bytes now, and {written} were written")
    } else {
        "what was written behind the cut has left a gap".to_owned()
    }
}

impl FileError {
    /// Returns what makes an error of what the system says of a file or directory.
    pub fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::Io { doing, path: path.to_owned(), cause: Arc::new(cause) }
    }
}

/// Why a checkpoint cannot be opened. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
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
    /// A file cannot be written or made durable, or somebody else has shortened it. All later commits are refused with
    /// the same error: what the failed one covered is not trusted again, and is written anew when the run is resumed.
    #[error(transparent)]
    File(#[from] FileError),
}
