//! Runs on several threads and processes that are killed, and go on from their checkpoint with any number of them.

use std::net::TcpListener;
use std::thread::sleep;
use std::time::Duration;

use rustix::process::Signal;

use super::attempts::attempts;
use super::folder::Folder;
use super::harness::Program;
use super::running::{Running, wait_for_bytes};

const ARGS: [&str; 9] = [
    "run",
    "--trace-path",
    "trace.jsonl",
    "--set",
    "runtime.checkpoint={dir: run.ckpt, every_lines: 100}",
    "--set",
    "runtime.tracing={context_diff: {mode: whitelist, whitelist: [tags]}, sink: {jsonl: {write_mode: batch}}}",
    "--set",
    "runtime.epoch_bytes=5000",
];

/// How many folders there are, and how often a program is killed in each.
const FOLDERS: u64 = 4;
const KILLS: u64 = 4;

/// The longest time that a program is left alone, in microseconds: a part of what the whole run takes.
const LONGEST_US: u64 = 150_000;

fn program(folder: &Folder) -> Program<'_> {
    Program::new(folder).args(ARGS)
}

/// Returns a folder with the results of a run on one worker.
fn undisturbed(input: &str) -> Folder {
    let folder = Folder::with_input(input);
    program(&folder).exits_with(0);
    folder
}

#[track_caller]
fn assert_same(folder: &Folder, undisturbed: &Folder) {
    assert!(folder.read("output.txt") == undisturbed.read("output.txt"), "another output");
    assert!(!folder.has("output.txt.partial"));
    let trace = undisturbed.path_of("trace.jsonl");
    Program::new(folder).args(["trace", "diff", "trace.jsonl"]).args([trace]).exits_with(0);
    Program::new(folder).args(["trace", "check", "trace.jsonl"]).exits_with(0);
    Program::new(folder).args(["checkpoint", "verify", "run.ckpt"]).exits_with(0);
}

/// Returns the report without what depends on time, and without that the run was resumed.
fn without_time(report: &str) -> String {
    let told = |line: &&str| !line.contains("lines/s") && !line.contains("resuming after");
    report.lines().filter(told).collect::<Vec<_>>().join("\n")
}

#[test]
fn threads_that_are_killed_at_random_moments_go_on_as_others() {
    let input = attempts(1_500);
    let undisturbed = undisturbed(&input);
    for seed in 0..FOLDERS {
        let folder = Folder::with_input(&input);
        for number in 0..KILLS {
            let workers = (1 + (seed + number) % 3).to_string();
            let running = program(&folder).args(["--workers", &workers]).start();
            sleep(Duration::from_micros((seed * KILLS + number) * 1_000_003 % LONGEST_US));
            running.signal(Signal::KILL);
        }
        let workers = (1 + seed % 3).to_string();
        program(&folder).args(["--workers", &workers]).exits_with(0);
        assert_same(&folder, &undisturbed);
    }
}

#[test]
fn a_stopped_run_goes_on_with_any_number_of_workers() {
    let input = attempts(6_000);
    let expected = Folder::with_input(&input);
    let report = program(&expected).exits_with(0).stderr;
    for workers in ["1", "3"] {
        let folder = Folder::with_input(&input);
        let running = program(&folder).args(["--workers", "2"]).start();
        wait_for_bytes(&folder, "output.txt.partial", 1);
        running.signal(Signal::TERM);
        let stopped = running.wait();
        assert_eq!(stopped.exit, 143, "{}", stopped.stderr);
        assert!(stopped.stderr.contains("is the last that is committed"), "{}", stopped.stderr);
        let told = program(&folder).args(["--workers", workers]).exits_with(0).stderr;
        assert!(told.contains("fund-load: resuming after line "), "{told}");
        assert_eq!(without_time(&told), without_time(&report));
        assert_same(&folder, &expected);
    }
}

#[test]
fn a_finished_run_goes_on_when_its_input_has_grown() {
    let folder = Folder::with_input(attempts(300));
    program(&folder).args(["--workers", "2"]).exits_with(0);
    let again = program(&folder).args(["--workers", "3"]).exits_with(0).stderr;
    assert!(again.contains("resuming after line 300, the last one of a complete run"), "{again}");
    folder.write("input.txt", attempts(700));
    program(&folder).args(["--workers", "3"]).exits_with(0);
    assert_same(&folder, &undisturbed(&attempts(700)));
}

#[test]
fn what_does_not_fit_is_refused_as_on_one_worker() {
    let folder = Folder::with_input(attempts(300));
    program(&folder).args(["--workers", "2"]).exits_with(0);
    let other = ["--set", "nodes.idempotency_gate.remember_days=9"];
    let alone = program(&folder).args(other).exits_with(2).stderr;
    assert_eq!(program(&folder).args(other).args(["--workers", "2"]).exits_with(2).stderr, alone);
    program(&folder).args(other).args(["--workers", "2", "--restart"]).exits_with(0);
}

#[test]
fn a_mark_alone_is_no_line() {
    let folder = Folder::with_input("\u{feff}");
    program(&folder).args(["--workers", "2"]).exits_with(0);
    assert_eq!(folder.read("output.txt"), "");
}

fn start(folder: &Folder, process: usize) -> Running {
    let number = process.to_string();
    program(folder).args(["--hosts", "hosts", "--process", &number]).start()
}

#[test]
fn processes_of_which_one_is_killed_go_on() {
    let input = attempts(4_000);
    let undisturbed = undisturbed(&input);
    for killed in 0..2 {
        let folder = Folder::with_input(&input);
        let held: Vec<_> = (0..2).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let hosts: Vec<_> =
            held.iter().map(|listener| format!("{}\n", listener.local_addr().unwrap())).collect();
        folder.write("hosts", hosts.concat());
        drop(held);
        let mut running: Vec<_> = (0..2).map(|process| start(&folder, process)).collect();
        wait_for_bytes(&folder, "output.txt.partial", 25_000);
        running[killed].signal(Signal::KILL);
        let survivor = running.remove(1 - killed).wait();
        assert_eq!(survivor.exit, 1, "{}", survivor.stderr);
        assert!(survivor.stderr.contains("is gone"), "{}", survivor.stderr);
        drop(running);
        let again: Vec<_> = (0..2).map(|process| start(&folder, process)).collect();
        let again: Vec<_> = again.into_iter().map(Running::wait).collect();
        for outcome in &again {
            assert_eq!(outcome.exit, 0, "{}", outcome.stderr);
        }
        assert!(again[0].stderr.contains("resuming after line"), "{}", again[0].stderr);
        assert_same(&folder, &undisturbed);
    }
}
