//! Input of lines: a file, or a stream that may block.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::adapters::is_standard_stream;

/// Lines are read in blocks of this size.
const BLOCK_BYTES: usize = 256 * 1024;

/// Why an input cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("the input `{}` cannot be opened", path.display())]
pub struct OpenInputError {
    /// The input.
    pub path: PathBuf,
    /// The system's error.
    #[source]
    pub cause: io::Error,
}

/// An open input.
pub(crate) struct InputFile {
    file: File,
    path: PathBuf,
    /// The length in bytes when it was opened, if it is a regular file.
    pub(crate) bytes: Option<u64>,
    /// Becomes readable when the run is to stop; `None` if the input never blocks.
    wake: Option<OwnedFd>,
    has_said_so: bool,
}

impl InputFile {
    /// Opens the input at `path`; `-` is standard input.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenInputError> {
        Self::try_open(path).map_err(|cause| OpenInputError { path: path.to_owned(), cause })
    }

    fn try_open(path: &Path) -> io::Result<Self> {
        let file = if is_standard_stream(path) {
            // Not through the standard library's buffer: bytes there would be invisible to a wait.
            File::from(io::stdin().as_fd().try_clone_to_owned()?)
        } else {
            File::open(path)?
        };
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let bytes = metadata.is_file().then_some(metadata.len());
        Ok(Self { file, path: path.to_owned(), bytes, wake: None, has_said_so: false })
    }

    /// Returns the bytes of the input. Before it blocks, it returns [`io::ErrorKind::WouldBlock`] once, and blocks when
    /// it is called again. When `wake` becomes readable, it returns [`io::ErrorKind::Interrupted`].
    pub(crate) fn into_bytes(self, wake: OwnedFd) -> impl BufRead {
        // A regular file never blocks.
        let wake = self.bytes.is_none().then_some(wake);
        BufReader::with_capacity(BLOCK_BYTES, Self { wake, ..self })
    }

    fn check_length(&mut self) -> io::Result<()> {
        let Some(bytes_at_first) = self.bytes else { return Ok(()) };
        let bytes = self.file.metadata()?.len();
        // Generated files, as in `/proc`, always have a length of 0.
        if (bytes, bytes_at_first) == (0, 0) {
            return Ok(());
        }
        // Standard input need not begin at byte 0.
        check_not_shortened(bytes, bytes_at_first.max(self.file.stream_position()?))
    }

    fn wait(&mut self) -> io::Result<()> {
        const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };
        let Some(wake) = &self.wake else { return Ok(()) };
        let mut ready = [PollFd::new(&self.file, PollFlags::IN), PollFd::new(wake, PollFlags::IN)];
        let may_wait = std::mem::take(&mut self.has_said_so);
        if poll(&mut ready, if may_wait { None } else { Some(&AT_ONCE) })? == 0 {
            self.has_said_so = true;
            return Err(io::ErrorKind::WouldBlock.into());
        }
        if ready[1].revents().is_empty() { Ok(()) } else { Err(io::ErrorKind::Interrupted.into()) }
    }
}

impl Read for InputFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.wait()?;
        let read = match self.file.read(buffer) {
            Ok(0) if !buffer.is_empty() => self.check_length().map(|()| 0),
            read => read,
        };
        read.map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            kind => {
                io::Error::new(kind, format!("the input `{}` cannot be read: {error}", self.path.display()))
            }
        })
    }
}

/// Checks that an input, at its end after `bytes` bytes, is not shorter than `bytes_before`, its length when it was
/// opened or last read. Otherwise its last line may be a fragment.
///
/// # Errors
///
/// Another process has shortened it.
pub(crate) fn check_not_shortened(bytes: u64, bytes_before: u64) -> io::Result<()> {
    if bytes >= bytes_before {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "it was shortened while it was read: it has {bytes} bytes now, and had {bytes_before} (restore it)"
    )))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Returns an input of `content`, after `read` bytes of it are read in small pieces, and its file.
    fn input(content: &[u8], read: usize) -> (InputFile, File, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("in");
        fs::write(&path, content).unwrap();
        let mut input = InputFile::open(&path).unwrap();
        let other = File::options().append(true).open(&path).unwrap();
        input.read_exact(&mut vec![0; read]).unwrap();
        (input, other, folder)
    }

    #[test]
    fn an_input_that_became_shorter_has_no_end() {
        for (read, left) in [(0, 0), (1, 0), (1, 1), (1, 3), (4, 3)] {
            let (input, other, _folder) = input(b"a\nb\n", read);
            other.set_len(left).unwrap();
            let error = BufReader::new(input).lines().find_map(Result::err).unwrap().to_string();
            let told = format!(
                "it was shortened while it was read: it has {left} bytes now, and had 4 (restore it)"
            );
            assert!(error.ends_with(&told), "{error}");
        }
    }

    #[test]
    fn a_grown_input_may_not_shrink_below_its_read_part() {
        for (left, is_whole) in [(5, false), (6, true)] {
            let (mut input, mut other, _folder) = input(b"a\nb\n", 0);
            io::Write::write_all(&mut other, b"c\n").unwrap();
            input.read_exact(&mut [0; 6]).unwrap();
            other.set_len(left).unwrap();
            assert_eq!(input.read(&mut [0]).is_ok(), is_whole);
        }
    }

    /// The system does not know the length of a generated file.
    #[test]
    fn a_file_without_length_can_be_read() {
        let input = InputFile::open(Path::new("/proc/self/status")).unwrap();
        assert!(!io::read_to_string(input).unwrap().is_empty());
    }
}
