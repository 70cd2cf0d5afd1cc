//! Disks: operations on names.

use std::ffi::OsString;
use std::fmt::Debug;
use std::io;
use std::path::Path;

use crate::DiskFile;

/// The ways to open a file.
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

/// A file system, behind a trait.
///
/// A change is visible at once, but survives a power cut only after the matching sync: [`DiskFile::sync_data`] for the
/// content of a file, [`Disk::sync_dir`] for names.
///
/// The error of every method is the system's.
#[expect(clippy::missing_errors_doc, reason = "said once for all methods")]
pub trait Disk: Send + Sync + Debug {
    /// Opens a file. A new file can be read and written by its owner only.
    ///
    /// # Errors
    ///
    /// Returns the system's error; also for a symbolic link, unless it is opened with [`OpenHow::ReadOnly`]. A path to
    /// something other than a regular file, such as a pipe, is an error of the kind `InvalidInput`, a directory one of
    /// the kind `IsADirectory`; the call never blocks on these.
    fn open(&self, path: &Path, how: OpenHow) -> io::Result<Box<dyn DiskFile>>;

    /// Creates a directory that only its owner can enter; does nothing if it exists.
    ///
    /// # Errors
    ///
    /// Returns the system's error, also if something else has that name.
    fn create_dir(&self, path: &Path) -> io::Result<()>;

    /// Returns when the names in a directory (created, renamed and removed ones) will survive a power cut.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;

    /// Renames a file, and replaces a file that has the new name.
    ///
    /// The new name may be in another directory of the same file system: then the move is durable when both are synced,
    /// and until then the file has either name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    ///
    /// Returns the system's error, also if there is no such file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Returns the names in a directory, sorted.
    fn names(&self, dir: &Path) -> io::Result<Vec<OsString>>;
}

/// Returns the directory that a path lies in: `.` for a name alone.
pub fn dir_of(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
