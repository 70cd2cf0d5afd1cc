//! `trace check --repair` cuts a torn tail and nothing else.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rustix::process::geteuid;

use super::attempts::attempts;
use super::folder::Folder;
use super::harness::Program;

const REPAIR: [&str; 4] = ["trace", "check", "--repair", "trace.jsonl"];

/// Returns a folder with the trace of one line, and the trace.
fn traced() -> (Folder, String) {
    let folder = Folder::with_input(attempts(1));
    Program::new(&folder).args(["run", "--trace-path", "trace.jsonl"]).exits_with(0);
    let trace = folder.read("trace.jsonl");
    (folder, trace)
}

#[test]
fn a_torn_record_is_cut_once_and_the_next_run_appends() {
    let (folder, trace) = traced();
    let next = trace.lines().next().unwrap();
    folder.write("trace.jsonl", trace.clone() + &next[..200]);
    let told = Program::new(&folder).args(REPAIR).exits_with(0).stdout;
    assert!(told.starts_with("trace.jsonl: cut 200 bytes of a torn record, line 9\n"), "{told}");
    assert_eq!(folder.read("trace.jsonl"), trace);

    let repaired = folder.fingerprint("trace.jsonl");
    let told = Program::new(&folder).args(REPAIR).exits_with(0).stdout;
    assert!(told.starts_with("trace.jsonl: sound; 8 records"), "{told}");
    assert_eq!(folder.fingerprint("trace.jsonl"), repaired, "there is nothing left to do");

    Program::new(&folder).args(["run", "--run-id", "next", "--trace-path", "trace.jsonl"]).exits_with(0);
    let told = Program::new(&folder).args(["trace", "check", "trace.jsonl"]).exits_with(0).stdout;
    assert_eq!(told, "trace.jsonl: sound; 16 records of 2 inputs in 2 runs\n");
}

#[test]
fn whole_records_are_left_alone() {
    let (folder, trace) = traced();
    let (first, rest) = trace.split_once('\n').unwrap();
    for (content, exit, why) in [
        (trace.trim_end().to_owned(), 0, "a whole record whose line end is missing"),
        (format!("{first}\nno record\n{rest}"), 1, "a wrong line in the middle"),
        (format!("{first}\n{}\n{rest}", &first[..100]), 1, "a torn line that a run was appended to"),
        (trace.clone() + "my letter", 1, "what never was a record"),
        (trace.clone() + "{}", 1, "a whole value that is not a record"),
    ] {
        folder.write("trace.jsonl", content);
        let before = folder.fingerprint("trace.jsonl");
        Program::new(&folder).args(REPAIR).exits_with(exit);
        assert_eq!(folder.fingerprint("trace.jsonl"), before, "{why}");
    }
}

#[test]
fn a_stream_cannot_be_repaired() {
    let (folder, trace) = traced();
    let told =
        Program::new(&folder).args(["trace", "check", "--repair", "-"]).stdin(&trace[..100]).exits_with(2);
    assert_eq!(told.stderr, "error: `-` is not a regular file, which --repair needs\n");
}

#[test]
fn one_run_alone_cannot_be_repaired() {
    let (folder, trace) = traced();
    folder.write("trace.jsonl", &trace[..trace.len() - 9]);
    let before = folder.fingerprint("trace.jsonl");
    let told = Program::new(&folder).args(REPAIR).args(["--run", "1"]).exits_with(2).stderr;
    assert!(told.contains("'--repair' cannot be used with '--run <N>'"), "{told}");
    assert_eq!(folder.fingerprint("trace.jsonl"), before);
}

#[test]
fn a_trace_of_one_torn_record_is_empty_after_the_cut() {
    let (folder, trace) = traced();
    folder.write("trace.jsonl", &trace[..100]);
    let sound = "trace.jsonl: sound; 0 records of 0 inputs in 0 runs\n";
    let told = Program::new(&folder).args(REPAIR).exits_with(0).stdout;
    assert_eq!(told, format!("trace.jsonl: cut 100 bytes of a torn record, line 1\n{sound}"));
    assert_eq!(folder.read("trace.jsonl"), "");
    let told = Program::new(&folder).args(["trace", "check", "trace.jsonl"]).exits_with(0).stdout;
    assert_eq!(told, sound);
}

#[test]
fn a_file_that_may_not_be_written_is_said_to_be_so() {
    if geteuid().is_root() {
        return; // Root may write it all the same.
    }
    let (folder, trace) = traced();
    folder.write("trace.jsonl", &trace[..trace.len() - 9]);
    fs::set_permissions(folder.path_of("trace.jsonl"), fs::Permissions::from_mode(0o400)).unwrap();
    let told = Program::new(&folder).args(REPAIR).exits_with(2).stderr;
    assert!(told.contains("the trace `trace.jsonl` cannot be repaired: Permission denied"), "{told}");
}
