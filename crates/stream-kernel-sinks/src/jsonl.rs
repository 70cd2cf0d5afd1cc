//! Records as lines of JSON, written in batches at exactly the configured cadence.

use std::io;
use std::mem;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use stream_kernel_trace::{Record, RecordSerializer, TraceSink};

use crate::beside::{self, Beside, Work};
use crate::destination::{Destination, TraceFile, open_for_appending};
use crate::frames::Compression;
use crate::output::{Batch, Output, Progress};
use crate::rotation::Rotation;

/// The size in bytes at which a batch is written even if it lacks records; only a single larger record exceeds it.
pub const MAX_BATCH_BYTES: usize = 1024 * 1024;

/// When records are written and when they become durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cadence {
    /// The number of records after which the buffer is written to the file, in one write. A written record survives the
    /// end of the process.
    pub flush_every_n: NonZeroU64,
    /// The number of records after which the file is made durable, once the buffer is written; `None`: never. A durable
    /// record survives a power cut.
    pub fsync_every_n: Option<NonZeroU64>,
}

impl Default for Cadence {
    /// Each record is written at once, and none is made durable.
    fn default() -> Self {
        Self { flush_every_n: NonZeroU64::MIN, fsync_every_n: None }
    }
}

/// A sink that appends each record as one line to a file, or to another [`Destination`].
#[derive(Debug)]
pub struct JsonlSink<D: Destination = TraceFile> {
    writer: Writer<D>,
    compression: Compression,
    cadence: Cadence,
    serializer: RecordSerializer,
    /// Whole lines.
    buffer: Vec<u8>,
    max_bytes: usize,
    /// The number of records in the buffer, and the line of the last one.
    records: u64,
    line_no: u64,
    records_since_flush: u64,
    records_since_fsync: u64,
    /// The mark's position in the buffer; `None`: before its content.
    mark: Option<Mark>,
    /// The number of bytes of lines that were written after the mark.
    bytes_after_mark: u64,
    /// After a failed write, part of the buffer may have arrived: it is not written again.
    has_failed: bool,
}

/// A position in the buffer.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    bytes: usize,
    records: u64,
    /// The line of the last record before it.
    line_no: u64,
}

/// The writer of batches.
#[derive(Debug)]
enum Writer<D: Destination> {
    InPlace(Output<D>),
    Beside(Beside),
    /// Only during a change between the other two, or after one failed.
    Lost,
}

impl<D: Destination> Writer<D> {
    /// Takes the lines of a batch, and leaves an empty buffer.
    fn write(&mut self, lines: &mut Vec<u8>, batch: Batch) -> io::Result<()> {
        match self {
            Self::InPlace(output) => output.write(lines, batch),
            Self::Beside(beside) => beside.write(lines, batch),
            Self::Lost => Err(lost()),
        }
    }

    /// Waits until all taken batches are written.
    fn wait(&mut self) -> io::Result<Progress> {
        match self {
            Self::InPlace(output) => Ok(output.progress),
            Self::Beside(beside) => beside.wait(),
            Self::Lost => Err(lost()),
        }
    }
}

fn lost() -> io::Error {
    io::Error::other("the thread that writes has ended")
}

/// The error of opening a trace file.
#[derive(Debug, thiserror::Error)]
#[error("the trace file `{}` cannot be opened", path.display())]
pub struct OpenTraceError {
    /// The file.
    pub path: PathBuf,
    /// The system's error.
    #[source]
    pub cause: io::Error,
}

impl<D: Destination> JsonlSink<D> {
    /// Returns a sink that appends to `destination`.
    pub fn new(destination: D, cadence: Cadence) -> Self {
        Self {
            writer: Writer::InPlace(Output::new(destination)),
            compression: Compression::None,
            cadence,
            serializer: RecordSerializer::default(),
            buffer: Vec::new(),
            max_bytes: MAX_BATCH_BYTES,
            records: 0,
            line_no: 0,
            records_since_flush: 0,
            records_since_fsync: 0,
            mark: Some(Mark::default()),
            bytes_after_mark: 0,
            has_failed: false,
        }
    }

