//! Files that would be read and written at once, or written twice, are refused, by whatever names they go.

use std::fs;
use std::os::unix::fs::symlink;

use insta::assert_snapshot;

use super::attempts::{accepted, attempts};
use super::folder::Folder;
use super::harness::Program;

/// Returns a folder with an input, an output, and other names for both.
fn folder() -> Folder {
    let folder = Folder::with_input(attempts(1));
    folder.write("output.txt", "earlier\n");
    folder.write("trace.jsonl", "");
    fs::create_dir(folder.path_of("sub")).unwrap();
    symlink(folder.path(), folder.path_of("linked_folder")).unwrap();
    for (original, link) in
        [("input.txt", "input.link"), ("output.txt", "output.link"), ("trace.jsonl", "trace.link")]
    {
        symlink(original, folder.path_of(link)).unwrap();
    }
    fs::hard_link(folder.path_of("input.txt"), folder.path_of("input.hard")).unwrap();
    fs::hard_link(folder.path_of("output.txt"), folder.path_of("output.hard")).unwrap();
    folder
}

/// Each of these command lines must be refused because of `key`, and change no file.
#[track_caller]
fn check_refused(key: &str, reason: &str, commands: &[&[&str]]) {
    for args in commands {
        let folder = folder();
        let (names, before) =
            (folder.names(), ["input.txt", "output.txt"].map(|name| folder.fingerprint(name)));
        let stderr = Program::new(&folder).args(["run"]).args(*args).exits_with(2).stderr;
        assert!(
            stderr.starts_with(&format!("error: `{key}`: ")) && stderr.contains(reason),
            "{args:?}: {stderr}"
        );
        assert_eq!(
            (folder.names(), ["input.txt", "output.txt"].map(|name| folder.fingerprint(name))),
            (names, before)
        );
    }
}

const OUTPUT: &str = "adapters.output_sink.settings.path";
const TRACE: &str = "runtime.tracing.sink.jsonl.path";

#[test]
fn the_output_is_not_the_input_by_any_name() {
    check_refused(
        OUTPUT,
        "same file as the input",
        &[
            &["--output", "input.txt"],
            &["--output", "./input.txt"],
            &["--output", "sub/../input.txt"],
            &["--output", "linked_folder/input.txt"],
            &["--output", "input.hard"],
            &["--input", "output.link"],
            &["--input", "output.hard"],
            &["--input", "linked_folder/sub/../output.txt"],
            // Neither is there yet.
            &["--input", "new.txt", "--output", "./new.txt"],
            &["--input", "linked_folder/new.txt", "--output", "new.txt"],
        ],
    );
}

#[test]
fn the_trace_is_neither_the_input_nor_the_output_by_any_name() {
    check_refused(
        TRACE,
        "same file as the input",
        &[&["--trace-path", "input.txt"], &["--trace-path", "./input.txt"], &["--trace-path", "input.hard"]],
    );
    check_refused(
        TRACE,
        "same file as the output",
        &[
            &["--trace-path", "output.txt"],
            &["--trace-path", "linked_folder/output.txt"],
            &["--trace-path", "output.hard"],
            &["--trace-path", "new", "--output", "./new"],
        ],
    );
}

#[test]
fn the_name_of_the_unfinished_output_is_taken_too() {
    let folder = folder();
    folder.write("output.txt.partial", attempts(1));
    let input = Program::new(&folder).args(["run", "--input", "output.txt.partial"]).exits_with(2);
    let trace = Program::new(&folder).args(["run", "--trace-path", "./output.txt.partial"]).exits_with(2);
    assert_snapshot!(input.stderr + "\n" + &trace.stderr, @"
    error: `adapters.output_sink.settings.path`: the unfinished output `output.txt.partial` is the same file as the input
      --> built-in default
      expected: a file of its own
      hint: name another file

    fund-load: 1 mistake in the configuration; no input was read and no file was touched

    error: `runtime.tracing.sink.jsonl.path`: the trace file `./output.txt.partial` is the same file as the unfinished output
      --> command line: --trace-path ./output.txt.partial
      expected: a file of its own
      hint: name another file

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
    assert_eq!(folder.read("output.txt.partial"), attempts(1));
}

#[test]
fn a_link_is_refused_as_output_and_as_trace_wherever_it_leads() {
    check_refused(OUTPUT, "is a symbolic link", &[&["--output", "output.link"], &["--output", "input.link"]]);
    check_refused(
        TRACE,
        "is a symbolic link",
        &[&["--trace-path", "trace.link"], &["--trace-path", "output.link"]],
    );
    let folder = folder();
    symlink("nowhere", folder.path_of("dangling")).unwrap();
    symlink("/dev/null", folder.path_of("null")).unwrap();
    for link in ["dangling", "null"] {
        let outcome = Program::new(&folder).args(["run", "--output", link]).exits_with(2);
        assert!(outcome.stderr.contains("symbolic link"), "{}", outcome.stderr);
        let outcome = Program::new(&folder).args(["run", "--trace-path", link]).exits_with(2);
        assert!(outcome.stderr.contains("symbolic link"), "{}", outcome.stderr);
    }
    assert!(!folder.has("nowhere"));
}

#[test]
fn a_link_may_be_read() {
    let folder = folder();
    Program::new(&folder).args(["run", "--input", "input.link"]).exits_with(0);
    assert_eq!(folder.read("output.txt"), accepted(1));
}

#[test]
fn a_trace_that_is_switched_off_is_in_nobodys_way() {
    let folder = folder();
    let args = ["run", "--trace-path", "output.link", "--tracing", "disable"];
    Program::new(&folder).args(args).exits_with(0);
    assert_eq!(folder.read("output.txt"), accepted(1));
}

#[test]
fn records_and_results_do_not_share_standard_output() {
    let folder = folder();
    let program = Program::new(&folder).args(["run", "--output", "-", "--tracing", "enable"]);
    let outcome = program.set(["runtime.tracing.sink.kind=stdout"]).exits_with(2);
    assert_snapshot!(outcome.stderr, @"
    error: `runtime.tracing.sink.kind`: records and results would both go to standard output
      --> command line: --set runtime.tracing.sink.kind=stdout
      expected: a `jsonl` sink, or an output file
      hint: use `--trace-path FILE` or `--output FILE`

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
    assert_eq!(outcome.stdout, "");
}

#[test]
fn streams_are_exempt() {
    let folder = Folder::with_input("");
    let outcome =
        Program::new(&folder).args(["run", "--input", "-", "--output", "-"]).stdin(attempts(1)).exits_with(0);
    assert_eq!(outcome.stdout, accepted(1));
    let null = ["run", "--input", "/dev/null", "--output", "/dev/null", "--trace-path", "/dev/null"];
    Program::new(&folder).args(null).exits_with(0);
}
