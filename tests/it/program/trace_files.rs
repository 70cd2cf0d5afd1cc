//! Trace files: opened before anything else, appended to, whole after every end, and never worth more than the output.

use std::fs;
use std::io;

use insta::assert_snapshot;
use rustix::event::PollFlags;

use super::attempts::{accepted, attempts};
use super::folder::Folder;
use super::harness::Program;
use super::records::records;
use super::streams::wait_until;

#[test]
fn an_unopenable_trace_ends_the_run_before_the_first_line() {
    let folder = Folder::with_input(attempts(1));
    folder.write("output.txt", "earlier\n");
    fs::create_dir(folder.path_of("folder")).unwrap();
    let before = folder.fingerprint("output.txt");
    let missing = Program::new(&folder).args(["run", "--trace-path", "missing/trace.jsonl"]).exits_with(1);
    let directory = Program::new(&folder).args(["run", "--trace-path", "folder"]).exits_with(1);
    assert_snapshot!(missing.stderr + &directory.stderr, @"
    error: the trace file `missing/trace.jsonl` cannot be opened: No such file or directory (os error 2)
    error: the trace file `folder` cannot be opened: Is a directory (os error 21)
    ");
    assert_eq!(folder.fingerprint("output.txt"), before);
    assert_eq!(folder.names(), ["folder", "input.txt", "output.txt"]);
}

#[test]
fn a_sink_with_the_path_of_a_file_needs_no_kind() {
    let folder = Folder::with_input(attempts(1));
    folder.write(
        "config.yaml",
        "version: 1\nscenario: {name: test}\nruntime: {tracing: {enabled: true, sink: {jsonl: {path: x}}}}\n",
    );
    Program::new(&folder).args(["run", "--config", "config.yaml"]).exits_with(0);
    assert_eq!(records(&folder.read("x")).len(), 8);
}

#[test]
fn records_are_appended() {
    let folder = Folder::with_input(attempts(1));
    let run = |run_id| {
        Program::new(&folder).args(["run", "--trace-path", "trace.jsonl", "--run-id", run_id]).exits_with(0)
    };
    run("first");
    let first = folder.read("trace.jsonl");
    run("second");
    let both = folder.read("trace.jsonl");
    assert!(both.starts_with(&first));
    let ids: Vec<_> = records(&both).into_iter().map(|record| record.trace_id).collect();
    assert_eq!(ids, [["first:1"; 8], ["second:1"; 8]].concat());
}

#[test]
fn a_torn_line_at_the_end_is_ended_so_that_it_spoils_no_record() {
    let folder = Folder::with_input(attempts(1));
    folder.write("trace.jsonl", "{\"trace_id\":\"run:9\"}\n{\"trace_id\":\"ru");
    Program::new(&folder).args(["run", "--trace-path", "trace.jsonl"]).exits_with(0);
    let trace = folder.read("trace.jsonl");
    let rest = trace.strip_prefix("{\"trace_id\":\"run:9\"}\n{\"trace_id\":\"ru\n").expect(&trace);
    assert_eq!(records(rest).len(), 8);
}

#[test]
fn a_failing_sink_costs_the_exit_code_not_the_output() {
    for count in [1, 1_000] {
        let folder = Folder::with_input(attempts(count));
        let expected: String = (1..=count).map(accepted).collect();
        for write_mode in ["line", "batch"] {
            let program = Program::new(&folder).args(["run", "--trace-path", "/dev/full"]);
            let outcome =
                program.set([format!("runtime.tracing.sink.jsonl.write_mode={write_mode}")]).exits_with(1);
            assert_eq!(outcome.stderr.matches("error: ").count(), 1, "once: {}", outcome.stderr);
            assert_eq!(folder.read("output.txt"), expected);
            assert_eq!(folder.names(), ["input.txt", "output.txt"]);
        }
    }
}

#[test]
fn the_report_of_a_failed_sink_names_its_file() {
    let folder = Folder::with_input(attempts(1));
    let outcome = Program::new(&folder).args(["run", "--trace-path", "/dev/full"]).exits_with(1);
    let error = outcome.stderr.lines().find(|line| line.starts_with("error: ")).unwrap();
    assert!(error.contains("/dev/full"), "the error names the file: {error}");
}

#[test]
fn a_closed_standard_output_for_records_harms_no_output() {
    for count in [1, 1_000] {
        let folder = Folder::with_input(attempts(count));
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        // A process that another test is just starting holds the reader for a moment, too.
        wait_until(&writer, PollFlags::ERR);
        let outcome = Program::new(&folder)
            .args(["run", "--tracing", "enable"])
            .set(["runtime.tracing.sink.kind=stdout"])
            .stdout(writer)
            .exits_with(1);
        assert_eq!(outcome.stderr.matches("error: ").count(), 1, "once: {}", outcome.stderr);
        assert_eq!(folder.read("output.txt"), (1..=count).map(accepted).collect::<String>());
    }
}

#[test]
fn a_trace_is_whole_after_a_run_whose_output_failed() {
    let folder = Folder::with_input(attempts(20_000));
    let program = Program::new(&folder).args(["run", "--output", "/dev/full", "--trace-path", "trace.jsonl"]);
    program.set(["runtime.tracing.sink.jsonl={write_mode: batch, flush_every_n: 1000000}"]).exits_with(1);
    let records = records(&folder.read("trace.jsonl"));
    assert_eq!(records.len() % 8, 0, "the last line as well has a record of each step");
    assert_eq!(records.len() as u64 / 8, records.last().unwrap().line_no);
}

#[test]
fn the_output_is_the_same_with_tracing_on_off_and_failing() {
    let folder = Folder::with_input(attempts(300) + "x\n" + &attempts(300));
    let output = |args: &[&str], exit| {
        Program::new(&folder).args(["run", "--output", "-"]).args(args).exits_with(exit).stdout
    };
    let untraced = output(&[], 0);
    assert_eq!(untraced.lines().count(), 601);
    for mode in ["type_only", "type_and_identity", "hash"] {
        for diff in ["none", "full", "whitelist, whitelist: [tags, metrics, errors]"] {
            let signature = format!("runtime.tracing.signature.mode={mode}");
            let context_diff = format!("runtime.tracing.context_diff={{mode: {diff}}}");
            let settings = ["--set", &signature, "--set", &context_diff];
            for (trace, exit) in [("trace.jsonl", 0), ("/dev/full", 1)] {
                let args = [&settings[..], &["--trace-path", trace]].concat();
                assert_eq!(output(&args, exit), untraced, "{mode} {diff} {trace}");
            }
            assert_eq!(
                output(&[&settings[..], &["--tracing", "enable"]].concat(), 0),
                untraced,
                "{mode} {diff}"
            );
        }
    }
}
