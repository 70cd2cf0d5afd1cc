//! Records as lines of JSON, appended to a file.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::num::NonZeroU64;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;
use stream_kernel_trace::{Record, TraceSink};

use crate::batch::{Batch, Destination};

/// When records leave the program and when they become durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cadence {
    /// After how many records the buffer goes to the file, in one write. A record that went survives the end of the process.
    pub flush_every_n: NonZeroU64,
    /// After how many records the file is made durable, what is buffered being written first; `None`: never. A record that
    /// was made durable survives a power cut.
    pub fsync_every_n: Option<NonZeroU64>,
}

impl Default for Cadence {
    /// Each record is written at once, none is made durable.
    fn default() -> Self {
        Self { flush_every_n: NonZeroU64::MIN, fsync_every_n: None }
    }
}

/// A sink that appends each record as one line to a file, or to another [`Destination`].
#[derive(Debug)]
pub struct JsonlSink<D: Destination = TraceFile> {
    batch: Batch<D>,
}

/// Why a trace file cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("the trace file `{}` cannot be opened", path.display())]
pub struct OpenError {
    /// The file.
    pub path: PathBuf,
    /// What the system said.
    #[source]
    pub cause: io::Error,
}

impl<D: Destination> JsonlSink<D> {
    /// Returns a sink that appends to `destination`.
    pub fn new(destination: D, cadence: Cadence) -> Self {
        Self { batch: Batch::new(destination, cadence.flush_every_n, cadence.fsync_every_n) }
    }

    /// Returns how many bytes of records were not written out yet.
    pub fn buffered_bytes(&self) -> usize {
        self.batch.buffered_bytes()
    }

    /// Writes out every record so far, whenever the next ones are due.
    ///
    /// # Errors
    ///
    /// Returns what the destination says.
    pub fn flush(&mut self) -> io::Result<()> {
        self.batch.write_out_all()
    }
}

impl JsonlSink {
    /// Opens `path` for appending; a new file is readable and writable by its owner only.
    ///
    /// If the file does not end in a line end (a run was cut off in the middle of a record), one is put before the first
    /// new record, so that the torn one spoils no other. The file is locked for as long as the sink is there: records of two
    /// that write at once would stand in each other, and a run with a checkpoint may cut what follows its own. What is not a regular
    /// file, such as a pipe, is written to as it is.
    ///
    /// # Errors
    ///
    /// Another sink writes to the file. Otherwise, returns what the system says, for a symbolic link as well: it is
    /// followed only to a pipe or device, as `/dev/fd/3` is.
    pub fn open(path: &Path, cadence: Cadence) -> Result<Self, OpenError> {
        let failed = |cause| OpenError { path: path.to_owned(), cause };
        let (file, ends_torn) = open_for_appending(path, cadence.fsync_every_n.is_some()).map_err(failed)?;
        let mut sink = Self::new(file, cadence);
        if ends_torn {
            sink.batch.end_torn_line();
        }
        Ok(sink)
    }
}

impl<D: Destination> TraceSink for JsonlSink<D> {
    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        self.batch.push(record)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.batch.finish()
    }
}

/// A file that is only ever appended to.
#[derive(Debug)]
pub struct TraceFile {
    file: File,
    /// Pipes and devices cannot be made durable, and say so with an error.
    is_regular: bool,
}

impl Write for TraceFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Destination for TraceFile {
    fn sync(&mut self) -> io::Result<()> {
        if self.is_regular { self.file.sync_data() } else { Ok(()) }
    }
}

/// Opens the file and returns whether it ends in the middle of a line.
fn open_for_appending(path: &Path, is_made_durable: bool) -> io::Result<(TraceFile, bool)> {
    let exists = path.symlink_metadata().ok();
    let is_link = exists.as_ref().is_some_and(Metadata::is_symlink);
    // A link that leads nowhere counts as one to a file.
    let is_regular = path.metadata().map_or(true, |metadata| metadata.is_file());
    let follows = is_link && !is_regular;
    let file = OpenOptions::new()
        .append(true)
        .create(is_regular)
        .read(is_regular) // to look at the last byte
        .mode(0o600)
        .custom_flags(if follows { 0 } else { OFlags::NOFOLLOW.bits().cast_signed() })
        .open(path)?;
    if !is_regular {
        // The link may lead to a file by now.
        let is_safe = !follows || !file.metadata()?.is_file();
        return if is_safe { Ok((TraceFile { file, is_regular }, false)) } else { Err(Errno::LOOP.into()) };
    }
    // Where the file system has no locks, it goes without.
    if let Err(TryLockError::WouldBlock) = file.try_lock() {
        let in_use = "another run writes to it (wait until that ends, or stop it)";
        return Err(io::Error::new(io::ErrorKind::ResourceBusy, in_use));
    }
    if exists.is_none() && is_made_durable {
        sync_folder_of(path)?;
    }
    let length = file.metadata()?.len();
    let mut last = *b"\n";
    if length > 0 {
        file.read_exact_at(&mut last, length - 1)?;
    }
    Ok((TraceFile { file, is_regular }, last != *b"\n"))
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
