//! Runs that would write to the same file at once: the second is refused, and the first one's output stays whole.

use rustix::process::Signal;

use super::attempts::attempts;
use super::checkpointing::{run_checkpointed, stopped_on_its_way};
use super::folder::Folder;
use super::harness::Program;
use super::running::{Running, wait_for_bytes};

/// Lines for a run that is stopped midway: it takes a while, so that the stop comes before the end on a busy machine,
/// too.
const LONG: u32 = 20_000;
const TRACED: [&str; 2] = ["--trace-path", "trace.jsonl"];

/// Starts a run without a checkpoint that waits for more lines, after it has begun to write.
fn waiting(folder: &Folder, args: &[&str]) -> Running {
    let mut running = Program::new(folder).args(["run", "--input", "-"]).args(args).start();
    running.send(attempts(1));
    wait_for_bytes(folder, "output.txt.partial", 1);
    running
}

/// Starts a run with a checkpoint, and stops it when it has begun to write.
fn stopped(folder: &Folder, args: &[&str]) -> Running {
    folder.write("long.txt", attempts(LONG));
    stopped_on_its_way(folder, || run_checkpointed(folder).args(["--input", "long.txt"]).args(args))
}

#[test]
fn a_trace_that_a_run_writes_is_refused_to_every_other_run() {
    for first_has_a_checkpoint in [false, true] {
        let folder = Folder::with_input(attempts(2));
        let mut first = if first_has_a_checkpoint { stopped } else { waiting }(&folder, &TRACED);
        let other = ["--output", "other.txt", "--set", "runtime.checkpoint.dir=other.ckpt"];
        let trace = folder.fingerprint("trace.jsonl");
        let without = Program::new(&folder).args(["run"]).args(&other[..2]).args(TRACED).exits_with(1);
        let with = run_checkpointed(&folder).args(other).args(TRACED).exits_with(2);
        let told = [without.stderr, with.stderr];
        assert!(
            told[0].contains("`trace.jsonl` cannot be opened: another run writes to it (wait"),
            "{told:?}"
        );
        assert!(told[1].contains("`trace.jsonl` is being written by another run (wait"), "{told:?}");
        assert!(folder.fingerprint("trace.jsonl") == trace, "something was written");
        assert!(!folder.has("other.txt") && !folder.has("other.txt.partial"));

        first.signal(Signal::CONT);
        drop(first.take_stdin());
        assert_eq!(first.wait().exit, 0);
        Program::new(&folder).args(["trace", "check", "trace.jsonl"]).exits_with(0);
        run_checkpointed(&folder).args(other).args(TRACED).exits_with(0);
        let stats = Program::new(&folder).args(["trace", "check", "trace.jsonl"]).exits_with(0).stdout;
        assert!(stats.ends_with(" in 2 runs\n"), "the runs stand behind each other: {stats}");
    }
}

/// Otherwise one of them would succeed with a part of the other's output under its own name.
#[test]
fn an_output_that_a_run_writes_is_refused_to_every_other_run() {
    for first_has_a_checkpoint in [false, true] {
        let folder = Folder::with_input(attempts(2));
        let mut first = if first_has_a_checkpoint { stopped } else { waiting }(&folder, &[]);
        let output = folder.fingerprint("output.txt.partial");
        let without = Program::new(&folder).args(["run"]).exits_with(2);
        let with =
            Program::new(&folder).args(["run"]).set(["runtime.checkpoint.dir=other.ckpt"]).exits_with(2);
        for told in [without.stderr, with.stderr] {
            let expected = "error: `output.txt.partial` is being written by another run (wait until that ends, or stop it)";
            assert!(told.starts_with(expected), "{told}");
        }
        assert!(folder.fingerprint("output.txt.partial") == output, "it was replaced");
        assert!(!folder.has("output.txt"));

        first.signal(Signal::CONT);
        drop(first.take_stdin());
        assert_eq!(first.wait().exit, 0);
        let lines = if first_has_a_checkpoint { LONG as usize } else { 1 };
        assert_eq!(folder.read("output.txt").lines().count(), lines);
        Program::new(&folder).args(["run"]).exits_with(0);
        assert_eq!(folder.read("output.txt").lines().count(), 2, "the lock is gone with the run");
    }
}

#[test]
fn a_finished_run_leaves_the_records_of_others_in_its_trace() {
    let folder = Folder::with_input(attempts(3));
    run_checkpointed(&folder).args(TRACED).exits_with(0);
    Program::new(&folder).args(["run", "--output", "other.txt"]).args(TRACED).exits_with(0);
    let trace = folder.fingerprint("trace.jsonl");
    run_checkpointed(&folder).args(TRACED).exits_with(0);
    assert!(folder.fingerprint("trace.jsonl") == trace, "nothing was to be done");
    folder.write("input.txt", attempts(5));
    run_checkpointed(&folder).args(TRACED).exits_with(0);
    assert!(folder.read("trace.jsonl").as_bytes().starts_with(&trace.0), "what others wrote is gone");
    let checked = Program::new(&folder).args(["trace", "check", "trace.jsonl"]).exits_with(0).stdout;
    assert!(checked.contains(" of 8 inputs in "), "{checked}");
}
