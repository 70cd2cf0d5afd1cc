//! The output file takes its name when it is complete and not before, whatever happens.

use std::fs;
use std::os::unix::fs::symlink;

use insta::assert_snapshot;

use super::attempts::{accepted, attempts};
use super::folder::Folder;
use super::harness::Program;
use super::running::wait_for_bytes;

#[test]
fn a_complete_output_has_its_name_and_is_its_owners_alone() {
    let folder = Folder::with_input(attempts(2));
    Program::new(&folder).args(["run", "--trace-path", "trace.jsonl"]).exits_with(0);
    assert_eq!(folder.names(), ["input.txt", "output.txt", "trace.jsonl"], "nothing is left over");
    assert_eq!(folder.read("output.txt"), accepted(1) + &accepted(2));
    assert_eq!((folder.mode("output.txt"), folder.mode("trace.jsonl")), (0o600, 0o600));
}

#[test]
fn an_existing_output_stays_until_the_new_one_is_complete() {
    let folder = Folder::new();
    folder.write("output.txt", "earlier\n");
    let mut running = Program::new(&folder).args(["run", "--input", "-"]).start();
    running.send(attempts(1));
    wait_for_bytes(&folder, "output.txt.partial", accepted(1).len() as u64);
    assert_eq!(folder.read("output.txt.partial"), accepted(1));
    assert_eq!(folder.read("output.txt"), "earlier\n");
    assert_eq!(folder.mode("output.txt.partial"), 0o600);
    drop(running.take_stdin());
    assert_eq!(running.wait().exit, 0);
    assert_eq!(folder.read("output.txt"), accepted(1));
    assert_eq!(folder.names(), ["output.txt"]);
}

#[test]
fn an_earlier_unfinished_output_is_overwritten() {
    let folder = Folder::with_input(attempts(1));
    folder.write("output.txt.partial", "x".repeat(10_000));
    Program::new(&folder).args(["run"]).exits_with(0);
    assert_eq!(folder.read("output.txt"), accepted(1));
    assert_eq!(folder.names(), ["input.txt", "output.txt"]);
}

#[test]
fn an_unfinished_output_that_is_a_link_is_not_written_through() {
    let folder = Folder::with_input(attempts(1));
    folder.write("precious", "keep");
    symlink("precious", folder.path_of("output.txt.partial")).unwrap();
    Program::new(&folder).args(["run"]).exits_with(0);
    assert_eq!(folder.read("precious"), "keep");
    assert_eq!(folder.read("output.txt"), accepted(1));
}

#[test]
fn without_an_input_nothing_is_created() {
    let folder = Folder::new();
    folder.write("output.txt", "earlier\n");
    let before = folder.fingerprint("output.txt");
    let outcome = Program::new(&folder).args(["run", "--trace-path", "trace.jsonl"]).exits_with(1);
    assert_snapshot!(outcome.stderr, @"error: the input `input.txt` cannot be opened (name it with --input FILE, or - for standard input): No such file or directory (os error 2)");
    assert_eq!(folder.names(), ["output.txt"]);
    assert_eq!(folder.fingerprint("output.txt"), before);
}

#[test]
fn a_folder_is_no_input_and_no_output() {
    let folder = Folder::with_input(attempts(1));
    fs::create_dir(folder.path_of("folder")).unwrap();
    let input = Program::new(&folder).args(["run", "--input", "folder"]).exits_with(1).stderr;
    let output = Program::new(&folder).args(["run", "--output", "folder"]).exits_with(1).stderr;
    assert_snapshot!(input + &output, @"
    error: the input `folder` cannot be opened: is a directory
    error: the output `folder` cannot be opened: Is a directory (os error 21)
    ");
    assert_eq!(folder.names(), ["folder", "input.txt"]);
}

#[test]
fn an_output_in_a_folder_that_is_not_there_cannot_be_opened() {
    let folder = Folder::with_input(attempts(1));
    let outcome = Program::new(&folder).args(["run", "--output", "missing/output.txt"]).exits_with(1);
    assert_snapshot!(outcome.stderr, @"error: the output `missing/output.txt.partial` cannot be opened: No such file or directory (os error 2)");
    assert_eq!(folder.names(), ["input.txt"]);
}

#[test]
fn a_folder_under_the_outputs_name_is_reported() {
    let folder = Folder::with_input(attempts(1));
    fs::create_dir(folder.path_of("output.txt.partial")).unwrap();
    let outcome = Program::new(&folder).args(["run"]).exits_with(1);
    assert!(outcome.stderr.contains("output.txt.partial"), "what is in the way is named: {}", outcome.stderr);
    assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
}

#[test]
fn a_dash_in_the_configuration_is_a_standard_stream() {
    let folder = Folder::new();
    let outcome =
        Program::new(&folder).args(["run", "--input", "-", "--output", "-"]).stdin(attempts(2)).exits_with(0);
    assert_eq!(outcome.stdout, accepted(1) + &accepted(2));
    let settings = ["adapters.input_source.settings.path=-", "adapters.output_sink.settings.path=-"];
    let outcome = Program::new(&folder).args(["run"]).set(settings).stdin(attempts(2)).exits_with(0);
    assert_eq!(outcome.stdout, accepted(1) + &accepted(2));
    assert_eq!(folder.names(), [""; 0]);
}
