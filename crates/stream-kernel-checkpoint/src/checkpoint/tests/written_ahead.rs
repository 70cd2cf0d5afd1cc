//! What is written to the state log ahead of its commit, and whose log is whose.

use super::*;

/// What a killed run has written ahead is of lines that come again: it must not count, be it that no commit covered it, or that the one
/// that did was not the last one begun.
#[test]
fn what_is_written_ahead_counts_from_the_commit_on_that_covers_it() {
    let disk = disk_with_commits();
    let (mut checkpoint, _) = open(&disk).unwrap();
    checkpoint
        .state_log()
        .unwrap()
        .append(&mut changes(&["never committed, and longer than what is"]))
        .unwrap();
    drop(checkpoint);
    let (mut checkpoint, _) = open(&disk).unwrap();
    assert_eq!(restored(&mut checkpoint), ["ab", "c"]);
    let mut log = checkpoint.state_log().unwrap();
    log.append(&mut changes(&["d"])).unwrap();
    log.append(&mut changes(&["e"])).unwrap();
    let written = log.end_commit().unwrap();
    log.append(&mut changes(&["of the next commit"])).unwrap();
    checkpoint.commit_written(after_lines(3), written, &[]).unwrap();
    drop(checkpoint);
    let (mut checkpoint, committed) = open(&disk).unwrap();
    assert_eq!(
        (committed, restored(&mut checkpoint)),
        (Some(after_lines(3)), vec_of(&["ab", "c", "d", "e"]))
    );
}

/// The first log and one that takes another's place are new: their names have to be made durable, and another log removed.
#[test]
fn what_is_written_ahead_goes_into_the_present_log() {
    let disk = SimulatedDisk::new(1);
    let (mut checkpoint, _) = open(&disk).unwrap();
    let mut commit = |lines, record| {
        let mut log = checkpoint.state_log().unwrap();
        log.append(&mut changes(&[record])).unwrap();
        checkpoint.commit_written(after_lines(lines), log.end_commit().unwrap(), &[]).unwrap();
        if lines == 2 {
            checkpoint.commit_all(after_lines(3), &mut |writer| writer.push(b"all"), &[]).unwrap();
        }
    };
    commit(1, "a");
    commit(2, "b");
    commit(4, "d");
    drop(checkpoint);
    assert_eq!(logs(&disk), ["state-2.log"]);
    let (mut checkpoint, committed) = open(&disk.after_crash(1)).unwrap();
    assert_eq!((committed, restored(&mut checkpoint)), (Some(after_lines(4)), vec_of(&["all", "d"])));
}

/// The run has to end, whichever of the two meets the failure: what is written later would stand behind a hole.
#[test]
fn what_the_log_cannot_do_ends_committing_and_what_the_checkpoint_cannot_do_ends_the_log() {
    let disk = disk_with_commits();
    let (mut checkpoint, _) = open(&disk).unwrap();
    let mut log = checkpoint.state_log().unwrap();
    let written = log.end_commit().unwrap();
    let fail_next = || PlannedFault { fault: Fault::Device, at: disk.operations(), from_then_on: false };
    // The log is measured first.
    disk.plan(PlannedFault { at: disk.operations() + 1, ..fail_next() });
    let error = log.append(&mut changes(&["d"])).unwrap_err().to_string();
    assert_eq!(error, "`/checkpoint/state-1.log` cannot be written");
    assert_eq!(checkpoint.commit_written(after_lines(3), written, &[]).unwrap_err().to_string(), error);
    assert_eq!(checkpoint.state_log().unwrap_err().to_string(), error);
    drop((checkpoint, log));

    let (mut checkpoint, _) = open(&disk).unwrap();
    let mut log = checkpoint.state_log().unwrap();
    disk.plan(fail_next());
    let error = checkpoint.commit_written(after_lines(3), log.end_commit().unwrap(), &[]).unwrap_err();
    assert_eq!(log.append(&mut changes(&["d"])).unwrap_err().to_string(), error.to_string());
    assert_eq!(log.end_commit().unwrap_err().to_string(), error.to_string());
}

