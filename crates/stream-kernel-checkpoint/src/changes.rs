//! Changes of state, gathered to be written to the state log.

use std::mem;

use crate::state_log::HEADER_BYTES;

/// So many zeros are made ready at a time, so that to add a record is mostly a few moves.
const READY_BYTES: usize = 4096;

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
    /// Blocks as they stand in the log, each behind room for its header: so they are written from here. Zeros follow.
    bytes: Vec<u8>,
    /// Where the zeros begin.
    end: usize,
    /// How many bytes of records there are before each block.
    begins: Vec<usize>,
    /// Up to where records may go without more ado: the end of the zeros, or of the last block at its longest.
    ready_up_to: usize,
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

    /// Adds a record.
    ///
    /// # Errors
    ///
    /// It is longer than [`MAX_BLOCK_BYTES`].
    #[inline]
    pub fn push(&mut self, record: &[u8]) -> Result<(), RecordTooLong> {
        self.room_for(record.len())?.copy_from_slice(record);
        Ok(())
    }

    /// Adds a record of so many zeros and returns it, to be filled in: that is quicker than copying a record that was just made.
    ///
    /// # Errors
    ///
    /// It would be longer than [`MAX_BLOCK_BYTES`].
    #[inline]
    pub fn push_zeros<const BYTES: usize>(&mut self) -> Result<&mut [u8; BYTES], RecordTooLong> {
        self.room_for(BYTES)?.first_chunk_mut().ok_or(RecordTooLong { bytes: BYTES })
    }

    /// Returns the last bytes of the record that was pushed last, which has to have so many: else they are of what stands before it, too.
    ///
    /// `None` if there are not so many in all.
    #[inline]
    pub fn last_bytes_mut<const BYTES: usize>(&mut self) -> Option<&mut [u8; BYTES]> {
        self.bytes[..self.end].last_chunk_mut()
    }

    /// Adds so many zeros and returns them.
    #[inline]
    fn room_for(&mut self, bytes: usize) -> Result<&mut [u8], RecordTooLong> {
        if self.end + bytes > self.ready_up_to {
            self.make_ready(bytes)?;
        }
        let begin = self.end;
        self.end += bytes;
        Ok(&mut self.bytes[begin..self.end])
    }

    /// Sees to it that a record of that length can be added, to another block if the last one has no room for it.
    #[cold]
    fn make_ready(&mut self, bytes: usize) -> Result<(), RecordTooLong> {
        if bytes > MAX_BLOCK_BYTES {
            return Err(RecordTooLong { bytes });
        }
        let headers = self.begins.len() * HEADER_BYTES;
        let last_block_end = self.begins.last().map(|begin| begin + headers + MAX_BLOCK_BYTES);
        let block_end = last_block_end.filter(|end| self.end + bytes <= *end).unwrap_or_else(|| {
            self.begins.push(self.len());
            self.end += HEADER_BYTES;
            self.end + MAX_BLOCK_BYTES
        });
        self.bytes.resize(self.end + bytes + READY_BYTES, 0);
        self.ready_up_to = self.bytes.len().min(block_end);
        Ok(())
    }

    /// Forgets the last records, so that `bytes` are left: as many as there were at some time before.
    pub fn truncate(&mut self, bytes: usize) {
        self.begins.truncate(self.begins.partition_point(|begin| *begin < bytes));
        self.end = self.end.min(bytes + self.begins.len() * HEADER_BYTES);
        self.bytes.truncate(self.end);
        self.ready_up_to = self.end;
    }

    /// Forgets all records, and keeps the room that they took.
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Returns the number of bytes in all records.
    #[inline]
    pub fn len(&self) -> usize {
        self.end - self.begins.len() * HEADER_BYTES
    }

    /// Returns whether there is nothing to store.
    pub fn is_empty(&self) -> bool {
        self.end == 0
    }

    /// Returns the blocks, none of them empty, each behind room for its header.
    pub(crate) fn blocks_mut(&mut self) -> impl Iterator<Item = &mut [u8]> {
        let ends = self.begins.iter().skip(1).copied().chain([self.len()]);
        let mut rest = &mut self.bytes[..self.end];
        self.begins.iter().zip(ends).map(move |(begin, end)| {
            let (block, others) = mem::take(&mut rest).split_at_mut(HEADER_BYTES + end - begin);
            rest = others;
            block
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Changes, HEADER_BYTES, MAX_BLOCK_BYTES, READY_BYTES, RecordTooLong};

    fn lengths(changes: &Changes) -> Vec<usize> {
        changes.clone().blocks_mut().map(|block| block.len() - HEADER_BYTES).collect()
    }

    #[test]
    fn records_fill_blocks_and_are_not_divided() {
        let mut changes = Changes::new();
        changes.push(&[]).unwrap();
        assert!(changes.is_empty() && lengths(&changes).is_empty(), "a record of nothing is none");
        changes.push(&[1; 10]).unwrap();
        changes.push(&vec![2; MAX_BLOCK_BYTES - 10]).unwrap();
        assert_eq!(lengths(&changes), [MAX_BLOCK_BYTES], "a block that is just full");
        changes.push(&[3]).unwrap();
        changes.push(&[3]).unwrap();
        changes.push(&vec![4; MAX_BLOCK_BYTES]).unwrap();
        assert_eq!(lengths(&changes), [MAX_BLOCK_BYTES, 2, MAX_BLOCK_BYTES], "later blocks are as long");
        assert_eq!(changes.len(), 2 * MAX_BLOCK_BYTES + 2);
        assert!(!changes.is_empty());
        changes.clear();
        assert!(changes.is_empty() && lengths(&changes).is_empty());
        changes.push(&[5]).unwrap();
        assert_eq!(lengths(&changes), [1]);
    }

    #[test]
    fn what_was_pushed_last_can_be_taken_back_at_any_block_s_end() {
        let mut changes = Changes::new();
        let lengths_before: Vec<_> = (0..5)
            .map(|_| {
                let before = (changes.len(), lengths(&changes));
                changes.push(&vec![1; MAX_BLOCK_BYTES / 2]).unwrap();
                before
            })
            .collect();
        let all = changes.clone();
        for (len, blocks) in lengths_before.into_iter().rev() {
            let mut at_once = all.clone();
            at_once.truncate(len);
            changes.truncate(len);
            assert_eq!((changes.len(), lengths(&changes)), (len, blocks.clone()));
            assert_eq!((at_once.len(), lengths(&at_once)), (len, blocks), "all at once");
        }
    }

    #[test]
    fn no_more_than_a_page_is_made_ready_beyond_the_records() {
        let mut changes = Changes::new();
        for bytes in [1, 0, 30, READY_BYTES, READY_BYTES + 1, 7, MAX_BLOCK_BYTES, 30] {
            changes.push(&vec![1; bytes]).unwrap();
            let (end, ready) = (changes.end, changes.bytes.len());
            assert!((end..=end + READY_BYTES).contains(&ready), "{ready} bytes, and records up to {end}");
        }
    }

    #[test]
    fn what_was_taken_back_is_not_taken_for_zeros() {
        let mut changes = Changes::new();
        changes.push(&vec![1; MAX_BLOCK_BYTES - 3]).unwrap();
        for left in [MAX_BLOCK_BYTES - 3, MAX_BLOCK_BYTES - 9, 1, 0] {
            changes.push(&[2; 9]).unwrap();
            changes.push(&[3; 9]).unwrap();
            changes.truncate(left);
            assert_eq!(changes.push_zeros(), Ok(&mut [0; 30]), "{left} bytes are left");
            assert_eq!(changes.len(), left + 30);
            changes.truncate(left);
        }
    }

    /// A log that was written with longer blocks would be taken for damaged.
    #[test]
    fn the_bound_of_a_block_belongs_to_the_format() {
        assert_eq!(MAX_BLOCK_BYTES, 1_048_576);
    }

    #[test]
    fn a_record_to_be_filled_in_has_its_place_like_any_other() {
        let mut changes = Changes::new();
        changes.push(&vec![1; MAX_BLOCK_BYTES - 3]).unwrap();
        *changes.push_zeros().unwrap() = [7; 3];
        assert_eq!(lengths(&changes), [MAX_BLOCK_BYTES], "a block that is just full");
        let record = changes.push_zeros::<4>().unwrap();
        assert_eq!(*record, [0; 4]);
        record[1] = 9;
        assert_eq!(changes.last_bytes_mut(), Some(&mut [0, 9, 0, 0]));
        let blocks: Vec<_> = changes.blocks_mut().map(|block| &block[HEADER_BYTES..]).collect();
        assert_eq!(blocks[0][MAX_BLOCK_BYTES - 4..], [1, 7, 7, 7]);
        assert_eq!(blocks[1], [0, 9, 0, 0]);
    }

    #[test]
    fn a_record_that_fits_no_block_is_refused_and_changes_nothing() {
        let mut changes = Changes::new();
        let error = changes.push_zeros::<{ MAX_BLOCK_BYTES + 1 }>().unwrap_err();
        assert_eq!(error, RecordTooLong { bytes: MAX_BLOCK_BYTES + 1 });
        let error = changes.push(&vec![0; MAX_BLOCK_BYTES + 1]).unwrap_err();
        assert_eq!(error, RecordTooLong { bytes: MAX_BLOCK_BYTES + 1 });
        assert!(changes.is_empty());
    }
}
