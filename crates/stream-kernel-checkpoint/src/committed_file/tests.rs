//! Tests: appended bytes are counted and written, uncommitted bytes are cut.

use std::path::Path;

use stream_kernel_disk::{Disk, OpenHow, SimulatedDisk};

use super::{CommittedFile, FileError, UncutFile};
use crate::NewFile;

fn path() -> &'static Path {
    Path::new("/output")
}

#[test]
fn bytes_are_written_in_blocks() {
    let disk = SimulatedDisk::new(1);
    disk.put(path(), b"left over");
    let mut file = NewFile::at(&disk, path()).unwrap().create(&disk, 4).unwrap();
    file.append(b"abc").unwrap();
    file.append(b"d").unwrap();
    assert_eq!((file.bytes(), disk.contents(path()).unwrap()), (4, b"".to_vec()));
    file.append(b"e").unwrap();
    assert_eq!((file.bytes(), disk.contents(path()).unwrap()), (5, b"abcd".to_vec()));
    file.flush().unwrap();
    assert_eq!((file.bytes(), disk.contents(path()).unwrap()), (5, b"abcde".to_vec()));
}

#[test]
fn an_earlier_file_goes_on_at_its_end() {
    let disk = SimulatedDisk::new(1);
    disk.put(path(), b"abc");
    let mut file = CommittedFile::append_to(&disk, path(), 1).unwrap();
    file.append(b"de").unwrap();
    file.flush().unwrap();
    assert_eq!((file.bytes(), disk.contents(path()).unwrap()), (5, b"abcde".to_vec()));
}

#[test]
fn a_file_is_cut_to_its_committed_length() {
    let disk = SimulatedDisk::new(1);
    disk.put(path(), b"ab\nde");
    let open = |committed| UncutFile::open(&disk, path(), committed);
    assert!(matches!(open(6), Err(FileError::Shorter { bytes: 5, committed: 6, .. })));
    assert!(matches!(open(1), Err(FileError::TornLine { committed: 1, .. })));
    let uncut = open(3).unwrap();
    assert_eq!(disk.contents(path()).unwrap(), b"ab\nde", "opening must not change it");
    let mut file = uncut.cut(1).unwrap();
    file.append(b"DE").unwrap();
    file.flush().unwrap();
    assert_eq!((file.bytes(), disk.contents(path()).unwrap()), (5, b"ab\nDE".to_vec()));
}

/// Somebody may cut the file to any length at any time between two writes: it is noticed before any commit, and usually
/// before a write leaves a gap.
#[test]
fn a_file_that_somebody_shortens_is_noticed() {
    let lines = [&b"ab\n"[..], b"c\n", b"def\n"];
    for beginning in ["", "x\n"] {
        for written in 1..=lines.len() {
            let len = beginning.len() + lines[..written].concat().len();
            for left in 0..len {
                let disk = SimulatedDisk::new(1);
                disk.put(path(), beginning.as_bytes());
                let mut file = CommittedFile::append_to(&disk, path(), 1).unwrap();
                let mut write = |line: &[u8]| file.append(line).and_then(|()| file.flush());
                lines[..written].iter().for_each(|line| write(line).unwrap());
                let other = disk.open(path(), OpenHow::Existing).unwrap();
                other.set_len(left as u64).unwrap();
                let more = (written..written + 2).map(|_| write(b"more\n")).find_map(Result::err);
                let found = file.check().unwrap_err();
                for error in more.iter().chain([&found]) {
                    assert!(matches!(error, FileError::Shortened { .. }), "{error}");
                }
            }
        }
    }
}

#[test]
fn a_shortened_file_is_named_with_length() {
    let disk = SimulatedDisk::new(1);
    let mut file = CommittedFile::append_to(&disk, path(), 1).unwrap();
    for line in [b"a\n", b"b\n"] {
        file.append(line).unwrap();
        file.flush().unwrap();
    }
    file.check().unwrap();
    disk.open(path(), OpenHow::Existing).unwrap().set_len(1).unwrap();
    file.append(b"c\n").unwrap();
    let told = file.flush().unwrap_err().to_string();
    insta::assert_snapshot!(told, @"`/output` was shortened while the run wrote to it: it has 1 bytes now, and 4 were written (restore it from a copy, or start over)");
    assert_eq!(disk.contents(path()).unwrap(), b"a", "nothing is written behind a gap");
}

#[test]
fn a_missing_output_is_named() {
    let disk = SimulatedDisk::new(1);
    let error = UncutFile::open(&disk, path(), 0).unwrap_err();
    assert_eq!(error.to_string(), "`/output` cannot be opened");
}

#[test]
fn later_bytes_can_be_left_to_others() {
    let disk = SimulatedDisk::new(1);
    disk.put(path(), b"ab\nde");
    let mut file = UncutFile::open(&disk, path(), 3).unwrap().append(1);
    file.append(b"f").unwrap();
    file.flush().unwrap();
    assert_eq!((file.bytes(), disk.contents(path()).unwrap()), (6, b"ab\ndef".to_vec()));
}

/// Two writers at the same offsets would destroy each other's bytes.
#[test]
fn a_file_is_appended_to_by_one_run_only() {
    let disk = SimulatedDisk::new(1);
    let is_in_use = |opened: Result<(), FileError>| matches!(opened, Err(FileError::InUse { .. }));
    let first = CommittedFile::append_to(&disk, path(), 1).unwrap();
    assert!(is_in_use(CommittedFile::append_to(&disk, path(), 1).map(drop)));
    assert!(is_in_use(UncutFile::open(&disk, path(), 0).map(drop)));
    UncutFile::check(&disk, path(), 0).unwrap();
    drop(first);
    let uncut = UncutFile::open(&disk, path(), 0).unwrap();
    assert!(is_in_use(CommittedFile::append_to(&disk, path(), 1).map(drop)));
    drop(uncut.append(1));
    CommittedFile::append_to(&disk, path(), 1).unwrap();
}

/// A run commits before it ends a line that another program has left torn.
#[test]
fn a_torn_line_may_be_committed_a_gap_not() {
    let disk = SimulatedDisk::new(1);
    for (content, committed, is_whole) in [
        (&b"a\nb"[..], 3, true),
        (b"a\nb\nc\n", 3, true),
        (b"a\nb\0c\n", 3, true),
        (b"a\nbc\n", 3, false),
        (b"a\n\0", 3, false),
        (b"\0\0\0\n", 3, false),
        (b"\0\0\0c\n", 3, false),
        // zstd frames have no lines: another one follows, or zeros.
        (b"\x28\xb5\x2f\xfd|", 5, true),
        (b"\x28\xb5\x2f\xfd|\x28\xb5", 5, true),
        (b"\x28\xb5\x2f\xfd\0\0", 5, true),
        (b"\x28\xb5\x2f\xfd|x", 5, false),
        (b"\x28\xb5\x2f|\x28", 4, false),
    ] {
        disk.put(path(), content);
        let checked = UncutFile::check(&disk, path(), committed);
        assert_eq!(checked.is_ok(), is_whole, "{content:?}: {checked:?}");
        assert_eq!(UncutFile::open(&disk, path(), committed).is_ok(), is_whole);
    }
}