/// What had no room may be said more briefly: what was written for it is covered by the next commit.
#[test]
fn a_commit_that_was_ended_and_not_made_is_part_of_the_next() {
    let disk = disk_with_commits();
    let (mut checkpoint, _) = open(&disk).unwrap();
    let mut log = checkpoint.state_log().unwrap();
    log.append(&mut changes(&["d"])).unwrap();
    let mut too_long = greatest();
    too_long.configuration.digest.push('x');
    checkpoint.commit_written(too_long, log.end_commit().unwrap(), &[]).unwrap_err();
    log.append(&mut changes(&["e"])).unwrap();
    checkpoint.commit_written(after_lines(3), log.end_commit().unwrap(), &[]).unwrap();
    log.append(&mut changes(&["f"])).unwrap();
    checkpoint.commit_written(after_lines(4), log.end_commit().unwrap(), &[]).unwrap();
    drop((checkpoint, log));
    let (mut checkpoint, committed) = open(&disk).unwrap();
    assert_eq!(
        (committed, restored(&mut checkpoint)),
        (Some(after_lines(4)), vec_of(&["ab", "c", "d", "e", "f"]))
    );
}

/// An earlier commit would be of less than what is committed already.
#[test]
#[should_panic(expected = "what was written later is committed already")]
fn commits_are_made_in_order() {
    let (mut checkpoint, _) = open(&disk_with_commits()).unwrap();
    let mut log = checkpoint.state_log().unwrap();
    let [first, second] = [log.end_commit().unwrap(), log.end_commit().unwrap()];
    checkpoint.commit_written(after_lines(4), second, &[]).unwrap();
    let _ = checkpoint.commit_written(after_lines(3), first, &[]);
}

/// Otherwise that would be written over, and lost.
#[test]
#[should_panic(expected = "changes were written ahead that no commit covers")]
fn changes_are_not_committed_beside_others_that_are_written_ahead() {
    let (mut checkpoint, _) = open(&disk_with_commits()).unwrap();
    checkpoint.state_log().unwrap().append(&mut changes(&["d"])).unwrap();
    let _ = checkpoint.commit(after_lines(3), &mut changes(&["e"]), &[]);
}

/// Does something with a checkpoint that has handed out a log, and appends to that.
#[track_caller]
fn append_after(act: impl FnOnce(&mut Checkpoint)) {
    let (mut checkpoint, _) = open(&disk_with_commits()).unwrap();
    let mut log = checkpoint.state_log().unwrap();
    act(&mut checkpoint);
    let _ = log.append(&mut changes(&["d"]));
}

#[test]
#[should_panic(expected = "another state log has taken the place of this one")]
fn a_log_that_is_replaced_is_not_written() {
    append_after(|checkpoint| checkpoint.commit_all(after_lines(3), &mut |_| Ok(()), &[]).unwrap());
}

#[test]
#[should_panic(expected = "another state log has taken the place of this one")]
fn a_log_behind_which_a_commit_was_made_is_not_written() {
    append_after(|checkpoint| checkpoint.commit(after_lines(3), &mut changes(&["e"]), &[]).unwrap());
}

#[test]
#[should_panic(expected = "another state log has taken the place of this one")]
fn of_two_logs_only_the_later_one_is_written() {
    append_after(|checkpoint| drop(checkpoint.state_log().unwrap()));
}

#[test]
#[should_panic(expected = "another state log has taken the place of this one")]
fn a_log_of_what_is_forgotten_is_not_written() {
    append_after(|checkpoint| checkpoint.forget().unwrap());
}

#[test]
#[should_panic(expected = "another state log has taken the place of this one")]
fn what_was_written_to_an_earlier_log_is_not_committed() {
    let (mut checkpoint, _) = open(&disk_with_commits()).unwrap();
    let written = checkpoint.state_log().unwrap().end_commit().unwrap();
    checkpoint.commit_all(after_lines(3), &mut |_| Ok(()), &[]).unwrap();
    let _ = checkpoint.commit_written(after_lines(4), written, &[]);
}
