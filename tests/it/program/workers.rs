//! Runs on several threads and processes: the output, trace, report and exit code of one worker.

use std::net::TcpListener;
use std::time::Duration;

use rustix::process::Signal;

use super::attempts::{attempt_of, attempts};
use super::folder::Folder;
use super::harness::Program;
use super::running::{Outcome, Running, wait_for_bytes};

/// Small, so that a run has many epochs.
const SETTINGS: [&str; 3] = [
    "runtime.epoch_bytes=2000",
    "runtime.tracing.sink.jsonl.write_mode=batch",
    "runtime.tracing.signature.mode=hash",
];

/// Returns attempts with replays, conflicts, bad lines, reached limits, and several customers.
pub(super) fn input() -> String {
    let mut input = String::new();
    for line in 0..600_u32 {
        let (id, customer) = (line % 400 * 7 + 1, line % 23);
        let time = format!("2000-01-{:02}T{:02}:00:00Z", 1 + line / 40, line % 24);
        match line % 50 {
            7 => input += "no attempt\n",
            9 => input += &"x".repeat(5000),
            _ => {}
        }
        input +=
            &attempt_of(&id.to_string(), &customer.to_string(), &format!("{}.00", line % 90 * 40), &time);
        input += "\n";
    }
    input
}

/// Returns the trace without its times.
pub(super) fn without_times(trace: &str) -> String {
    let mut text = String::new();
    for line in trace.lines() {
        let mut record: serde_json::Value = serde_json::from_str(line).unwrap();
        for key in ["t_enter", "t_exit", "duration_ms", "ctx_before", "ctx_after", "ctx_diff"] {
            record.as_object_mut().unwrap().remove(key);
        }
        text += &format!("{record}\n");
    }
    text
}

/// Returns the report without times.
pub(super) fn without_time(report: &str) -> String {
    let told = |line: &&str| !line.contains("lines/s") && !line.contains("configuration:");
    report.lines().filter(told).collect::<Vec<_>>().join("\n")
}

pub(super) fn program<'a>(folder: &'a Folder, args: &[&str]) -> Program<'a> {
    Program::new(folder).args(["run", "--trace-path", "trace"]).set(SETTINGS).args(args)
}

/// Returns the results of a run on one worker.
pub(super) fn alone(input: &str, args: &[&str]) -> (Outcome, String, String) {
    let folder = Folder::with_input(input);
    let outcome = program(&folder, args).run();
    let output =
        if outcome.exit == 0 { folder.read("output.txt") } else { folder.read("output.txt.partial") };
    let trace = if folder.has("trace") { without_times(&folder.read("trace")) } else { String::new() };
    (outcome, output, trace)
}

/// Runs on several threads, and expects the results of one worker.
#[track_caller]
fn check(input: &str, args: &[&str]) {
    let (expected, output, trace) = alone(input, args);
    for workers in ["2", "3", "7"] {
        let folder = Folder::with_input(input);
        let outcome = program(&folder, args).args(["--workers", workers]).run();
        assert_eq!(outcome.exit, expected.exit, "{workers} workers: {}", outcome.stderr);
        assert_eq!(without_time(&outcome.stderr), without_time(&expected.stderr), "{workers} workers");
        let name = if expected.exit == 0 { "output.txt" } else { "output.txt.partial" };
        assert!(folder.read(name) == output, "{workers} workers: another output");
        if !folder.has("trace") {
            continue;
        }
        assert!(without_times(&folder.read("trace")) == trace, "{workers} workers: another trace");
        Program::new(&folder).args(["trace", "check", "trace"]).exits_with(0);
    }
}

#[test]
fn threads_give_the_results_of_one_worker() {
    check(&input(), &[]);
}

#[test]
fn the_prime_gate_and_mondays_are_those_of_one_worker() {
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/exp_mp.yaml");
    check(&input(), &["--config", config, "--input", "input.txt", "--output", "output.txt"]);
}

#[test]
fn ids_are_forgotten_as_by_one_worker() {
    check(&input(), &["--set", "nodes.idempotency_gate.remember_days=2"]);
}

#[test]
fn a_limit_ends_the_run_before_the_same_line() {
    check(&input(), &["--set", "runtime.limits.max_ids=100"]);
    check(&input(), &["--set", "runtime.limits.max_customers=20"]);
}

#[test]
fn an_empty_input_is_an_empty_output() {
    check("", &["--tracing", "disable", "--set", "runtime.tracing.sink=null"]);
}

/// Returns a folder with an input and a list of this many processes on this machine, at free ports.
pub(super) fn cluster(input: &str, processes: usize) -> Folder {
    let folder = Folder::with_input(input);
    let held: Vec<_> = (0..processes).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let hosts: Vec<_> = held.iter().map(|listener| format!("{}\n", listener.local_addr().unwrap())).collect();
    folder.write("hosts", hosts.concat());
    folder
}

pub(super) fn start(folder: &Folder, process: usize, args: &[&str]) -> Running {
    let number = process.to_string();
    program(folder, args).args(["--hosts", "hosts", "--process", &number]).start()
}

#[test]
fn processes_give_the_results_of_one_worker() {
    let input = input();
    let (expected, output, trace) = alone(&input, &[]);
    let folder = cluster(&input, 3);
    let running: Vec<_> = (0..3).map(|process| start(&folder, process, &["--workers", "2"])).collect();
    let ended: Vec<_> = running.into_iter().map(Running::wait).collect();
    for (process, outcome) in ended.iter().enumerate() {
        assert_eq!(outcome.exit, 0, "process {process}: {}", outcome.stderr);
    }
    assert_eq!(without_time(&ended[0].stderr), without_time(&expected.stderr));
    assert_eq!(ended[1].stderr, "", "one report, that of process 0");
    assert!(folder.read("output.txt") == output, "another output");
    assert!(without_times(&folder.read("trace")) == trace, "another trace");
}

