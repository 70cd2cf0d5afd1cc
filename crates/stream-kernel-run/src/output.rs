//! Output of lines: a file that takes its name only when it is complete, or a stream.

use std::fmt::Display;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;
use stream_kernel_disk::{dir_of, try_lock};

use crate::adapters::is_standard_stream;
use crate::same_file::is_link_to_file;

/// Why an output cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenOutputError {
    /// The system refuses to open it.
    #[error("the output `{}` cannot be opened", path.display())]
    Io {
        /// The output, or its name until it is complete.
        path: PathBuf,
        /// The system's error.
        #[source]
        cause: io::Error,
    },
    /// Another run writes it.
    #[error("`{}` is being written by another run (wait until that ends, or stop it)", path.display())]
    InUse {
        /// Its name until it is complete.
        path: PathBuf,
    },
}

/// Lines are written in blocks of this size.
const BLOCK_BYTES: usize = 256 * 1024;

/// An open file or stream.
pub struct OutputFile {
    writer: BufWriter<File>,
    /// The number of bytes written, including buffered ones.
    bytes: u64,
    path: PathBuf,
    /// The path of the file while it is written; `None` for a stream.
    partial: Option<PathBuf>,
}

impl OutputFile {
    /// Opens the output at `path`. `-` is standard output, and an existing path that is not a regular file is written
    /// as it is. Anything else is a new file with another name until it is complete, and a lock until then. A link is
    /// followed only to a pipe or device.
    ///
    /// # Errors
    ///
    /// It cannot be opened, or another run writes it.
    pub fn open(path: &Path) -> Result<Self, OpenOutputError> {
        // In append mode: if another process cuts it, it stays too short, instead of getting a gap that its length does
        // not show.
        Self::open_with(path, OpenOptions::new().append(true))
    }

    /// Opens the output at `path` as [`open`](Self::open) does, for several workers that write at offsets.
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open).
    pub fn open_for_parts(path: &Path) -> Result<Self, OpenOutputError> {
        Self::open_with(path, OpenOptions::new().write(true))
    }

    fn open_with(path: &Path, options: &mut OpenOptions) -> Result<Self, OpenOutputError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |cause| OpenOutputError::Io { path, cause }
        };
        if is_standard_stream(path) {
            let stdout = io::stdout().as_fd().try_clone_to_owned().map_err(failed(path))?;
            return Ok(Self::new(File::from(stdout), path, None));
        }
        if fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
            let stream = open_stream(path).map_err(failed(path))?;
            return Ok(Self::new(stream, path, None));
        }
        let partial = partial_path(path);
        let file = create_locked(&partial, options)?;
        Ok(Self::new(file, path, Some(partial)))
    }

    fn new(file: File, path: &Path, partial: Option<PathBuf>) -> Self {
        let writer = BufWriter::with_capacity(BLOCK_BYTES, file);
        Self { writer, bytes: 0, path: path.to_owned(), partial }
    }

    /// Returns the file, for writes at offsets.
    ///
    /// # Errors
    ///
    /// Returns the system's error, with the name of the output.
    pub fn part_writer(&self) -> io::Result<File> {
        self.writer.get_ref().try_clone().map_err(|error| named(&self.path, &error))
    }

    /// Notes the number of bytes written at offsets.
    pub fn parts_written(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    /// Returns the error with the name of the output.
    pub fn named(&self, error: &io::Error) -> io::Error {
        named(&self.path, error)
    }

    /// Returns the path of an incomplete output, if it still exists.
    pub fn left(&self) -> Option<&Path> {
        self.partial.as_deref().filter(|partial| is_at(self.writer.get_ref(), partial))
    }

    /// Writes the buffer and, if it is a file, syncs it and gives it its name, provided that it has its full length.
    ///
    /// # Errors
    ///
    /// Returns why that failed; the error names the output.
    pub fn complete(&mut self) -> io::Result<()> {
        self.flush()?;
        let Some(partial) = &self.partial else { return Ok(()) };
        let (file, written) = (self.writer.get_ref(), self.bytes);
        let has =
            file.sync_all().and_then(|()| file.metadata()).map_err(|error| named(&self.path, &error))?.len();
        if !is_at(file, partial) {
            return Err(self.nameless(format_args!(
                "somebody else has removed or replaced `{}` while the run went on (run it again)",
                partial.display()
            )));
        }
        if has != written {
            return Err(self.nameless(format_args!(
                "somebody else has changed `{}`: it has {has} bytes, and {written} were written (run it again)",
                partial.display()
            )));
        }
        fs::rename(partial, &self.path).map_err(|error| self.nameless(error))?;
        let folder = File::open(dir_of(&self.path)).and_then(|folder| folder.sync_all());
        folder.map_err(|error| named(&self.path, &error))
    }

    /// Returns the error that the output cannot take its name.
    fn nameless(&self, why: impl Display) -> io::Error {
        io::Error::other(format!("the output `{}` cannot take its name: {why}", self.path.display()))
    }
}

