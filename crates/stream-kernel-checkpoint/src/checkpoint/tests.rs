//! A checkpoint's promises when nothing goes wrong, and its refusals. The simulation tests crashes.

use std::path::Path;
use std::sync::Arc;

use stream_kernel_disk::{Disk, DiskFile, Fault, OpenHow, PlannedFault, SimulatedDisk};

use super::{Checkpoint, LOCK_ATTEMPTS, is_soon_locked};
use crate::committed::tests::{after_lines, greatest};
use crate::committed::{Committed, CommittedTrace, ReplayFrom};
use crate::error::{CommitError, OpenCheckpointError, RestoreError};
use crate::inspection::inspect;
use crate::snapshot::{MAX_BLOCK_BYTES, SnapshotWriter};

fn dir() -> &'static Path {
    Path::new("/checkpoint")
}

fn open(disk: &SimulatedDisk) -> Result<(Checkpoint, Option<Committed>), OpenCheckpointError> {
    Checkpoint::open(Arc::new(disk.clone()), dir())
}

fn restored(checkpoint: &Checkpoint) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut apply = |block: &[u8]| {
        blocks.push(String::from_utf8(block.to_vec()).unwrap());
        Ok(())
    };
    checkpoint.restore(&mut apply).unwrap();
    blocks
}

#[test]
fn only_a_short_lock_is_waited_for() {
    let asked_until_free_after = |moments| {
        let mut asked = 0;
        let locked = is_soon_locked(|| {
            asked += 1;
            Ok(asked > moments)
        });
        (locked.unwrap(), asked)
    };
    assert_eq!(asked_until_free_after(0), (true, 1));
    assert_eq!(asked_until_free_after(LOCK_ATTEMPTS - 1), (true, LOCK_ATTEMPTS));
    assert_eq!(asked_until_free_after(LOCK_ATTEMPTS), (false, LOCK_ATTEMPTS));
}

/// Returns a commit after some lines of a small run, the snapshot being of `snapshot_lines`.
fn after(lines: u64, snapshot_lines: u64) -> Committed {
    Committed { replay: ReplayFrom { lines: snapshot_lines, ..ReplayFrom::default() }, ..after_lines(lines) }
}

/// Commits with a snapshot of one record.
fn commit_snapshot(checkpoint: &mut Checkpoint, lines: u64, record: &str) {
    let mut write = |writer: &mut SnapshotWriter<'_>| writer.push(record.as_bytes());
    checkpoint.commit_with_snapshot(after(lines, lines), &mut write, &[]).unwrap();
}

/// Returns a disk with two commits, the first of them with a snapshot.
fn disk_with_commits() -> SimulatedDisk {
    let disk = SimulatedDisk::new(1);
    let (mut checkpoint, committed) = open(&disk).unwrap();
    assert_eq!(committed, None);
    commit_snapshot(&mut checkpoint, 1, "one");
    checkpoint.commit(after(2, 1), &[]).unwrap();
    disk
}

/// Commits are made in a thread of their own, so that reading goes on meanwhile.
#[test]
fn a_checkpoint_can_change_threads() {
    let disk = disk_with_commits();
    let (mut checkpoint, _) = open(&disk).unwrap();
    let commit = move || checkpoint.commit(after(3, 1), &[]);
    std::thread::spawn(commit).join().unwrap().unwrap();
    assert_eq!(open(&disk).unwrap().1, Some(after(3, 1)));
}

fn snapshots(disk: &SimulatedDisk) -> Vec<String> {
    let names = disk.names(dir()).unwrap().into_iter().map(|name| name.into_string().unwrap());
    names.filter(|name| name.starts_with("snapshot")).collect()
}

#[test]
fn the_last_commit_and_snapshot_are_found() {
    let (checkpoint, committed) = open(&disk_with_commits()).unwrap();
    assert_eq!(committed, Some(after(2, 1)));
    assert_eq!(restored(&checkpoint), ["one"]);
}

#[test]
fn without_a_snapshot_nothing_is_restored() {
    let disk = SimulatedDisk::new(1);
    let (mut checkpoint, _) = open(&disk).unwrap();
    assert_eq!(restored(&checkpoint), [""; 0]);
    for lines in [0, 1, 2] {
        checkpoint.commit(after(lines, 0), &[]).unwrap();
    }
    drop(checkpoint);
    let (checkpoint, committed) = open(&disk.after_crash(1)).unwrap();
    assert_eq!((committed, restored(&checkpoint)), (Some(after(2, 0)), vec![]));
}

