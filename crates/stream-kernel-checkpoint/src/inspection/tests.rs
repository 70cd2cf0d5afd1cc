//! Inspections show a checkpoint as it is, and find every obstacle to resuming its run.

use std::path::Path;
use std::sync::Arc;

use stream_kernel_disk::{Disk, Fault, PlannedFault, SimulatedDisk};

use super::{Slot, inspect, verify};
use crate::checkpoint::Checkpoint;
use crate::committed::tests::after_lines;
use crate::committed::{Committed, CommittedTrace, ReplayFrom};
use crate::input_prefix::InputPrefix;
use crate::snapshot::SnapshotFile;

const DIR: &str = "/checkpoint";

/// Returns a disk with a checkpoint and all its files, and the holder of its lock.
fn scene() -> (SimulatedDisk, Checkpoint) {
    let disk = SimulatedDisk::new(1);
    for (path, content) in [("/input", "lines\nmore\n"), ("/output.partial", "out\n"), ("/trace", "trace\n")]
    {
        disk.put(Path::new(path), content.as_bytes());
    }
    let mut committed = after_lines(1);
    let mut prefix = InputPrefix::new();
    prefix.update(b"lines\n");
    committed.input = prefix.committed("/input".to_owned());
    committed.output.bytes = 4;
    committed.trace =
        Some(CommittedTrace { path: "/trace".to_owned(), bytes: 6, last_time_ns: 0, ends_after_line: None });
    let (mut checkpoint, _) = Checkpoint::open(Arc::new(disk.clone()), Path::new(DIR)).unwrap();
    committed.configuration = checkpoint.keep_configuration("c0ffee".to_owned(), "text").unwrap();
    committed.replay = ReplayFrom { lines: 1, input_bytes: 6, output_bytes: 4, ..ReplayFrom::default() };
    checkpoint.commit_with_snapshot(committed, &mut |writer| writer.push(b"state"), &[]).unwrap();
    (disk, checkpoint)
}

#[test]
fn the_last_commit_and_its_lock_are_shown() {
    let (disk, checkpoint) = scene();
    let seen = inspect(&disk, Path::new(DIR)).unwrap();
    assert!(seen.is_in_use);
    assert!(matches!(seen.slots, [Slot::Whole(_), Slot::Whole(_)]));
    let last = seen.last.unwrap();
    assert_eq!((last.sequence, last.committed.lines), (1, 1));
    assert_eq!(last.snapshot, Some(SnapshotFile { number: 1, bytes: 25 }));
    drop(checkpoint);
    assert!(!inspect(&disk, Path::new(DIR)).unwrap().is_in_use);
}

#[test]
fn no_checkpoint_is_missing_or_empty() {
    let disk = SimulatedDisk::new(1);
    let error = inspect(&disk, Path::new(DIR)).unwrap_err();
    insta::assert_snapshot!(error, @"`/checkpoint` cannot be read");
    disk.create_dir(Path::new(DIR)).unwrap();
    let (seen, findings) = verify(&disk, Path::new(DIR), &mut |_| Ok(())).unwrap();
    assert_eq!((seen.last, findings), (None, vec![]));
}

#[test]
fn an_intact_checkpoint_has_no_findings() {
    let (disk, checkpoint) = scene();
    drop(checkpoint);
    let contents = || disk.files().iter().map(|path| disk.contents(path)).collect::<Vec<_>>();
    let before = contents();
    assert_eq!(verify(&disk, Path::new(DIR), &mut |_| Ok(())).unwrap().1, [""; 0]);
    assert_eq!(contents(), before);
}

/// Damages a file and returns the findings.
fn found_after(path: &str, content: &[u8]) -> String {
    let (disk, _) = scene();
    disk.put(Path::new(path), content);
    let (_, findings) = verify(&disk, Path::new(DIR), &mut |_| Ok(())).unwrap();
    findings.join("\n") + "\n"
}

