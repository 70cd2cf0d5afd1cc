//! Rotation of a file: what it was before has its name with a number behind it.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::num::{NonZeroU16, NonZeroU64};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The most files that are kept beside the one that is written to.
pub const MAX_ROTATED: u16 = 1_000;

/// When a file becomes an old one, and how many of these are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// How many bytes a file has at most; only a single record makes it larger, which then is alone in it.
    pub max_bytes: NonZeroU64,
    /// How many old files are kept, up to [`MAX_ROTATED`]; more are taken as that.
    pub keep: NonZeroU16,
}

/// Returns the name that a file has once it was rotated so many times: `<path>.<number>`.
///
/// ```
/// use std::path::Path;
/// use stream_kernel_sinks::rotated_path;
///
/// assert_eq!(rotated_path(Path::new("a/trace.jsonl"), 2), Path::new("a/trace.jsonl.2"));
/// ```
pub fn rotated_path(path: &Path, number: u16) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(format!(".{number}"));
    name.into()
}

/// Puts a new file in the place of the one at `path`, which `file` is, and returns it. The old one gets the number 1, those that have numbers
/// the next ones, and what would be beyond `keep` is removed.
///
/// The new file is made behind the oldest one, and then changes places with one after the other by `exchange`: so that whenever this is
/// interrupted, all files are there and in order, and an empty one is among them. Where two files cannot be exchanged, they are renamed
/// one by one.
pub(crate) fn rotate(
    path: &Path,
    file: &File,
    keep: NonZeroU16,
    exchange: impl Fn(&Path, &Path) -> io::Result<bool>,
) -> io::Result<File> {
    let id = |metadata: Metadata| (metadata.dev(), metadata.ino());
    let ours = id(file.metadata()?);
    if !path.symlink_metadata().is_ok_and(|there| id(there) == ours) {
        let why = "somebody else has moved the file, so that it cannot be rotated";
        return Err(io::Error::other(why));
    }
    let keep = keep.get().min(MAX_ROTATED);
    let name = |number| if number == 0 { path.to_owned() } else { rotated_path(path, number) };
    // The oldest one, and what a run that kept more has left.
    for number in keep..=MAX_ROTATED {
        match fs::remove_file(name(number)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => break,
            removed => removed?,
        }
    }
    let oldest = (1..keep).rev().find(|number| name(*number).symlink_metadata().is_ok());
    let behind = oldest.map_or(1, |oldest| oldest + 1);
    let mut new = create_new(&name(behind))?;
    let mut are_exchanged = true;
    for number in (0..behind).rev() {
        let (this, next) = (name(number), name(number + 1));
        let moved = if are_exchanged { exchange(&this, &next) } else { Ok(false) };
        let moved = moved.and_then(|was_exchanged| {
            are_exchanged = was_exchanged;
            if was_exchanged { Ok(()) } else { fs::rename(&this, &next) }
        });
        match moved {
            // Somebody has removed it: the gap has to be seen.
            Err(error) if error.kind() == io::ErrorKind::NotFound && number > 0 => {
                if are_exchanged {
                    fs::rename(next, this)?;
                }
            }
            moved => moved?,
        }
    }
    if !are_exchanged {
        new = create_new(path)?;
    }
    Ok(new)
}

fn create_new(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)?;
    // Nobody else writes to it yet; where the file system has no locks, it goes without.
    let _ = file.try_lock();
    Ok(file)
}

/// Lets two files change names, in one step; returns whether that is possible here.
pub(crate) fn exchange(one: &Path, other: &Path) -> io::Result<bool> {
    #[cfg(any(target_os = "linux", target_vendor = "apple"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;

        match renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE) {
            Ok(()) => Ok(true),
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
    #[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
    {
        let _ = (one, other);
        Ok(false)
    }
}

#[cfg(test)]
mod tests;