#[test]
fn a_new_snapshot_replaces_the_old_one() {
    let disk = disk_with_commits();
    let (mut checkpoint, _) = open(&disk).unwrap();
    commit_snapshot(&mut checkpoint, 3, "three");
    checkpoint.commit(after(4, 3), &[]).unwrap();
    drop(checkpoint);
    assert_eq!(snapshots(&disk), ["snapshot-3"]);
    let disk = disk.after_crash(1);
    let (mut checkpoint, committed) = open(&disk).unwrap();
    assert_eq!((committed, restored(&checkpoint)), (Some(after(4, 3)), vec!["three".to_owned()]));
    checkpoint.forget().unwrap();
    commit_snapshot(&mut checkpoint, 5, "other");
    assert_eq!(
        (snapshots(&disk), restored(&checkpoint)),
        (vec!["snapshot-1".to_owned()], vec!["other".to_owned()])
    );
}

/// A later snapshot of nothing is not the earlier one.
#[test]
fn an_empty_snapshot_replaces_the_old_one() {
    let disk = disk_with_commits();
    let (mut checkpoint, _) = open(&disk).unwrap();
    checkpoint.commit_with_snapshot(after(3, 3), &mut |_| Ok(()), &[]).unwrap();
    assert_eq!((snapshots(&disk), restored(&checkpoint)), (vec!["snapshot-3".to_owned()], vec![]));
}

/// Both slots name the present snapshot, so either can be restored.
#[test]
fn each_slot_names_the_present_snapshot() {
    let disk = disk_with_commits();
    let (mut checkpoint, _) = open(&disk).unwrap();
    commit_snapshot(&mut checkpoint, 3, "three");
    drop(checkpoint);
    let manifest = disk.contents(&dir().join("manifest")).unwrap();
    for at in [100, 100 + crate::SLOT_BYTES] {
        let mut damaged = manifest.clone();
        damaged[at] ^= 1;
        disk.put(&dir().join("manifest"), &damaged);
        let (checkpoint, committed) = open(&disk).unwrap();
        assert_eq!((committed, restored(&checkpoint)), (Some(after(3, 3)), vec!["three".to_owned()]));
    }
}

/// A resumed run would restore one point and decide again from another.
#[test]
#[should_panic(expected = "the snapshot stands for another point")]
fn a_commit_keeps_the_point_of_its_snapshot() {
    let (mut checkpoint, _) = open(&disk_with_commits()).unwrap();
    let _ = checkpoint.commit(after(3, 2), &[]);
}

#[test]
#[should_panic(expected = "the snapshot stands for this point")]
fn a_snapshot_stands_for_its_commit() {
    let (mut checkpoint, _) = open(&disk_with_commits()).unwrap();
    let _ = checkpoint.commit_with_snapshot(after(3, 2), &mut |_| Ok(()), &[]);
}

/// A record is missing, or anything else that the program could not write: no later commit may hide that.
#[test]
fn a_snapshot_that_fails_ends_committing() {
    let disk = disk_with_commits();
    let (mut checkpoint, committed) = open(&disk).unwrap();
    let mut write = |writer: &mut SnapshotWriter<'_>| {
        let _overlooked = writer.push(&vec![0; MAX_BLOCK_BYTES + 1]);
        writer.push(b"shorter").map_or(Ok(()), |()| Ok(()))
    };
    let error = checkpoint.commit_with_snapshot(after(3, 3), &mut write, &[]).unwrap_err();
    assert!(matches!(error, CommitError::OutOfBounds(_)), "{error}");
    assert_eq!(checkpoint.commit(after(3, 1), &[]).unwrap_err().to_string(), error.to_string());
    drop(checkpoint);
    let (mut checkpoint, again) = open(&disk).unwrap();
    assert_eq!((again, restored(&checkpoint)), (committed, vec!["one".to_owned()]));
    commit_snapshot(&mut checkpoint, 3, "three");
    assert_eq!(snapshots(&disk), ["snapshot-3"], "the one that failed is not in the way");
}

/// A program must be able to leave a checkpoint that is not its own untouched.
#[test]
fn only_a_change_removes_leftovers() {
    let disk = disk_with_commits();
    disk.put(&dir().join("snapshot-7"), b"of a run that was killed");
    let (mut checkpoint, _) = open(&disk).unwrap();
    assert_eq!(restored(&checkpoint), ["one"]);
    assert_eq!(snapshots(&disk), ["snapshot-1", "snapshot-7"]);
    checkpoint.commit(after(3, 1), &[]).unwrap();
    assert_eq!(snapshots(&disk), ["snapshot-1"]);
    drop(checkpoint);
    assert_eq!(restored(&open(&disk).unwrap().0), ["one"]);
}

