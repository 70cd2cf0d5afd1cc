//! Destinations of lines: an append-only file, or any other writer.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::frames::{Compression, ends_torn};
use crate::rotation::{Rotation, exchange, rotate};

/// A destination of lines: a writer that can make its content durable.
pub trait Destination: Write + Send {
    /// Returns once everything written will survive a power cut.
    ///
    /// # Errors
    ///
    /// Returns the system's error. Everything written since the last sync may then be lost.
    fn sync(&mut self) -> io::Result<()>;

    /// Returns the capacity that is left.
    fn room(&self) -> Room {
        Room::default()
    }

    /// Replaces the present file by a new one: whole records have been written, and the next one does not fit.
    /// Afterwards the capacity is that of a new file.
    ///
    /// # Errors
    ///
    /// Returns the system's error. Nothing can be written after it.
    fn begin_anew(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The capacity of a destination, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Room {
    /// What is left in the present file.
    pub left: u64,
    /// The capacity of a new file; the present file is new if `left` is the same.
    pub in_all: u64,
}

impl Default for Room {
    /// No bound.
    fn default() -> Self {
        Self { left: u64::MAX, in_all: u64::MAX }
    }
}

/// A file that is only appended to.
#[derive(Debug)]
pub struct TraceFile {
    file: File,
    /// Pipes and devices cannot be made durable: `fsync` on them is an error.
    is_regular: bool,
    rotating: Option<Rotating>,
}

/// The state for rotating a file.
#[derive(Debug)]
struct Rotating {
    rotation: Rotation,
    path: PathBuf,
    /// The length of the file.
    bytes: u64,
    is_made_durable: bool,
    /// The first line end completes the existing torn line.
    ends_torn: bool,
}

impl Write for TraceFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        if let Some(rotating) = &mut self.rotating {
            rotating.bytes += written as u64;
            rotating.ends_torn = false;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Destination for TraceFile {
    fn sync(&mut self) -> io::Result<()> {
        if self.is_regular { self.file.sync_data() } else { Ok(()) }
    }

    fn room(&self) -> Room {
        let Some(Rotating { rotation, bytes, ends_torn, .. }) = &self.rotating else {
            return Room::default();
        };
        let in_all = rotation.max_bytes.get();
        Room { left: in_all.saturating_sub(*bytes).max(u64::from(*ends_torn)), in_all }
    }

    fn begin_anew(&mut self) -> io::Result<()> {
        let Some(Rotating { rotation, path, bytes, is_made_durable, .. }) = &mut self.rotating else {
            return Ok(());
        };
        if *is_made_durable {
            // Later syncs reach another file only.
            self.file.sync_data()?;
        }
        self.file = rotate(path, &self.file, rotation.keep, exchange)?;
        *bytes = 0;
        if *is_made_durable { sync_folder_of(path) } else { Ok(()) }
    }
}

impl TraceFile {
    /// Enables rotation, unless the file is not a regular one.
    pub(crate) fn rotate(
        &mut self,
        rotation: Rotation,
        path: &Path,
        is_made_durable: bool,
        ends_torn: bool,
    ) -> io::Result<()> {
        if self.is_regular {
            let bytes = self.file.metadata()?.len();
            let path = path.to_owned();
            self.rotating = Some(Rotating { rotation, path, bytes, is_made_durable, ends_torn });
        }
        Ok(())
    }

    /// Opens `path` for several workers that write records at their own offsets; returns the file, and the offset of
    /// the first record: after the existing content and the end of its last line.
    ///
    /// # Errors
    ///
    /// The file is not regular, another run writes to it, or its records are compressed; otherwise, returns the
    /// system's error.
    pub fn open_for_parts(path: &Path) -> io::Result<(File, u64)> {
        let (TraceFile { file, is_regular, .. }, ends_torn) =
            open(path, OpenOptions::new().write(true), Compression::None, false)?;
        if !is_regular {
            return Err(io::Error::other("several workers can write to a regular file only"));
        }
        let length = file.metadata()?.len();
        if ends_torn {
            file.write_all_at(b"\n", length)?;
        }
        Ok((file, length + u64::from(ends_torn)))
    }
}

/// Opens the file and returns whether it ends in the middle of a line.
pub(crate) fn open_for_appending(
    path: &Path,
    compression: Compression,
    is_made_durable: bool,
) -> io::Result<(TraceFile, bool)> {
    open(path, OpenOptions::new().append(true), compression, is_made_durable)
}

fn open(
    path: &Path,
    options: &mut OpenOptions,
    compression: Compression,
    is_made_durable: bool,
) -> io::Result<(TraceFile, bool)> {
    let exists = path.symlink_metadata().ok();
    let is_link = exists.as_ref().is_some_and(Metadata::is_symlink);
    // A link that leads nowhere counts as a link to a file.
    let is_regular = path.metadata().map_or(true, |metadata| metadata.is_file());
    let follows = is_link && !is_regular;
    let file = options
        .create(is_regular)
        .read(is_regular) // to look at what is there
        .mode(0o600)
        .custom_flags(if follows { 0 } else { OFlags::NOFOLLOW.bits().cast_signed() })
        .open(path)?;
    if !is_regular {
        // The link may lead to a file by now.
        let is_safe = !follows || !file.metadata()?.is_file();
        return if is_safe {
            Ok((TraceFile { file, is_regular, rotating: None }, false))
        } else {
            Err(Errno::LOOP.into())
        };
    }
    // On a file system without locks, the file stays unlocked.
    if let Err(TryLockError::WouldBlock) = file.try_lock() {
        let in_use = "another run writes to it (wait until that ends, or stop it)";
        return Err(io::Error::new(io::ErrorKind::ResourceBusy, in_use));
    }
    if exists.is_none() && is_made_durable {
        sync_folder_of(path)?;
    }
    let ends_torn =
        ends_torn(compression, file.metadata()?.len(), |bytes, at| file.read_exact_at(bytes, at))?;
    Ok((TraceFile { file, is_regular, rotating: None }, ends_torn))
}

/// Makes the new file's name durable; otherwise a power cut could remove the whole file.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::sync_folder_of;
    use std::path::Path;

    /// A bare name is in the working directory; any other is in the folder that it names.
    #[test]
    fn the_folder_of_a_name_is_made_durable() {
        assert!(sync_folder_of(Path::new("trace.jsonl")).is_ok());
        assert!(sync_folder_of(&std::env::temp_dir().join("trace.jsonl")).is_ok());
        assert!(sync_folder_of(Path::new("there is no such folder/trace.jsonl")).is_err());
    }
}
