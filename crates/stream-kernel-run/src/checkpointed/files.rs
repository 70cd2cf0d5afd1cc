//! Output and trace of a run with a checkpoint, each up to a known byte.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;
use stream_kernel_checkpoint::{CommittedFile, FileError, PrefixDigest, PrefixHash};
use stream_kernel_disk::{Disk, DiskFile, OpenHow};
use stream_kernel_sinks::{Compression, Destination, JsonlSink, ends_torn};
use stream_kernel_text::with_causes;
use stream_kernel_trace::{Record, TraceSink};

use crate::tracing::Writing;

/// Lines are written in blocks of this size.
pub(super) const OUTPUT_BLOCK_BYTES: usize = 256 * 1024;

/// Output is hashed in blocks of this size.
const HASHED_BLOCK_BYTES: usize = 64 * 1024;

/// The output of lines: counted, and hashed since the last snapshot.
#[derive(Default)]
pub(super) struct WrittenOutput {
    pub(super) bytes: u64,
    hash: PrefixHash,
    /// The bytes not hashed yet.
    pending: Vec<u8>,
}

impl WrittenOutput {
    /// Resumes an output of this many bytes, which a snapshot covers.
    pub(super) fn after(bytes: u64) -> Self {
        Self { bytes, ..Self::default() }
    }

    /// Returns the hash of the output since the last snapshot.
    pub(super) fn digest(&mut self) -> PrefixDigest {
        self.hash_pending();
        self.hash.digest()
    }

    fn hash_pending(&mut self) {
        self.hash.update(&self.pending);
        self.pending.clear();
    }
}

impl Write for WrittenOutput {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.pending.len() >= HASHED_BLOCK_BYTES {
            self.hash_pending();
        }
        self.pending.extend_from_slice(bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The output of a run with a checkpoint.
pub(super) struct CommittedOutput {
    pub(super) file: CommittedFile,
    pub(super) written: WrittenOutput,
}

impl CommittedOutput {
    /// Returns whether `path` still leads to the output.
    pub(super) fn is_at(&self, disk: &dyn Disk, path: &Path) -> io::Result<bool> {
        let there = match disk.open(path, OpenHow::ReadOnlyNoFollow) {
            Ok(there) => there,
            Err(error) if is_something_else(&error) => return Ok(false),
            Err(error) => return Err(error),
        };
        Ok(there.id()? == self.file.file().id()?)
    }

    /// Appends bytes that belong to no line.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.append(bytes).map_err(|error| with_cause("the output", &error))
    }

    /// Counts and hashes the bytes of others up to `bytes`, by reading them.
    pub(super) fn read_up_to(&mut self, bytes: u64) -> Result<(), FileError> {
        let file = self.file.file();
        let mut block = vec![0; HASHED_BLOCK_BYTES];
        while self.written.bytes < bytes {
            let left = usize::try_from(bytes - self.written.bytes).unwrap_or(usize::MAX);
            let block = &mut block[..left.min(HASHED_BLOCK_BYTES)];
            match file.read_exact_at(block, self.written.bytes) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    let path = file.path().to_owned();
                    let there = file.len().map_err(FileError::io("be read", &path))?;
                    return Err(FileError::Shortened { path, bytes: there, written: bytes });
                }
                Err(cause) => return Err(FileError::io("be read", file.path())(cause)),
            }
            self.written.hash_pending();
            self.written.hash.update(block);
            self.written.bytes += block.len() as u64;
        }
        Ok(())
    }

    /// Flushes the buffer, and checks that the file has its full length.
    pub(super) fn flush_and_check(&mut self) -> Result<(), FileError> {
        self.file.flush().and_then(|()| self.file.check())
    }
}

impl Write for CommittedOutput {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.append(bytes)?;
        self.written.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush().map_err(|error| with_cause("the output", &error))
    }
}

/// Returns whether a file could not be opened because it is missing, or because a link, a pipe or a directory has its
/// name.
fn is_something_else(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, IsADirectory, NotFound};
    matches!(error.kind(), NotFound | InvalidInput | IsADirectory)
        || error.raw_os_error() == Some(Errno::LOOP.raw_os_error())
}

/// The trace of a run. Clones share the file: the recorder writes through one, the run commits another.
#[derive(Clone)]
pub(super) struct Trace {
    sink: Arc<Mutex<TraceState>>,
    file: Arc<Mutex<CommittedFile>>,
    compression: Compression,
}

