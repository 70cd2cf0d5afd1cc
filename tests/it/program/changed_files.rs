//! Files of a run that somebody else shortens, removes or replaces while it goes on: it is noticed, and nothing half is
//! taken for a whole.

use std::fs::{self, File};

use insta::assert_snapshot;
use rustix::process::Signal;

use super::attempts::{accepted, attempts};
use super::checkpointing::{DIR, TRIES, run_checkpointed, stopped_on_its_way};
use super::folder::Folder;
use super::harness::Program;
use super::records::records;
use super::running::{Outcome, Running, wait_for_bytes};

/// Cuts a file, as `copytruncate` of logrotate does.
fn cut(folder: &Folder, name: &str, bytes: u64) {
    File::options().write(true).open(folder.path_of(name)).unwrap().set_len(bytes).unwrap();
}

/// Lets a run that was stopped go on to its end, which must be a failure.
#[track_caller]
fn fails(running: Running) -> Outcome {
    running.signal(Signal::CONT);
    let outcome = running.wait();
    assert_eq!(outcome.exit, 1, "{}", outcome.stderr);
    outcome
}

/// Returns a run that has read a part of a long input, and is stopped.
fn stopped_within_input(folder: &Folder) -> Running {
    let start = || Some(Program::new(folder).args(["run"]).start()).filter(|it| it.stop_within("input.txt"));
    (0..TRIES).find_map(|_| start()).expect("a run is stopped in time")
}

#[test]
fn an_input_that_becomes_shorter_ends_the_run() {
    let folder = Folder::with_input(attempts(60_000));
    let running = stopped_within_input(&folder);
    // In the middle of a line: what is left of it is no line.
    cut(&folder, "input.txt", 3_000_001);
    let told = fails(running).stderr;
    for part in [
        "the input `input.txt` cannot be read: it was shortened while it was read: it has 3000001 bytes now, and had ",
        "(the unfinished output is left in `output.txt.partial`)",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!folder.has("output.txt"));
    let decided = folder.read("output.txt.partial").lines().count();
    assert!(decided <= folder.read("input.txt").matches('\n').count(), "the last line was a part of one");
}

/// A regular file on standard input is one as any other, wherever it is read from.
#[test]
fn standard_input_may_begin_within_a_file() {
    let folder = Folder::with_input(attempts(3));
    let program = Program::after(&folder, "exec <input.txt && read -r line");
    program.args(["run", "--input", "-"]).exits_with(0);
    assert_eq!(folder.read("output.txt"), accepted(2) + &accepted(3));
}

#[test]
fn an_input_that_becomes_shorter_is_not_committed_as_complete() {
    let folder = Folder::with_input(attempts(20_000));
    let running = stopped_on_its_way(&folder, || run_checkpointed(&folder));
    cut(&folder, "input.txt", folder.length("input.txt") - 1);
    let told = fails(running).stderr;
    assert!(
        told.contains("cannot be read after line ") && told.contains("it was shortened while it was read"),
        "{told}"
    );
    assert!(!folder.has("output.txt"));
    let shown = Program::new(&folder).args(["checkpoint", "show", DIR]).exits_with(0).stdout;
    assert!(shown.contains("not complete"), "{shown}");
    folder.write("input.txt", attempts(20_000));
    run_checkpointed(&folder).exits_with(0);
    assert!(folder.read("output.txt") == (1..=20_000).map(accepted).collect::<String>());
}

#[test]
fn a_trace_that_becomes_shorter_ends_a_run_with_a_checkpoint() {
    let traced = ["--trace-path", "trace.jsonl"];
    let folder = Folder::with_input(attempts(20_000));
    let running = stopped_on_its_way(&folder, || run_checkpointed(&folder).args(traced));
    cut(&folder, "trace.jsonl", 0);
    let told = fails(running).stderr;
    // Whether it is short or has a gap is a matter of how far the run has come.
    for part in [
        "`trace.jsonl` was shortened while the run wrote to it: ",
        " (restore it from a copy, or start over); what was committed before stays",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!folder.has("output.txt"));
    // Of what was committed before, the next run finds the trace missing.
    let refused = run_checkpointed(&folder).args(traced).exits_with(2).stderr;
    assert!(refused.contains("`trace.jsonl` ") && refused.contains("committed"), "{refused}");
    Program::new(&folder).args(["checkpoint", "verify", DIR]).exits_with(1);
    // A gap in it would stay.
    fs::remove_file(folder.path_of("trace.jsonl")).unwrap();
    run_checkpointed(&folder).args(traced).args(["--restart"]).exits_with(0);
    Program::new(&folder).args(["trace", "check", "trace.jsonl"]).exits_with(0);
}

