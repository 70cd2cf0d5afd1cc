//! Rotation of a file: old files have its name with a number appended.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::num::{NonZeroU16, NonZeroU64};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The most old files that are retained beside the present one.
pub const MAX_ROTATED: u16 = 1_000;

/// The size at which a file is replaced, and the number of old files to retain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// The largest size of a file in bytes; only a single larger record exceeds it, in a file of its own.
    pub max_bytes: NonZeroU64,
    /// The number of old files to retain; values beyond [`MAX_ROTATED`] are taken as that.
    pub keep: NonZeroU16,
}

/// Returns the name of a file after `number` rotations: `<path>.<number>`.
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

/// Puts a new file in the place of `file` at `path`, and returns it. The old file gets the number 1, numbered files
/// move to the next number, and files beyond `keep` are removed.
///
/// The new file is created after the oldest one, and then exchanges names with each file in turn, by `exchange`. So
/// after an interruption all files exist, in order, with an empty one among them. Where two files cannot be exchanged,
/// they are renamed one by one.
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
    // The oldest file, and those left by a run that retained more.
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
            // Somebody has removed the file: the gap must stay visible.
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
    // Nobody else writes to it yet; on a file system without locks, it stays unlocked.
    let _ = file.try_lock();
    Ok(file)
}

/// Exchanges the names of two files atomically; returns whether that is possible here.
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
