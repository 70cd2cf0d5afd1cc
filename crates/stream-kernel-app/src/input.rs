//! Where lines come from: a file, or something that may let us wait.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::adapters::is_standard_stream;
use crate::failure::Failure;
use crate::output::OutputFile;
use crate::signals::Signals;

/// Lines are read in blocks of this size.
const BLOCK_BYTES: usize = 256 * 1024;

/// An input that is open.
pub(crate) struct InputFile {
    file: File,
    path: PathBuf,
    /// The number of bytes, if that is known.
    pub(crate) bytes: Option<u64>,
}

impl InputFile {
    /// Opens the input at `path`; `-` is standard input.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        Self::try_open(path).map_err(|cause| Failure::OpenInput { path: path.to_owned(), cause })
    }

    fn try_open(path: &Path) -> io::Result<Self> {
        let file = if is_standard_stream(path) {
            // Not through the standard library's buffer: what lies there would not be seen when we wait for more.
            File::from(io::stdin().as_fd().try_clone_to_owned()?)
        } else {
            File::open(path)?
        };
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Ok(Self { file, path: path.to_owned(), bytes: metadata.is_file().then_some(metadata.len()) })
    }

    /// Returns the bytes of the input. Before it waits for any it writes out what is buffered in `output`, so that a
    /// conversation is possible; a signal ends the waiting with [`io::ErrorKind::Interrupted`].
    pub(crate) fn read_through(
        self,
        signals: &Signals,
        output: &OutputFile,
    ) -> Result<impl io::BufRead, Failure> {
        let waiting = match self.bytes {
            Some(_) => None,
            None => Some(Waiting { wake: signals.wake().map_err(Failure::Signals)?, output: output.clone() }),
        };
        Ok(BufReader::with_capacity(BLOCK_BYTES, Input { file: self.file, path: self.path, waiting }))
    }
}

struct Input {
    file: File,
    path: PathBuf,
    /// How to wait; `None` for a regular file, which never lets us wait.
    waiting: Option<Waiting>,
}

struct Waiting {
    wake: UnixStream,
    output: OutputFile,
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(waiting) = &self.waiting {
            waiting.wait_for(&self.file)?;
        }
        self.file.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            kind => {
                io::Error::new(kind, format!("the input `{}` cannot be read: {error}", self.path.display()))
            }
        })
    }
}

impl Waiting {
    fn wait_for(&self, file: &File) -> io::Result<()> {
        const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };
        let mut ready = [PollFd::new(file, PollFlags::IN), PollFd::new(&self.wake, PollFlags::IN)];
        if poll(&mut ready, Some(&AT_ONCE))? == 0 {
            // Should this fail, what is buffered stays so, and the next write will tell.
            let _ = self.output.flush();
            poll(&mut ready, None)?;
        }
        if ready[1].revents().is_empty() { Ok(()) } else { Err(io::ErrorKind::Interrupted.into()) }
    }
}
