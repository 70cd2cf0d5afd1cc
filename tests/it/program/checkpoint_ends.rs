//! Runs with a checkpoint that reach the system's limits, are asked to end, or find another run: their messages and
//! results.

use std::fs::{self, File};
use std::io;
use std::process::Command;

use insta::assert_snapshot;
use rustix::process::Signal;

use super::attempts::attempts;
use super::checkpointing::{TRIES, fingerprints, stopped_on_its_way, wait_for_output};
use super::folder::Folder;
use super::harness::{Program, executable};
use super::signals::signals;

const CHECKPOINT: &str = "runtime.checkpoint={dir: run.ckpt, every_lines: 100}";

/// Returns the program with a checkpoint.
fn checkpointed(folder: &Folder) -> Program<'_> {
    Program::new(folder).args(["run"]).set([CHECKPOINT])
}

/// Returns the results of a run of all lines, in a folder of its own and without a checkpoint.
fn undisturbed(input: &str) -> String {
    let folder = Folder::with_input(input);
    Program::new(&folder).args(["run"]).exits_with(0);
    folder.read("output.txt")
}

/// Runs the program again, which must complete the output.
#[track_caller]
fn completes(folder: &Folder, input: &str) {
    checkpointed(folder).exits_with(0);
    // Not compared by an assertion that prints both.
    assert!(folder.read("output.txt") == undisturbed(input), "the output differs");
    assert!(!folder.has("output.txt.partial"));
}

#[test]
fn a_file_size_limit_ends_the_run_and_costs_nothing() {
    // 1 MiB of output, under limits too small for it; the smallest is too small for the manifest, too.
    let input = attempts(20_000);
    for blocks in [4, 40, 512] {
        let folder = Folder::with_input(&input);
        let limited = Program::after(&folder, &format!("ulimit -f {blocks}"));
        let told = limited.args(["run"]).set([CHECKPOINT]).exits_with(1).stderr;
        assert!(told.contains("File too large") && !told.contains("nothing was touched"), "{blocks}: {told}");
        // Without a commit there is nothing to resume.
        let goes_on = told.contains("go on from the last commit");
        assert!(goes_on != told.contains("nothing after line 0 is committed"), "{blocks}: {told}");
        assert!(!folder.has("output.txt"), "{blocks}: the final name is not given");
        completes(&folder, &input);
    }
}

/// Decisions do not wait for the trace. This run and every one that resumes it report that the trace is incomplete.
#[test]
fn a_file_size_limit_ends_the_trace_and_not_the_run() {
    let input = attempts(40);
    let folder = Folder::with_input(&input);
    let run = |program: Program<'_>, more: &[&str], exit: i32| {
        let settings = [
            "runtime.checkpoint={dir: run.ckpt, every_lines: 5}",
            "runtime.tracing.sink.jsonl={write_mode: line}",
        ];
        let told = program
            .args(["run", "--trace-path", "trace.jsonl"])
            .args(more)
            .set(settings)
            .exits_with(exit)
            .stderr;
        assert!(folder.read("output.txt") == undisturbed(&input), "{told}");
        told
    };
    // 100 KiB of records; the manifest fits.
    let told = run(Program::after(&folder, "ulimit -f 60"), &[], 1);
    assert_eq!(told.matches("error: ").count(), 1, "{told}");
    for part in [
        "error: the trace `trace.jsonl` is certain up to line ",
        "File too large",
        "(--restart makes a whole one)",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let trace = folder.read("trace.jsonl");
    let again = run(Program::new(&folder), &[], 1);
    assert!(
        again.contains("only: what followed could not be written; decisions go on without it"),
        "{again}"
    );
    assert!(folder.read("trace.jsonl") == trace, "it is left as it was");
    assert!(!run(Program::new(&folder), &["--restart"], 0).contains("error"));
}

