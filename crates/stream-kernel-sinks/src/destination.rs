//! Records gathered into lines and written out in batches, at exactly the cadence that was asked for.

use std::io::{self, Write};
use std::num::NonZeroU64;

use stream_kernel_trace::{Record, RecordSerializer};

/// The number of bytes at which a batch is written out even if more records belong to it; only a single record
/// makes the buffer larger.
pub const MAX_BATCH_BYTES: usize = 1024 * 1024;

/// Where lines end up: something to write to that can make durable what was written.
pub trait Destination: Write + Send {
    /// Returns when what was written will survive a power cut.
    ///
    /// # Errors
    ///
    /// Returns what the system says. What was written since the last time may be lost then.
    fn sync(&mut self) -> io::Result<()>;
}

/// A buffer of whole lines before a destination.
#[derive(Debug)]
pub(crate) struct Batch<D: Destination> {
    destination: D,
    serializer: RecordSerializer,
    buffer: Vec<u8>,
    max_bytes: usize,
    flush_every_n: NonZeroU64,
    fsync_every_n: Option<NonZeroU64>,
    records_since_flush: u64,
    records_since_fsync: u64,
    /// After a failed write nobody knows how much of the buffer arrived: it is not written a second time.
    has_failed: bool,
}

impl<D: Destination> Batch<D> {
    pub(crate) fn new(destination: D, flush_every_n: NonZeroU64, fsync_every_n: Option<NonZeroU64>) -> Self {
        Self {
            destination,
            serializer: RecordSerializer::default(),
            buffer: Vec::new(),
            max_bytes: MAX_BATCH_BYTES,
            flush_every_n,
            fsync_every_n,
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

    /// Puts a line end before the next record.
    pub(crate) fn end_torn_line(&mut self) {
        self.buffer.push(b'\n');
    }

    /// Adds a record as one line, and writes out and syncs what is due.
    pub(crate) fn push(&mut self, record: &Record<'_>) -> io::Result<()> {
        self.serializer.write_json(record, &mut self.buffer);
        self.buffer.push(b'\n');
        self.records_since_flush += 1;
        self.records_since_fsync += 1;
        let flush_is_due = self.records_since_flush >= self.flush_every_n.get();
        let fsync_is_due = self.fsync_every_n.is_some_and(|every| self.records_since_fsync >= every.get());
        if flush_is_due {
            self.records_since_flush = 0;
        }
        // Each cadence counts for itself: what the other one, or the size, makes due does not shift it.
        if flush_is_due || fsync_is_due || self.buffer.len() >= self.max_bytes {
            self.write_out()?;
        }
        if fsync_is_due {
            self.records_since_fsync = 0;
            self.destination.sync()?;
        }
        Ok(())
    }

    pub(crate) fn buffered_bytes(&self) -> usize {
        self.buffer.len()
    }

    /// Writes out what is left; the cadences go on counting.
    pub(crate) fn write_out_all(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() { Ok(()) } else { self.write_out() }
    }

    /// Writes out what is left and, where records are made durable at all, makes it so.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        if self.records_since_flush > 0 {
            self.records_since_flush = 0;
            if !self.buffer.is_empty() {
                self.write_out()?;
            }
        }
        if self.fsync_every_n.is_some() && self.records_since_fsync > 0 {
            self.records_since_fsync = 0;
            self.destination.sync()?;
        }
        Ok(())
    }

    fn write_out(&mut self) -> io::Result<()> {
        let written = self.destination.write_all(&self.buffer).and_then(|()| self.destination.flush());
        self.buffer.clear();
        // A record of unusual size must not keep its memory for the rest of the run.
        self.buffer.shrink_to(2 * self.max_bytes);
        self.has_failed |= written.is_err();
        written
    }
}

impl<D: Destination> Drop for Batch<D> {
    /// A run that unwinds still brings out what it recorded.
    fn drop(&mut self) {
        if !self.has_failed {
            let _ = self.finish();
        }
    }
}

#[cfg(test)]
mod tests;
