//! A checkpoint is seen as it is, and everything that would keep it from being resumed is found.

use std::path::Path;
use std::sync::Arc;

use stream_kernel_disk::{Disk, Fault, PlannedFault, SimulatedDisk};

use super::{SlotHealth, inspect, verify};
use crate::changes::Changes;
use crate::checkpoint::Checkpoint;
use crate::committed::tests::after_lines;
use crate::committed::{Committed, CommittedTrace};
use crate::input_prefix::InputPrefix;

const DIR: &str = "/checkpoint";

/// Returns a disk with a checkpoint and all that it speaks of, and whoever has the checkpoint locked.
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
    let mut changes = Changes::new();
    changes.push(b"state");
    checkpoint.commit(committed, &mut changes, &[]).unwrap();
    (disk, checkpoint)
}

#[test]
fn a_look_says_what_is_committed_and_whether_a_run_uses_it() {
    let (disk, checkpoint) = scene();
    let seen = inspect(&disk, Path::new(DIR)).unwrap();
    assert!(seen.is_in_use);
    assert_eq!(seen.slots, [SlotHealth::Whole, SlotHealth::Whole]);
    let last = seen.last.unwrap();
    assert_eq!((last.sequence, last.log.number, last.log.bytes, last.committed.lines), (1, 1, 25, 1));
    drop(checkpoint);
    assert!(!inspect(&disk, Path::new(DIR)).unwrap().is_in_use);
}

#[test]
fn what_is_no_checkpoint_is_said_to_be_missing_or_empty() {
    let disk = SimulatedDisk::new(1);
    let error = inspect(&disk, Path::new(DIR)).unwrap_err();
    insta::assert_snapshot!(error, @"`/checkpoint` cannot be read");
    disk.create_dir(Path::new(DIR)).unwrap();
    let (seen, findings) = verify(&disk, Path::new(DIR), &mut |_| Ok(())).unwrap();
    assert_eq!((seen.last, findings), (None, vec![]));
}

#[test]
fn a_sound_checkpoint_has_no_findings_and_is_not_touched() {
    let (disk, checkpoint) = scene();
    drop(checkpoint);
    let contents = || disk.files().iter().map(|path| disk.contents(path)).collect::<Vec<_>>();
    let before = contents();
    assert_eq!(verify(&disk, Path::new(DIR), &mut |_| Ok(())).unwrap().1, [""; 0]);
    assert_eq!(contents(), before);
}

/// Damages a file and returns what is found.
fn found_after(path: &str, content: &[u8]) -> String {
    let (disk, _) = scene();
    disk.put(Path::new(path), content);
    let (_, findings) = verify(&disk, Path::new(DIR), &mut |_| Ok(())).unwrap();
    findings.join("\n") + "\n"
}

#[test]
fn whatever_keeps_a_run_from_being_resumed_is_found() {
    let found = [
        found_after("/input", b"other\n"),
        found_after("/input", b"line"),
        found_after("/output.partial", b"ou"),
        found_after("/trace", b""),
        found_after("/output.partial", b"out\r"),
        found_after("/trace", b"\0\0\0\0\0\0trace\n"),
        found_after("/checkpoint/state-1.log", &[0; 25]),
        found_after("/checkpoint/state-1.log", &[0; 24]),
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
    the state log `/checkpoint/state-1.log` is damaged at byte 0: a block has an impossible length (restore it from a copy, or start over)
    the state log `/checkpoint/state-1.log` is damaged at byte 24: the file ends before what was committed (restore it from a copy, or start over)
    the configuration of the checkpoint, `/checkpoint/configuration`, is damaged: its checksum differs (restore it from a copy, or start over)
    `/checkpoint/manifest` is damaged: neither of its slots is whole
    `/checkpoint/manifest` is damaged: there are state logs beside it, but it is empty
    ");
}

#[test]
fn records_that_make_no_sense_are_found() {
    let (disk, _) = scene();
    let mut seen = Vec::new();
    let mut refuse = |records: &[u8]| {
        seen.extend_from_slice(records);
        Err("no such record".to_owned())
    };
    let (_, findings) = verify(&disk, Path::new(DIR), &mut refuse).unwrap();
    insta::assert_snapshot!(findings.join("\n"), @"the state log `/checkpoint/state-1.log` holds at byte 0 what cannot be restored: no such record");
    assert_eq!(seen, b"state");
}

#[test]
fn lines_appended_to_a_last_line_without_a_line_end_are_found() {
    let (disk, mut checkpoint) = scene();
    let mut committed = checkpoint_of(&disk);
    let mut prefix = InputPrefix::new();
    prefix.update(b"lines\nmo");
    committed.input = prefix.committed("/input".to_owned());
    checkpoint.commit(committed, &mut Changes::new(), &[]).unwrap();
    let (_, findings) = verify(&disk, Path::new(DIR), &mut |_| Ok(())).unwrap();
    insta::assert_snapshot!(findings.join("\n"), @"the last line of `/input` that is committed, line 1, had no line end, and what was appended continues it: it is another line now (restore the input as it was, or start over)");
}

fn checkpoint_of(disk: &SimulatedDisk) -> Committed {
    inspect(disk, Path::new(DIR)).unwrap().last.unwrap().committed
}

#[test]
fn one_damaged_slot_is_seen_but_keeps_nothing_from_being_resumed() {
    let (disk, _) = scene();
    let mut manifest = disk.contents(Path::new("/checkpoint/manifest")).unwrap();
    manifest[100] ^= 1;
    disk.put(Path::new("/checkpoint/manifest"), &manifest);
    let (seen, findings) = verify(&disk, Path::new(DIR), &mut |_| Ok(())).unwrap();
    assert_eq!(seen.slots, [SlotHealth::Damaged, SlotHealth::Whole]);
    assert_eq!((seen.last.unwrap().sequence, findings), (1, vec![]));
}

/// What cannot be read for the moment is not missing: "there is no checkpoint" would be believed.
#[test]
fn what_cannot_be_read_is_not_said_to_be_missing() {
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
fn a_format_of_another_program_is_named_as_such() {
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
    assert_eq!(findings, ["`/checkpoint/manifest` has a format that this program does not know"]);
}
