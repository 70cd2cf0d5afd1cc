//! A disk: what can be done with names.

use std::ffi::OsString;
use std::fmt::Debug;
use std::io;
use std::path::Path;

use crate::DiskFile;

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenHow {
    /// For reading; it must exist. A symbolic link is followed.
    ReadOnly,
    /// For reading; it must exist. A symbolic link in the last component is not followed.
    ReadOnlyNoFollow,
    /// For reading and writing; it must exist.
    Existing,
    /// For reading and writing; it must not exist.
    New,
    /// For reading and writing, created if it does not exist.
    ExistingOrNew,
}

impl OpenHow {
    /// Returns whether the file can be written to.
    pub fn is_writable(self) -> bool {
        !matches!(self, Self::ReadOnly | Self::ReadOnlyNoFollow)
    }
}

/// Where files are kept.
///
/// What a method changes is there at once for whoever looks, but survives a power cut only after the matching sync:
/// [`DiskFile::sync_data`] for what is in a file, [`Disk::sync_dir`] for names.
///
/// Every method returns what the system says as its error.
#[expect(clippy::missing_errors_doc, reason = "said once for all methods")]
pub trait Disk: Send + Sync + Debug {
    /// Opens a file. A file that is created can be read and written by its owner only.
    ///
    /// # Errors
    ///
    /// Returns what the system says; for a symbolic link as well, unless it is opened with [`OpenHow::ReadOnly`]. What is there and is
    /// no regular file, such as a pipe, is an error of the kind `InvalidInput`, a directory one of the kind `IsADirectory`; neither
    /// is waited for.
    fn open(&self, path: &Path, how: OpenHow) -> io::Result<Box<dyn DiskFile>>;

    /// Creates a directory that only its owner can enter; does nothing if it is there already.
    ///
    /// # Errors
    ///
    /// Returns what the system says, also if something else has that name.
    fn create_dir(&self, path: &Path) -> io::Result<()>;

    /// Returns when the names in a directory (what was created, renamed and removed in it) will survive a power cut.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;

    /// Gives a file another name, in place of what has that name already.
    ///
    /// That may be in another directory of the same file system: then it is durable when both are synced, and until then it has either name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    ///
    /// Returns what the system says, also if there is none.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Returns the names in a directory, sorted.
    fn names(&self, dir: &Path) -> io::Result<Vec<OsString>>;
}

/// Returns the directory that a path lies in: `.` for a name alone.
pub fn dir_of(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
