//! Tests of the operating system's files: permissions, links, locks.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::SyncFailure;
use crate::{Disk, OpenHow, OsDisk};

fn mode_of(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn new_files_are_private() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("dir");
    OsDisk.create_dir(&dir).unwrap();
    assert_eq!(mode_of(&dir), 0o700);
    for (name, how) in [("new", OpenHow::New), ("either", OpenHow::ExistingOrNew)] {
        OsDisk.open(&dir.join(name), how).unwrap();
        assert_eq!(mode_of(&dir.join(name)), 0o600, "{how:?}");
    }
    assert_eq!(OsDisk.names(&dir).unwrap(), ["either", "new"]);
}

#[test]
fn each_way_to_open_does_what_its_name_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let kind = |how| OsDisk.open(&path, how).map(drop).map_err(|error| error.kind());
    assert_eq!(kind(OpenHow::ReadOnly), Err(io::ErrorKind::NotFound));
    assert_eq!(kind(OpenHow::Existing), Err(io::ErrorKind::NotFound));
    assert_eq!(kind(OpenHow::New), Ok(()));
    assert_eq!(kind(OpenHow::New), Err(io::ErrorKind::AlreadyExists));
    for how in [OpenHow::ReadOnly, OpenHow::Existing, OpenHow::ExistingOrNew] {
        assert_eq!(kind(how), Ok(()), "{how:?}");
    }
}

#[test]
fn a_link_is_read_through_but_not_written_through() {
    let folder = tempfile::tempdir().unwrap();
    let [file, link] = ["file", "link"].map(|name| folder.path().join(name));
    fs::write(&file, "content").unwrap();
    symlink(&file, &link).unwrap();
    assert_eq!(OsDisk.open(&link, OpenHow::ReadOnly).unwrap().len().unwrap(), 7);
    assert_eq!(OsDisk.open(&file, OpenHow::ReadOnlyNoFollow).unwrap().len().unwrap(), 7);
    for how in [OpenHow::ReadOnlyNoFollow, OpenHow::Existing, OpenHow::New, OpenHow::ExistingOrNew] {
        assert!(OsDisk.open(&link, how).is_err(), "{how:?} followed a link");
    }
}

/// Nobody has the other end of the pipe: opening it like a file would block forever.
#[test]
fn other_things_than_files_are_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let [pipe, dir] = ["pipe", "dir"].map(|name| folder.path().join(name));
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    fs::create_dir(&dir).unwrap();
    for how in [OpenHow::ReadOnly, OpenHow::ReadOnlyNoFollow, OpenHow::Existing, OpenHow::ExistingOrNew] {
        let refused = |path| OsDisk.open(path, how).unwrap_err().kind();
        assert_eq!(refused(&pipe), io::ErrorKind::InvalidInput, "{how:?}");
        assert_eq!(refused(&dir), io::ErrorKind::IsADirectory, "{how:?}");
    }
}

#[test]
fn a_directory_may_exist_but_not_a_file_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let [dir, file] = ["dir", "file"].map(|name| folder.path().join(name));
    OsDisk.create_dir(&dir).unwrap();
    OsDisk.create_dir(&dir).unwrap();
    fs::write(&file, "").unwrap();
    assert_eq!(OsDisk.create_dir(&file).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
}

#[test]
fn a_lock_lasts_as_long_as_the_file_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock");
    let [first, second] = [OpenHow::New, OpenHow::Existing].map(|how| OsDisk.open(&path, how).unwrap());
    assert!(!second.is_locked().unwrap());
    assert!(first.try_lock().unwrap(), "looking at the lock must not hold it");
    assert!(!second.try_lock().unwrap());
    assert!(second.is_locked().unwrap());
    drop(first);
    assert!(!second.is_locked().unwrap());
    assert!(second.try_lock().unwrap());
}

/// Otherwise two could each lock a file and take it for the one of that name.
#[test]
fn a_file_that_has_lost_its_name_cannot_be_locked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let opened = [OpenHow::New, OpenHow::Existing].map(|how| OsDisk.open(&path, how).unwrap());
    OsDisk.remove(&path).unwrap();
    assert!(!opened[0].try_lock().unwrap(), "nothing has that name");
    let successor = OsDisk.open(&path, OpenHow::New).unwrap();
    assert!(!opened[1].try_lock().unwrap(), "another file has that name");
    assert!(successor.try_lock().unwrap());
}

#[test]
fn bytes_are_read_where_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = OsDisk.open(&folder.path().join("file"), OpenHow::New).unwrap();
    file.write_all_at(b"abcdef", 2).unwrap();
    file.set_len(6).unwrap();
    file.sync_data().unwrap();
    let mut read = [1; 6];
    file.read_exact_at(&mut read, 0).unwrap();
    assert_eq!(&read, b"\0\0abcd");
    let error = file.read_exact_at(&mut read, 1).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
}

/// The system would report success for the second sync.
#[test]
fn a_file_that_could_not_be_synced_stays_so() {
    let failure = SyncFailure::default();
    failure.unless_failed(|| Ok(())).unwrap();
    let lost = || Err(io::Error::from_raw_os_error(5));
    assert_eq!(failure.unless_failed(lost).unwrap_err().raw_os_error(), Some(5));
    assert_eq!(failure.unless_failed(|| Ok(())).unwrap_err().raw_os_error(), Some(5));

    let unnamed = SyncFailure::default();
    assert!(unnamed.unless_failed(|| Err(io::ErrorKind::StorageFull.into())).is_err());
    assert_eq!(unnamed.unless_failed(|| Ok(())).unwrap_err().kind(), io::ErrorKind::StorageFull);
}
