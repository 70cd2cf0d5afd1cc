//! Tests: snapshots are read back as written; a change, a cut or an exchange is noticed.

use std::path::Path;

use stream_kernel_disk::{Disk, DiskFile, Fault, OpenHow, PlannedFault, SimulatedDisk};

use super::{HEADER_BYTES, MAX_BLOCK_BYTES, SnapshotFile, SnapshotWriter, read_blocks};
use crate::FileError;
use crate::error::{CommitError, RestoreError};

fn new_file_on(disk: &SimulatedDisk) -> Box<dyn DiskFile> {
    disk.open(Path::new("/snapshot-7"), OpenHow::New).unwrap()
}

fn new_file() -> Box<dyn DiskFile> {
    new_file_on(&SimulatedDisk::new(1))
}

/// Writes two blocks that cannot be one, and returns the offset of the second.
fn write_two(file: &dyn DiskFile) -> (SnapshotFile, u64) {
    let mut writer = SnapshotWriter::new(file, 7);
    writer.push(b"one").unwrap();
    writer.end_block().unwrap();
    let second = writer.snapshot.bytes;
    writer.push(b"two").unwrap();
    (writer.end().unwrap(), second)
}

/// Returns the blocks, or where and why reading ended.
fn read(file: &dyn DiskFile, snapshot: SnapshotFile) -> Result<Vec<Vec<u8>>, (u64, String)> {
    let mut blocks = Vec::new();
    let read = read_blocks(file, snapshot, &mut |block| {
        blocks.push(block.to_vec());
        Ok(())
    });
    match read {
        Ok(()) => Ok(blocks),
        Err(RestoreError::Damaged { offset, what, .. }) => Err((offset, what.to_owned())),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn blocks_are_read_back() {
    let file = new_file();
    let nothing = SnapshotWriter::new(&*file, 7).end().unwrap();
    assert_eq!(nothing, SnapshotFile { number: 7, bytes: 0 });
    assert_eq!(read(&*file, nothing).unwrap(), [b""; 0]);
    let (snapshot, second) = write_two(&*file);
    assert_eq!((snapshot.bytes, second), (46, 23));
    assert_eq!(read(&*file, snapshot).unwrap(), [b"one", b"two"]);
}

#[test]
fn every_changed_byte_is_noticed() {
    let file = new_file();
    let (snapshot, second) = write_two(&*file);
    for at in 0..snapshot.bytes {
        let mut byte = [0];
        file.read_exact_at(&mut byte, at).unwrap();
        for flip in [1, 0x80] {
            file.write_all_at(&[byte[0] ^ flip], at).unwrap();
            let block = if at < second { 0 } else { second };
            assert_eq!(read(&*file, snapshot).unwrap_err().0, block, "bit flipped in byte {at}");
        }
        file.write_all_at(&byte, at).unwrap();
    }
    assert!(read(&*file, snapshot).is_ok());
}

#[test]
fn every_other_length_is_noticed() {
    let file = new_file();
    let (snapshot, second) = write_two(&*file);
    for len in (0..=snapshot.bytes + 1).rev().filter(|len| *len != snapshot.bytes) {
        file.set_len(len).unwrap();
        let differs = (len.min(snapshot.bytes), "its length differs from what was committed".to_owned());
        assert_eq!(read(&*file, snapshot).unwrap_err(), differs);
        // A damaged or forged manifest may say so.
        if ![0, second, snapshot.bytes].contains(&len) {
            read(&*file, SnapshotFile { bytes: len, ..snapshot }).expect_err("a block goes beyond the end");
        }
    }
}

/// Each block alone is whole; only its place, or its file, has changed.
#[test]
fn a_block_in_another_place_is_noticed() {
    let file = new_file();
    let (snapshot, second) = write_two(&*file);
    let (offset, what) = read(&*file, SnapshotFile { number: 8, ..snapshot }).unwrap_err();
    assert_eq!((offset, &*what), (0, "a block belongs to another snapshot"));
    let mut bytes = vec![0; usize::try_from(snapshot.bytes).unwrap()];
    file.read_exact_at(&mut bytes, 0).unwrap();
    bytes.rotate_left(usize::try_from(second).unwrap());
    file.write_all_at(&bytes, 0).unwrap();
    assert_eq!(read(&*file, snapshot).unwrap_err(), (0, "a block's checksum differs".to_owned()));
}

#[test]
fn records_share_blocks_up_to_the_bound() {
    let file = new_file();
    let mut writer = SnapshotWriter::new(&*file, 7);
    writer.push(&[]).unwrap();
    writer.push(&[1]).unwrap();
    writer.push(&vec![2; MAX_BLOCK_BYTES - 1]).unwrap();
    writer.push(&[3]).unwrap();
    writer.push(&vec![4; MAX_BLOCK_BYTES]).unwrap();
    let snapshot = writer.end().unwrap();
    let lengths: Vec<_> = read(&*file, snapshot).unwrap().iter().map(Vec::len).collect();
    assert_eq!(lengths, [MAX_BLOCK_BYTES, 1, MAX_BLOCK_BYTES]);
    assert_eq!(snapshot.bytes, (2 * MAX_BLOCK_BYTES + 1 + 3 * HEADER_BYTES) as u64);
}

/// A snapshot with longer blocks would be taken for damaged.
#[test]
fn the_block_bound_belongs_to_the_format() {
    assert_eq!(MAX_BLOCK_BYTES, 1_048_576);
}

/// An ignored error must not lose a record.
#[test]
fn a_record_too_long_ends_the_snapshot() {
    let file = new_file();
    let mut writer = SnapshotWriter::new(&*file, 7);
    writer.push(&vec![0; MAX_BLOCK_BYTES]).unwrap();
    let error = writer.push(&vec![0; MAX_BLOCK_BYTES + 1]).unwrap_err();
    insta::assert_snapshot!(error, @"a record of 1048577 bytes is longer than the 1048576 that a block of a snapshot has room for");
    assert!(matches!(writer.push(&[1]).unwrap_err(), CommitError::OutOfBounds(_)));
    assert!(matches!(writer.end().unwrap_err(), CommitError::OutOfBounds(_)));
}

/// Nobody would ever read what follows a block that could not be written.
#[test]
fn a_failed_write_ends_the_snapshot() {
    let disk = SimulatedDisk::new(1);
    let file = new_file_on(&disk);
    let mut writer = SnapshotWriter::new(&*file, 7);
    writer.push(&vec![0; MAX_BLOCK_BYTES]).unwrap();
    // The file's length is checked first.
    disk.plan(PlannedFault { fault: Fault::Device, at: disk.operations() + 1, from_then_on: false });
    assert_eq!(writer.push(&[1]).unwrap_err().to_string(), "`/snapshot-7` cannot be written");
    let operations = disk.operations();
    assert_eq!(writer.push(&[1]).unwrap_err().to_string(), "`/snapshot-7` cannot be written");
    assert_eq!(writer.end().unwrap_err().to_string(), "`/snapshot-7` cannot be written");
    assert_eq!(disk.operations(), operations);
}

/// A gap reads as zeros, and the length would show nothing.
#[test]
fn nothing_is_written_behind_a_gap() {
    let file = new_file();
    let mut writer = SnapshotWriter::new(&*file, 7);
    writer.push(b"one").unwrap();
    writer.end_block().unwrap();
    file.set_len(22).unwrap();
    writer.push(b"two").unwrap();
    assert!(matches!(
        writer.end().unwrap_err(),
        CommitError::File(FileError::Shortened { bytes: 22, written: 23, .. })
    ));
    assert_eq!(file.len().unwrap(), 22);
}

/// The length is used before the checksum can be checked: it must not lead to unbounded memory.
#[test]
fn an_impossible_length_is_not_believed() {
    let file = new_file();
    file.set_len(1 << 22).unwrap();
    for (len, is_possible) in [(MAX_BLOCK_BYTES, true), (MAX_BLOCK_BYTES + 1, false), (0, false)] {
        file.write_all_at(&u32::try_from(len).unwrap().to_le_bytes(), 16).unwrap();
        let expected =
            if is_possible { "a block's checksum differs" } else { "a block has an impossible length" };
        let snapshot = SnapshotFile { number: 0, bytes: 1 << 22 };
        assert_eq!(read(&*file, snapshot).unwrap_err().1, expected, "{len}");
    }
}
