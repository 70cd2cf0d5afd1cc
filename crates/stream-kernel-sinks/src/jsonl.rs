//! Records as lines of JSON, written out in batches at exactly the cadence that was asked for.

use std::io;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use stream_kernel_trace::{Record, RecordSerializer, TraceSink};

use crate::destination::{Destination, TraceFile, open_for_appending};

/// The number of bytes at which a batch is written out even if more records belong to it; only a single record
/// makes the buffer larger.
pub const MAX_BATCH_BYTES: usize = 1024 * 1024;

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
    destination: D,
    cadence: Cadence,
    serializer: RecordSerializer,
    /// Whole lines.
    buffer: Vec<u8>,
    max_bytes: usize,
    records_since_flush: u64,
    records_since_fsync: u64,
    /// After a failed write nobody knows how much of the buffer arrived: it is not written a second time.
    has_failed: bool,
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
        Self {
            destination,
            cadence,
            serializer: RecordSerializer::default(),
            buffer: Vec::new(),
            max_bytes: MAX_BATCH_BYTES,
            records_since_flush: 0,
            records_since_fsync: 0,
            has_failed: false,
        }
    }

    /// Writes out a batch at `max_bytes` at the latest.
    pub(crate) fn with_max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// Returns how many bytes of records were not written out yet.
    pub fn buffered_bytes(&self) -> usize {
        self.buffer.len()
    }

    /// Writes out every record so far, whenever the next ones are due.
    ///
    /// # Errors
    ///
    /// Returns what the destination says.
    pub fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let written = self.destination.write_all(&self.buffer).and_then(|()| self.destination.flush());
        self.buffer.clear();
        // A record of unusual size must not keep its memory for the rest of the run.
        self.buffer.shrink_to(2 * self.max_bytes);
        self.has_failed |= written.is_err();
        written
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
            sink.buffer.push(b'\n');
        }
        Ok(sink)
    }
}

impl<D: Destination> TraceSink for JsonlSink<D> {
    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        self.serializer.write_json(record, &mut self.buffer);
        self.buffer.push(b'\n');
        self.records_since_flush += 1;
        self.records_since_fsync += 1;
        let Cadence { flush_every_n, fsync_every_n } = self.cadence;
        let flush_is_due = self.records_since_flush >= flush_every_n.get();
        let fsync_is_due = fsync_every_n.is_some_and(|every| self.records_since_fsync >= every.get());
        if flush_is_due {
            self.records_since_flush = 0;
        }
        // Each cadence counts for itself: what the other one, or the size, makes due does not shift it.
        if flush_is_due || fsync_is_due || self.buffer.len() >= self.max_bytes {
            self.flush()?;
        }
        if fsync_is_due {
            self.records_since_fsync = 0;
            self.destination.sync()?;
        }
        Ok(())
    }

    /// Writes out what is left and, where records are made durable at all, makes it so.
    fn finish(&mut self) -> io::Result<()> {
        if self.records_since_flush > 0 {
            self.records_since_flush = 0;
            self.flush()?;
        }
        if self.cadence.fsync_every_n.is_some() && self.records_since_fsync > 0 {
            self.records_since_fsync = 0;
            self.destination.sync()?;
        }
        Ok(())
    }
}

impl<D: Destination> Drop for JsonlSink<D> {
    /// A run that unwinds still brings out what it recorded.
    fn drop(&mut self) {
        if !self.has_failed {
            let _ = self.finish();
        }
    }
}

#[cfg(test)]
mod tests;
