//! Outputs that are not regular files: pipes, devices, a reader that stops.

use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::symlink;
use std::thread;

use insta::assert_snapshot;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::attempts::{accepted, attempts};
use super::folder::Folder;
use super::harness::Program;
use super::records::records;
use super::running::Outcome;

/// The program must have failed with one line, which is returned.
#[track_caller]
fn one_line(outcome: &Outcome) -> &str {
    assert_eq!(outcome.exit, 1, "{}", outcome.stderr);
    assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
    &outcome.stderr
}

#[test]
fn named_pipes_are_read_and_written_as_they_are() {
    let folder = Folder::new();
    folder.make_pipe("in");
    folder.make_pipe("out");
    let (input, output) = (folder.path_of("in"), folder.path_of("out"));
    let writer = thread::spawn(move || fs::write(input, attempts(3)).unwrap());
    let reader = thread::spawn(move || fs::read_to_string(output).unwrap());
    Program::new(&folder).args(["run", "--input", "in", "--output", "out"]).exits_with(0);
    writer.join().unwrap();
    assert_eq!(reader.join().unwrap(), accepted(1) + &accepted(2) + &accepted(3));
    assert_eq!(folder.names(), ["in", "out"], "a pipe has no unfinished name and is not replaced");
}

#[test]
fn a_trace_may_go_to_a_pipe() {
    let folder = Folder::with_input(attempts(2));
    folder.make_pipe("trace");
    let trace = folder.path_of("trace");
    let reader = thread::spawn(move || fs::read_to_string(trace).unwrap());
    Program::new(&folder).args(["run", "--trace-path", "trace"]).exits_with(0);
    assert_eq!(records(&reader.join().unwrap()).len(), 16);
}

#[test]
fn a_conversation_is_possible() {
    let folder = Folder::new();
    let mut running = Program::new(&folder).args(["run", "--input", "-", "--output", "-"]).start();
    let lines = attempts(3);
    for (count, line) in lines.split_inclusive('\n').enumerate() {
        running.send(line);
        assert_eq!(
            running.stdout_of(count + 1).lines().count(),
            count + 1,
            "each line is answered before the next is sent"
        );
    }
    drop(running.take_stdin());
    assert_eq!(running.wait().exit, 0);
}

#[test]
fn the_records_of_a_line_precede_the_next_line() {
    let folder = Folder::new();
    let program = Program::new(&folder).args(["run", "--input", "-", "--tracing", "enable"]);
    let mut running = program.set(["runtime.tracing.sink={kind: stdout}"]).start();
    for (line, line_no) in attempts(3).split_inclusive('\n').zip(1..) {
        running.send(line);
        let records = records(&running.stdout_of(8 * line_no));
        assert_eq!(records.len(), 8 * line_no);
        assert_eq!(records.last().unwrap().line_no, line_no as u64);
    }
    drop(running.take_stdin());
    let outcome = running.wait();
    assert_eq!((outcome.exit, outcome.stdout.lines().count()), (0, 24), "nothing is written twice");
    assert_eq!(folder.read("output.txt"), accepted(1) + &accepted(2) + &accepted(3));
}

#[test]
fn a_device_is_written_to_as_it_is() {
    let folder = Folder::with_input(attempts(1));
    Program::new(&folder).args(["run", "--output", "/dev/null"]).exits_with(0);
    assert_eq!(folder.names(), ["input.txt"]);
}

#[test]
fn a_full_disk_fails_the_run_with_one_line() {
    let few = Folder::with_input(attempts(1));
    assert_snapshot!(one_line(&Program::new(&few).args(["run", "--output", "/dev/full"]).run()), @"error: the output `/dev/full` cannot be written: No space left on device (os error 28)");
    // More than the buffers hold: the failure occurs in the middle.
    let many = Folder::with_input(attempts(20_000));
    let outcome = Program::new(&many).args(["run", "--output", "/dev/full"]).run();
    let told = one_line(&outcome);
    assert_snapshot!(told, @"error: the output `/dev/full` cannot be written: No space left on device (os error 28)");
}

#[test]
fn a_failed_write_stops_the_run_whatever_the_policy() {
    let folder = Folder::with_input(attempts(20_000));
    let program = Program::new(&folder).args(["run", "--output", "/dev/full", "--trace-path", "trace.jsonl"]);
    let outcome = program.set(["runtime.on_step_error=continue"]).exits_with(1);
    assert!(!outcome.stderr.contains("abandoned"), "{}", outcome.stderr);
    let last = records(&folder.read("trace.jsonl")).pop().unwrap();
    assert!(last.line_no < 20_000, "the run ends where the output failed");
    assert_eq!((last.step_name.as_str(), last.error), ("write_output", None), "no step is to blame");
}

