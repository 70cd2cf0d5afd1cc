//! Batches on their way to a destination: as they are or as frames, in the thread that records or in one beside it.

use std::io;

use crate::destination::Destination;
use crate::frames::{Compression, Encoder};
use crate::jsonl::MAX_BATCH_BYTES;

/// What is to be known of a batch.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Batch {
    pub(crate) bytes: usize,
    pub(crate) records: u64,
    /// The line of its last record.
    pub(crate) line_no: u64,
    /// Whether the sink's mark lies just before it.
    pub(crate) follows_mark: bool,
    /// Whether all up to its end is to be made durable.
    pub(crate) is_durable: bool,
}

/// How far a destination has come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    /// How many bytes were written.
    pub(crate) bytes: u64,
    /// How many of them before the last mark that something was written after.
    pub(crate) bytes_to_mark: u64,
    pub(crate) records: u64,
    /// The line of the last record.
    pub(crate) line_no: u64,
}

/// A destination, and what is done to batches before they come there.
#[derive(Debug)]
pub(crate) struct Output<D> {
    destination: D,
    encoder: Option<Encoder>,
    pub(crate) progress: Progress,
}

impl<D: Destination> Output<D> {
    pub(crate) fn new(destination: D) -> Self {
        Self { destination, encoder: None, progress: Progress::default() }
    }

    pub(crate) fn compress(&mut self, compression: Compression) {
        self.encoder = match compression {
            Compression::None => None,
            Compression::Zstd { level } => Some(Encoder::new(level)),
        };
    }

    /// Writes a batch, in one write if the destination takes it so.
    pub(crate) fn write(&mut self, lines: &[u8], batch: Batch) -> io::Result<()> {
        if batch.follows_mark {
            self.progress.bytes_to_mark = self.progress.bytes;
        }
        if !lines.is_empty() {
            let bytes = match &mut self.encoder {
                None => lines,
                Some(encoder) => encoder.encode(lines)?,
            };
            self.destination.write_all(bytes)?;
            self.progress.bytes += bytes.len() as u64;
            self.destination.flush()?;
        }
        if batch.is_durable {
            self.destination.sync()?;
        }
        self.progress.records += batch.records;
        self.progress.line_no = batch.line_no;
        // A record of unusual size must not keep its memory for the rest of the run.
        if let Some(encoder) = self.encoder.as_mut().filter(|_| lines.len() > 2 * MAX_BATCH_BYTES) {
            encoder.shrink_to(MAX_BATCH_BYTES);
        }
        Ok(())
    }
}
