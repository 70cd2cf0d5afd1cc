//! Tests of the model: unsynced changes can be lost and can survive, synced ones always survive.

use std::collections::BTreeSet;
use std::io::ErrorKind::{Interrupted, NotFound, Other, StorageFull};
use std::path::Path;

use super::{Fault, PlannedFault, SimulatedDisk};
use crate::{Disk, DiskFile, OpenHow};

const SEEDS: std::ops::Range<u64> = 0..400;

fn path() -> &'static Path {
    Path::new("/file")
}

fn new_file(disk: &SimulatedDisk) -> Box<dyn DiskFile> {
    disk.open(path(), OpenHow::New).unwrap()
}

/// Returns the possible contents of the file after a power cut; `None` is no file.
fn possible_after_crash(disk: &SimulatedDisk) -> BTreeSet<Option<Vec<u8>>> {
    SEEDS.map(|seed| disk.after_crash(seed).contents(path())).collect()
}

fn some(texts: &[&str]) -> BTreeSet<Option<Vec<u8>>> {
    texts.iter().map(|text| Some(text.as_bytes().to_vec())).collect()
}

#[test]
fn synced_data_with_a_synced_name_survives_every_power_cut() {
    let disk = SimulatedDisk::new(1);
    let file = new_file(&disk);
    file.write_all_at(b"abc", 0).unwrap();
    file.sync_data().unwrap();
    assert_eq!(possible_after_crash(&disk), [None, Some(b"abc".to_vec())].into(), "the name is not safe");
    disk.sync_dir(Path::new("/")).unwrap();
    assert_eq!(possible_after_crash(&disk), some(&["abc"]));
}

#[test]
fn unsynced_data_is_lost_kept_or_torn() {
    let disk = SimulatedDisk::new(1);
    disk.put(path(), b"--");
    let file = disk.open(path(), OpenHow::Existing).unwrap();
    file.write_all_at(b"ab", 0).unwrap();
    assert_eq!(possible_after_crash(&disk), some(&["--", "ab", "a-", "-b"]));
    file.set_len(1).unwrap();
    let possible = possible_after_crash(&disk);
    assert_eq!(possible, some(&["--", "ab", "a-", "-b", "a", "-"]), "each change is kept or not");
    assert_eq!(disk.after_kill(0).contents(path()).unwrap(), b"a", "a kill takes nothing");
}

#[test]
fn a_failed_sync_is_not_made_good_by_one_that_succeeds() {
    let mut lost = 0;
    for seed in SEEDS {
        let disk = SimulatedDisk::new(seed);
        disk.put(path(), b"-");
        let file = disk.open(path(), OpenHow::Existing).unwrap();
        file.write_all_at(b"a", 0).unwrap();
        disk.plan(PlannedFault { fault: Fault::Device, at: disk.operations(), from_then_on: false });
        assert!(file.sync_data().is_err());
        file.sync_data().unwrap();
        assert_eq!(disk.contents(path()).unwrap(), b"a", "it is read back");
        let after = possible_after_crash(&disk);
        assert_eq!(after.len(), 1, "nothing is undecided after a sync");
        lost += u64::from(after == some(&["-"]));
        file.write_all_at(b"a", 0).unwrap();
        file.sync_data().unwrap();
        assert_eq!(possible_after_crash(&disk), some(&["a"]), "written again, it is safe");
    }
    assert!((1..SEEDS.end).contains(&lost), "{lost} of {} lost", SEEDS.end);
}

#[test]
fn a_rename_may_be_lost_until_the_directory_is_synced() {
    let disk = SimulatedDisk::new(1);
    disk.put(Path::new("/old"), b"content");
    disk.rename(Path::new("/old"), path()).unwrap();
    let possible = |disk: &SimulatedDisk| SEEDS.map(|seed| disk.after_crash(seed).files()).collect();
    let names: BTreeSet<Vec<_>> = possible(&disk);
    assert_eq!(names, [vec!["file".into()], vec!["old".into()]].into());
    disk.sync_dir(Path::new("/")).unwrap();
    assert_eq!(possible(&disk), [vec!["file".into()]].into());
}

fn disk_with_two_directories() -> SimulatedDisk {
    let disk = SimulatedDisk::new(1);
    for dir in ["/old", "/new"] {
        disk.create_dir(Path::new(dir)).unwrap();
    }
    disk.sync_dir(Path::new("/")).unwrap();
    disk
}

/// A moved file is never lost and never there twice; the move is certain when both directories are synced, in either
/// order.
#[test]
fn a_move_may_be_lost_until_both_directories_are_synced() {
    let [old, new, newer] = ["/old/file", "/new/file", "/new/newer"].map(Path::new);
    let possible = |disk: &SimulatedDisk| -> BTreeSet<Vec<_>> {
        SEEDS.map(|seed| disk.after_crash(seed).files()).collect()
    };
    for dirs in [["/old", "/new"], ["/new", "/old"]] {
        let disk = disk_with_two_directories();
        disk.put(old, b"content");
        disk.rename(old, new).unwrap();
        let either = [vec!["new/file".into()], vec!["old/file".into()]].into();
        assert_eq!(possible(&disk), either);
        disk.sync_dir(Path::new(dirs[0])).unwrap();
        assert_eq!(possible(&disk), either, "{dirs:?}");
        let renamed_again = disk.after_kill(1);
        disk.sync_dir(Path::new(dirs[1])).unwrap();
        assert_eq!(possible(&disk), [vec!["new/file".into()]].into(), "{dirs:?}");

        // A later change of an uncertain name is uncertain too.
        renamed_again.rename(new, newer).unwrap();
        renamed_again.sync_dir(Path::new("/new")).unwrap();
        let newest = vec!["new/newer".into()];
        if dirs[0] == "/old" {
            assert_eq!(possible(&renamed_again), [newest].into());
        } else {
            assert_eq!(
                possible(&renamed_again),
                [&either, &[newest].into()].into_iter().flatten().cloned().collect()
            );
        }
    }
    let nowhere = SimulatedDisk::new(1);
    nowhere.put(path(), b"content");
    assert_eq!(nowhere.rename(path(), new).unwrap_err().kind(), NotFound, "there is no such directory");
}

