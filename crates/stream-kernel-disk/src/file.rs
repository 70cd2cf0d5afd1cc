//! An open file: what can be done with bytes.

use std::fmt::Debug;
use std::io;
use std::path::Path;

/// How often in a row a read or write may be interrupted by a signal before that is an error: a bound that nothing but a
/// broken system reaches.
pub const MAX_INTERRUPTIONS: u32 = 1_000;

/// What tells a file from all others, whatever its names: equal only for the same file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileId(pub(crate) u64, pub(crate) u64);

/// An open file. It has no position: every read and write says where.
///
/// Methods take `&self`, so that one thread can sync what another has written.
///
/// Every method returns what the system says as its error.
#[expect(clippy::missing_errors_doc, reason = "said once for all methods")]
#[expect(clippy::len_without_is_empty, reason = "nobody asks")]
pub trait DiskFile: Send + Sync + Debug {
    /// Returns the path at which the file was opened, for messages.
    fn path(&self) -> &Path;

    /// Returns what tells the file from all others.
    fn id(&self) -> io::Result<FileId>;

    /// Reads into `buffer` what begins at `offset`, and returns how many bytes that were: 0 at the end of the file.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes the beginning of `bytes` at `offset`, and returns how many bytes that were.
    ///
    /// # Errors
    ///
    /// Returns what the system says. Some of the bytes may have been written.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;

    /// Returns the length in bytes.
    fn len(&self) -> io::Result<u64>;

    /// Cuts the file to `len` bytes, or lengthens it with zeros.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Returns when what is in the file, its length included, will survive a power cut.
    ///
    /// # Errors
    ///
    /// Returns what the system says. What was written since the last sync may then be lost, though it can still be read, and
    /// another sync that succeeds does not mean that it is safe: only writing it again helps. A file of [`OsDisk`](crate::OsDisk)
    /// that could not be synced once cannot be synced again, so that this reaches everybody who has it open together.
    fn sync_data(&self) -> io::Result<()>;

    /// Locks the file for as long as it is open, and returns whether that was possible: not if another has it locked, nor if its path
    /// leads to it no longer, since whoever comes next would lock what is there now. The lock binds only who asks for it.
    fn try_lock(&self) -> io::Result<bool>;

    /// Returns whether somebody else has locked the file. For a moment it is locked (shared with others that ask) to find out.
    fn is_locked(&self) -> io::Result<bool>;

    /// Fills `buffer` from `offset` on.
    ///
    /// # Errors
    ///
    /// Returns what the system says, and `UnexpectedEof` if the file ends before the buffer is full.
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
    /// Returns what the system says, and `WriteZero` if it takes no more. Some of the bytes may have been written.
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

/// Repeats what a signal interrupted.
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
