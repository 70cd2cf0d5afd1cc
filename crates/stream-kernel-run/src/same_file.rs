//! Whether two paths, or a path and a standard stream, lead to the same file.

use std::fs::{self, Metadata};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, fstat};
use stream_kernel_disk::dir_of;

use crate::adapters::is_standard_stream;

/// Something to read or write: a path, or a standard stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// What is at this path.
    Path(&'a Path),
    /// What standard input leads to.
    StandardInput,
    /// What standard output leads to.
    StandardOutput,
}

impl Target<'_> {
    /// Returns whether both are the same regular file, now or once it exists. Pipes and devices are the same as
    /// nothing.
    pub fn is_same_file(self, other: Target<'_>) -> bool {
        match (self, other) {
            (Self::Path(one), Target::Path(other)) => is_file(one) && is_file(other) && are_same(one, other),
            _ => self.regular_file().is_some_and(|file| other.regular_file() == Some(file)),
        }
    }

    /// Returns device and inode of the regular file that is there.
    fn regular_file(self) -> Option<(u64, u64)> {
        match self {
            Self::Path(path) if is_standard_stream(path) => None,
            Self::Path(path) => fs::metadata(path).ok().filter(Metadata::is_file).map(|file| id_of(&file)),
            Self::StandardInput => regular_file(&io::stdin()),
            Self::StandardOutput => regular_file(&io::stdout()),
        }
    }
}

/// Returns whether what is open there is a regular file, and standard output leads to the same one: who reads it reads
/// what it writes.
pub fn is_standard_output(open: impl AsFd) -> bool {
    regular_file(&open).is_some_and(|file| regular_file(&io::stdout()) == Some(file))
}

/// Returns device and inode of an open file, if it is a regular one.
fn regular_file(open: &impl AsFd) -> Option<(u64, u64)> {
    let file = fstat(open).ok()?;
    let is_regular = FileType::from_raw_mode(file.st_mode).is_file();
    is_regular.then_some((file.st_dev, file.st_ino))
}

/// Returns whether the path leads to a file or to nothing yet, rather than to a stream or a device.
fn is_file(path: &Path) -> bool {
    !is_standard_stream(path) && fs::metadata(path).map_or(true, |metadata| metadata.is_file())
}

/// Returns whether the path leads to a stream, a device, a directory or something else that is not a regular file; what
/// is not there yet may become one.
pub(crate) fn is_not_a_file(path: &Path) -> bool {
    !is_file(path)
}

/// Returns whether the path is a symbolic link that leads to a file, a directory or nothing: not to a pipe or device,
/// as `/dev/fd/3` may.
pub fn is_link_to_file(path: &Path) -> bool {
    let leads_to_file = || fs::metadata(path).map_or(true, |it| it.is_file() || it.is_dir());
    !is_standard_stream(path) && path.is_symlink() && leads_to_file()
}

/// Returns whether both paths lead to the same file or directory, now or once it exists.
pub(crate) fn are_same(one: &Path, other: &Path) -> bool {
    let identity = |path: &Path| fs::metadata(path).ok().map(|metadata| id_of(&metadata));
    match (identity(one), identity(other)) {
        (Some(one), Some(other)) => one == other,
        _ => resolve(one) == resolve(other),
    }
}

fn id_of(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// Returns the path with its links resolved; of a file that does not exist yet those of its folder.
fn resolve(path: &Path) -> PathBuf {
    if let Ok(resolved) = path.canonicalize() {
        return resolved;
    }
    match (dir_of(path).canonicalize(), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}