#[test]
fn all_that_prevents_resuming_is_found() {
    let found = [
        found_after("/input", b"other\n"),
        found_after("/input", b"line"),
        found_after("/output.partial", b"ou"),
        found_after("/trace", b""),
        found_after("/output.partial", b"out\r"),
        found_after("/trace", b"\0\0\0\0\0\0trace\n"),
        found_after("/checkpoint/snapshot-1", &[0; 25]),
        found_after("/checkpoint/snapshot-1", &[0; 24]),
        found_after("/checkpoint/configuration", b"tExt"),
        found_after("/checkpoint/manifest", b"damaged"),
        found_after("/checkpoint/manifest", b""),
    ];
    insta::assert_snapshot!(found.concat(), @"
    the input `/input` differs from the one that was committed within its first 6 bytes
    the input `/input` has 4 bytes, but 6 were committed
    `/output.partial` has 2 bytes, but 4 were committed (restore it from a copy, or start over)
    `/trace` has 0 bytes, but 6 were committed (restore it from a copy, or start over)
    `/output.partial` was changed: the 4 bytes of it that were committed do not end at a line end (restore it from a copy, or start over)
    `/trace` was changed: the 6 bytes of it that were committed do not end at a line end (restore it from a copy, or start over)
    the snapshot `/checkpoint/snapshot-1` is damaged at byte 0: a block has an impossible length (restore it from a copy, or start over)
    the snapshot `/checkpoint/snapshot-1` is damaged at byte 24: its length differs from what was committed (restore it from a copy, or start over)
    the configuration of the checkpoint, `/checkpoint/configuration`, is damaged: its checksum differs (restore it from a copy, or start over)
    `/checkpoint/manifest` is damaged: neither of its slots is whole (restore it from a copy, or start over)
    `/checkpoint/manifest` is damaged: it is empty, but there is a configuration or snapshot beside it (restore it from a copy, or start over)
    ");
}

#[test]
fn refused_records_are_found() {
    let (disk, _) = scene();
    let mut seen = Vec::new();
    let mut refuse = |records: &[u8]| {
        seen.extend_from_slice(records);
        Err("no such record".to_owned())
    };
    let (_, findings) = verify(&disk, Path::new(DIR), &mut refuse).unwrap();
    insta::assert_snapshot!(findings.join("\n"), @"cannot restore the block at byte 0 of the snapshot `/checkpoint/snapshot-1`: no such record");
    assert_eq!(seen, b"state");
}

#[test]
fn a_continued_last_line_is_found() {
    let (disk, mut checkpoint) = scene();
    let mut committed = checkpoint_of(&disk);
    let mut prefix = InputPrefix::new();
    prefix.update(b"lines\nmo");
    committed.input = prefix.committed("/input".to_owned());
    checkpoint.commit(committed, &[]).unwrap();
    let (_, findings) = verify(&disk, Path::new(DIR), &mut |_| Ok(())).unwrap();
    insta::assert_snapshot!(findings.join("\n"), @"the last line of `/input` that is committed, line 1, had no line end, and what was appended continues it: it is another line now (restore the input as it was, or start over)");
}

fn checkpoint_of(disk: &SimulatedDisk) -> Committed {
    inspect(disk, Path::new(DIR)).unwrap().last.unwrap().committed
}

#[test]
fn one_damaged_slot_prevents_nothing() {
    let (disk, _) = scene();
    let mut manifest = disk.contents(Path::new("/checkpoint/manifest")).unwrap();
    manifest[100] ^= 1;
    disk.put(Path::new("/checkpoint/manifest"), &manifest);
    let (seen, findings) = verify(&disk, Path::new(DIR), &mut |_| Ok(())).unwrap();
    assert!(matches!(seen.slots, [Slot::Damaged, Slot::Whole(_)]));
    assert_eq!((seen.last.unwrap().sequence, findings), (1, vec![]));
}

/// A checkpoint that cannot be read now is not missing: people would believe "there is no checkpoint".
#[test]
fn an_unreadable_file_is_not_missing() {
    for k in 0.. {
        let (disk, checkpoint) = scene();
        drop(checkpoint);
        let at = disk.operations() + k;
        disk.plan(PlannedFault { fault: Fault::Device, at, from_then_on: false });
        let seen = inspect(&disk, Path::new(DIR));
        if disk.operations() <= at {
            assert!(k > 2, "there were operations that failed");
            return;
        }
        assert!(seen.is_err(), "operation {k} failed, and nobody said so: {seen:?}");
    }
}

#[test]
fn another_format_is_named() {
    let (disk, checkpoint) = scene();
    drop(checkpoint);
    let manifest = Path::new(DIR).join("manifest");
    let mut bytes = disk.contents(&manifest).unwrap();
    for slot in bytes.chunks_mut(crate::SLOT_BYTES) {
        let format = u32::from_le_bytes(slot[16..20].try_into().unwrap());
        slot[16..20].copy_from_slice(&(format + 1).to_le_bytes());
        let end = slot.len() - 8;
        let checksum = twox_hash::XxHash3_64::oneshot(&slot[..end]);
        slot[end..].copy_from_slice(&checksum.to_le_bytes());
    }
    disk.put(&manifest, &bytes);
    let (_, findings) = verify(&disk, Path::new(DIR), &mut |_| Ok(())).unwrap();
    insta::assert_snapshot!(findings.join("\n"), @"`/checkpoint/manifest` has format 4, which this program does not know (use the version of the program that wrote it, or start over)");
}
