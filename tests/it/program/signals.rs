//! SIGINT, SIGTERM and SIGHUP end a run after its current line, `kill -9` at once: the state of output and trace then.

use std::io::{self, Read, Write};
use std::thread;

use insta::assert_snapshot;
use rustix::process::Signal;

use super::attempts::{accepted, attempts};
use super::folder::Folder;
use super::harness::Program;
use super::records::records;
use super::running::wait_for_bytes;

const SIGNALS: [(Signal, i32); 3] = [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)];

/// Returns the signals that end a run, with its exit codes. If the tests themselves ignore SIGHUP, as under `nohup`, so
/// does a run.
pub(super) fn signals() -> Vec<(Signal, i32)> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    SIGNALS.into_iter().filter(|(signal, _)| *signal != Signal::HUP || ignored & 1 == 0).collect()
}

/// Reads standard input, and traces in batches that no run here fills.
const ARGS: [&str; 7] = [
    "run",
    "--input",
    "-",
    "--trace-path",
    "trace.jsonl",
    "--set",
    "runtime.tracing.sink.jsonl={write_mode: batch, flush_every_n: 1000000000}",
];

#[test]
fn a_run_that_waits_for_input_can_be_ended() {
    let told = signals().into_iter().map(|(signal, exit)| {
        let folder = Folder::new();
        folder.write("output.txt", "earlier\n");
        let mut running = Program::new(&folder).args(ARGS).start();
        running.send(attempts(2));
        let decided = accepted(1) + &accepted(2);
        wait_for_bytes(&folder, "output.txt.partial", decided.len() as u64);
        running.signal(signal);
        let outcome = running.wait();
        assert_eq!(outcome.exit, exit, "{}", outcome.stderr);
        assert_eq!(folder.read("output.txt"), "earlier\n", "the final name is not given");
        assert_eq!(folder.read("output.txt.partial"), decided);
        assert_eq!(records(&folder.read("trace.jsonl")).len(), 16);
        outcome.stderr
    });
    let told: Vec<_> = told.collect();
    assert!(told.iter().all(|text| *text == told[0]), "{told:?}");
    assert_snapshot!(told[0], @"
    fund-load: stopped by a signal after line 2 (the unfinished output is left in `output.txt.partial`)
    fund-load: 2 lines
      limits: $5,000.00 a day, $20,000.00 a week, 3 attempts a day; prime gate off; Monday multiplier off
      memory: ids remembered forever, number of ids not limited, number of customers not limited
      accepted              2
      declined              0
      trace: trace.jsonl
      configuration: <digest>
    ");
}

/// `nohup` makes a program ignore the signal.
#[test]
fn a_hangup_that_was_ignored_stays_ignored() {
    let folder = Folder::new();
    let mut running =
        Program::after(&folder, "trap '' HUP").args(["run", "--input", "-", "--output", "-"]).start();
    running.send(attempts(1));
    running.stdout_of(1);
    running.signal(Signal::HUP);
    running.send(attempts(1));
    drop(running.take_stdin());
    let outcome = running.wait();
    assert_eq!((outcome.exit, outcome.stdout.lines().count()), (0, 2), "{}", outcome.stderr);
}

#[test]
fn a_half_line_that_was_read_is_not_adjudicated() {
    let folder = Folder::new();
    let mut running = Program::new(&folder).args(["run", "--input", "-", "--output", "-"]).start();
    running.send(attempts(1) + "{\"id\":");
    running.stdout_of(1);
    running.signal(Signal::TERM);
    let outcome = running.wait();
    assert_eq!((outcome.exit, outcome.stdout), (143, accepted(1)));
}

#[test]
fn a_busy_run_ends_after_its_line_with_output_and_trace_in_step() {
    for (signal, exit) in signals() {
        let folder = Folder::new();
        let mut running = Program::new(&folder).args(ARGS).start();
        let mut pipe = running.take_stdin();
        // Endless input, until nobody reads it any more.
        let feeder = thread::spawn(move || {
            let block = attempts(1_000);
            while pipe.write_all(block.as_bytes()).is_ok() {}
        });
        wait_for_bytes(&folder, "output.txt.partial", 1);
        running.signal(signal);
        let outcome = running.wait();
        feeder.join().unwrap();
        assert_eq!(outcome.exit, exit, "{}", outcome.stderr);
        assert_eq!(folder.names(), ["output.txt.partial", "trace.jsonl"], "the final name is not given");
        let output = folder.read("output.txt.partial");
        assert!(output.ends_with('\n'), "whole lines");
        let records = records(&folder.read("trace.jsonl"));
        let last = records.last().unwrap();
        assert_eq!(
            last.line_no,
            output.lines().count() as u64,
            "every line that was decided is traced, and no other"
        );
        assert_eq!(last.step_name, "write_output", "the last line has all its records");
    }
}

#[test]
fn a_run_that_waits_for_its_reader_can_be_ended() {
    let folder = Folder::with_input(attempts(20_000));
    let (mut reader, writer) = io::pipe().unwrap();
    let running = Program::new(&folder).args(["run", "--output", "-"]).stdout(writer).start();
    // One block is taken; the rest does not fit into the pipe, so the run cannot be over yet.
    let mut output = vec![0; 1_000];
    reader.read_exact(&mut output).unwrap();
    running.signal(Signal::INT);
    reader.read_to_end(&mut output).unwrap();
    let outcome = running.wait();
    assert_eq!(outcome.exit, 130, "{}", outcome.stderr);
    let decided = output.split(|byte| *byte == b'\n').count() - 1;
    assert!(output.ends_with(b"\n") && decided < 20_000, "whole lines, but not all: {decided}");
}

#[test]
fn a_record_that_was_flushed_survives_kill_9() {
    let folder = Folder::new();
    let args = ["run", "--input", "-", "--output", "-", "--trace-path", "trace.jsonl"];
    let mut running =
        Program::new(&folder).args(args).set(["runtime.tracing.sink.jsonl.flush_every_n=1"]).start();
    running.send(attempts(3));
    running.stdout_of(3);
    running.signal(Signal::KILL);
    drop(running);
    assert_eq!(records(&folder.read("trace.jsonl")).len(), 24);
}

#[test]
fn a_killed_run_leaves_full_batches_only() {
    let folder = Folder::new();
    let args = ["run", "--input", "-", "--output", "-", "--trace-path", "trace.jsonl"];
    let batch = ["runtime.tracing.sink.jsonl={write_mode: batch, flush_every_n: 10}"];
    let mut running = Program::new(&folder).args(args).set(batch).start();
    running.send(attempts(3));
    running.stdout_of(3);
    running.signal(Signal::KILL);
    drop(running);
    assert_eq!(records(&folder.read("trace.jsonl")).len(), 20, "24 records in batches of 10");
}

#[test]
fn a_killed_run_gives_no_final_name() {
    let folder = Folder::new();
    let mut running = Program::new(&folder).args(["run", "--input", "-"]).start();
    running.send(attempts(1));
    wait_for_bytes(&folder, "output.txt.partial", 1);
    running.signal(Signal::KILL);
    drop(running);
    assert_eq!(folder.names(), ["output.txt.partial"]);
}
