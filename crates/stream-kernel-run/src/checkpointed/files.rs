//! What a run with a checkpoint writes: output and trace, each up to a known byte.

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

/// The output that lines have written: counted, and hashed since the last snapshot.
#[derive(Default)]
pub(super) struct WrittenOutput {
    pub(super) bytes: u64,
    hash: PrefixHash,
    /// What is not hashed yet.
    pending: Vec<u8>,
}

impl WrittenOutput {
    /// Goes on with an output of so many bytes, which a snapshot covers.
    pub(super) fn after(bytes: u64) -> Self {
        Self { bytes, ..Self::default() }
    }

    /// Returns the hash of what was written since the last snapshot.
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
    /// Returns whether `path` still leads to the output, rather than to nothing or to something else.
    pub(super) fn is_at(&self, disk: &dyn Disk, path: &Path) -> io::Result<bool> {
        let there = match disk.open(path, OpenHow::ReadOnlyNoFollow) {
            Ok(there) => there,
            Err(error) if is_something_else(&error) => return Ok(false),
            Err(error) => return Err(error),
        };
        Ok(there.id()? == self.file.file().id()?)
    }

    /// Appends what is no line's.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.append(bytes).map_err(|error| with_cause("the output", &error))
    }

    /// Counts and hashes what others have written up to `bytes` bytes, by reading it.
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

    /// Brings out what is buffered, and checks that all that was written is there.
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

/// Returns whether a file could not be opened because there is none, or a link, a pipe or a directory has its name.
fn is_something_else(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, IsADirectory, NotFound};
    matches!(error.kind(), NotFound | InvalidInput | IsADirectory)
        || error.raw_os_error() == Some(Errno::LOOP.raw_os_error())
}

/// The trace of a run. Clones lead to the same file: the recorder writes through one, the run commits another.
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

/// Where the sink's batches go: straight to the file.
struct TraceBytes(Arc<Mutex<CommittedFile>>);

/// Locks what is never left half done.
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

    /// Returns the length in bytes of what is written out.
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

    /// Puts a line end behind a record that an earlier program has left unfinished.
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

    /// Writes out all records so far, checks that they are there, and returns the length in bytes of those of lines that have ended.
    pub(super) fn flush(&self) -> io::Result<u64> {
        let behind = lock(&self.sink).sink.flush_behind_mark()?;
        // The line end of a torn record stands there without a record behind it, if none has come.
        let mut file = lock(&self.file);
        file.flush().and_then(|()| file.check()).map_err(|error| with_cause("the trace", &error))?;
        Ok(file.bytes() - behind)
    }

    /// Fails if somebody else has shortened the file. Other failures, to look at it for one, are none here.
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

/// Returns the error as one of input and output, with its causes.
fn with_cause(what: &str, error: &FileError) -> io::Error {
    let kind = match error {
        // What was interrupted was tried again as often as makes sense; whoever heard of it would try again without end.
        FileError::Io { cause, .. } if cause.kind() != io::ErrorKind::Interrupted => cause.kind(),
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, format!("{what} {}", with_causes(error)))
}

/// Returns the path as text, for a checkpoint: what is not UTF-8 is replaced.
pub(super) fn text_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
