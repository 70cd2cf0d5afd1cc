//! What is written is read back; what was changed, cut or exchanged is noticed.

use std::path::Path;
use std::sync::Arc;

use stream_kernel_disk::{Disk, DiskFile, Fault, OpenHow, PlannedFault, SimulatedDisk};

use super::{HEADER_BYTES, LogPosition, StateLog, StateWriter, replay};
use crate::changes::{Changes, MAX_BLOCK_BYTES};
use crate::error::{CommitError, RestoreError};

fn new_file_on(disk: &SimulatedDisk) -> Arc<dyn DiskFile> {
    disk.open(Path::new("/state-1.log"), OpenHow::New).unwrap().into()
}

fn new_file() -> Arc<dyn DiskFile> {
    new_file_on(&SimulatedDisk::new(1))
}

/// Returns the log in the file from `bytes` on.
fn log_from(file: &Arc<dyn DiskFile>, sequence: u64, bytes: u64) -> StateLog {
    StateLog::new(Arc::clone(file), LogPosition { number: 1, bytes }, sequence, Arc::default())
}

fn changes(records: &[&[u8]]) -> Changes {
    let mut changes = Changes::new();
    for record in records {
        changes.push(record);
    }
    changes
}

/// Writes blocks of one record each, and returns where the log ends.
fn write(file: &Arc<dyn DiskFile>, sequence: u64, offset: u64, records: &[&[u8]]) -> u64 {
    let mut log = log_from(file, sequence, offset);
    records.iter().try_for_each(|record| log.append(&mut changes(&[record]))).unwrap();
    log.end_commit().unwrap().log.bytes
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
    let first = write(&file, 1, 0, &[b"one", b"two"]);
    let end = write(&file, 2, first, &[b"three"]);
    assert_eq!(read(&*file, 0, 2).unwrap(), [b""; 0]);
    assert_eq!(read(&*file, first, 1).unwrap(), [&b"one"[..], b"two"]);
    assert_eq!(read(&*file, end, 2).unwrap(), [&b"one"[..], b"two", b"three"]);
    let (offset, what) = read(&*file, end, 1).unwrap_err();
    assert_eq!((offset, &*what), (first, "a block is newer than the commit that it belongs to"));
}

#[test]
fn every_changed_byte_is_noticed() {
    let file = new_file();
    let end = write(&file, 1, 0, &[b"one", b"two"]);
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
    let end = write(&file, 1, 0, &[b"one", b"two"]);
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
    let end = write(&file, 1, 0, &[b"one", b"two"]);
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
    let mut log = log_from(&file, 1, 0);
    let mut writer = StateWriter::new(&mut log);
    writer.push(&[1]).unwrap();
    writer.push(&vec![2; MAX_BLOCK_BYTES - 1]).unwrap();
    writer.push(&[3]).unwrap();
    writer.end().unwrap();
    let end = log.end.bytes;
    let lengths: Vec<_> = read(&*file, end, 1).unwrap().iter().map(Vec::len).collect();
    assert_eq!(lengths, [MAX_BLOCK_BYTES, 1]);
    assert_eq!(end, (MAX_BLOCK_BYTES + 1 + 2 * HEADER_BYTES) as u64);
}

/// Changes that stayed would be written a second time.
#[test]
fn changes_are_written_block_by_block_and_then_empty() {
    let file = new_file();
    let mut log = log_from(&file, 1, 0);
    let mut changes = changes(&[&vec![1; MAX_BLOCK_BYTES], b"two"]);
    log.append(&mut changes).unwrap();
    assert!(changes.is_empty());
    log.append(&mut changes).unwrap();
    changes.push(b"three");
    log.append(&mut changes).unwrap();
    let end = log.end_commit().unwrap().log.bytes;
    let expected = [vec![1; MAX_BLOCK_BYTES], b"two".to_vec(), b"three".to_vec()];
    assert!(read(&*file, end, 1).unwrap() == expected, "these blocks, in this order");
}

/// While one commit is made, what the next one covers is being written: each block has to say to which it belongs.
#[test]
fn what_is_written_after_the_end_of_a_commit_belongs_to_the_next() {
    let file = new_file();
    let mut log = log_from(&file, 7, 0);
    log.append(&mut changes(&[b"one"])).unwrap();
    let first = log.end_commit().unwrap();
    log.append(&mut changes(&[b"two"])).unwrap();
    let second = log.end_commit().unwrap();
    assert_eq!((first.sequence, second.sequence), (7, 8));
    assert_eq!(read(&*file, first.log.bytes, 7).unwrap(), [b"one"]);
    assert_eq!(read(&*file, second.log.bytes, 8).unwrap(), [b"one", b"two"]);
    let (offset, what) = read(&*file, second.log.bytes, 7).unwrap_err();
    assert_eq!((offset, &*what), (first.log.bytes, "a block is newer than the commit that it belongs to"));
}

/// What is behind a block that could not be written would never be read: nothing may count any more. The changes are not lost.
#[test]
fn after_a_failed_write_nothing_is_written_and_nothing_committed() {
    let disk = SimulatedDisk::new(1);
    let mut log = log_from(&new_file_on(&disk), 1, 0);
    // The log is measured first.
    disk.plan(PlannedFault { fault: Fault::Device, at: disk.operations() + 1, from_then_on: false });
    let mut changes = changes(&[b"one"]);
    let error = log.append(&mut changes).unwrap_err().to_string();
    assert_eq!(error, "`/state-1.log` cannot be written");
    assert_eq!(changes.len(), 3);
    let operations = disk.operations();
    assert_eq!(log.append(&mut changes).unwrap_err().to_string(), error);
    assert_eq!(log.end_commit().unwrap_err().to_string(), error);
    assert_eq!(disk.operations(), operations);
}

/// Neither way of writing state may lose a record because somebody overlooked an error.
#[test]
fn a_record_that_is_too_long_cannot_be_dropped() {
    let too_long = vec![0; MAX_BLOCK_BYTES + 1];
    let mut log = log_from(&new_file(), 1, 0);
    let mut writer = StateWriter::new(&mut log);
    let error = writer.push(&too_long).unwrap_err();
    assert!(matches!(error, CommitError::RecordTooLong(_)), "{error}");
    writer.push(&[1]).unwrap_err();
    writer.end().unwrap_err();
    assert_eq!(log.end.bytes, 0);

    let mut log = log_from(&new_file(), 1, 0);
    let mut changes = changes(&[&[1], &too_long, &[2]]);
    for _ in 0..2 {
        let error = log.append(&mut changes).unwrap_err();
        assert!(matches!(error, CommitError::RecordTooLong(_)), "{error}");
    }
    log.end_commit().unwrap_err();
    assert_eq!(log.end.bytes, 0);
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