/// Returns the error with the name of the output.
fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("the output `{}` cannot be written: {error}", path.display()))
}

/// Returns whether the file is at `path`, and not another one.
fn is_at(file: &File, path: &Path) -> bool {
    let [file, there] = [file.metadata(), path.symlink_metadata()]
        .map(|metadata| metadata.ok().map(|metadata| (metadata.dev(), metadata.ino())));
    file.is_some() && file == there
}

/// Flushing writes the buffer. Errors name the output.
impl Write for OutputFile {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.writer.write(bytes).map_err(|error| named(&self.path, &error))?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush().map_err(|error| named(&self.path, &error))
    }
}

/// Makes a new file in place of an earlier run's, and locks it.
pub(crate) fn create_locked(path: &Path, options: &mut OpenOptions) -> Result<File, OpenOutputError> {
    let failed = |cause| OpenOutputError::Io { path: path.to_owned(), cause };
    // Held until the new file is locked, so that no other run replaces the old one meanwhile.
    let _left_over = lock_left_over(path)?;
    // Removed, not overwritten, to avoid links and other owners' permissions.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let file = options.create_new(true).mode(0o600).open(path).map_err(failed)?;
    lock(&file, path)?;
    Ok(file)
}

/// Locks an earlier run's unfinished output, and returns it; `None` if there is none, or if it cannot be opened as a
/// file.
pub(crate) fn lock_left_over(partial: &Path) -> Result<Option<File>, OpenOutputError> {
    // It may be a pipe now, and opening that would wait for its other end.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let Ok(file) = OpenOptions::new().write(true).custom_flags(flags).open(partial) else { return Ok(None) };
    if file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        lock(&file, partial)?;
    }
    Ok(Some(file))
}

/// Locks an unfinished output for as long as it is open. Where the file system has no locks, it stays unlocked.
fn lock(file: &File, partial: &Path) -> Result<(), OpenOutputError> {
    match try_lock(file, partial) {
        Ok(false) => Err(OpenOutputError::InUse { path: partial.to_owned() }),
        Ok(true) | Err(_) => Ok(()),
    }
}

/// Opens an existing file for reading and writing; a symbolic link is not followed.
///
/// # Errors
///
/// Returns the system's error.
pub fn write_to_what_is_there(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).custom_flags(OFlags::NOFOLLOW.bits().cast_signed()).open(path)
}

/// Opens a pipe or device for writing. A link that has come to lead to a regular file is not followed.
fn open_stream(path: &Path) -> io::Result<File> {
    if is_link_to_file(path) {
        return Err(Errno::LOOP.into());
    }
    let stream = OpenOptions::new().write(true).open(path)?;
    if stream.metadata()?.is_file() { Err(Errno::LOOP.into()) } else { Ok(stream) }
}

/// Returns the path of an output file until it is complete: `<path>.partial`.
pub fn partial_path(path: &Path) -> PathBuf {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    partial.into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A link that appears between the check of the path and its opening must not lead anywhere.
    #[test]
    fn an_existing_path_is_opened_unless_it_is_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "kept").unwrap();
        symlink(&file, &link).unwrap();
        assert!(write_to_what_is_there(&file).is_ok());
        let refused = write_to_what_is_there(&link).unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(rustix::io::Errno::LOOP.raw_os_error()));
        assert!(OutputFile::open(&link).is_err());
        assert!(open_stream(&file).is_err(), "a link to a pipe may have become one to a file");
        assert_eq!(fs::read(&file).unwrap(), b"kept");
    }

    /// Another process may do this to an unfinished output.
    #[test]
    fn only_the_written_file_takes_the_name() {
        type Change = fn(&Path);
        let changes: [(&str, Change); 5] = [
            ("", |_| {}),
            ("it has 3 bytes, and 6 were written", |partial| fs::write(partial, "").unwrap()),
            ("it has 7 bytes, and 6 were written", |partial| {
                OpenOptions::new().append(true).open(partial).unwrap().write_all(b"x").unwrap();
            }),
            ("removed or replaced", |partial| fs::remove_file(partial).unwrap()),
            ("removed or replaced", |partial| {
                fs::remove_file(partial).unwrap();
                fs::write(partial, "a\nb\nc\n").unwrap();
            }),
        ];
        for (told, change) in changes {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("out");
            let mut output = OutputFile::open(&path).unwrap();
            output.write_all(b"a\nb").unwrap();
            output.flush().unwrap();
            change(&partial_path(&path));
            output.write_all(b"\nc\n").unwrap();
            let completed = output.complete();
            let error = completed.map_or_else(|error| error.to_string(), |()| String::new());
            assert!(error.contains(told) && error.is_empty() == told.is_empty(), "{told}: {error}");
            assert_eq!(path.exists(), told.is_empty(), "{told}");
            assert_eq!(output.left().is_some(), told.contains("bytes"), "{told}");
        }
    }
}
