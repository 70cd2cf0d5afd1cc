//! Changes of state, gathered to be written to the state log.

use std::mem;

use crate::state_log::HEADER_BYTES;

/// The greatest number of bytes in a block of the state log, and so of a record.
pub const MAX_BLOCK_BYTES: usize = 1024 * 1024;

/// What has changed: records, as the program writes them, in blocks.
///
/// It grows with what is pushed: whoever pushes sees to it that it is [appended to the log](crate::StateLog::append), or committed, before
/// [`Changes::len`] gets too large. The sooner, the better: what is small enough for the processor's caches is quickly filled and quickly
/// written.
///
/// A record is never divided: what [`Checkpoint::restore`](crate::Checkpoint::restore) hands back is a block at a time, each of whole
/// records, in the order in which they were pushed.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Blocks as they stand in the log, each behind room for its header: so they are written from here.
    bytes: Vec<u8>,
    /// How many bytes of records there are before each block.
    begins: Vec<usize>,
    /// The first record that was too long: nothing is appended or committed any more.
    refused: Option<RecordTooLong>,
}

/// A record is too long for a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a state record of {bytes} bytes is longer than the {MAX_BLOCK_BYTES} that a block has room for")]
pub struct RecordTooLong {
    /// Its length.
    pub bytes: usize,
}

impl Changes {
    /// Returns no changes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a record, to another block if the last one has no room for it.
    ///
    /// A record longer than [`MAX_BLOCK_BYTES`] cannot be stored. It is not dropped either: from then on
    /// [appending](crate::StateLog::append) and [committing](crate::Checkpoint::commit) these changes fail with
    /// [`RecordTooLong`], so that nobody can lose it by overlooking an error here.
    pub fn push(&mut self, record: &[u8]) {
        if record.len() > MAX_BLOCK_BYTES {
            self.refused.get_or_insert(RecordTooLong { bytes: record.len() });
            return;
        }
        let len = self.len();
        let has_room = self.begins.last().is_some_and(|begin| len - begin + record.len() <= MAX_BLOCK_BYTES);
        if !has_room && !record.is_empty() {
            self.begins.push(len);
            self.bytes.extend_from_slice(&[0; HEADER_BYTES]);
        }
        self.bytes.extend_from_slice(record);
    }

    /// Returns the record that was too long, if there was one.
    pub(crate) fn check(&self) -> Result<(), RecordTooLong> {
        self.refused.map_or(Ok(()), Err)
    }

    /// Forgets all records, one that was too long among them, and keeps the memory that they took.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.begins.clear();
        self.refused = None;
    }

    /// Returns the number of bytes in all records.
    pub fn len(&self) -> usize {
        self.bytes.len() - self.begins.len() * HEADER_BYTES
    }

    /// Returns whether nothing was pushed.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.refused.is_none()
    }

    /// Returns the blocks, none of them empty, each behind room for its header.
    pub(crate) fn blocks_mut(&mut self) -> impl Iterator<Item = &mut [u8]> {
        let ends = self.begins.iter().skip(1).copied().chain([self.len()]);
        let mut rest = &mut self.bytes[..];
        self.begins.iter().zip(ends).map(move |(begin, end)| {
            let (block, others) = mem::take(&mut rest).split_at_mut(HEADER_BYTES + end - begin);
            rest = others;
            block
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Changes, HEADER_BYTES, MAX_BLOCK_BYTES, RecordTooLong};

    fn lengths(changes: &Changes) -> Vec<usize> {
        changes.clone().blocks_mut().map(|block| block.len() - HEADER_BYTES).collect()
    }

    #[test]
    fn records_fill_blocks_and_are_not_divided() {
        let mut changes = Changes::new();
        changes.push(&[]);
        assert!(changes.is_empty() && lengths(&changes).is_empty(), "a record of nothing is none");
        changes.push(&[1; 10]);
        changes.push(&vec![2; MAX_BLOCK_BYTES - 10]);
        assert_eq!(lengths(&changes), [MAX_BLOCK_BYTES], "a block that is just full");
        changes.push(&[3]);
        changes.push(&[3]);
        changes.push(&vec![4; MAX_BLOCK_BYTES]);
        assert_eq!(lengths(&changes), [MAX_BLOCK_BYTES, 2, MAX_BLOCK_BYTES], "later blocks are as long");
        assert_eq!(changes.len(), 2 * MAX_BLOCK_BYTES + 2);
        assert!(!changes.is_empty());
        changes.clear();
        assert!(changes.is_empty() && lengths(&changes).is_empty());
        changes.push(&[5]);
        assert_eq!(lengths(&changes), [1]);
    }

    /// A log that was written with longer blocks would be taken for damaged.
    #[test]
    fn the_bound_of_a_block_belongs_to_the_format() {
        assert_eq!(MAX_BLOCK_BYTES, 1_048_576);
    }

    #[test]
    fn a_record_that_is_too_long_is_remembered() {
        let mut changes = Changes::new();
        changes.push(&vec![0; MAX_BLOCK_BYTES]);
        assert_eq!(changes.check(), Ok(()), "at the bound");
        changes.push(&vec![0; MAX_BLOCK_BYTES + 1]);
        changes.push(&vec![0; MAX_BLOCK_BYTES + 2]);
        changes.push(&[1]);
        assert_eq!(changes.check(), Err(RecordTooLong { bytes: MAX_BLOCK_BYTES + 1 }));
        changes.clear();
        assert_eq!(changes.check(), Ok(()));
    }
}
