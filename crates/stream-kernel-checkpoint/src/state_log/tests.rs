//! What is written is read back; what was changed, cut or exchanged is noticed.

use std::path::Path;

use stream_kernel_disk::{Disk, DiskFile, OpenHow, SimulatedDisk};

use super::{HEADER_BYTES, StateWriter, replay};
use crate::changes::{Changes, MAX_BLOCK_BYTES};
use crate::error::{CommitError, RestoreError};

fn new_file() -> Box<dyn DiskFile> {
    SimulatedDisk::new(1).open(Path::new("/state-1.log"), OpenHow::New).unwrap()
}

/// Writes blocks of one record each, and returns where the log ends.
fn write(file: &dyn DiskFile, sequence: u64, offset: u64, records: &[&[u8]]) -> u64 {
    let mut writer = StateWriter::new(file, sequence, offset);
    for record in records {
        writer.push(record).unwrap();
        writer.end_block().unwrap();
    }
    writer.finish().unwrap()
}

/// Returns the blocks, or where and why that ended.
fn read(file: &dyn DiskFile, bytes: u64, sequence: u64) -> Result<Vec<Vec<u8>>, (u64, String)> {
    let mut blocks = Vec::new();
    let replayed = replay(file, bytes, sequence, &mut |block| {
        blocks.push(block.to_vec());
        Ok(())
    });
    match replayed {
        Ok(()) => Ok(blocks),
        Err(RestoreError::Damaged { offset, what, .. }) => Err((offset, what.to_owned())),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn blocks_are_read_back_up_to_what_was_committed() {
    let file = new_file();
    let first = write(&*file, 1, 0, &[b"one", b"two"]);
    let end = write(&*file, 2, first, &[b"three"]);
    assert_eq!(read(&*file, 0, 2).unwrap(), [b""; 0]);
    assert_eq!(read(&*file, first, 1).unwrap(), [&b"one"[..], b"two"]);
    assert_eq!(read(&*file, end, 2).unwrap(), [&b"one"[..], b"two", b"three"]);
    let (offset, what) = read(&*file, end, 1).unwrap_err();
    assert_eq!((offset, &*what), (first, "a block is newer than the commit that it belongs to"));
}

#[test]
fn every_changed_byte_is_noticed() {
    let file = new_file();
    let end = write(&*file, 1, 0, &[b"one", b"two"]);
    for at in 0..end {
        let mut byte = [0];
        file.read_exact_at(&mut byte, at).unwrap();
        for flip in [1, 0x80] {
            file.write_all_at(&[byte[0] ^ flip], at).unwrap();
            let block = if at < end / 2 { 0 } else { end / 2 };
            assert_eq!(read(&*file, end, 1).unwrap_err().0, block, "bit flipped in byte {at}");
        }
        file.write_all_at(&byte, at).unwrap();
    }
    assert!(read(&*file, end, 1).is_ok());
}

#[test]
fn every_cut_and_every_wrong_end_is_noticed() {
    let file = new_file();
    let end = write(&*file, 1, 0, &[b"one", b"two"]);
    for committed in (1..end).filter(|committed| *committed != end / 2) {
        read(&*file, committed, 1).expect_err("a block goes beyond its end");
    }
    for len in (0..end).rev() {
        file.set_len(len).unwrap();
        let (offset, what) = read(&*file, end, 1).unwrap_err();
        assert_eq!((offset, &*what), (len, "the file ends before what was committed"));
    }
}

/// Each block alone is sound: only its place is not.
#[test]
fn a_block_in_another_place_is_noticed() {
    let file = new_file();
    let end = write(&*file, 1, 0, &[b"one", b"two"]);
    let mut bytes = vec![0; usize::try_from(end).unwrap()];
    file.read_exact_at(&mut bytes, 0).unwrap();
    let half = bytes.len() / 2;
    bytes.rotate_left(half);
    file.write_all_at(&bytes, 0).unwrap();
    assert_eq!(read(&*file, end, 1).unwrap_err(), (0, "a block's checksum differs".to_owned()));
}

#[test]
fn records_share_blocks_up_to_the_bound() {
    let file = new_file();
    let mut writer = StateWriter::new(&*file, 1, 0);
    writer.push(&[1]).unwrap();
    writer.push(&vec![2; MAX_BLOCK_BYTES - 1]).unwrap();
    writer.push(&[3]).unwrap();
    let end = writer.finish().unwrap();
    let lengths: Vec<_> = read(&*file, end, 1).unwrap().iter().map(Vec::len).collect();
    assert_eq!(lengths, [MAX_BLOCK_BYTES, 1]);
    assert_eq!(end, (MAX_BLOCK_BYTES + 1 + 2 * HEADER_BYTES) as u64);
}

#[test]
fn changes_are_written_in_their_own_blocks_behind_what_was_pushed_before() {
    let file = new_file();
    let mut changes = Changes::new();
    changes.push(&vec![1; MAX_BLOCK_BYTES]).unwrap();
    changes.push(b"two").unwrap();
    let mut writer = StateWriter::new(&*file, 1, 0);
    writer.push(b"zero").unwrap();
    writer.push_blocks(&mut changes).unwrap();
    writer.push(b"three").unwrap();
    let end = writer.finish().unwrap();
    let expected = [b"zero".to_vec(), vec![1; MAX_BLOCK_BYTES], b"two".to_vec(), b"three".to_vec()];
    assert!(read(&*file, end, 1).unwrap() == expected, "these blocks, in this order");
}

#[test]
fn a_record_beyond_the_bound_is_refused() {
    let file = new_file();
    let mut writer = StateWriter::new(&*file, 1, 0);
    let error = writer.push(&vec![0; MAX_BLOCK_BYTES + 1]).unwrap_err();
    assert!(matches!(error, CommitError::RecordTooLong(_)), "{error}");
    assert_eq!(writer.finish().unwrap(), 0);
}

/// The length is looked at before the checksum can be: it must not make the program take memory without bound.
#[test]
fn a_length_beyond_the_bound_is_not_believed() {
    let file = new_file();
    file.set_len(1 << 22).unwrap();
    for (len, is_possible) in [(MAX_BLOCK_BYTES, true), (MAX_BLOCK_BYTES + 1, false), (0, false)] {
        file.write_all_at(&u32::try_from(len).unwrap().to_le_bytes(), 16).unwrap();
        let expected =
            if is_possible { "a block's checksum differs" } else { "a block has an impossible length" };
        assert_eq!(read(&*file, 1 << 22, 1).unwrap_err().1, expected, "{len}");
    }
}
