//! Identity of files: whether two paths, or a path and a standard stream, lead to the same file.

use std::fs::{self, Metadata};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, fstat};
use stream_kernel_disk::dir_of;

use crate::adapters::is_standard_stream;

/// A path or a standard stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// The file at this path.
    Path(&'a Path),
    /// The file behind standard input.
    StandardInput,
    /// The file behind standard output.
    StandardOutput,
}

impl Target<'_> {
    /// Returns whether both are the same regular file, now or once it exists. Pipes and devices equal nothing.
    pub fn is_same_file(self, other: Target<'_>) -> bool {
        match (self, other) {
            (Self::Path(one), Target::Path(other)) => is_file(one) && is_file(other) && are_same(one, other),
            _ => self.regular_file().is_some_and(|file| other.regular_file() == Some(file)),
        }
    }

    /// Returns device and inode of a regular file.
    fn regular_file(self) -> Option<(u64, u64)> {
        match self {
            Self::Path(path) if is_standard_stream(path) => None,
            Self::Path(path) => fs::metadata(path).ok().filter(Metadata::is_file).map(|file| id_of(&file)),
            Self::StandardInput => regular_file(&io::stdin()),
            Self::StandardOutput => regular_file(&io::stdout()),
        }
    }
}

/// Returns whether the open file is regular and standard output leads to it too: a run would read its own output.
pub fn is_standard_output(open: impl AsFd) -> bool {
    regular_file(&open).is_some_and(|file| regular_file(&io::stdout()) == Some(file))
}

/// Returns device and inode of an open file, if it is a regular one.
fn regular_file(open: &impl AsFd) -> Option<(u64, u64)> {
    let file = fstat(open).ok()?;
    let is_regular = FileType::from_raw_mode(file.st_mode).is_file();
    is_regular.then_some((file.st_dev, file.st_ino))
}

/// Returns whether the path leads to a file, or to nothing yet, and not to a stream or device.
fn is_file(path: &Path) -> bool {
    !is_standard_stream(path) && fs::metadata(path).map_or(true, |metadata| metadata.is_file())
}

/// Returns whether the path leads to a stream, a device, a directory or anything else that is not a regular file. A
/// missing path can still become one.
pub(crate) fn is_not_a_file(path: &Path) -> bool {
    !is_file(path)
}

/// Returns whether the path is a symbolic link to a file, a directory or nothing, and not to a pipe or device, as
/// `/dev/fd/3` may be.
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

/// Returns the path with its links resolved; for a missing file, those of its folder.
fn resolve(path: &Path) -> PathBuf {
    if let Ok(resolved) = path.canonicalize() {
        return resolved;
    }
    match (dir_of(path).canonicalize(), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}