    /// Compresses each write.
    pub fn compressed(mut self, compression: Compression) -> Self {
        if let Writer::InPlace(output) = &mut self.writer {
            output.compress(compression);
            self.compression = compression;
        }
        self
    }

    /// Moves the writing, and compression if enabled, to a thread: batch by batch and in order, as without it. The run
    /// waits when two buffers of [`MAX_BATCH_BYTES`] are full, and where all records must be written: in
    /// [`flush`](Self::flush), [`idle`](TraceSink::idle) and [`finish`](TraceSink::finish). A failure is reported with
    /// one of the next records, and says which records are certain. If no thread can be started, this changes nothing.
    pub fn beside_the_run(self) -> Self
    where
        D: 'static,
    {
        self.beside_in(beside::spawn)
    }

    fn beside_in(mut self, spawn: impl FnOnce(Work) -> io::Result<JoinHandle<()>>) -> Self
    where
        D: 'static,
    {
        self.writer = match mem::replace(&mut self.writer, Writer::Lost) {
            Writer::InPlace(output) => match Beside::begin(output, spawn) {
                Ok(beside) => Writer::Beside(beside),
                Err(output) => output.map_or(Writer::Lost, Writer::InPlace),
            },
            other => other,
        };
        self
    }

    /// Writes a batch at `max_bytes` at the latest.
    pub(crate) fn with_max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// Writes every record so far, whatever the cadence, and returns when that is done.
    ///
    /// # Errors
    ///
    /// Returns the destination's error.
    pub fn flush(&mut self) -> io::Result<()> {
        self.flush_and_wait().map(drop)
    }

    /// Marks the end of the records so far. A frame ends there at the latest, so that the file can be cut at the mark.
    pub fn mark(&mut self) {
        let mark = Mark { bytes: self.buffer.len(), records: self.records, line_no: self.line_no };
        (self.mark, self.bytes_after_mark) = (Some(mark), 0);
    }

    /// Writes every record so far, and returns the number of bytes in the destination after the mark.
    ///
    /// # Errors
    ///
    /// Returns the destination's error.
    pub fn flush_behind_mark(&mut self) -> io::Result<u64> {
        let progress = self.flush_and_wait()?;
        Ok(match self.compression {
            Compression::None => self.bytes_after_mark,
            Compression::Zstd { .. } if self.mark.is_some() => 0,
            Compression::Zstd { .. } => progress.bytes - progress.bytes_to_mark,
        })
    }

    fn flush_and_wait(&mut self) -> io::Result<Progress> {
        self.submit(false)?;
        let waited = self.writer.wait();
        self.has_failed |= waited.is_err();
        waited
    }

    /// Hands on the buffer as a batch; as two, if a frame has to end in between.
    fn submit(&mut self, is_durable: bool) -> io::Result<()> {
        let (len, is_compressed) = (self.buffer.len(), self.compression != Compression::None);
        if let Some(mark) = self.mark.filter(|mark| is_compressed && (1..len).contains(&mark.bytes)) {
            let behind = self.buffer.split_off(mark.bytes);
            let (records, line_no) = (self.records - mark.records, self.line_no);
            (self.records, self.line_no) = (mark.records, mark.line_no);
            let submitted = self.submit_all(false);
            (self.buffer, self.records, self.line_no) = (behind, records, line_no);
            submitted?;
        }
        self.submit_all(is_durable)
    }