#[test]
fn a_killed_process_ends_all_and_the_run_can_be_repeated() {
    let input = attempts(20_000);
    let expected = Folder::with_input(&input);
    Program::new(&expected).args(["run"]).exits_with(0);
    for killed in 0..2 {
        let folder = cluster(&input, 2);
        let mut running: Vec<_> = (0..2)
            .map(|process| {
                start(&folder, process, &["--tracing", "disable", "--set", "runtime.tracing.sink=null"])
            })
            .collect();
        wait_for_bytes(&folder, "output.txt.partial", 1);
        running[killed].signal(Signal::KILL);
        let survivor = running.remove(1 - killed).wait();
        assert_eq!(survivor.exit, 1, "{}", survivor.stderr);
        assert!(survivor.stderr.contains(&format!("process {killed} (`127.0.0.1:")), "{}", survivor.stderr);
        assert!(survivor.stderr.contains("is gone"), "{}", survivor.stderr);
        assert!(!folder.has("output.txt"), "no output under its final name");
        drop(running);
        let again: Vec<_> = (0..2)
            .map(|process| {
                start(&folder, process, &["--tracing", "disable", "--set", "runtime.tracing.sink=null"])
            })
            .collect();
        for outcome in again.into_iter().map(Running::wait) {
            assert_eq!(outcome.exit, 0, "{}", outcome.stderr);
        }
        assert!(folder.read("output.txt") == expected.read("output.txt"), "another output");
    }
}

#[test]
fn processes_that_do_not_belong_together_refuse_to_begin() {
    let folder = cluster(&attempts(3), 2);
    let one = start(&folder, 0, &[]);
    let other = start(&folder, 1, &["--set", "nodes.idempotency_gate.remember_days=9"]);
    for outcome in [one.wait(), other.wait()] {
        assert_eq!(outcome.exit, 2, "{}", outcome.stderr);
        assert!(outcome.stderr.contains("configuration"), "{}", outcome.stderr);
    }
    assert!(!folder.has("output.txt.partial"), "nothing was touched");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let folder = Folder::with_input(attempts(3));
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = held.local_addr().unwrap();
    folder.write("hosts", format!("{taken}\n127.0.0.1:9\n"));
    let outcome = start(&folder, 0, &[]).wait();
    assert_eq!(outcome.exit, 1, "{}", outcome.stderr);
    assert!(outcome.stderr.contains(&format!("process 0 (`{taken}`) cannot listen")), "{}", outcome.stderr);
}

#[test]
fn a_signal_ends_all_processes() {
    let input = attempts(60_000);
    let folder = cluster(&input, 2);
    let untraced = ["--tracing", "disable", "--set", "runtime.tracing.sink=null"];
    let running: Vec<_> = (0..2).map(|process| start(&folder, process, &untraced)).collect();
    wait_for_bytes(&folder, "output.txt.partial", 1);
    running[1].signal(Signal::TERM);
    let told: Vec<_> = running.into_iter().map(Running::wait).collect();
    for outcome in &told {
        assert_eq!(outcome.exit, 143, "{}", outcome.stderr);
        assert!(outcome.stderr.contains("stopped by a signal after line"), "{}", outcome.stderr);
    }
    assert!(!folder.has("output.txt"), "the final name is not given");
}

/// Starts two processes, stops one of them while they are at work, and returns both.
fn with_one_stopped(folder: &Folder) -> [Running; 2] {
    let untraced = ["--tracing", "disable", "--set", "runtime.tracing.sink=null"];
    let processes = [0, 1].map(|process| start(folder, process, &untraced));
    wait_for_bytes(folder, "output.txt.partial", 1);
    processes[1].signal(Signal::STOP);
    processes
}

#[test]
fn a_process_that_stands_still_for_seconds_changes_nothing() {
    let input = attempts(20_000);
    let folder = cluster(&input, 2);
    let processes = with_one_stopped(&folder);
    std::thread::sleep(Duration::from_secs(3));
    processes[1].signal(Signal::CONT);
    for outcome in processes.map(Running::wait) {
        assert_eq!(outcome.exit, 0, "{}", outcome.stderr);
    }
    let expected = Folder::with_input(&input);
    Program::new(&expected).args(["run"]).exits_with(0);
    assert!(folder.read("output.txt") == expected.read("output.txt"), "another output");
}

/// It is given 30 seconds.
#[test]
fn a_process_that_stands_still_for_good_ends_the_others() {
    let folder = cluster(&attempts(60_000), 2);
    let [waiting, stopped] = with_one_stopped(&folder);
    let outcome = waiting.wait();
    assert_eq!(outcome.exit, 1, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("process 1 (`127.0.0.1:"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("has not been heard of for 30 s"), "{}", outcome.stderr);
    assert!(!folder.has("output.txt"), "no output under its final name");
    stopped.signal(Signal::KILL);
}

#[test]
fn processes_with_other_redaction_keys_refuse_to_begin() {
    let folder = cluster(&attempts(3), 2);
    let outcomes = [0, 1].map(|process| {
        folder.write(&format!("key{process}"), format!("key of process {process}"));
        let key = format!("runtime.tracing.redact={{identity: hash, key_file: key{process}}}");
        start(&folder, process, &["--set", &key])
    });
    for outcome in outcomes.map(Running::wait) {
        assert_eq!(outcome.exit, 2, "{}", outcome.stderr);
        assert!(outcome.stderr.contains("redaction key"), "{}", outcome.stderr);
    }
}
