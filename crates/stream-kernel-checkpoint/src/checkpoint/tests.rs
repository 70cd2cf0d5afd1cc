//! What a checkpoint promises where nothing goes wrong, and what it refuses. Crashes are the simulation's.

mod written_ahead;

use std::path::Path;
use std::sync::Arc;

use stream_kernel_disk::{Disk, DiskFile, Fault, OpenHow, PlannedFault, SimulatedDisk};

use super::{Checkpoint, LOCK_ATTEMPTS, is_soon_locked};
use crate::changes::Changes;
use crate::committed::tests::{after_lines, greatest};
use crate::committed::{Committed, CommittedTrace};
use crate::error::{CommitError, OpenError, RestoreError};
use crate::inspection::inspect;

fn dir() -> &'static Path {
    Path::new("/checkpoint")
}

fn open(disk: &SimulatedDisk) -> Result<(Checkpoint, Option<Committed>), OpenError> {
    Checkpoint::open(Arc::new(disk.clone()), dir())
}

fn changes(records: &[&str]) -> Changes {
    let mut changes = Changes::new();
    for record in records {
        changes.push(record.as_bytes());
    }
    changes
}

fn restored(checkpoint: &mut Checkpoint) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut apply = |block: &[u8]| {
        blocks.push(String::from_utf8(block.to_vec()).unwrap());
        Ok(())
    };
    checkpoint.restore(&mut apply).unwrap();
    blocks
}