    fn submit_all(&mut self, is_durable: bool) -> io::Result<()> {
        let bytes = self.buffer.len();
        if bytes == 0 && !is_durable {
            return Ok(());
        }
        let batch = Batch {
            bytes,
            records: mem::take(&mut self.records),
            line_no: self.line_no,
            follows_mark: self.mark.is_some_and(|mark| mark.bytes == 0) && bytes > 0,
            is_durable,
        };
        self.bytes_after_mark += (bytes - self.mark.map_or(0, |mark| mark.bytes)) as u64;
        self.mark = self.mark.filter(|mark| mark.bytes == bytes).map(|_| Mark::default());
        let written = self.writer.write(&mut self.buffer, batch);
        self.buffer.clear();
        // A record of unusual size must not keep its memory for the rest of the run.
        self.buffer.shrink_to(2 * self.max_bytes);
        self.has_failed |= written.is_err();
        written
    }
}

impl JsonlSink {
    /// Opens `path` for appending; only the owner can read and write a new file.
    ///
    /// If the file does not end in a line end (a run was cut off in the middle of a record), one is written before the
    /// first new record, so that the torn one spoils no other. The file is locked while the sink exists: records of two
    /// simultaneous writers would be interleaved, and a run with a checkpoint may cut the records after its own. Pipes
    /// and other special files are written to as they are.
    ///
    /// # Errors
    ///
    /// Another sink writes to the file; or it [cannot be appended to](crate::ends_torn) with this compression.
    /// Otherwise, returns the system's error, for a symbolic link as well: a link is followed only to a pipe or device,
    /// such as `/dev/fd/3`.
    pub fn open(path: &Path, cadence: Cadence, compression: Compression) -> Result<Self, OpenTraceError> {
        Self::open_rotated(path, cadence, compression, None)
    }

    /// As [`open`](Self::open), and rotates the file if a [`Rotation`] is given: a record that would exceed the bound
    /// goes to a new file in its place. The old file ends with a whole record or frame, and is renamed to
    /// [`rotated_path`](crate::rotated_path). Where records are made durable, this happens before the file is renamed.
    /// Only regular files are rotated.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_rotated(
        path: &Path,
        cadence: Cadence,
        compression: Compression,
        rotation: Option<Rotation>,
    ) -> Result<Self, OpenTraceError> {
        let failed = |cause| OpenTraceError { path: path.to_owned(), cause };
        let is_made_durable = cadence.fsync_every_n.is_some();
        let (mut file, ends_torn) = open_for_appending(path, compression, is_made_durable).map_err(failed)?;
        if let Some(rotation) = rotation {
            file.rotate(rotation, path, is_made_durable, ends_torn).map_err(failed)?;
        }
        let mut sink = Self::new(file, cadence).compressed(compression);
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
        self.records += 1;
        self.line_no = record.line_no;
        self.records_since_flush += 1;
        self.records_since_fsync += 1;
        let Cadence { flush_every_n, fsync_every_n } = self.cadence;
        let flush_is_due = self.records_since_flush >= flush_every_n.get();
        let fsync_is_due = fsync_every_n.is_some_and(|every| self.records_since_fsync >= every.get());
        // The cadences are independent: a write that is due to the other one, or to the size, does not shift this one.
        if flush_is_due {
            self.records_since_flush = 0;
        }
        if fsync_is_due {
            self.records_since_fsync = 0;
        }
        if flush_is_due || fsync_is_due || self.buffer.len() >= self.max_bytes {
            self.submit(fsync_is_due)?;
        }
        Ok(())
    }

    /// Waits until all due records are written.
    fn idle(&mut self) -> io::Result<()> {
        let waited = self.writer.wait().map(drop);
        self.has_failed |= waited.is_err();
        waited
    }

    /// Writes the remaining records and, where records are made durable, makes them so.
    fn finish(&mut self) -> io::Result<()> {
        let is_durable = self.cadence.fsync_every_n.is_some() && self.records_since_fsync > 0;
        if self.records_since_flush > 0 || is_durable {
            (self.records_since_flush, self.records_since_fsync) = (0, 0);
            self.submit(is_durable)?;
        }
        self.idle()
    }
}

impl<D: Destination> Drop for JsonlSink<D> {
    /// A run that unwinds still writes its records.
    fn drop(&mut self) {
        if !self.has_failed {
            let _ = self.finish();
        }
    }
}

#[cfg(test)]
mod tests;
