//! What a run with a checkpoint writes: output and trace, each up to a known byte.

use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;
use std::rc::Rc;

use rustix::io::Errno;
use stream_kernel_checkpoint::{CommittedFile, FileError};
use stream_kernel_disk::{Disk, OpenHow};
use stream_kernel_sinks::{Cadence, Destination, JsonlSink};
use stream_kernel_text::with_causes;
use stream_kernel_trace::{Record, TraceSink};

use crate::LineOutput;

/// Lines are written in blocks of this size.
pub(super) const OUTPUT_BLOCK_BYTES: usize = 256 * 1024;

/// The output of a run. Clones lead to the same file: the steps write through one, the run commits another.
#[derive(Clone)]
pub(super) struct Output(Rc<RefCell<CommittedFile>>);

impl Output {
    pub(super) fn new(file: CommittedFile) -> Self {
        Self(Rc::new(RefCell::new(file)))
    }

    pub(super) fn file(&self) -> std::cell::RefMut<'_, CommittedFile> {
        self.0.borrow_mut()
    }

    /// Returns whether `path` still leads to the output, rather than to nothing or to something else.
    pub(super) fn is_at(&self, disk: &dyn Disk, path: &Path) -> io::Result<bool> {
        let there = match disk.open(path, OpenHow::ReadOnlyNoFollow) {
            Ok(there) => there,
            Err(error) if is_something_else(&error) => return Ok(false),
            Err(error) => return Err(error),
        };
        Ok(there.id()? == self.file().file().id()?)
    }
}

/// Returns whether a file could not be opened because there is none, or a link, a pipe or a directory has its name.
fn is_something_else(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, IsADirectory, NotFound};
    matches!(error.kind(), NotFound | InvalidInput | IsADirectory)
        || error.raw_os_error() == Some(Errno::LOOP.raw_os_error())
}

impl LineOutput for Output {
    fn write_line(&mut self, line: &[u8]) -> io::Result<()> {
        // What is committed ends at a line end, or no run could go on from it.
        if !line.ends_with(b"\n") {
            return Err(io::Error::other("the application has written a line without a line end"));
        }
        self.file().append(line).map_err(|error| with_cause("the output", &error))
    }
}

/// The trace of a run. Clones lead to the same file.
#[derive(Clone)]
pub(super) struct Trace {
    sink: Rc<RefCell<JsonlSink<TraceBytes>>>,
    /// Why the sink has refused a record.
    failure: Rc<RefCell<Option<io::Error>>>,
    is_given_up: Rc<Cell<bool>>,
    file: Rc<RefCell<CommittedFile>>,
}

/// Where the sink's batches go: straight to the file.
struct TraceBytes(Rc<RefCell<CommittedFile>>);

impl Trace {
    pub(super) fn new(file: CommittedFile, cadence: Cadence) -> Self {
        let file = Rc::new(RefCell::new(file));
        let sink = JsonlSink::new(TraceBytes(Rc::clone(&file)), cadence);
        Self { sink: Rc::new(RefCell::new(sink)), failure: Rc::default(), is_given_up: Rc::default(), file }
    }

    pub(super) fn file(&self) -> std::cell::RefMut<'_, CommittedFile> {
        self.file.borrow_mut()
    }

    /// Returns the length in bytes of all records so far, whether they are written out or not.
    pub(super) fn bytes(&self) -> u64 {
        self.file().bytes() + self.sink.borrow().buffered_bytes() as u64
    }

    /// Returns why a record was refused, if one was.
    #[inline]
    pub(super) fn take_failure(&self) -> Option<io::Error> {
        self.failure.borrow_mut().take()
    }

    /// Refuses every record from now on.
    pub(super) fn give_up(&self) {
        self.is_given_up.set(true);
    }

    /// Puts a line end behind a record that an earlier program has left unfinished.
    pub(super) fn end_torn_record(&self) -> Result<(), FileError> {
        let mut file = self.file();
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
        self.sink.borrow_mut().flush()?;
        // The line end of a torn record stands there without a record behind it, if none has come.
        let mut file = self.file();
        file.flush().and_then(|()| file.check()).map_err(|error| with_cause("the trace", &error))
    }

    /// Fails if somebody else has shortened the file. Other failures, to look at it for one, are none here.
    pub(super) fn refuse_if_shortened(&self) -> Result<(), FileError> {
        match self.file().check() {
            Err(error @ FileError::Shortened { .. }) => Err(error),
            _ => Ok(()),
        }
    }
}

impl TraceSink for Trace {
    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        if self.is_given_up.get() {
            return Err(io::Error::other("an earlier record could not be written"));
        }
        self.sink.borrow_mut().write(record).map_err(|error| {
            let kind = error.kind();
            *self.failure.borrow_mut() = Some(error);
            kind.into()
        })
    }
}

impl Write for TraceBytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut file = self.0.borrow_mut();
        file.append(bytes).and_then(|()| file.flush()).map_err(|error| with_cause("the trace", &error))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Destination for TraceBytes {
    fn sync(&mut self) -> io::Result<()> {
        let file = self.0.borrow().file();
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
fn ends_torn(file: &dyn stream_kernel_disk::DiskFile, len: u64) -> io::Result<bool> {
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
