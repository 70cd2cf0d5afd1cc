//! Outputs that are no regular files: pipes, devices, a reader that has heard enough.

use std::fs::{self, OpenOptions};
use std::io;
use std::thread;

use insta::assert_snapshot;

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
fn a_device_is_written_to_as_it_is() {
    let folder = Folder::with_input(attempts(1));
    Program::new(&folder).args(["run", "--output", "/dev/null"]).exits_with(0);
    assert_eq!(folder.names(), ["input.txt"]);
}

#[test]
fn a_full_disk_fails_the_run_with_one_line() {
    let few = Folder::with_input(attempts(1));
    assert_snapshot!(one_line(&Program::new(&few).args(["run", "--output", "/dev/full"]).run()), @"error: the output `/dev/full` cannot be written: No space left on device (os error 28)");
    // More than is buffered: the failure comes up in the middle.
    let many = Folder::with_input(attempts(20_000));
    let outcome = Program::new(&many).args(["run", "--output", "/dev/full"]).run();
    let told = one_line(&outcome);
    for part in ["error: line ", "`write_output`", "the output `/dev/full`", "No space left on device"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn a_failure_to_write_stops_the_run_whatever_the_policy() {
    let folder = Folder::with_input(attempts(20_000));
    let program = Program::new(&folder).args(["run", "--output", "/dev/full", "--trace-path", "trace.jsonl"]);
    let outcome = program.set(["runtime.on_step_error=continue"]).exits_with(1);
    assert!(!outcome.stderr.contains("abandoned"), "{}", outcome.stderr);
    let last = records(&folder.read("trace.jsonl")).pop().unwrap();
    assert!(last.line_no < 20_000, "the run ends where the output failed");
    assert_eq!((last.step_name.as_str(), last.msg_out_count), ("write_output", 0));
    let error = serde_json::to_string(&last.error).unwrap();
    assert_snapshot!(error, @r#"{"type":"OutputError","message":"the output `/dev/full` cannot be written: No space left on device (os error 28)","where":"write_output","stack":null}"#);
}

#[test]
fn a_reader_that_closes_early_fails_the_run_with_one_line() {
    for count in [1, 20_000] {
        let folder = Folder::with_input(attempts(count));
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let outcome = Program::new(&folder).args(["run", "--output", "-"]).stdout(writer).run();
        let told = one_line(&outcome);
        assert!(
            told.starts_with("error: ") && told.contains("output") && told.contains("Broken pipe"),
            "{told}"
        );
    }
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
