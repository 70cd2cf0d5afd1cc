//! What a run with a checkpoint writes: output and trace, each up to a known byte.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;
use stream_kernel_checkpoint::{CommittedFile, FileError};
use stream_kernel_disk::{Disk, DiskFile, OpenHow};
use stream_kernel_sinks::{Cadence, Destination, JsonlSink};
use stream_kernel_text::with_causes;
use stream_kernel_trace::{Record, TraceSink};

use crate::feed::Output;

/// Lines are written in blocks of this size.
pub(super) const OUTPUT_BLOCK_BYTES: usize = 256 * 1024;

/// The output of a run with a checkpoint.
pub(super) struct CommittedOutput(pub(super) CommittedFile);

impl CommittedOutput {
    /// Returns whether `path` still leads to the output, rather than to nothing or to something else.
    pub(super) fn is_at(&self, disk: &dyn Disk, path: &Path) -> io::Result<bool> {
        let there = match disk.open(path, OpenHow::ReadOnlyNoFollow) {
            Ok(there) => there,
            Err(error) if is_something_else(&error) => return Ok(false),
            Err(error) => return Err(error),
        };
        Ok(there.id()? == self.0.file().id()?)
    }
}

impl Output for CommittedOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.append(bytes).map_err(|error| with_cause("the output", &error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(|error| with_cause("the output", &error))
    }

    fn flush_for_commit(&mut self) -> Result<(), FileError> {
        self.0.flush().and_then(|()| self.0.check())
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
    pub(super) fn new(file: CommittedFile, cadence: Cadence) -> Self {
        let file = Arc::new(Mutex::new(file));
        let sink = JsonlSink::new(TraceBytes(Arc::clone(&file)), cadence);
        let state = TraceState { sink, failure: None, is_given_up: false };
        Self { sink: Arc::new(Mutex::new(state)), file }
    }

    pub(super) fn file(&self) -> Arc<dyn DiskFile> {
        lock(&self.file).file()
    }

    /// Returns the length in bytes of all records so far, whether they are written out or not.
    pub(super) fn bytes(&self) -> u64 {
        lock(&self.sink).sink.buffered_bytes() as u64 + lock(&self.file).bytes()
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
        let mut file = lock(&self.file);
        let unreadable =
            |path: &Path, cause| FileError::Io { doing: "be read", path: path.to_owned(), cause };
        let on_disk = file.file();
        if ends_torn(&*on_disk, file.bytes()).map_err(|cause| unreadable(on_disk.path(), cause))? {
            file.append(b"\n")?;
        }
        Ok(())
    }

    /// Writes out all records so far, and checks that they are there.
    pub(super) fn flush(&self) -> io::Result<()> {
        lock(&self.sink).sink.flush()?;
        // The line end of a torn record stands there without a record behind it, if none has come.
        let mut file = lock(&self.file);
        file.flush().and_then(|()| file.check()).map_err(|error| with_cause("the trace", &error))
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

/// Returns the error as one of input and output, with its causes.
fn with_cause(what: impl Display, error: &dyn std::error::Error) -> io::Error {
    let kind = error.source().and_then(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
    // What was interrupted was tried again as often as makes sense; whoever heard of it would try again without end.
    let kind = kind.filter(|kind| *kind != io::ErrorKind::Interrupted);
    io::Error::new(kind.unwrap_or(io::ErrorKind::Other), format!("{what} {}", with_causes(error)))
}

/// Returns whether a file of `len` bytes ends in the middle of a line.
fn ends_torn(file: &dyn DiskFile, len: u64) -> io::Result<bool> {
    let mut last = *b"\n";
    if len > 0 {
        file.read_exact_at(&mut last, len - 1)?;
    }
    Ok(last != *b"\n")
}

/// Returns the path as text, for a checkpoint: what is not UTF-8 is replaced.
pub(super) fn text_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
