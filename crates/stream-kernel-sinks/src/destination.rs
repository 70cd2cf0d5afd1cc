//! Where lines end up: a file that is only ever appended to, or whatever else takes bytes.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::frames::{Compression, ends_torn};
use crate::rotation::{Rotation, exchange, rotate};

/// Where lines end up: something to write to that can make durable what was written.
pub trait Destination: Write + Send {
    /// Returns when what was written will survive a power cut.
    ///
    /// # Errors
    ///
    /// Returns what the system says. What was written since the last time may be lost then.
    fn sync(&mut self) -> io::Result<()>;

    /// Returns how many bytes may come.
    fn room(&self) -> Room {
        Room::default()
    }

    /// Puts a new file in the place of the present one: whole records have been written, and there is no room for the next one. Afterwards as
    /// much is left as a new file takes.
    ///
    /// # Errors
    ///
    /// Returns what the system says. Nothing can be written then.
    fn begin_anew(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How many bytes may come to a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// To the present file.
    pub left: u64,
    /// To a new one; the present one is new if as much is left.
    pub in_all: u64,
}

impl Default for Room {
    /// As many as there are.
    fn default() -> Self {
        Self { left: u64::MAX, in_all: u64::MAX }
    }
}

/// A file that is only ever appended to.
#[derive(Debug)]
pub struct TraceFile {
    file: File,
    /// Pipes and devices cannot be made durable, and say so with an error.
    is_regular: bool,
    rotating: Option<Rotating>,
}

/// What is to be known to rotate a file.
#[derive(Debug)]
struct Rotating {
    rotation: Rotation,
    path: PathBuf,
    /// The length of the file.
    bytes: u64,
    is_made_durable: bool,
    /// The line end that comes first belongs to what is there.
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
            // Later syncs are of another file.
            self.file.sync_data()?;
        }
        self.file = rotate(path, &self.file, rotation.keep, exchange)?;
        *bytes = 0;
        if *is_made_durable { sync_folder_of(path) } else { Ok(()) }
    }
}

impl TraceFile {
    /// Rotates the file from now on, unless it is not a regular one.
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

    /// Opens `path` for several workers that write records at their places in it; returns the file, and where records begin: behind
    /// what is there, and behind the end of its last line.
    ///
    /// # Errors
    ///
    /// It is not a regular file, another run writes to it, or its records are compressed. Otherwise, returns what the system says.
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
    // A link that leads nowhere counts as one to a file.
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
    // Where the file system has no locks, it goes without.
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

/// Makes the new file's name durable; without it a power cut could take the whole file.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::sync_folder_of;
    use std::path::Path;

    /// A name alone is one in the working directory; any other is in the folder that it names, and in no other.
    #[test]
    fn the_folder_that_a_name_is_in_is_made_durable() {
        assert!(sync_folder_of(Path::new("trace.jsonl")).is_ok());
        assert!(sync_folder_of(&std::env::temp_dir().join("trace.jsonl")).is_ok());
        assert!(sync_folder_of(Path::new("there is no such folder/trace.jsonl")).is_err());
    }
}
