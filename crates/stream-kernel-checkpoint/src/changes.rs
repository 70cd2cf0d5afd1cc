//! Changes of state, gathered for the next commit.

use std::mem;

use crate::state_log::HEADER_BYTES;

/// The greatest number of bytes in a block of the state log, and so of a record.
pub const MAX_BLOCK_BYTES: usize = 1024 * 1024;

/// What has changed since the last commit: records, as the program writes them, in blocks.
///
/// It grows with what is pushed: whoever pushes commits before [`Changes::len`] gets too large.
///
/// A record is never divided: what [`Checkpoint::restore`](crate::Checkpoint::restore) hands back is a block at a time, each of whole
/// records, in the order in which they were pushed.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Blocks as they stand in the log, each behind room for its header: so they are written from here.
    bytes: Vec<u8>,
    /// How many bytes of records there are before each block.
    begins: Vec<usize>,
    /// Where the last block ends at the latest, with all headers.
    full_at: usize,
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
        self.make_room(record.len())?;
        self.bytes.extend_from_slice(record);
        Ok(())
    }

    /// Adds a record of so many zeros and returns it, to be filled in: that is quicker than copying a record that was just made.
    ///
    /// # Errors
    ///
    /// It would be longer than [`MAX_BLOCK_BYTES`].
    #[inline]
    pub fn push_zeros<const BYTES: usize>(&mut self) -> Result<&mut [u8; BYTES], RecordTooLong> {
        self.make_room(BYTES)?;
        self.bytes.extend_from_slice(&[0; BYTES]);
        self.bytes.last_chunk_mut().ok_or(RecordTooLong { bytes: BYTES })
    }

    /// Returns the last bytes of the record that was pushed last, which has to have so many: else they are of what stands before it, too.
    ///
    /// `None` if there are not so many in all.
    #[inline]
    pub fn last_bytes_mut<const BYTES: usize>(&mut self) -> Option<&mut [u8; BYTES]> {
        self.bytes.last_chunk_mut()
    }

    /// Begins another block unless the present one has room for a record of that length.
    #[inline]
    fn make_room(&mut self, bytes: usize) -> Result<(), RecordTooLong> {
        // What is too long for any block has no room in this one.
        if self.bytes.len() + bytes > self.full_at { self.begin_block(bytes) } else { Ok(()) }
    }

    /// Begins a block for a record of that length.
    #[cold]
    fn begin_block(&mut self, bytes: usize) -> Result<(), RecordTooLong> {
        if bytes > MAX_BLOCK_BYTES {
            return Err(RecordTooLong { bytes });
        }
        self.begins.push(self.len());
        self.bytes.extend_from_slice(&[0; HEADER_BYTES]);
        self.full_at = self.bytes.len() + MAX_BLOCK_BYTES;
        Ok(())
    }

    /// Forgets the last records, so that `bytes` are left: as many as there were at some time before.
    pub fn truncate(&mut self, bytes: usize) {
        let blocks = self.begins.partition_point(|begin| *begin < bytes);
        self.begins.truncate(blocks);
        let headers = blocks * HEADER_BYTES;
        self.bytes.truncate(bytes + headers);
        self.full_at = self.begins.last().map_or(0, |begin| begin + headers + MAX_BLOCK_BYTES);
    }

    /// Forgets all records, and keeps the room that they took.
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Returns the number of bytes in all records.
    #[inline]
    pub fn len(&self) -> usize {
        self.bytes.len() - self.begins.len() * HEADER_BYTES
    }

    /// Returns whether there is nothing to store.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
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
        assert_eq!(lengths(&changes), [0; 0]);
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
