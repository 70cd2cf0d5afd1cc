//! The state log: blocks of records, each with a checksum, one after another.
//!
//! ```text
//! 0       checksum of what follows, up to the end of the block (XXH3-64, seeded with the block's offset), u64
//! 8       number of the commit that wrote the block, u64        (numbers are little-endian)
//! 16      length of the records, u32
//! 20      records
//! ```

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use stream_kernel_disk::{Disk, DiskFile, OpenHow};
use twox_hash::XxHash3_64;

use crate::changes::{Changes, MAX_BLOCK_BYTES, RecordTooLong};
use crate::error::{CommitError, RestoreError, doing};
use crate::layout::log_path;
use crate::planted::{PlantedFault, is_planted};

/// What stands in a block before its records.
pub(crate) const HEADER_BYTES: usize = 20;

/// Up to where a state log belongs to a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogPosition {
    /// The number of the log, which is in its name.
    pub number: u64,
    /// The number of bytes.
    pub bytes: u64,
}

/// Hands out the records in the log of that position in `dir`, block by block, none from a commit after `sequence`.
pub(crate) fn replay_from(
    disk: &dyn Disk,
    dir: &Path,
    log: LogPosition,
    sequence: u64,
    apply: &mut dyn FnMut(&[u8]) -> Result<(), String>,
) -> Result<(), RestoreError> {
    let path = log_path(dir, log.number);
    match disk.open(&path, OpenHow::ReadOnlyNoFollow) {
        Ok(file) => replay(&*file, log.bytes, sequence, apply),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            Err(RestoreError::Damaged { path, offset: 0, what: "it is missing" })
        }
        Err(cause) => Err(RestoreError::Read { path, cause }),
    }
}

/// Hands out the records in the first `committed_bytes` of a log, block by block, none from a commit after `sequence`.
fn replay(
    file: &dyn DiskFile,
    committed_bytes: u64,
    sequence: u64,
    apply: &mut dyn FnMut(&[u8]) -> Result<(), String>,
) -> Result<(), RestoreError> {
    let path = || file.path().to_owned();
    let unreadable = |cause| RestoreError::Read { path: path(), cause };
    let file_bytes = file.len().map_err(unreadable)?;
    if file_bytes < committed_bytes {
        let what = "the file ends before what was committed";
        return Err(RestoreError::Damaged { path: path(), offset: file_bytes, what });
    }
    let mut block = Vec::new();
    let mut offset = 0;
    while offset < committed_bytes {
        let damaged = |what| RestoreError::Damaged { path: path(), offset, what };
        let left = usize::try_from(committed_bytes - offset).unwrap_or(usize::MAX);
        let mut header = [0; HEADER_BYTES];
        if left < HEADER_BYTES {
            return Err(damaged("a block's header goes beyond what was committed"));
        }
        file.read_exact_at(&mut header, offset).map_err(unreadable)?;
        let [checksum, written_by, len] = [0..8, 8..16, 16..HEADER_BYTES].map(|at| number(&header[at]));
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        // Before memory is taken for it: a damaged length may be anything.
        if len == 0 || len > MAX_BLOCK_BYTES || len > left - HEADER_BYTES {
            return Err(damaged("a block has an impossible length"));
        }
        block.clear();
        block.extend_from_slice(&header);
        block.resize(HEADER_BYTES + len, 0);
        file.read_exact_at(&mut block[HEADER_BYTES..], offset + HEADER_BYTES as u64).map_err(unreadable)?;
        let is_sound = checksum_of(&block, offset) == checksum;
        if !is_sound && !is_planted(PlantedFault::BlockChecksumIgnored) {
            return Err(damaged("a block's checksum differs"));
        }
        if written_by > sequence {
            return Err(damaged("a block is newer than the commit that it belongs to"));
        }
        apply(&block[HEADER_BYTES..]).map_err(|reason| RestoreError::Refused {
            path: path(),
            offset,
            reason,
        })?;
        offset += block.len() as u64;
    }
    Ok(())
}

/// Locks what is never left half done.
pub(crate) fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the number that stands in little-endian bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn checksum_of(block: &[u8], offset: u64) -> u64 {
    XxHash3_64::oneshot_with_seed(offset, &block[8..])
}

/// The state log, behind what is committed of it: changes are written ahead, and count from the commit on that covers them.
///
/// It is apart from the [`Checkpoint`](crate::Checkpoint), so that one thread can write while another commits what was written before. What
/// either cannot do ends the other as well.
#[derive(Debug)]
pub struct StateLog {
    file: Arc<dyn DiskFile>,
    end: LogPosition,
    /// The number of the next commit.
    sequence: u64,
    /// Which of all logs that were handed out it is.
    nth: u64,
    shared: Arc<Mutex<Shared>>,
}

/// What a checkpoint and its state log know of each other.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// The first failure of either.
    pub(crate) failure: Option<CommitError>,
    /// How many logs were handed out. Only the last one may be written.
    pub(crate) logs: u64,
    /// Up to where that is written.
    pub(crate) written_bytes: u64,
}

