//! Tests: among several files the output is found, or none.

use std::path::Path;

use stream_kernel_disk::{Fault, PlannedFault, SimulatedDisk};

use crate::committed::tests::after_lines;
use crate::{Committed, FileError, UncutFile};

const PARTIAL: &str = "/output.partial";
const PATH: &str = "/output";

fn committed(complete: bool, is_named: bool) -> Committed {
    let mut committed = after_lines(1);
    committed.complete = complete;
    committed.output.is_named = is_named;
    committed.output.bytes = 4;
    committed
}

/// Returns the file that is taken for the output, or the error.
fn taken(files: &[(&str, &str)], committed: &Committed, now: [&str; 2]) -> Result<String, String> {
    let disk = SimulatedDisk::new(1);
    for (path, content) in files {
        disk.put(Path::new(path), content.as_bytes());
    }
    let [partial, path] = now.map(Path::new);
    let opened = UncutFile::open_output(&disk, committed, partial, path);
    if now == [PARTIAL, PATH] {
        let checked = UncutFile::check_output(&disk, committed);
        assert_eq!(checked.is_ok(), opened.is_ok(), "whoever only looks must say the same");
    }
    opened.map(|file| file.path().display().to_string()).map_err(|error| error.to_string())
}

#[test]
fn the_final_name_is_an_earlier_output() {
    let running = committed(false, false);
    let both = [(PARTIAL, "our\nand more"), (PATH, "earlier")];
    assert_eq!(taken(&both, &running, [PARTIAL, PATH]).unwrap(), PARTIAL);
    taken(&both[1..], &running, [PARTIAL, PATH]).unwrap_err();
}

#[test]
fn a_rename_that_was_cut_off_is_recognised() {
    let ours = [(PARTIAL, "our\n"), (PATH, "earlier")];
    let complete = committed(true, false);
    assert_eq!(taken(&ours, &complete, [PARTIAL, PATH]).unwrap(), PARTIAL);
    assert_eq!(taken(&ours[..1], &complete, [PARTIAL, PATH]).unwrap(), PARTIAL);
    assert_eq!(taken(&[(PATH, "our\n")], &complete, [PARTIAL, PATH]).unwrap(), PATH);
    let told = taken(&[(PARTIAL, "of others"), (PATH, "our\n")], &complete, [PARTIAL, PATH]).unwrap_err();
    insta::assert_snapshot!(told, @"`/output.partial` is in the way: the output of this run is `/output` (remove `/output.partial`, or move it away)");
    let named = committed(true, true);
    assert_eq!(taken(&ours, &named, [PARTIAL, PATH]).unwrap_err(), told);
    assert_eq!(taken(&ours[..1], &named, [PARTIAL, PATH]).unwrap(), PARTIAL, "it was about to go on");
}

#[test]
fn a_moved_output_is_found() {
    let named = committed(true, true);
    let moved = ["/moved.partial", "/moved"];
    assert_eq!(taken(&[(PATH, "our\n")], &named, moved).unwrap(), PATH);
    assert_eq!(taken(&[("/moved", "our\n")], &named, moved).unwrap(), "/moved");
    let told = taken(&[("/moved", "of others"), (PATH, "our\n")], &named, moved).unwrap_err();
    insta::assert_snapshot!(told, @"`/moved` is in the way: the output of this run is `/output` (remove `/moved`, or move it away)");
    let aliases = ["./output.partial", "./output"];
    assert_eq!(taken(&[(PATH, "our\n")], &named, aliases).unwrap(), "./output", "it is the same file");
}

#[test]
fn a_file_in_use_is_not_in_the_way() {
    let disk = SimulatedDisk::new(1);
    disk.put(Path::new(PATH), b"our\n");
    disk.put(Path::new(PARTIAL), b"of others");
    let open = || UncutFile::open_output(&disk, &committed(true, true), Path::new(PARTIAL), Path::new(PATH));
    let other = UncutFile::open(&disk, Path::new(PARTIAL), 0).unwrap();
    assert!(matches!(open(), Err(FileError::InUse { .. })));
    drop(other);
    assert!(matches!(open(), Err(FileError::InTheWay { .. })));
}

/// A file that cannot be opened now is not gone: otherwise another one would be taken for it, and written to.
#[test]
fn an_unreadable_file_is_not_passed_over() {
    let complete = committed(true, false);
    for k in 0.. {
        let disk = SimulatedDisk::new(1);
        disk.put(Path::new(PARTIAL), b"our\n");
        let at = disk.operations() + k;
        disk.plan(PlannedFault { fault: Fault::Device, at, from_then_on: false });
        let opened = UncutFile::open_output(&disk, &complete, Path::new(PARTIAL), Path::new(PATH));
        if disk.operations() <= at {
            assert!(k > 2, "there were operations that failed");
            return;
        }
        assert!(opened.is_err(), "operation {k} failed, and nobody said so");
    }
}
