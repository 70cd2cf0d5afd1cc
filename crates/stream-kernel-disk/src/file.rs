//! Open files: operations on bytes.

use std::fmt::Debug;
use std::io;
use std::path::Path;

/// The most interruptions of a read or write by signals, in a row, before that is an error: only a broken system
/// reaches it.
pub const MAX_INTERRUPTIONS: u32 = 1_000;

/// The identity of a file, whatever its names: equal only for the same file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileId(pub(crate) u64, pub(crate) u64);

/// An open file. It has no position: every read and write takes an offset.
///
/// Methods take `&self`, so that one thread can sync another's writes.
///
/// The error of every method is the system's.
#[expect(clippy::missing_errors_doc, reason = "said once for all methods")]
#[expect(clippy::len_without_is_empty, reason = "nobody asks")]
pub trait DiskFile: Send + Sync + Debug {
    /// Returns the path with which the file was opened, for messages.
    fn path(&self) -> &Path;

    /// Returns the identity of the file.
    fn id(&self) -> io::Result<FileId>;

    /// Reads into `buffer` from `offset` on, and returns the number of bytes: 0 at the end of the file.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes a prefix of `bytes` at `offset`, and returns its length.
    ///
    /// # Errors
    ///
    /// Returns the system's error. Some of the bytes may have been written.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;

    /// Returns the length in bytes.
    fn len(&self) -> io::Result<u64>;

    /// Cuts the file to `len` bytes, or lengthens it with zeros.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Returns when the content and length of the file will survive a power cut.
    ///
    /// # Errors
    ///
    /// Returns the system's error. Writes since the last sync may then be lost, though they can still be read, and a
    /// later successful sync does not save them: only writing them again helps. A file of [`OsDisk`](crate::OsDisk)
    /// refuses all syncs after a failed one, so that everybody who has it open learns of it.
    fn sync_data(&self) -> io::Result<()>;

    /// Locks the file for as long as it is open, and returns whether that succeeded. It fails if another handle holds
    /// the lock, or if the path no longer leads to the file, because the next one to come would lock the new file. The
    /// lock binds only those who ask for it.
    fn try_lock(&self) -> io::Result<bool>;

    /// Returns whether another handle holds the lock. To find out, it takes a shared lock for a moment.
    fn is_locked(&self) -> io::Result<bool>;

    /// Fills `buffer` from `offset` on.
    ///
    /// # Errors
    ///
    /// Returns the system's error, and `UnexpectedEof` if the file ends before the buffer is full.
    fn read_exact_at(&self, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
        while !buffer.is_empty() {
            let read = uninterrupted(|| self.read_at(buffer, offset))?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            buffer = &mut buffer[read..];
            offset += read as u64;
        }
        Ok(())
    }

    /// Writes all of `bytes` at `offset`, in as many pieces as it takes.
    ///
    /// # Errors
    ///
    /// Returns the system's error, and `WriteZero` if it takes no more bytes. Some of the bytes may have been written.
    fn write_all_at(&self, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
        while !bytes.is_empty() {
            let written = uninterrupted(|| self.write_at(bytes, offset))?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            bytes = &bytes[written..];
            offset += written as u64;
        }
        Ok(())
    }
}

/// Repeats an interrupted call.
fn uninterrupted<T>(mut operation: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let mut interruptions = 0;
    loop {
        match operation() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted && interruptions < MAX_INTERRUPTIONS => {
                interruptions += 1;
            }
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io;

    use super::{MAX_INTERRUPTIONS, uninterrupted};

    #[test]
    fn interruptions_are_borne_up_to_their_bound() {
        let after = |interruptions: u32| {
            let left = Cell::new(interruptions);
            uninterrupted(|| match left.replace(left.get().saturating_sub(1)) {
                0 => Ok(()),
                _ => Err(io::Error::from(io::ErrorKind::Interrupted)),
            })
        };
        assert!(after(MAX_INTERRUPTIONS).is_ok());
        let error = after(MAX_INTERRUPTIONS + 1).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Interrupted, "an endless row of signals must not hang");
    }
}