/// What was written to a [`StateLog`] for a commit.
#[derive(Debug)]
pub struct WrittenAhead {
    pub(crate) log: LogPosition,
    pub(crate) sequence: u64,
    pub(crate) nth: u64,
}

impl StateLog {
    /// Returns the log in `file` from `end` on, for the commit `sequence` and those after it. No other may be written from now on.
    pub(crate) fn new(
        file: Arc<dyn DiskFile>,
        end: LogPosition,
        sequence: u64,
        shared: Arc<Mutex<Shared>>,
    ) -> Self {
        let mut known = lock(&shared);
        known.logs += 1;
        known.written_bytes = end.bytes;
        let nth = known.logs;
        drop(known);
        Self { file, end, sequence, nth, shared }
    }

    /// Writes changes for the next commit; once that is done, they are empty, and keep their room.
    ///
    /// # Errors
    ///
    /// One of the records was too long, the log cannot be written, or something failed before. Whatever is asked of it
    /// or of its checkpoint later is refused with the same error.
    ///
    /// # Panics
    ///
    /// The checkpoint was told since to forget, or to commit in another way.
    pub fn append(&mut self, changes: &mut Changes) -> Result<(), CommitError> {
        self.check()?;
        let appended = changes.check().map_err(CommitError::from);
        let appended =
            appended.and_then(|()| changes.blocks_mut().try_for_each(|block| self.append_block(block)));
        let mut known = lock(&self.shared);
        known.written_bytes = self.end.bytes;
        if let Err(failure) = &appended
            && !is_planted(PlantedFault::FailureForgotten)
        {
            known.failure.get_or_insert_with(|| failure.clone());
        }
        appended.inspect(|()| changes.clear())
    }

    /// Returns what the next commit is to cover: everything so far. What is appended from here on is for the one after it.
    ///
    /// # Errors
    ///
    /// Something failed before.
    ///
    /// # Panics
    ///
    /// As for [`StateLog::append`].
    pub fn end_commit(&mut self) -> Result<WrittenAhead, CommitError> {
        self.check()?;
        let written = WrittenAhead { log: self.end, sequence: self.sequence, nth: self.nth };
        self.sequence += 1;
        Ok(written)
    }

    fn check(&self) -> Result<(), CommitError> {
        let known = lock(&self.shared);
        assert_eq!(self.nth, known.logs, "another state log has taken the place of this one");
        known.failure.clone().map_or(Ok(()), Err)
    }

    /// Writes a block, and its header into the room before its records.
    fn append_block(&mut self, block: &mut [u8]) -> Result<(), CommitError> {
        let bytes = block.len() - HEADER_BYTES;
        let len = u32::try_from(bytes).map_err(|_| RecordTooLong { bytes })?;
        block[8..16].copy_from_slice(&self.sequence.to_le_bytes());
        block[16..HEADER_BYTES].copy_from_slice(&len.to_le_bytes());
        let checksum = checksum_of(block, self.end.bytes);
        block[..8].copy_from_slice(&checksum.to_le_bytes());
        // Behind a gap the length would tell nothing any more.
        check_length(&*self.file, self.end.bytes)?;
        let written = self.file.write_all_at(block, self.end.bytes);
        written.map_err(doing("be written", self.file.path()))?;
        self.end.bytes += block.len() as u64;
        Ok(())
    }
}

/// Checks that a file is as long as what was written to it: somebody else may have shortened it.
pub(crate) fn check_length(file: &dyn DiskFile, written: u64) -> Result<(), CommitError> {
    let bytes = file.len().map_err(doing("be read", file.path()))?;
    let path = || file.path().to_owned();
    if bytes < written { Err(CommitError::Shortened { path: path(), bytes, written }) } else { Ok(()) }
}

/// Writes all that there is of a state to a log, record by record.
#[derive(Debug)]
pub struct StateWriter<'a> {
    log: &'a mut StateLog,
    /// The block that is being filled, behind room for its header.
    block: Vec<u8>,
    /// The first failure. Whoever overlooks it commits nothing.
    failure: Option<CommitError>,
}

impl<'a> StateWriter<'a> {
    /// Returns a writer that goes on at the log's end.
    pub(crate) fn new(log: &'a mut StateLog) -> Self {
        Self { log, block: vec![0; HEADER_BYTES], failure: None }
    }

    /// Writes a record; it may stay in memory until its block is full.
    ///
    /// # Errors
    ///
    /// The record is longer than [`MAX_BLOCK_BYTES`], the log cannot be written, or an earlier record has failed. The
    /// commit then fails with the same error, even if this one is ignored.
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
            return Err(RecordTooLong { bytes: record.len() }.into());
        }
        if self.block.len() + record.len() > HEADER_BYTES + MAX_BLOCK_BYTES {
            self.end_block()?;
        }
        self.block.extend_from_slice(record);
        Ok(())
    }

    /// Writes out what is left, after the last record.
    pub(crate) fn end(&mut self) -> Result<(), CommitError> {
        self.failure.take().map_or(Ok(()), Err)?;
        self.end_block()
    }

    fn end_block(&mut self) -> Result<(), CommitError> {
        if self.block.len() > HEADER_BYTES {
            self.log.append_block(&mut self.block)?;
            self.block.truncate(HEADER_BYTES);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