#[test]
fn after_a_failure_no_commit_is_made() {
    let disk = disk_with_commits();
    let (mut checkpoint, _) = open(&disk).unwrap();
    let output = disk.open(Path::new("/output.partial"), OpenHow::New).unwrap();
    let sync_first: [&dyn DiskFile; 1] = [&*output];
    checkpoint.commit(after(3, 1), &sync_first).unwrap();
    // The snapshot is measured first, then the output is synced.
    disk.plan(PlannedFault { fault: Fault::Device, at: disk.operations() + 1, from_then_on: false });
    let mut commit = || {
        let error = checkpoint.commit(after(4, 1), &sync_first).unwrap_err();
        format!("{error}: {}", std::error::Error::source(&error).unwrap())
    };
    let first = commit();
    assert_eq!(first, "`/output.partial` cannot be made durable: Input/output error (os error 5)");
    assert_eq!(commit(), first);
    drop(checkpoint);
    assert_eq!(open(&disk).unwrap().1, Some(after(3, 1)));
}

#[test]
fn texts_that_do_not_fit_are_refused_at_once() {
    let disk = SimulatedDisk::new(1);
    let (mut checkpoint, _) = open(&disk).unwrap();
    let mut too_long = greatest();
    too_long.configuration.digest.push('x');
    let before = disk.operations();
    let error = checkpoint.commit_with_snapshot(too_long, &mut |_| Ok(()), &[]).unwrap_err();
    assert!(matches!(error, CommitError::OutOfBounds(_)), "{error}");
    assert_eq!(disk.operations(), before);
    checkpoint.commit_with_snapshot(greatest(), &mut |_| Ok(()), &[]).unwrap();
}

#[test]
fn a_checkpoint_in_use_is_refused() {
    let disk = SimulatedDisk::new(1);
    let first = open(&disk).unwrap();
    let error = open(&disk).unwrap_err();
    insta::assert_snapshot!(error, @"the checkpoint `/checkpoint` is in use by another run (wait until that ends, or stop it)");
    drop(first);
    assert!(open(&disk).is_ok());
}

#[test]
fn damage_is_refused_until_started_over() {
    let path = dir().join("manifest");
    let flipped = disk_with_commits().contents(&path).unwrap().iter().map(|byte| byte ^ 1).collect();
    let damages = [
        (flipped, "neither of its slots is whole"),
        (vec![], "it is empty, but there is a configuration or snapshot beside it"),
    ];
    for (bytes, expected) in damages {
        let disk = disk_with_commits();
        disk.put(&path, &bytes);
        let Err(OpenCheckpointError::Damaged { what, .. }) = open(&disk) else {
            panic!("{expected}: it was opened")
        };
        assert_eq!(what, expected);
        assert_eq!(disk.contents(&path).unwrap(), bytes, "a refusal touches nothing");
        let mut checkpoint = Checkpoint::start_over(Arc::new(disk.clone()), dir()).unwrap();
        assert_eq!(disk.contents(&path).unwrap(), bytes, "it may turn out that nothing can begin anew");
        checkpoint.forget().unwrap();
        assert_eq!(restored(&checkpoint), [""; 0]);
        commit_snapshot(&mut checkpoint, 9, "new");
        drop(checkpoint);
        let (checkpoint, committed) = open(&disk).unwrap();
        assert_eq!((committed, restored(&checkpoint)), (Some(after(9, 9)), vec!["new".to_owned()]));
    }
}

/// Before the first snapshot, the configuration alone tells that a manifest was there.
#[test]
fn a_manifest_lost_early_is_noticed() {
    let disk = SimulatedDisk::new(1);
    let (mut checkpoint, _) = open(&disk).unwrap();
    checkpoint.keep_configuration(String::new(), "text").unwrap();
    drop(checkpoint);
    assert!(open(&disk).is_ok(), "nothing was committed yet");
    disk.remove(&dir().join("manifest")).unwrap();
    assert!(matches!(open(&disk), Err(OpenCheckpointError::Damaged { .. })));
}

/// A checkpoint in another format is refused, and the message says what to do.
#[test]
fn another_format_is_refused() {
    let disk = disk_with_commits();
    let path = dir().join("manifest");
    let mut bytes = disk.contents(&path).unwrap();
    for slot in bytes.chunks_mut(crate::SLOT_BYTES) {
        slot[16..20].copy_from_slice(&2_u32.to_le_bytes());
        let end = slot.len() - 8;
        let checksum = twox_hash::XxHash3_64::oneshot(&slot[..end]);
        slot[end..].copy_from_slice(&checksum.to_le_bytes());
    }
    disk.put(&path, &bytes);
    insta::assert_snapshot!(open(&disk).unwrap_err(), @"`/checkpoint/manifest` has format 2, which this program does not know (use the version of the program that wrote it, or start over)");
    let mut checkpoint = Checkpoint::start_over(Arc::new(disk.clone()), dir()).unwrap();
    checkpoint.forget().unwrap();
    checkpoint.commit(after(1, 0), &[]).unwrap();
}