#[test]
fn a_reader_that_closes_early_fails_the_run_with_one_line() {
    for count in [1, 20_000] {
        let folder = Folder::with_input(attempts(count));
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        // A process that another test is just starting holds the reader for a moment, too.
        wait_until(&writer, PollFlags::ERR);
        let outcome = Program::new(&folder).args(["run", "--output", "-"]).stdout(writer).run();
        let told = one_line(&outcome);
        assert!(
            told.starts_with("error: ") && told.contains("output") && told.contains("Broken pipe"),
            "{told}"
        );
    }
}

#[test]
fn a_closed_output_is_noticed_while_waiting_for_input() {
    let folder = Folder::new();
    let (mut reader, writer) = io::pipe().unwrap();
    let own_writer = writer.try_clone().unwrap();
    let program = Program::new(&folder).args(["run", "--input", "-", "--output", "-"]);
    let mut running = program.stdout(writer).start();
    running.send(attempts(1));
    wait_until(&reader, PollFlags::IN);
    let mut answer = [0; 1_000];
    let length = reader.read(&mut answer).unwrap();
    assert_eq!(answer[..length], *accepted(1).as_bytes());
    drop(reader);
    // A process that another test is just starting holds the reader for a moment, too.
    wait_until(&own_writer, PollFlags::ERR);

    running.send(attempts(1));
    let stdin = running.take_stdin();
    let outcome = running.wait();
    assert_snapshot!(one_line(&outcome), @"error: the output `-` cannot be written: Broken pipe (os error 32)");
    drop(stdin); // The run has ended although more could have come.
}

/// Waits for bytes in a pipe (`IN`), or until nobody reads it (`ERR`), with a bound.
#[track_caller]
pub(super) fn wait_until(pipe: &impl AsFd, state: PollFlags) {
    let timeout = Timespec { tv_sec: 30, tv_nsec: 0 };
    let mut pipe = [PollFd::new(pipe, state)];
    poll(&mut pipe, Some(&timeout)).unwrap();
    assert!(pipe[0].revents().contains(state), "waited too long for {state:?}");
}

#[test]
fn standard_output_may_be_full_as_well() {
    let folder = Folder::with_input(attempts(1));
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let outcome = Program::new(&folder).args(["run", "--output", "-"]).stdout(full).run();
    assert!(one_line(&outcome).contains("No space left"), "{}", outcome.stderr);
}

#[test]
fn closed_standard_streams_make_nothing_panic() {
    let folder = Folder::with_input(attempts(1));
    Program::after(&folder, "exec 2>&-").args(["run"]).exits_with(0);
    assert_eq!(folder.read("output.txt"), accepted(1));
    Program::after(&folder, "exec 0<&-").args(["run", "--input", "-"]).exits_with(0);
    assert_eq!(folder.read("output.txt"), "");
}

/// Like `>(command)` in a shell.
#[test]
fn a_link_to_a_pipe_or_device_is_written_to_as_it_is() {
    let folder = Folder::with_input(attempts(2));
    folder.make_pipe("pipe");
    symlink("pipe", folder.path_of("link")).unwrap();
    symlink("/dev/null", folder.path_of("null")).unwrap();
    let read = || {
        let pipe = folder.path_of("pipe");
        thread::spawn(move || fs::read_to_string(pipe).unwrap())
    };
    let reader = read();
    Program::new(&folder).args(["run", "--output", "link", "--trace-path", "null"]).exits_with(0);
    assert_eq!(reader.join().unwrap(), accepted(1) + &accepted(2));
    let reader = read();
    Program::new(&folder).args(["run", "--output", "null", "--trace-path", "link"]).exits_with(0);
    assert_eq!(records(&reader.join().unwrap()).len(), 16);
    let reader = read();
    Program::new(&folder).args(["run", "--output", "null", "--trace-path", "trace.jsonl"]).exits_with(0);
    let export = ["trace", "export", "trace.jsonl", "--format", "chrome", "--output", "link"];
    Program::new(&folder).args(export).exits_with(0);
    assert!(reader.join().unwrap().contains("traceEvents"));
    assert_eq!(folder.names(), ["input.txt", "link", "null", "pipe", "trace.jsonl"]);
}

#[test]
fn a_descriptor_of_a_pipe_has_a_name() {
    let folder = Folder::with_input(attempts(1));
    for name in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
        let outcome = Program::new(&folder).args(["run", "--output", name]).exits_with(0);
        assert_eq!(outcome.stdout, accepted(1));
        let outcome = Program::new(&folder).args(["run", "--trace-path", name]).exits_with(0);
        assert_eq!(records(&outcome.stdout).len(), 8);
    }
}