struct TraceState {
    sink: JsonlSink<TraceBytes>,
    /// Why the sink has refused a record.
    failure: Option<io::Error>,
    is_given_up: bool,
}

/// The target of the sink's batches: the file itself.
struct TraceBytes(Arc<Mutex<CommittedFile>>);

/// Locks data that is never left half changed.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Trace {
    pub(super) fn new(file: CommittedFile, Writing { cadence, compression, is_beside, .. }: Writing) -> Self {
        let file = Arc::new(Mutex::new(file));
        let sink = JsonlSink::new(TraceBytes(Arc::clone(&file)), cadence).compressed(compression);
        let sink = if is_beside { sink.beside_the_run() } else { sink };
        let state = TraceState { sink, failure: None, is_given_up: false };
        Self { sink: Arc::new(Mutex::new(state)), file, compression }
    }

    pub(super) fn file(&self) -> Arc<dyn DiskFile> {
        lock(&self.file).file()
    }

    /// Returns the length in bytes of all records written out.
    pub(super) fn bytes(&self) -> u64 {
        lock(&self.file).bytes()
    }

    /// Notes that a line has ended: the file may be cut behind its records.
    #[inline]
    pub(super) fn mark(&self) {
        lock(&self.sink).sink.mark();
    }

    /// Returns why a record was refused, if one was.
    #[inline]
    pub(super) fn take_failure(&self) -> Option<io::Error> {
        lock(&self.sink).failure.take()
    }

    /// Refuses every record from now on.
    pub(super) fn give_up(&self) {
        lock(&self.sink).is_given_up = true;
    }

    /// Ends a torn record of an earlier process with a line end.
    pub(super) fn end_torn_record(&self) -> Result<(), FileError> {
        if self.compression != Compression::None {
            return Ok(());
        }
        let mut file = lock(&self.file);
        let (on_disk, mut last) = (file.file(), *b"\n");
        if let Some(at) = file.bytes().checked_sub(1) {
            on_disk.read_exact_at(&mut last, at).map_err(FileError::io("be read", on_disk.path()))?;
        }
        if last == *b"\n" { Ok(()) } else { file.append(b"\n") }
    }

    /// Writes out all records so far, checks that the file holds them, and returns the length in bytes of those
    /// whose lines have ended.
    pub(super) fn flush(&self) -> io::Result<u64> {
        let behind = lock(&self.sink).sink.flush_behind_mark()?;
        // If no record has come since, nothing follows the line end of a torn record.
        let mut file = lock(&self.file);
        file.flush().and_then(|()| file.check()).map_err(|error| with_cause("the trace", &error))?;
        Ok(file.bytes() - behind)
    }

    /// Fails if another process has shortened the file. Other failures, such as of the look itself, do not count here.
    pub(super) fn refuse_if_shortened(&self) -> Result<(), FileError> {
        match lock(&self.file).check() {
            Err(error @ FileError::Shortened { .. }) => Err(error),
            _ => Ok(()),
        }
    }
}

impl TraceSink for Trace {
    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        let TraceState { sink, failure, is_given_up } = &mut *lock(&self.sink);
        if *is_given_up {
            return Err(io::Error::other("an earlier record could not be written"));
        }
        sink.write(record).map_err(|error| {
            let kind = error.kind();
            *failure = Some(error);
            kind.into()
        })
    }
}

impl Write for TraceBytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut file = lock(&self.0);
        file.append(bytes).and_then(|()| file.flush()).map_err(|error| with_cause("the trace", &error))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Destination for TraceBytes {
    fn sync(&mut self) -> io::Result<()> {
        let file = lock(&self.0).file();
        file.sync_data()
    }
}

/// Checks that records can be appended to a trace of so many bytes.
pub(super) fn check_appendable(file: &dyn DiskFile, bytes: u64, writing: Writing) -> Result<(), FileError> {
    let torn = ends_torn(writing.compression, bytes, |buffer, at| file.read_exact_at(buffer, at));
    torn.map(drop).map_err(FileError::io("be appended to", file.path()))
}

/// Returns the error as an I/O error, with its causes.
fn with_cause(what: &str, error: &FileError) -> io::Error {
    let kind = match error {
        // Interrupted calls have been retried often enough; a caller that sees the interruption would retry without
        // end.
        FileError::Io { cause, .. } if cause.kind() != io::ErrorKind::Interrupted => cause.kind(),
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, format!("{what} {}", with_causes(error)))
}

/// Returns the path as text, for a checkpoint; bytes that are not UTF-8 are replaced.
pub(super) fn text_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
