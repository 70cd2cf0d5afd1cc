//! Append-only files of a run: a resumed run goes on at the committed length.

use std::io;
use std::path::Path;
use std::sync::Arc;

use stream_kernel_disk::{Disk, DiskFile, OpenHow};

use crate::error::{CommitError, FileError};
use crate::injected::{InjectedFault, is_injected};

/// A file to append to, with a buffer. Dropping it loses the buffer, which was not committed.
#[derive(Debug)]
pub struct CommittedFile {
    file: Arc<dyn DiskFile>,
    buffer: Vec<u8>,
    /// The number of bytes at which the buffer is written.
    block_bytes: usize,
    /// The number of bytes in the file.
    written: u64,
    /// The last byte, once it is known.
    last: Option<u8>,
    /// A byte just before the last write, and its offset.
    witness: Option<(u64, u8)>,
}

impl CommittedFile {
    /// Opens or creates a file, locks it for as long as it is open, and goes on at its end.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, or another run writes to it.
    pub fn append_to(disk: &dyn Disk, path: &Path, block_bytes: usize) -> Result<Self, FileError> {
        let file = disk.open(path, OpenHow::ExistingOrNew).map_err(FileError::io("be opened", path))?;
        lock(&*file)?;
        let written = file.len().map_err(FileError::io("be read", path))?;
        Ok(Self::new(file.into(), written, block_bytes))
    }

    /// Returns a file of which the first `written` bytes count.
    pub(crate) fn new(file: Arc<dyn DiskFile>, written: u64, block_bytes: usize) -> Self {
        Self { file, buffer: Vec::new(), block_bytes, written, last: None, witness: None }
    }

    /// Appends bytes to the buffer. The buffer is written first if it holds a block, so it never holds more than a
    /// block and one call's bytes.
    ///
    /// # Errors
    ///
    /// The buffer cannot be written; nothing was appended. The next call tries again.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        if self.buffer.len() >= self.block_bytes {
            self.flush()?;
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// Writes the buffer.
    ///
    /// # Errors
    ///
    /// The file cannot be written, or somebody else has shortened it: see [`Self::check`]. Nothing is lost: the next
    /// call tries again.
    pub fn flush(&mut self) -> Result<(), FileError> {
        let Some(&last) = self.buffer.last() else { return Ok(()) };
        self.check_witness()?;
        let witness = match (self.written.checked_sub(1), self.last) {
            (None, _) => None,
            (Some(at), Some(byte)) => Some((at, byte)),
            // The file belongs to an earlier run.
            (Some(at), None) => Some((at, self.byte_at(at)?)),
        };
        let written = self.file.write_all_at(&self.buffer, self.written);
        written.map_err(FileError::io("be written", self.file.path()))?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        (self.last, self.witness) = (Some(last), witness);
        Ok(())
    }

    /// Cuts the file to its first `bytes` bytes; it has more.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn cut_to(&mut self, bytes: u64) -> Result<(), FileError> {
        self.flush()?;
        self.file.set_len(bytes).map_err(FileError::io("be written", self.file.path()))?;
        (self.written, self.last, self.witness) = (bytes, None, None);
        Ok(())
    }

    /// Checks that the file still has everything written to it: call it before a commit.
    ///
    /// A write beyond the end of a file leaves a gap that reads as zeros, and then the length shows nothing. So a byte
    /// just before the last write is checked too, here and before every write.
    ///
    /// # Errors
    ///
    /// Somebody else has shortened the file, or it cannot be read.
    pub fn check(&self) -> Result<(), FileError> {
        check_length(&*self.file, self.written)?;
        self.check_witness()
    }

    fn check_witness(&self) -> Result<(), FileError> {
        match self.witness {
            Some((at, byte)) if self.byte_at(at)? != byte => self.shortened(),
            _ => Ok(()),
        }
    }

    fn byte_at(&self, offset: u64) -> Result<u8, FileError> {
        let mut byte = [0];
        match self.file.read_exact_at(&mut byte, offset) {
            Ok(()) => Ok(byte[0]),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => self.shortened(),
            Err(cause) => Err(FileError::io("be read", self.file.path())(cause)),
        }
    }

    fn shortened<T>(&self) -> Result<T, FileError> {
        let path = self.file.path().to_owned();
        let bytes = self.file.len().map_err(FileError::io("be read", &path))?;
        Err(FileError::Shortened { path, bytes, written: self.written })
    }

    /// Returns the length in bytes, including the buffer: commit it once the buffer is written.
    pub fn bytes(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// Returns the file, for a commit to sync.
    pub fn file(&self) -> Arc<dyn DiskFile> {
        Arc::clone(&self.file)
    }
}

/// Checks that a file has its written length: somebody else may have shortened it.
pub(crate) fn check_length(file: &dyn DiskFile, written: u64) -> Result<(), FileError> {
    let bytes = file.len().map_err(FileError::io("be read", file.path()))?;
    let path = || file.path().to_owned();
    if bytes < written { Err(FileError::Shortened { path: path(), bytes, written }) } else { Ok(()) }
}