#[test]
fn an_output_that_becomes_shorter_ends_a_run_with_a_checkpoint() {
    let folder = Folder::with_input(attempts(20_000));
    let running = stopped_on_its_way(&folder, || run_checkpointed(&folder));
    cut(&folder, "output.txt.partial", 10);
    let told = fails(running).stderr;
    assert!(told.contains("`output.txt.partial` was shortened while the run wrote to it"), "{told}");
    assert!(!folder.has("output.txt"));
    let refused = run_checkpointed(&folder).exits_with(2).stderr;
    assert!(refused.contains("`output.txt.partial` ") && refused.contains("committed"), "{refused}");
}

/// What other workers write hides the gap.
#[test]
fn an_output_that_becomes_shorter_ends_a_run_with_a_checkpoint_on_several_workers() {
    let folder = Folder::with_input(attempts(20_000));
    let workers = ["--workers", "2", "--set", "runtime.epoch_bytes=5000"];
    let running = stopped_on_its_way(&folder, || run_checkpointed(&folder).args(workers));
    cut(&folder, "output.txt.partial", 10);
    let told = fails(running).stderr;
    assert!(told.contains("`output.txt.partial` was shortened while the run wrote to it"), "{told}");
    assert!(!folder.has("output.txt"));
}

/// Without a checkpoint it is appended to: what comes after the cut stands at the beginning.
#[test]
fn a_trace_of_a_plain_run_may_be_cut() {
    let folder = Folder::new();
    let args = ["run", "--input", "-", "--output", "-", "--trace-path", "trace.jsonl"];
    let mut running = Program::new(&folder).args(args).start();
    running.send(attempts(2));
    running.stdout_of(2);
    cut(&folder, "trace.jsonl", 0);
    running.send(attempts(1));
    drop(running.take_stdin());
    assert_eq!(running.wait().exit, 0);
    assert_eq!(
        records(&folder.read("trace.jsonl")).len(),
        8,
        "the records of one line, and nothing before them"
    );
}

/// Lets somebody change the unfinished output of a plain run, and returns what the run says in the end.
#[track_caller]
fn told_after(change: fn(&Folder)) -> (Folder, String) {
    let folder = Folder::new();
    let mut running = Program::new(&folder).args(["run", "--input", "-"]).start();
    running.send(attempts(1));
    wait_for_bytes(&folder, "output.txt.partial", accepted(1).len() as u64);
    change(&folder);
    running.send(attempts(1));
    drop(running.take_stdin());
    let outcome = running.wait();
    assert_eq!(outcome.exit, 1, "{}", outcome.stderr);
    assert!(!folder.has("output.txt"), "{}", outcome.stderr);
    (folder, outcome.stderr)
}

#[test]
fn an_output_that_was_cut_does_not_take_its_name() {
    let (_, told) = told_after(|folder| cut(folder, "output.txt.partial", 0));
    assert_snapshot!(told, @"error: the output `output.txt` cannot take its name: somebody else has changed `output.txt.partial`: it has 46 bytes, and 91 were written (run it again) (the unfinished output is left in `output.txt.partial`)");
}

#[test]
fn an_output_that_was_removed_is_not_said_to_be_left() {
    let (_, told) = told_after(|folder| fs::remove_file(folder.path_of("output.txt.partial")).unwrap());
    assert_snapshot!(told, @"error: the output `output.txt` cannot take its name: somebody else has removed or replaced `output.txt.partial` while the run went on (run it again)");
}

#[test]
fn an_output_that_was_replaced_is_left_to_who_did_it() {
    let (folder, told) = told_after(|folder| {
        folder.write("other", "somebody's");
        fs::rename(folder.path_of("other"), folder.path_of("output.txt.partial")).unwrap();
    });
    assert!(told.contains("has removed or replaced") && !told.contains("is left"), "{told}");
    assert_eq!(folder.read("output.txt.partial"), "somebody's");
}

#[test]
fn an_output_that_a_signal_finds_removed_is_not_said_to_be_left() {
    let folder = Folder::new();
    let mut running = Program::new(&folder).args(["run", "--input", "-"]).start();
    running.send(attempts(1));
    wait_for_bytes(&folder, "output.txt.partial", 1);
    fs::remove_file(folder.path_of("output.txt.partial")).unwrap();
    running.signal(Signal::TERM);
    let outcome = running.wait();
    assert!(outcome.exit == 143 && !outcome.stderr.contains("left"), "{}", outcome.stderr);
}

#[test]
fn with_a_checkpoint_no_other_file_takes_the_name_either() {
    for content in [None, Some("somebody's\n")] {
        let folder = Folder::with_input(attempts(20_000));
        let running = stopped_on_its_way(&folder, || run_checkpointed(&folder));
        fs::remove_file(folder.path_of("output.txt.partial")).unwrap();
        if let Some(content) = content {
            folder.write("output.txt.partial", content);
        }
        let told = fails(running).stderr;
        let name = "the output cannot take its name `output.txt`: somebody else has removed or replaced `output.txt.partial`";
        assert!(told.contains(name), "{told}");
        assert!(!folder.has("output.txt"));
        run_checkpointed(&folder).exits_with(2);
        run_checkpointed(&folder).args(["--restart"]).exits_with(0);
    }
}