/// At every operation of starting over, a power cut leaves the last commit or none, never damage.
#[test]
fn starting_over_is_all_or_nothing() {
    for commits in [2, 3] {
        check_starting_over(commits);
    }
}

/// Starts over after this many commits: the last one is in one slot or in the other.
fn check_starting_over(commits: u64) {
    let committed = || {
        let disk = disk_with_commits();
        let (mut checkpoint, _) = open(&disk).unwrap();
        for lines in 3..=commits {
            checkpoint.commit(after(lines, 1), &[]).unwrap();
        }
        disk
    };
    let found: Vec<_> = (0..40)
        .flat_map(|at| (0..20).map(move |seed| (at, seed)))
        .map(|(at, seed)| {
            let disk = committed().after_kill(seed);
            disk.plan(PlannedFault { fault: Fault::Crash, at, from_then_on: true });
            let started = Checkpoint::start_over(Arc::new(disk.clone()), dir());
            let started = started.and_then(|mut checkpoint| checkpoint.forget());
            let committed = open(&disk.after_crash(seed)).unwrap().1;
            assert!(started.is_err() || committed.is_none(), "it said that it started over");
            committed
        })
        .collect();
    // An earlier commit would cover less than the output holds now.
    assert!(found.iter().all(|it| it.is_none() || *it == Some(after(commits, 1))), "{found:?}");
    assert!(found.contains(&None) && found.contains(&Some(after(commits, 1))));
}

#[test]
fn a_refused_block_is_named_with_its_place() {
    let disk = disk_with_commits();
    let (checkpoint, _) = open(&disk).unwrap();
    let error = checkpoint.restore(&mut |_| Err("no such key".to_owned())).unwrap_err();
    insta::assert_snapshot!(error, @"cannot restore the block at byte 0 of the snapshot `/checkpoint/snapshot-1`: no such key");
    disk.remove(&dir().join("snapshot-1")).unwrap();
    let error = checkpoint.restore(&mut |_| Ok(())).unwrap_err();
    assert!(matches!(error, RestoreError::Damaged { offset: 0, what: "it is missing", .. }), "{error}");
}

/// A snapshot that cannot be read now may be readable tomorrow; a missing one has to be restored from a copy.
#[test]
fn an_unreadable_snapshot_is_not_missing() {
    let disk = disk_with_commits();
    let (checkpoint, _) = open(&disk).unwrap();
    disk.plan(PlannedFault { fault: Fault::Device, at: disk.operations(), from_then_on: false });
    let error = checkpoint.restore(&mut |_| Ok(())).unwrap_err();
    assert!(matches!(error, RestoreError::Read { .. }), "{error:?}");
}

/// If the output, the trace or the snapshot is shorter than its committed length, nothing is committed.
#[test]
fn a_shortened_file_is_not_committed() {
    for (path, told) in [
        (
            "/output.partial",
            "`/output.partial` was shortened while the run wrote to it: it has 1 bytes now, and 2 were written (restore it from a copy, or start over)",
        ),
        (
            "/trace",
            "`/trace` was shortened while the run wrote to it: it has 1 bytes now, and 3 were written (restore it from a copy, or start over)",
        ),
        (
            "/checkpoint/snapshot-1",
            "`/checkpoint/snapshot-1` was shortened while the run wrote to it: it has 1 bytes now, and 23 were written (restore it from a copy, or start over)",
        ),
    ] {
        let disk = disk_with_commits();
        let (mut checkpoint, before) = open(&disk).unwrap();
        disk.put(Path::new("/output.partial"), b"a\n");
        disk.put(Path::new("/trace"), b"bc\n");
        let [output, trace] =
            ["/output.partial", "/trace"].map(|path| disk.open(Path::new(path), OpenHow::Existing).unwrap());
        let mut committed = after(3, 1);
        committed.output.bytes = 2;
        committed.trace = Some(CommittedTrace {
            path: "/trace".to_owned(),
            bytes: 3,
            last_time_ns: 0,
            ends_after_line: None,
        });
        // The snapshot belongs to the earlier run: it is opened before the first change.
        checkpoint.rename(Path::new("/trace"), Path::new("/trace")).unwrap();
        disk.open(Path::new(path), OpenHow::Existing).unwrap().set_len(1).unwrap();
        let failed = checkpoint.commit(committed, &[&*output, &*trace]).unwrap_err();
        assert_eq!(failed.to_string(), told);
        drop(checkpoint);
        assert_eq!(inspect(&disk, dir()).unwrap().last.map(|last| last.committed), before);
    }
}