/// The beginning of every zstd frame.
const FRAME_START: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// How the committed part of a file may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LastLine {
    /// With a line end.
    IsWhole,
    /// Also with a torn line of another program; a run adds a line end before its own first line. Or the file has zstd
    /// frames in place of lines.
    MayBeTorn,
}

/// A file of an earlier run, which may have written more than it committed. It stays unchanged until
/// [`Checkpoint::cut`](crate::Checkpoint::cut).
#[derive(Debug)]
pub struct UncutFile {
    file: Arc<dyn DiskFile>,
    bytes: u64,
    committed: u64,
}

impl UncutFile {
    /// Opens the file at `path`, of which `committed` bytes are committed, and locks it for as long as it is open.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, is too short, has no line end at its committed length, or another run writes to it.
    pub fn open(disk: &dyn Disk, path: &Path, committed: u64) -> Result<Self, FileError> {
        let file = disk.open(path, OpenHow::Existing).map_err(FileError::io("be opened", path))?;
        Self::locked(file.into(), committed, LastLine::MayBeTorn)
    }

    /// Checks that the file exists, without write access or a lock.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, is too short, or has no line end at its committed length.
    pub fn check(disk: &dyn Disk, path: &Path, committed: u64) -> Result<(), FileError> {
        let file = disk.open(path, OpenHow::ReadOnlyNoFollow).map_err(FileError::io("be opened", path))?;
        Self::whole(file.into(), committed, LastLine::MayBeTorn).map(drop)
    }

    /// Returns the file with its lock.
    pub(crate) fn locked(
        file: Arc<dyn DiskFile>,
        committed: u64,
        last_line: LastLine,
    ) -> Result<Self, FileError> {
        // Before its length is read: until then another run may write.
        lock(&*file)?;
        Self::whole(file, committed, last_line)
    }

    /// Returns the file, if its committed part is there, as far as a check of its end can tell: a gap reads as zeros.
    pub(crate) fn whole(
        file: Arc<dyn DiskFile>,
        committed: u64,
        last_line: LastLine,
    ) -> Result<Self, FileError> {
        let bytes = file.len().map_err(FileError::io("be read", file.path()))?;
        if bytes < committed {
            return Err(FileError::Shorter { path: file.path().to_owned(), bytes, committed });
        }
        let byte_at = |at| {
            let mut byte = [0];
            file.read_exact_at(&mut byte, at).map(|()| byte[0]).map_err(FileError::io("be read", file.path()))
        };
        let last = committed.checked_sub(1).map_or(Ok(b'\n'), byte_at)?;
        // A power cut may have lost the added line end, and kept the length.
        let is_torn_at_end =
            || Ok(last != 0 && (bytes == committed || matches!(byte_at(committed)?, b'\n' | 0)));
        let mut first = [0; FRAME_START.len()];
        let may_be_frames = last_line == LastLine::MayBeTorn && committed > first.len() as u64;
        if may_be_frames {
            file.read_exact_at(&mut first, 0).map_err(FileError::io("be read", file.path()))?;
        }
        let ends_well = if may_be_frames && first == FRAME_START {
            // Another frame follows, or what a power cut has left of one.
            bytes == committed || matches!(byte_at(committed)?, 0 | 0x28)
        } else {
            last == b'\n' || (last_line == LastLine::MayBeTorn && is_torn_at_end()?)
        };
        if !ends_well {
            return Err(FileError::TornLine { path: file.path().to_owned(), committed });
        }
        Ok(Self { file, bytes, committed })
    }

    /// Returns the path of the file.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Returns the open file.
    pub fn file(&self) -> &dyn DiskFile {
        &*self.file
    }

    /// Returns its length in bytes, which may be more than the committed one.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Leaves the bytes after the committed part, which belong to others, and goes on after them in blocks of about
    /// `block_bytes`.
    pub fn append(self, block_bytes: usize) -> CommittedFile {
        CommittedFile::new(self.file, self.bytes, block_bytes)
    }

    /// Cuts the file to its committed length.
    pub(crate) fn cut(self, block_bytes: usize) -> Result<CommittedFile, CommitError> {
        if self.bytes > self.committed && !is_injected(InjectedFault::FileNotCut) {
            self.file.set_len(self.committed).map_err(FileError::io("be cut", self.file.path()))?;
        }
        Ok(CommittedFile::new(self.file, self.committed, block_bytes))
    }
}

/// Locks a file for writing.
pub(crate) fn lock(file: &dyn DiskFile) -> Result<(), FileError> {
    let is_ours = file.try_lock().map_err(FileError::io("be locked", file.path()))?;
    if is_ours { Ok(()) } else { Err(FileError::InUse { path: file.path().to_owned() }) }
}

#[cfg(test)]
mod tests;
