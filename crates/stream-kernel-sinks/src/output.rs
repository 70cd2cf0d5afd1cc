//! Batches on their way to a destination: plain or as frames, in the recording thread or in a separate one.

use std::io;

use memchr::{memchr, memrchr};

use crate::destination::{Destination, Room};
use crate::frames::{Compression, Encoder};
use crate::jsonl::MAX_BATCH_BYTES;

/// The description of a batch.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Batch {
    pub(crate) bytes: usize,
    pub(crate) records: u64,
    /// The line of its last record.
    pub(crate) line_no: u64,
    /// Whether the sink's mark is just before it.
    pub(crate) follows_mark: bool,
    /// Whether everything up to its end is to be made durable.
    pub(crate) is_durable: bool,
}

/// The progress of a destination.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    /// The number of bytes written.
    pub(crate) bytes: u64,
    /// The number of those before the last mark that was followed by a write.
    pub(crate) bytes_to_mark: u64,
    pub(crate) records: u64,
    /// The line of the last record.
    pub(crate) line_no: u64,
}

/// A destination, and the encoding of its batches.
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

    /// Writes a batch, in one write if the destination accepts that and has the capacity.
    pub(crate) fn write(&mut self, lines: &[u8], batch: Batch) -> io::Result<()> {
        if batch.follows_mark {
            self.progress.bytes_to_mark = self.progress.bytes;
        }
        if !lines.is_empty() {
            if self.encoder.is_some() {
                self.write_frames(lines)?;
            } else {
                self.write_lines(lines)?;
            }
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

    /// Writes lines, and begins a new file before each line that does not fit.
    fn write_lines(&mut self, mut lines: &[u8]) -> io::Result<()> {
        while !lines.is_empty() {
            let Room { left, in_all } = self.destination.room();
            let fitting = match whole_lines(lines, left) {
                0 if left < in_all => {
                    self.destination.begin_anew()?;
                    continue;
                }
                // A new file takes a line of any length.
                0 => first_line(lines),
                fitting => fitting,
            };
            let (now, later) = lines.split_at(fitting);
            self.write_all(now)?;
            lines = later;
        }
        Ok(())
    }

    /// Writes lines as a frame, in a new file if it does not fit; as several frames, if it would be too large for any
    /// file.
    fn write_frames(&mut self, lines: &[u8]) -> io::Result<()> {
        let Some(encoder) = &mut self.encoder else { return Ok(()) };
        let frame = encoder.encode(lines)?;
        let bytes = frame.len() as u64;
        let Room { left, in_all } = self.destination.room();
        if bytes > in_all && first_line(lines) < lines.len() {
            let half = match whole_lines(lines, lines.len() as u64 / 2) {
                0 => first_line(lines),
                half => half,
            };
            let (now, later) = lines.split_at(half);
            self.write_frames(now)?;
            return self.write_frames(later);
        }
        if bytes > left && left < in_all {
            self.destination.begin_anew()?;
        }
        self.destination.write_all(frame)?;
        self.progress.bytes += bytes;
        Ok(())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.destination.write_all(bytes)?;
        self.progress.bytes += bytes.len() as u64;
        Ok(())
    }
}

/// Returns the length of the whole lines at the beginning of `lines` that fit into `bytes`.
fn whole_lines(lines: &[u8], into: u64) -> usize {
    let into = usize::try_from(into).unwrap_or(usize::MAX).min(lines.len());
    memrchr(b'\n', &lines[..into]).map_or(0, |end| end + 1)
}

/// Returns the length of the first of `lines`.
fn first_line(lines: &[u8]) -> usize {
    memchr(b'\n', lines).map_or(lines.len(), |end| end + 1)
}

#[cfg(test)]
mod tests;
