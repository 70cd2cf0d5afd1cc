//! What is appended is counted and written, what was not committed is cut.

use std::path::Path;

use stream_kernel_disk::{Fault, PlannedFault, SimulatedDisk};

use super::{CommittedFile, FileError, UncutFile};

fn path() -> &'static Path {
    Path::new("/output")
}

#[test]
fn bytes_are_written_in_blocks_and_counted_at_once() {
    let disk = SimulatedDisk::new(1);
    disk.put(path(), b"left over");
    let mut file = CommittedFile::create(&disk, path(), 4).unwrap();
    file.append(b"abc").unwrap();
    file.append(b"d").unwrap();
    assert_eq!((file.bytes(), disk.contents(path()).unwrap()), (4, b"".to_vec()));
    file.append(b"e").unwrap();
    assert_eq!((file.bytes(), disk.contents(path()).unwrap()), (5, b"abcd".to_vec()));
    file.flush().unwrap();
    assert_eq!((file.bytes(), disk.contents(path()).unwrap()), (5, b"abcde".to_vec()));
}

#[test]
fn a_file_of_an_earlier_run_goes_on_at_its_end() {
    let disk = SimulatedDisk::new(1);
    disk.put(path(), b"abc");
    let mut file = CommittedFile::append_to(&disk, path(), 1).unwrap();
    file.append(b"de").unwrap();
    file.flush().unwrap();
    assert_eq!((file.bytes(), disk.contents(path()).unwrap()), (5, b"abcde".to_vec()));
}

#[test]
fn what_was_not_committed_is_cut_and_what_is_shorter_is_refused_untouched() {
    let disk = SimulatedDisk::new(1);
    disk.put(path(), b"abcde");
    let open = |committed| UncutFile::open(&disk, [Path::new("/missing"), path()], committed);
    assert!(matches!(open(6), Err(FileError::Shorter { bytes: 5, committed: 6, .. })));
    let uncut = open(3).unwrap();
    assert_eq!(disk.contents(path()).unwrap(), b"abcde", "opening must not change it");
    let mut file = uncut.cut(1).unwrap();
    file.append(b"DE").unwrap();
    file.flush().unwrap();
    assert_eq!((file.bytes(), disk.contents(path()).unwrap()), (5, b"abcDE".to_vec()));
}

#[test]
fn what_is_nowhere_is_named() {
    let disk = SimulatedDisk::new(1);
    let error = UncutFile::open(&disk, [path()], 0).unwrap_err();
    assert_eq!(error.to_string(), "`/output` cannot be opened");
}

/// Somebody may still need what cannot be removed: it is neither written into nor taken for an empty file.
#[test]
fn what_cannot_be_removed_stays_and_is_named() {
    let disk = SimulatedDisk::new(1);
    disk.put(path(), b"left over");
    let at = disk.operations();
    disk.plan(PlannedFault { fault: Fault::Device, at, from_then_on: false });
    let error = CommittedFile::create(&disk, path(), 4).unwrap_err();
    assert_eq!(error.to_string(), "`/output` cannot be removed");
    assert_eq!(disk.contents(path()).unwrap(), b"left over");
}