fn vec_of(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn a_lock_that_is_held_for_a_moment_is_waited_for_and_no_other() {
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

/// Returns a disk with two commits.
fn disk_with_commits() -> SimulatedDisk {
    let disk = SimulatedDisk::new(1);
    let (mut checkpoint, committed) = open(&disk).unwrap();
    assert_eq!(committed, None);
    checkpoint.commit(after_lines(1), &mut changes(&["a", "b"]), &[]).unwrap();
    checkpoint.commit(after_lines(2), &mut changes(&["c"]), &[]).unwrap();
    disk
}

/// Commits are made in a thread of their own, so that reading goes on meanwhile.
#[test]
fn a_checkpoint_can_be_handed_to_another_thread() {
    let disk = disk_with_commits();
    let (mut checkpoint, _) = open(&disk).unwrap();
    let commit = move || checkpoint.commit(after_lines(3), &mut Changes::new(), &[]);
    std::thread::spawn(commit).join().unwrap().unwrap();
    assert_eq!(open(&disk).unwrap().1, Some(after_lines(3)));
}

fn logs(disk: &SimulatedDisk) -> Vec<String> {
    let names = disk.names(dir()).unwrap().into_iter().map(|name| name.into_string().unwrap());
    names.filter(|name| Path::new(name).extension().is_some_and(|it| it == "log")).collect()
}

#[test]
fn what_was_committed_last_is_found_with_its_state() {
    let disk = disk_with_commits();
    let (mut checkpoint, committed) = open(&disk).unwrap();
    assert_eq!(committed, Some(after_lines(2)));
    assert_eq!(restored(&mut checkpoint), ["ab", "c"]);
}

#[test]
fn a_new_log_takes_the_place_of_the_old_one() {
    let disk = disk_with_commits();
    let (mut checkpoint, _) = open(&disk).unwrap();
    checkpoint.commit_all(after_lines(3), &mut |writer| writer.push(b"all"), &[]).unwrap();
    checkpoint.commit(after_lines(4), &mut changes(&["d"]), &[]).unwrap();
    drop(checkpoint);
    assert_eq!(logs(&disk), ["state-2.log"]);
    let (mut checkpoint, committed) = open(&disk).unwrap();
    assert_eq!(committed, Some(after_lines(4)));
    assert_eq!(restored(&mut checkpoint), ["all", "d"]);
}

/// Changes that stayed would be written a second time, by the next commit; those that could not be written are not lost.
#[test]
fn a_commit_that_is_made_leaves_no_changes() {
    let disk = disk_with_commits();
    let (mut checkpoint, _) = open(&disk).unwrap();
    let mut changes = changes(&["d", "e"]);
    checkpoint.commit(after_lines(3), &mut changes, &[]).unwrap();
    assert!(changes.is_empty());
    changes.push(b"f");
    let before = changes.len();
    disk.plan(PlannedFault { fault: Fault::Device, at: disk.operations(), from_then_on: true });
    checkpoint.commit(after_lines(4), &mut changes, &[]).unwrap_err();
    assert_eq!(changes.len(), before);
}

/// Wherever a log comes from, the first commit may be of the whole state.
#[test]
fn the_whole_state_goes_into_a_new_log_also_as_the_first_commit() {
    let disk = SimulatedDisk::new(1);
    let (mut checkpoint, _) = open(&disk).unwrap();
    checkpoint.state_log().unwrap().append(&mut changes(&["a"])).unwrap();
    checkpoint.commit_all(after_lines(1), &mut |writer| writer.push(b"all"), &[]).unwrap();
    assert_eq!(logs(&disk), ["state-2.log"]);
    checkpoint.forget().unwrap();
    checkpoint.commit_all(after_lines(2), &mut |writer| writer.push(b"other"), &[]).unwrap();
    assert_eq!(restored(&mut checkpoint), ["other"]);
}

#[test]
fn compaction_is_due_when_the_log_is_more_than_twice_what_lives_and_the_least_that_is_worth_it() {
    let disk = disk_with_commits();
    let (mut checkpoint, _) = open(&disk).unwrap();
    let mut is_due = |bytes, more_bytes| {
        checkpoint.last.as_mut().unwrap().0.log.bytes = bytes;
        checkpoint.is_compaction_due(more_bytes, 1_000, 700)
    };
    assert!(!is_due(2_700, 0));
    assert!(is_due(2_701, 0));
    assert!(!is_due(100, 2_600), "what is worth as much beside it counts as well");
    assert!(is_due(100, 2_601));
}

/// Whoever finds that the checkpoint is not for them must be able to leave it as it is.
#[test]
fn opening_and_restoring_change_nothing_and_the_first_change_cleans_up() {
    let disk = disk_with_commits();
    disk.put(&dir().join("state-7.log"), b"of a compaction that was killed");
    let log = dir().join("state-1.log");
    let mut tail = disk.contents(&log).unwrap();
    tail.extend_from_slice(b"of a commit that was killed");
    disk.put(&log, &tail);
    let (mut checkpoint, _) = open(&disk).unwrap();
    assert_eq!(restored(&mut checkpoint), ["ab", "c"]);
    assert_eq!(logs(&disk), ["state-1.log", "state-7.log"]);
    assert_eq!(disk.contents(&log).unwrap(), tail);
    checkpoint.commit(after_lines(3), &mut changes(&["d"]), &[]).unwrap();
    assert_eq!(logs(&disk), ["state-1.log"]);
    drop(checkpoint);
    assert_eq!(restored(&mut open(&disk).unwrap().0), ["ab", "c", "d"]);
}

#[test]
fn after_a_failure_every_commit_is_refused_with_the_same_cause() {
    let disk = disk_with_commits();
    let (mut checkpoint, _) = open(&disk).unwrap();
    let output = disk.open(Path::new("/output.partial"), OpenHow::New).unwrap();
    let sync_first: [&dyn DiskFile; 1] = [&*output];
    checkpoint.commit(after_lines(3), &mut Changes::new(), &sync_first).unwrap();
    // The log is synced and measured first, then the output is synced.
    disk.plan(PlannedFault { fault: Fault::Device, at: disk.operations() + 2, from_then_on: false });
    let mut commit = || {
        let error = checkpoint.commit(after_lines(4), &mut Changes::new(), &sync_first).unwrap_err();
        format!("{error}: {}", std::error::Error::source(&error).unwrap())
    };
    let first = commit();
    assert_eq!(first, "`/output.partial` cannot be made durable: Input/output error (os error 5)");
    assert_eq!(commit(), first);
    drop(checkpoint);
    assert_eq!(open(&disk).unwrap().1, Some(after_lines(3)));
}

#[test]
fn what_has_no_room_is_refused_before_anything_is_done() {
    let disk = SimulatedDisk::new(1);
    let (mut checkpoint, _) = open(&disk).unwrap();
    let mut too_long = greatest();
    too_long.configuration.digest.push('x');
    let before = disk.operations();
    let error = checkpoint.commit(too_long, &mut Changes::new(), &[]).unwrap_err();
    assert!(matches!(error, CommitError::OutOfBounds(_)), "{error}");
    assert_eq!(disk.operations(), before);
    checkpoint.commit(greatest(), &mut Changes::new(), &[]).unwrap();
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
fn what_is_damaged_is_refused_and_can_be_started_over() {
    let path = dir().join("manifest");
    let flipped = disk_with_commits().contents(&path).unwrap().iter().map(|byte| byte ^ 1).collect();
    let damages = [
        (flipped, "neither of its slots is whole"),
        (vec![], "there are state logs beside it, but it is empty"),
    ];
    for (bytes, expected) in damages {
        let disk = disk_with_commits();
        disk.put(&path, &bytes);
        let Err(OpenError::Damaged { what, .. }) = open(&disk) else { panic!("{expected}: it was opened") };
        assert_eq!(what, expected);
        assert_eq!(disk.contents(&path).unwrap(), bytes, "a refusal touches nothing");
        let mut checkpoint = Checkpoint::start_over(Arc::new(disk.clone()), dir()).unwrap();
        assert_eq!(disk.contents(&path).unwrap(), bytes, "it may turn out that nothing can begin anew");
        checkpoint.forget().unwrap();
        assert_eq!(restored(&mut checkpoint), [""; 0]);
        checkpoint.commit(after_lines(9), &mut changes(&["new"]), &[]).unwrap();
        drop(checkpoint);
        let (mut checkpoint, committed) = open(&disk).unwrap();
        assert_eq!((committed, restored(&mut checkpoint)), (Some(after_lines(9)), vec!["new".to_owned()]));
    }
}

/// At every operation of starting over, a power cut leaves the last commit or none, never damage.
#[test]
fn starting_over_is_all_or_nothing() {
    for commits in [2, 3] {
        check_starting_over(commits);
    }
}

/// Does so after so many commits: the last of them is in one slot or in the other.
fn check_starting_over(commits: u64) {
    let committed = || {
        let disk = disk_with_commits();
        let (mut checkpoint, _) = open(&disk).unwrap();
        for lines in 3..=commits {
            checkpoint.commit(after_lines(lines), &mut changes(&["more"]), &[]).unwrap();
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
    // An earlier commit would be of less than what the output holds by now.
    assert!(found.iter().all(|it| it.is_none() || *it == Some(after_lines(commits))), "{found:?}");
    assert!(found.contains(&None) && found.contains(&Some(after_lines(commits))));
}

#[test]
fn a_state_that_makes_no_sense_is_refused_with_its_place() {
    let disk = disk_with_commits();
    let (mut checkpoint, _) = open(&disk).unwrap();
    let mut apply = |block: &[u8]| if block == b"c" { Err("no such key".to_owned()) } else { Ok(()) };
    let error = checkpoint.restore(&mut apply).unwrap_err();
    insta::assert_snapshot!(error, @"the state log `/checkpoint/state-1.log` holds at byte 22 what cannot be restored: no such key");
    disk.remove(&dir().join("state-1.log")).unwrap();
    let error = checkpoint.restore(&mut |_| Ok(())).unwrap_err();
    assert!(matches!(error, RestoreError::Damaged { offset: 0, what: "it is missing", .. }), "{error}");
}

/// A log that cannot be read for the moment may be there again tomorrow; one that is missing has to be restored from a copy.
#[test]
fn a_log_that_cannot_be_read_is_not_said_to_be_missing() {
    let disk = disk_with_commits();
    let (mut checkpoint, _) = open(&disk).unwrap();
    disk.plan(PlannedFault { fault: Fault::Device, at: disk.operations(), from_then_on: false });
    let error = checkpoint.restore(&mut |_| Ok(())).unwrap_err();
    assert!(matches!(error, RestoreError::Read { .. }), "{error:?}");
}

/// The output, the trace or the state log: whatever is shorter than what is to be committed of it, nothing of it is.
#[test]
fn what_somebody_has_shortened_is_not_committed() {
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
            "/checkpoint/state-1.log",
            "`/checkpoint/state-1.log` was shortened while the run wrote to it: it has 1 bytes now, and 64 were written (restore it from a copy, or start over)",
        ),
    ] {
        let disk = disk_with_commits();
        let (mut checkpoint, before) = open(&disk).unwrap();
        disk.put(Path::new("/output.partial"), b"a\n");
        disk.put(Path::new("/trace"), b"bc\n");
        let [output, trace] =
            ["/output.partial", "/trace"].map(|path| disk.open(Path::new(path), OpenHow::Existing).unwrap());
        let mut committed = after_lines(3);
        committed.output.bytes = 2;
        committed.trace = Some(CommittedTrace {
            path: "/trace".to_owned(),
            bytes: 3,
            last_time_ns: 0,
            ends_after_line: None,
        });
        let mut log = checkpoint.state_log().unwrap();
        log.append(&mut changes(&["d"])).unwrap();
        let written = log.end_commit().unwrap();
        disk.open(Path::new(path), OpenHow::Existing).unwrap().set_len(1).unwrap();
        let failed = checkpoint.commit_written(committed, written, &[&*output, &*trace]).unwrap_err();
        assert_eq!(failed.to_string(), told);
        drop(checkpoint);
        assert_eq!(inspect(&disk, dir()).unwrap().last.map(|last| last.committed), before);
    }
}
