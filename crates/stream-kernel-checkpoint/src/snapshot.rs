//! Snapshots of a run's memory: blocks of records, one after another, each with a checksum.
//!
//! ```text
//! 0       checksum of what follows, up to the end of the block (XXH3-64, seeded with the block's offset), u64
//! 8       number of the snapshot, u64        (numbers are little-endian)
//! 16      length of the records, u32
//! 20      records
//! ```

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use stream_kernel_disk::{Disk, DiskFile, OpenHow};
use twox_hash::XxHash3_64;

use crate::committed::OutOfBounds;
use crate::committed_file::check_length;
use crate::error::{CommitError, FileError, RestoreError};
use crate::injected::{InjectedFault, is_injected};
use crate::layout::snapshot_path;

/// The most bytes in a block of a snapshot, and so in a record.
pub const MAX_BLOCK_BYTES: usize = 1024 * 1024;

/// The length of a block's header.
const HEADER_BYTES: usize = 20;

/// A snapshot, as named by a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SnapshotFile {
    /// The number of the commit for which it was written; its name holds it.
    pub number: u64,
    /// The number of bytes.
    pub bytes: u64,
}

/// Hands the records of a snapshot in `dir` to `apply`, block by block.
pub(crate) fn restore_from(
    disk: &dyn Disk,
    dir: &Path,
    snapshot: SnapshotFile,
    apply: &mut dyn FnMut(&[u8]) -> Result<(), String>,
) -> Result<(), RestoreError> {
    let path = snapshot_path(dir, snapshot.number);
    match disk.open(&path, OpenHow::ReadOnlyNoFollow) {
        Ok(file) => read_blocks(&*file, snapshot, apply),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            Err(RestoreError::Damaged { path, offset: 0, what: "it is missing" })
        }
        Err(cause) => Err(RestoreError::Read { path, cause }),
    }
}

fn read_blocks(
    file: &dyn DiskFile,
    snapshot: SnapshotFile,
    apply: &mut dyn FnMut(&[u8]) -> Result<(), String>,
) -> Result<(), RestoreError> {
    let path = || file.path().to_owned();
    let unreadable = |cause| RestoreError::Read { path: path(), cause };
    let bytes = file.len().map_err(unreadable)?;
    if bytes != snapshot.bytes {
        let what = "its length differs from what was committed";
        return Err(RestoreError::Damaged { path: path(), offset: bytes.min(snapshot.bytes), what });
    }
    let mut block = Vec::new();
    let mut offset = 0;
    while offset < bytes {
        let damaged = |what| RestoreError::Damaged { path: path(), offset, what };
        let left = usize::try_from(bytes - offset).unwrap_or(usize::MAX);
        if left < HEADER_BYTES {
            return Err(damaged("a block's header goes beyond the end"));
        }
        block.resize(HEADER_BYTES, 0);
        file.read_exact_at(&mut block, offset).map_err(unreadable)?;
        let [checksum, number, len] = [0..8, 8..16, 16..HEADER_BYTES].map(|at| integer(&block[at]));
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        // Checked before memory is allocated: a damaged length may be anything.
        if len == 0 || len > MAX_BLOCK_BYTES || len > left - HEADER_BYTES {
            return Err(damaged("a block has an impossible length"));
        }
        block.resize(HEADER_BYTES + len, 0);
        file.read_exact_at(&mut block[HEADER_BYTES..], offset + HEADER_BYTES as u64).map_err(unreadable)?;
        if checksum_of(&block, offset) != checksum && !is_injected(InjectedFault::BlockChecksumIgnored) {
            return Err(damaged("a block's checksum differs"));
        }
        if number != snapshot.number {
            return Err(damaged("a block belongs to another snapshot"));
        }
        let applied = apply(&block[HEADER_BYTES..]);
        applied.map_err(|reason| RestoreError::Refused { path: path(), offset, reason })?;
        offset += block.len() as u64;
    }
    Ok(())
}

/// Returns the number in little-endian bytes.
fn integer(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn checksum_of(block: &[u8], offset: u64) -> u64 {
    XxHash3_64::oneshot_with_seed(offset, &block[8..])
}

/// Writes a snapshot, record by record, in constant memory.
#[derive(Debug)]
pub struct SnapshotWriter<'a> {
    file: &'a dyn DiskFile,
    /// The snapshot so far.
    snapshot: SnapshotFile,
    /// The current block, after room for its header.
    block: Vec<u8>,
    /// The first failure: it ends the commit even if the caller ignores it.
    failure: Option<CommitError>,
}

impl<'a> SnapshotWriter<'a> {
    /// Returns a writer to an empty file.
    pub(crate) fn new(file: &'a dyn DiskFile, number: u64) -> Self {
        let snapshot = SnapshotFile { number, bytes: 0 };
        Self { file, snapshot, block: vec![0; HEADER_BYTES], failure: None }
    }

    /// Writes a record; it may stay in memory until its block is full. Blocks hold whole records.
    ///
    /// # Errors
    ///
    /// The record is longer than [`MAX_BLOCK_BYTES`], the file cannot be written, or an earlier record has failed. The
    /// commit then fails with the same error, even if you ignore this one.
    pub fn push(&mut self, record: &[u8]) -> Result<(), CommitError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let pushed = self.try_push(record);
        self.failure = pushed.as_ref().err().cloned();
        pushed
    }

    fn try_push(&mut self, record: &[u8]) -> Result<(), CommitError> {
        if record.len() > MAX_BLOCK_BYTES {
            return Err(OutOfBounds::RecordTooLong { bytes: record.len() }.into());
        }
        if self.block.len() + record.len() > HEADER_BYTES + MAX_BLOCK_BYTES {
            self.end_block()?;
        }
        self.block.extend_from_slice(record);
        Ok(())
    }

    /// Writes the last block, and returns the snapshot.
    pub(crate) fn end(mut self) -> Result<SnapshotFile, CommitError> {
        self.failure.take().map_or(Ok(()), Err)?;
        self.end_block()?;
        Ok(self.snapshot)
    }

    fn end_block(&mut self) -> Result<(), CommitError> {
        let bytes = self.block.len() - HEADER_BYTES;
        if bytes == 0 {
            return Ok(());
        }
        let SnapshotFile { number, bytes: offset } = self.snapshot;
        let len = u32::try_from(bytes).map_err(|_| OutOfBounds::RecordTooLong { bytes })?;
        self.block[8..16].copy_from_slice(&number.to_le_bytes());
        self.block[16..HEADER_BYTES].copy_from_slice(&len.to_le_bytes());
        let checksum = checksum_of(&self.block, offset);
        self.block[..8].copy_from_slice(&checksum.to_le_bytes());
        // Beyond a gap, the length would show nothing.
        check_length(self.file, offset)?;
        self.file.write_all_at(&self.block, offset).map_err(FileError::io("be written", self.file.path()))?;
        self.snapshot.bytes += self.block.len() as u64;
        self.block.truncate(HEADER_BYTES);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