/// All its files are on a file system that is too small, gets more space, and then the run is repeated.
#[test]
fn a_full_file_system_ends_the_run_and_costs_nothing() {
    let input = attempts(2_000);
    let folder = Folder::with_input(&input);
    folder.write("expected.txt", undisturbed(&input));
    let script = "\
mkdir small && mount -t tmpfs -o size=96k tmpfs small || exit 77
run() { \"$0\" run --output small/output.txt --set 'runtime.checkpoint={dir: small/run.ckpt, every_lines: 100}'; }
run; echo \"first: $?\" >&2
mount -o remount,size=10m small && run; echo \"second: $?\" >&2
cmp expected.txt small/output.txt";
    let mut shell = Command::new("unshare");
    shell.args(["--map-root-user", "--mount", "/bin/sh", "-c", script]).arg(executable());
    let output = match shell.env_clear().env("PATH", "/usr/bin:/bin").current_dir(folder.path()).output() {
        Ok(output) if output.status.code() != Some(77) => output,
        skipped => {
            let why = format!("skipped, since no file system can be mounted here: {skipped:?}\n");
            return io::Write::write_all(&mut io::stderr(), why.as_bytes()).unwrap();
        }
    };
    let told = String::from_utf8_lossy(&output.stderr);
    for part in ["No space left on device", "first: 1", "second: 0"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(output.status.success(), "{told}");
}

/// With a checkpoint, results go to files only: a reader that stops reading messages must not end the run.
#[test]
fn a_full_or_closed_standard_error_does_not_matter() {
    let input = attempts(500);
    let full = File::options().write(true).open("/dev/full").unwrap();
    let (reader, closed) = io::pipe().unwrap();
    drop(reader);
    for stderr in [full.into(), std::process::Stdio::from(closed)] {
        let folder = Folder::with_input(&input);
        checkpointed(&folder).stderr(stderr).exits_with(0);
        completes(&folder, &input);
    }
}

#[test]
fn a_signal_ends_the_run_with_a_commit() {
    let input = attempts(20_000);
    for (signal, exit) in signals() {
        // It may end before the signal.
        let ended_by_signal = (0..TRIES).find_map(|_| {
            let folder = Folder::with_input(&input);
            let running = checkpointed(&folder).start();
            wait_for_output(&folder, 1);
            running.signal(signal);
            let outcome = running.wait();
            (outcome.exit != 0).then_some((folder, outcome))
        });
        let (folder, outcome) = ended_by_signal.expect("the signal ends a run");
        assert_eq!(outcome.exit, exit, "{}", outcome.stderr);
        assert!(outcome.stderr.contains("is the last that is committed"), "{}", outcome.stderr);
        let lines = folder.read("output.txt.partial").lines().count();
        let told = checkpointed(&folder).exits_with(0).stderr.replace(',', "");
        assert!(
            told.contains(&format!("after line {lines}\n")),
            "all that was written counts: {lines}: {told}"
        );
        assert!(folder.read("output.txt") == undisturbed(&input), "the output differs");
    }
}

#[test]
fn a_second_run_is_refused_while_the_first_lives() {
    let input = attempts(20_000);
    let folder = Folder::with_input(&input);
    let first = stopped_on_its_way(&folder, || checkpointed(&folder));
    let before = folder.fingerprint("output.txt.partial");
    let second = checkpointed(&folder).exits_with(2);
    assert_snapshot!(second.stderr, @"error: the checkpoint `run.ckpt` is in use by another run (wait until that ends, or stop it); nothing was touched");
    assert_eq!(folder.fingerprint("output.txt.partial"), before);
    first.signal(Signal::CONT);
    assert_eq!(first.wait().exit, 0);
    completes(&folder, &input);
}

#[test]
fn an_output_that_cannot_take_its_name_is_complete_all_the_same() {
    let input = attempts(20_000);
    let folder = Folder::with_input(&input);
    let running = stopped_on_its_way(&folder, || checkpointed(&folder));
    fs::create_dir(folder.path_of("output.txt")).unwrap();
    running.signal(Signal::CONT);
    let outcome = running.wait();
    assert_eq!(outcome.exit, 1);
    assert_snapshot!(outcome.stderr, @"error: all lines are committed, but the output cannot take its name `output.txt`: `output.txt.partial` cannot be renamed: Is a directory (os error 21) (see to it that it can, and run it again)");
    fs::remove_dir(folder.path_of("output.txt")).unwrap();
    completes(&folder, &input);
}

#[test]
fn a_run_that_reaches_a_limit_can_be_resumed() {
    let input = attempts(3);
    let folder = Folder::with_input(&input);
    let told = checkpointed(&folder).set(["runtime.limits.max_ids=2"]).exits_with(1).stderr;
    assert_snapshot!(told, @"error: line 3: step `idempotency_gate` failed: StoreFull: the id is new, and as many are remembered as `runtime.limits.max_ids` allows: 2 (set `nodes.idempotency_gate.remember_days` and start over, or raise it, and run it again to go on from the last commit)");
    checkpointed(&folder).set(["runtime.limits.max_ids=3"]).exits_with(0);
    completes(&folder, &input);
}

/// A reader of a finished output must not lose it because the program runs again.
#[test]
fn a_finished_output_stays_if_there_is_nothing_to_add() {
    let folder = Folder::with_input(attempts(300));
    checkpointed(&folder).exits_with(0);
    let before = folder.fingerprint("output.txt");
    checkpointed(&folder).exits_with(0);
    assert_eq!(folder.fingerprint("output.txt"), before);
    folder.write("input.txt", attempts(301));
    completes(&folder, &attempts(301));
}

/// An uncertain beginning must not cost committed lines, and must not report a commit that does not exist.
#[test]
fn a_run_that_cannot_begin_forgets_nothing_and_promises_nothing() {
    let folder = Folder::with_input(attempts(3));
    let cannot_begin = |args: &[&str]| {
        let before = fingerprints(&folder);
        let told = checkpointed(&folder).args(args).exits_with(1).stderr;
        assert!(!told.contains("again") && !told.contains("commit"), "{told}");
        if args.contains(&"--restart") {
            assert!(fingerprints(&folder) == before, "something was touched");
        }
        told
    };
    let first = [
        cannot_begin(&["--trace-path", "missing/trace.jsonl"]),
        cannot_begin(&["--output", "missing/output.txt"]),
    ];
    checkpointed(&folder).exits_with(0);
    let trace = cannot_begin(&["--restart", "--trace-path", "missing/trace.jsonl"]);
    fs::create_dir(folder.path_of("other.txt.partial")).unwrap();
    let output = cannot_begin(&["--restart", "--output", "other.txt"]);
    assert_snapshot!(first.concat() + &trace + &output, @"
    error: `missing/trace.jsonl` cannot be opened: No such file or directory (os error 2)
    error: `missing/output.txt.partial` cannot be created: No such file or directory (os error 2)
    error: `missing/trace.jsonl` cannot be opened: No such file or directory (os error 2)
    error: `other.txt.partial` cannot be opened: Is a directory (os error 21)
    ");
    completes(&folder, &attempts(3));
}
