//! Content of a simulated file: as it is read, and as it is on the medium.

use std::io;

use super::random::PowerCut;

/// The greatest length of a simulated file: a test that exceeds it has run wild.
const MAX_FILE_BYTES: usize = 64 * 1024 * 1024;

/// The bytes of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    /// The bytes that a read sees.
    current: Vec<u8>,
    /// The bytes that are durable.
    durable: Vec<u8>,
    /// The changes since the last sync, in order.
    unsynced: Vec<Change>,
    /// The handle that holds the lock.
    pub(super) locked_by: Option<u64>,
}

#[derive(Clone, Debug)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    SetLen(usize),
}

impl Change {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes } => {
                let end = offset + bytes.len();
                if to.len() < end {
                    to.resize(end, 0);
                }
                to[*offset..end].copy_from_slice(bytes);
            }
            Self::SetLen(len) => to.resize(*len, 0),
        }
    }
}

impl Content {
    /// Returns a file in which these bytes are durable.
    pub(super) fn durable(bytes: &[u8]) -> Self {
        Self { current: bytes.to_vec(), durable: bytes.to_vec(), ..Self::default() }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.current
    }

    pub(super) fn read(&self, buffer: &mut [u8], offset: u64) -> usize {
        let begin = usize::try_from(offset).unwrap_or(usize::MAX).min(self.current.len());
        let bytes = &self.current[begin..];
        let read = bytes.len().min(buffer.len());
        buffer[..read].copy_from_slice(&bytes[..read]);
        read
    }

    pub(super) fn write(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let offset = checked(offset)?;
        checked((offset + bytes.len()) as u64)?;
        if !bytes.is_empty() {
            self.change(Change::Write { offset, bytes: bytes.to_vec() });
        }
        Ok(())
    }

    pub(super) fn set_len(&mut self, len: u64) -> io::Result<()> {
        self.change(Change::SetLen(checked(len)?));
        Ok(())
    }

    /// Makes changes durable as far as `succeeds` says so, change by change; the rest never will be, though it can
    /// still be read.
    pub(super) fn sync(&mut self, mut succeeds: impl FnMut() -> bool) {
        for change in self.unsynced.drain(..) {
            if succeeds() {
                change.apply(&mut self.durable);
            }
        }
    }

    pub(super) fn after_crash(&self, power_cut: &mut PowerCut) -> Self {
        let mut bytes = self.durable.clone();
        for change in &self.unsynced {
            if !power_cut.keeps() {
                continue;
            }
            match change {
                Change::Write { offset, bytes: written } => {
                    let kept = power_cut.kept_of(written.len());
                    if !kept.is_empty() {
                        let offset = offset + kept.start;
                        Change::Write { offset, bytes: written[kept].to_vec() }.apply(&mut bytes);
                    }
                }
                Change::SetLen(_) => change.apply(&mut bytes),
            }
        }
        Self { current: bytes.clone(), durable: bytes, ..Self::default() }
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.current);
        self.unsynced.push(change);
    }
}

/// Returns an offset or length, if a simulated file may have it.
fn checked(bytes: u64) -> io::Result<usize> {
    let too_large = || io::Error::from(io::ErrorKind::FileTooLarge);
    usize::try_from(bytes).ok().filter(|bytes| *bytes <= MAX_FILE_BYTES).ok_or_else(too_large)
}