/// Changes of one name are applied in order, whichever directory is synced first.
#[test]
fn a_name_that_is_given_again_is_that_of_the_last() {
    let [old, new] = ["/old/file", "/new/file"].map(Path::new);
    for dirs in [["/old", "/new"], ["/new", "/old"]] {
        let disk = disk_with_two_directories();
        disk.put(old, b"moved");
        disk.put(Path::new("/new/other"), b"other");
        disk.rename(old, new).unwrap();
        disk.open(old, OpenHow::New).unwrap();
        disk.rename(Path::new("/new/other"), new).unwrap();
        for dir in [dirs, dirs].concat() {
            disk.sync_dir(Path::new(dir)).unwrap();
        }
        for seed in SEEDS {
            let left = disk.after_crash(seed);
            assert_eq!(left.files(), [Path::new("new/file"), Path::new("old/file")], "{dirs:?}");
            assert_eq!(left.contents(new).unwrap(), b"other", "{dirs:?}");
            assert_eq!(left.contents(old).unwrap(), b"", "{dirs:?}");
        }
    }
}

#[test]
fn a_lost_directory_loses_its_content() {
    let disk = SimulatedDisk::new(1);
    disk.create_dir(Path::new("/dir")).unwrap();
    disk.open(Path::new("/dir/file"), OpenHow::New).unwrap();
    disk.sync_dir(Path::new("/dir")).unwrap();
    let possible: BTreeSet<Vec<_>> = SEEDS.map(|seed| disk.after_crash(seed).files()).collect();
    assert_eq!(possible, [vec![], vec!["dir/file".into()]].into());
}

#[test]
fn faults_come_once_or_last_and_name_themselves() {
    let kinds = |fault, from_then_on| {
        let disk = SimulatedDisk::new(1);
        let file = new_file(&disk);
        disk.plan(PlannedFault { fault, at: 2, from_then_on });
        [(); 3].map(|()| file.write_at(b"0123456789", 0).map_err(|error| error.kind()))
    };
    assert_eq!(kinds(Fault::Full, false), [Ok(10), Err(StorageFull), Ok(10)]);
    assert_eq!(kinds(Fault::Interrupted, true), [Ok(10), Err(Interrupted), Err(Interrupted)]);
    assert_eq!(kinds(Fault::Crash, false), [Ok(10), Err(Other), Err(Other)], "nothing works after a crash");
    assert!(matches!(kinds(Fault::ShortWrite, false), [Ok(10), Ok(1..10), Ok(10)]));
}

#[test]
fn the_provided_methods_go_on_after_signals_and_short_writes() {
    for fault in [Fault::Interrupted, Fault::ShortWrite] {
        for at in 1..4 {
            let disk = SimulatedDisk::new(at);
            let file = new_file(&disk);
            disk.plan(PlannedFault { fault, at, from_then_on: false });
            file.write_all_at(b"0123456789", 0).unwrap();
            let mut read = [0; 10];
            file.read_exact_at(&mut read, 0).unwrap();
            assert_eq!(&read, b"0123456789", "{fault:?} at {at}");
        }
    }
}

#[test]
fn locks_bind_handles_and_go_with_them_and_with_the_process() {
    let disk = SimulatedDisk::new(1);
    let first = new_file(&disk);
    let second = disk.open(path(), OpenHow::ReadOnly).unwrap();
    assert!(first.try_lock().unwrap() && !second.try_lock().unwrap() && second.is_locked().unwrap());
    let next = disk.after_kill(0);
    assert!(next.open(path(), OpenHow::ReadOnly).unwrap().try_lock().unwrap());
    drop(first);
    assert!(!second.is_locked().unwrap() && second.try_lock().unwrap());
}

#[test]
fn a_file_that_has_lost_its_name_cannot_be_locked() {
    let disk = SimulatedDisk::new(1);
    let [removed, renamed] = ["/removed", "/renamed"].map(Path::new);
    let opened = [removed, renamed].map(|path| disk.open(path, OpenHow::New).unwrap());
    disk.remove(removed).unwrap();
    disk.rename(renamed, removed).unwrap();
    assert!(opened.iter().all(|file| !file.try_lock().unwrap()), "another file has that name, or none");
    assert!(
        disk.open(removed, OpenHow::Existing).unwrap().is_locked().unwrap(),
        "that it tried is no secret"
    );
}

#[test]
fn the_history_explains_a_failure() {
    let disk = SimulatedDisk::new(1);
    let file = new_file(&disk);
    disk.plan(PlannedFault { fault: Fault::Full, at: 2, from_then_on: false });
    file.write_all_at(b"abc", 5).unwrap();
    file.sync_data().unwrap_err();
    disk.rename(path(), Path::new("/other")).unwrap();
    let expected = "    0 open /file\n    1 write /file, 3 bytes at 5\n    2 sync /file: No space left on device \
                    (os error 28)\n    3 rename /file\n";
    assert_eq!(disk.history(), expected);
}
