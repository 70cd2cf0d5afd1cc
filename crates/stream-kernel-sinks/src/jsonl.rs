//! Records as lines of JSON, written out in batches at exactly the cadence that was asked for.

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
    writer: Writer<D>,
    compression: Compression,
    cadence: Cadence,
    serializer: RecordSerializer,
    /// Whole lines.
    buffer: Vec<u8>,
    max_bytes: usize,
    /// How many records are in the buffer, and the line of the last one.
    records: u64,
    line_no: u64,
    records_since_flush: u64,
    records_since_fsync: u64,
    /// Where in the buffer the mark lies; `None`: before what is in it.
    mark: Option<Mark>,
    /// How many bytes of lines were written out behind the mark.
    bytes_after_mark: u64,
    /// After a failed write nobody knows how much of the buffer arrived: it is not written a second time.
    has_failed: bool,
}

/// A place in the buffer: how much is before it.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    bytes: usize,
    records: u64,
    /// The line of the last record before it.
    line_no: u64,
}

/// What takes batches.
#[derive(Debug)]
enum Writer<D: Destination> {
    InPlace(Output<D>),
    Beside(Beside),
    /// Only while one of the others becomes the other, or if that was not possible.
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

    /// Waits until all that was taken is written.
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

    /// Compresses what is written at a time.
    pub fn compressed(mut self, compression: Compression) -> Self {
        if let Writer::InPlace(output) = &mut self.writer {
            output.compress(compression);
            self.compression = compression;
        }
        self
    }

    /// Has a thread write, and compress if that is asked for, while the run goes on: each batch by itself and in order, as without it. The
    /// run waits when two buffers of [`MAX_BATCH_BYTES`] are full, and where all has to be written: in [`flush`](Self::flush),
    /// [`idle`](TraceSink::idle) and [`finish`](TraceSink::finish). A failure is told with one of the next records, and says which records
    /// are certain. Where no thread can be had, this changes nothing.
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

    /// Writes out a batch at `max_bytes` at the latest.
    pub(crate) fn with_max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// Writes out every record so far, whenever the next ones are due, and returns when that is done.
    ///
    /// # Errors
    ///
    /// Returns what the destination says.
    pub fn flush(&mut self) -> io::Result<()> {
        self.flush_and_wait().map(drop)
    }

    /// Marks the end of what was recorded so far: a frame ends there at the latest, since one may be cut there.
    pub fn mark(&mut self) {
        let mark = Mark { bytes: self.buffer.len(), records: self.records, line_no: self.line_no };
        (self.mark, self.bytes_after_mark) = (Some(mark), 0);
    }

    /// Writes out every record so far, and returns how many bytes the destination has behind the mark.
    ///
    /// # Errors
    ///
    /// Returns what the destination says.
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

    /// Hands on the buffer as a batch; as two, if a frame has to end between them.
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
    /// Opens `path` for appending; a new file is readable and writable by its owner only.
    ///
    /// If the file does not end in a line end (a run was cut off in the middle of a record), one is put before the first
    /// new record, so that the torn one spoils no other. The file is locked for as long as the sink is there: records of two
    /// that write at once would stand in each other, and a run with a checkpoint may cut what follows its own. What is not a regular
    /// file, such as a pipe, is written to as it is.
    ///
    /// # Errors
    ///
    /// Another sink writes to the file; or it [cannot be appended to](crate::ends_torn) with this compression. Otherwise, returns what
    /// the system says, for a symbolic link as well: it is followed only to a pipe or device, as `/dev/fd/3` is.
    pub fn open(path: &Path, cadence: Cadence, compression: Compression) -> Result<Self, OpenError> {
        Self::open_rotated(path, cadence, compression, None)
    }

    /// As [`open`](Self::open), and rotates the file if a [`Rotation`] is given: a record that would make it larger than that allows goes to
    /// a new file in its place, and the old one, which ends with a whole record or frame, is called [`rotated_path`](crate::rotated_path).
    /// What is made durable at all is so before its file gets another name. What is not a regular file is never rotated.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_rotated(
        path: &Path,
        cadence: Cadence,
        compression: Compression,
        rotation: Option<Rotation>,
    ) -> Result<Self, OpenError> {
        let failed = |cause| OpenError { path: path.to_owned(), cause };
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
        // Each cadence counts for itself: what the other one, or the size, makes due does not shift it.
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

    /// Waits until what was due is written.
    fn idle(&mut self) -> io::Result<()> {
        let waited = self.writer.wait().map(drop);
        self.has_failed |= waited.is_err();
        waited
    }

    /// Writes out what is left and, where records are made durable at all, makes it so.
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
    /// A run that unwinds still brings out what it recorded.
    fn drop(&mut self) {
        if !self.has_failed {
            let _ = self.finish();
        }
    }
}

#[cfg(test)]
mod tests;
