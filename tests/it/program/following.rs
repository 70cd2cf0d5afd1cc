//! `trace show --follow`: a file that grows, shrinks or is replaced, and the ends of following.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};

use rustix::process::Signal;

use super::attempts::attempts;
use super::folder::Folder;
use super::harness::Program;
use super::running::Running;
use super::signals::signals;

const ARGS: [&str; 5] = ["trace", "show", "--follow", "--json", "trace.jsonl"];

/// Returns the records of this many lines, grouped by line.
fn traces(lines: u32) -> Vec<String> {
    let folder = Folder::with_input(attempts(lines));
    Program::new(&folder).args(["run", "--trace-path", "trace.jsonl"]).exits_with(0);
    let lines: Vec<_> = folder.read("trace.jsonl").split_inclusive('\n').map(str::to_owned).collect();
    lines.chunks(8).map(<[String]>::concat).collect()
}

fn append(folder: &Folder, name: &str, text: &str) {
    let mut file = OpenOptions::new().append(true).open(folder.path_of(name)).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// Returns the lines of input shown, as soon as there are this many.
fn shown(running: &Running, inputs: usize) -> Vec<u64> {
    let line_no = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["line_no"].as_u64();
    running.stdout_of(inputs).lines().filter_map(line_no).collect()
}

#[test]
fn appended_pieces_are_shown_until_a_signal() {
    let traces = traces(3);
    for (signal, exit) in signals() {
        let folder = Folder::new();
        folder.write("trace.jsonl", &traces[0]);
        let running = Program::new(&folder).args(ARGS).start();
        assert_eq!(shown(&running, 1), [1], "without news for a second, an input is over");
        // Within its first record: however long the rest takes, nothing of this input can be shown before it.
        let (half, rest) = traces[1].split_at(100);
        append(&folder, "trace.jsonl", half);
        append(&folder, "trace.jsonl", &(rest.to_owned() + &traces[2]));
        assert_eq!(shown(&running, 3), [1, 2, 3]);
        running.signal(signal);
        let outcome = running.wait();
        assert_eq!((outcome.exit, &*outcome.stderr), (exit, ""));
    }
}

#[test]
fn a_truncated_file_is_shown_from_its_beginning() {
    let traces = traces(3);
    let folder = Folder::new();
    folder.write("trace.jsonl", traces[0].clone() + &traces[1]);
    let running = Program::new(&folder).args(ARGS).start();
    assert_eq!(shown(&running, 2), [1, 2]);
    File::create(folder.path_of("trace.jsonl")).unwrap();
    assert_eq!(running.stderr_line(), "note: `trace.jsonl` was truncated; starting over\n");
    append(&folder, "trace.jsonl", &traces.concat());
    assert_eq!(shown(&running, 5), [1, 2, 1, 2, 3], "it may grow beyond what it was");
    running.signal(Signal::INT);
    assert_eq!(running.wait().exit, 130);
}

#[test]
fn a_replaced_file_is_followed_as_it_was_opened() {
    let traces = traces(3);
    let folder = Folder::new();
    folder.write("trace.jsonl", &traces[0]);
    let running = Program::new(&folder).args(ARGS).start();
    assert_eq!(shown(&running, 1), [1]);
    fs::rename(folder.path_of("trace.jsonl"), folder.path_of("rotated.jsonl")).unwrap();
    folder.write("trace.jsonl", &traces[2]);
    append(&folder, "rotated.jsonl", &traces[1]);
    assert_eq!(shown(&running, 2), [1, 2]);
    running.signal(Signal::INT);
    assert_eq!(running.wait().exit, 130);
}

#[test]
fn following_ends_when_its_reader_is_gone() {
    let folder = Folder::new();
    folder.write("trace.jsonl", &traces(1)[0]);
    let (reader, writer) = io::pipe().unwrap();
    let running = Program::new(&folder).args(ARGS).stdout(writer).start();
    let mut line = String::new();
    BufReader::new(reader).read_line(&mut line).unwrap();
    assert!(line.ends_with("]}\n"));
    // The reader is gone, and nobody writes to the trace any more.
    let outcome = running.wait();
    assert_eq!((outcome.exit, &*outcome.stderr), (0, ""));
}

#[test]
fn following_waits_for_no_missing_file_and_skips_wrong_lines() {
    let folder = Folder::new();
    let outcome = Program::new(&folder).args(ARGS).exits_with(2);
    assert!(outcome.stderr.contains("`trace.jsonl` cannot be read: No such file"), "{}", outcome.stderr);
    folder.write("trace.jsonl", "no record\n");
    let outcome = Program::new(&folder).args(ARGS).exits_with(2);
    assert!(outcome.stderr.contains("`trace.jsonl`, line 1: "), "{}", outcome.stderr);

    let traces = traces(2);
    folder.write("trace.jsonl", traces[0].clone() + "no record\n" + &traces[1]);
    let running = Program::new(&folder).args(ARGS).start();
    assert_eq!(shown(&running, 2), [1, 2]);
    running.signal(Signal::INT);
    let outcome = running.wait();
    assert_eq!(outcome.exit, 130);
    assert!(outcome.stderr.starts_with("error: `trace.jsonl`, line 9: "), "{}", outcome.stderr);
}

/// While a run writes and rotates, each of its inputs is shown exactly once.
#[test]
fn a_run_that_rotates_its_trace_is_followed() {
    let folder = Folder::with_input(attempts(200));
    folder.write("trace.jsonl", "");
    let running = Program::new(&folder).args(ARGS).start();
    let run = Program::new(&folder).args(["run", "--trace-path", "trace.jsonl"]);
    run.set(["runtime.tracing.sink.jsonl.rotate={max_bytes: 10000, keep: 1000}"]).exits_with(0);
    assert!(folder.has("trace.jsonl.20"));
    let mut inputs = Vec::new();
    while inputs.last() != Some(&200) {
        inputs = shown(&running, inputs.len() + 1);
    }
    // An input may be shown in pieces if the run has to wait for long.
    inputs.dedup();
    assert_eq!(inputs, (1..=200).collect::<Vec<_>>());
    running.signal(Signal::INT);
    assert_eq!(running.wait().exit, 130);
}
