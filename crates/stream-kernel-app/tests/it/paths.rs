//! Paths: input, output and trace must be different files, which is checked before anything is opened.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::scene::{mistakes, set};

const TRACED: &str = "runtime.tracing.enabled=true";

/// The files in the folder beforehand.
const INPUT: &str = "in.log";
const HARD_LINK: &str = "hard.log";
const SYMLINK: &str = "soft.log";
const DANGLING: &str = "dangling.log";
const FOLDER_LINK: &str = "folder";

fn lay_out(folder: &Path) {
    fs::write(folder.join(INPUT), "").unwrap();
    fs::hard_link(folder.join(INPUT), folder.join(HARD_LINK)).unwrap();
    symlink(INPUT, folder.join(SYMLINK)).unwrap();
    symlink("nowhere", folder.join(DANGLING)).unwrap();
    symlink(".", folder.join(FOLDER_LINK)).unwrap();
}

/// Returns the mistakes in each set of paths, and checks that nothing in the folder has changed.
fn check(cases: &[Paths<'_>]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path();
    lay_out(folder);
    let before = listing(folder);
    let place = |name: &str| match name {
        "-" | "-.partial" | "/dev/null" => name.to_owned(),
        name => format!("{}/{name}", folder.display()),
    };
    let cases = cases.iter().map(|paths| {
        let mut loader = set(paths.settings)
            .flag("--input", "adapters.input_source.settings.path", place(paths.input))
            .flag("--output", "adapters.output_sink.settings.path", place(paths.output));
        if let Some(trace) = paths.trace {
            loader = loader.flag("--trace-path", "runtime.tracing.sink.kind", "jsonl").flag(
                "--trace-path",
                "runtime.tracing.sink.jsonl.path",
                place(trace),
            );
        }
        let Paths { input, output, trace, .. } = paths;
        let found = mistakes(loader).replace(&format!("{}/", folder.display()), "");
        format!("# {input} -> {output}, trace {}\n{found}\n", trace.unwrap_or("none"))
    });
    let report: String = cases.collect();
    assert_eq!(listing(folder), before, "checking touches no file");
    report
}

struct Paths<'a> {
    input: &'a str,
    output: &'a str,
    trace: Option<&'a str>,
    settings: &'a [&'a str],
}

fn untraced<'a>(input: &'a str, output: &'a str) -> Paths<'a> {
    Paths { input, output, trace: None, settings: &[] }
}

fn traced<'a>(input: &'a str, output: &'a str, trace: &'a str) -> Paths<'a> {
    Paths { input, output, trace: Some(trace), settings: &[TRACED] }
}

fn listing(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn the_output_is_never_the_input() {
    insta::assert_snapshot!(check(&[
        untraced(INPUT, "out"),
        untraced(INPUT, INPUT),
        untraced(INPUT, HARD_LINK),
        untraced(INPUT, "folder/./in.log"),
        untraced("new", "./new"),
        untraced("out.partial", "out"),
    ]), @"
    # in.log -> out, trace none
    fine
    # in.log -> in.log, trace none
    error: `adapters.output_sink.settings.path`: the output `in.log` is the same file as the input
      --> command line: --output
      expected: a file of its own
      hint: name another file
    # in.log -> hard.log, trace none
    error: `adapters.output_sink.settings.path`: the output `hard.log` is the same file as the input
      --> command line: --output
      expected: a file of its own
      hint: name another file
    # in.log -> folder/./in.log, trace none
    error: `adapters.output_sink.settings.path`: the output `folder/./in.log` is the same file as the input
      --> command line: --output
      expected: a file of its own
      hint: name another file
    # new -> ./new, trace none
    error: `adapters.output_sink.settings.path`: the output `./new` is the same file as the input
      --> command line: --output
      expected: a file of its own
      hint: name another file
    # out.partial -> out, trace none
    error: `adapters.output_sink.settings.path`: the unfinished output `out.partial` is the same file as the input
      --> command line: --output
      expected: a file of its own
      hint: name another file
    ");
}

#[test]
fn the_trace_is_neither_input_nor_output() {
    insta::assert_snapshot!(check(&[
        traced(INPUT, "out", "trace"),
        traced(INPUT, "out", HARD_LINK),
        traced(INPUT, "out", "folder/out"),
        traced(INPUT, "out", "out.partial"),
        // If all three are the same, each pair is a mistake.
        traced(INPUT, INPUT, INPUT),
        traced("out.partial", "out", "out.partial"),
    ]), @"
    # in.log -> out, trace trace
    fine
    # in.log -> out, trace hard.log
    error: `runtime.tracing.sink.jsonl.path`: the trace file `hard.log` is the same file as the input
      --> command line: --trace-path
      expected: a file of its own
      hint: name another file
    # in.log -> out, trace folder/out
    error: `runtime.tracing.sink.jsonl.path`: the trace file `folder/out` is the same file as the output
      --> command line: --trace-path
      expected: a file of its own
      hint: name another file
    # in.log -> out, trace out.partial
    error: `runtime.tracing.sink.jsonl.path`: the trace file `out.partial` is the same file as the unfinished output
      --> command line: --trace-path
      expected: a file of its own
      hint: name another file
    # in.log -> in.log, trace in.log
    error: `adapters.output_sink.settings.path`: the output `in.log` is the same file as the input
      --> command line: --output
      expected: a file of its own
      hint: name another file

    error: `runtime.tracing.sink.jsonl.path`: the trace file `in.log` is the same file as the input
      --> command line: --trace-path
      expected: a file of its own
      hint: name another file

    error: `runtime.tracing.sink.jsonl.path`: the trace file `in.log` is the same file as the output
      --> command line: --trace-path
      expected: a file of its own
      hint: name another file
    # out.partial -> out, trace out.partial
    error: `adapters.output_sink.settings.path`: the unfinished output `out.partial` is the same file as the input
      --> command line: --output
      expected: a file of its own
      hint: name another file

    error: `runtime.tracing.sink.jsonl.path`: the trace file `out.partial` is the same file as the input
      --> command line: --trace-path
      expected: a file of its own
      hint: name another file

    error: `runtime.tracing.sink.jsonl.path`: the trace file `out.partial` is the same file as the unfinished output
      --> command line: --trace-path
      expected: a file of its own
      hint: name another file
    ");
}

#[test]
fn links_are_not_written_through() {
    insta::assert_snapshot!(check(&[
        untraced(SYMLINK, "out"),
        untraced(INPUT, DANGLING),
        // It leads to the input as well, which is another mistake.
        untraced(INPUT, SYMLINK),
        traced(INPUT, "out", DANGLING),
    ]), @"
    # soft.log -> out, trace none
    fine
    # in.log -> dangling.log, trace none
    error: `adapters.output_sink.settings.path`: the output `dangling.log` is a symbolic link
      --> command line: --output
      expected: a file of its own
      hint: name the file that the link leads to, or use `-` for standard output
    # in.log -> soft.log, trace none
    error: `adapters.output_sink.settings.path`: the output `soft.log` is a symbolic link
      --> command line: --output
      expected: a file of its own
      hint: name the file that the link leads to, or use `-` for standard output

    error: `adapters.output_sink.settings.path`: the output `soft.log` is the same file as the input
      --> command line: --output
      expected: a file of its own
      hint: name another file
    # in.log -> out, trace dangling.log
    error: `runtime.tracing.sink.jsonl.path`: the trace file `dangling.log` is a symbolic link
      --> command line: --trace-path
      expected: a file of its own
      hint: name the file that the link leads to, or use the sink `stdout` for standard output
    ");
}

#[test]
fn streams_may_be_shared_but_for_records_among_results() {
    let to_stdout = &[TRACED, "runtime.tracing.sink.kind=stdout"];
    insta::assert_snapshot!(check(&[
        untraced("-", "-"),
        untraced("/dev/null", "/dev/null"),
        traced("/dev/null", "/dev/null", "/dev/null"),
        Paths { input: INPUT, output: "out", trace: None, settings: to_stdout },
        Paths { input: INPUT, output: "-", trace: None, settings: to_stdout },
        traced(INPUT, "out", "-"),
        // A stream has no partial name.
        traced(INPUT, "-", "-.partial"),
    ]), @"
    # - -> -, trace none
    fine
    # /dev/null -> /dev/null, trace none
    fine
    # /dev/null -> /dev/null, trace /dev/null
    fine
    # in.log -> out, trace none
    fine
    # in.log -> -, trace none
    error: `runtime.tracing.sink.kind`: records and results would both go to standard output
      --> command line: --set runtime.tracing.sink.kind=stdout
      expected: a `jsonl` sink, or an output file
      hint: use `--trace-path FILE` or `--output FILE`
    # in.log -> out, trace -
    error: `runtime.tracing.sink.jsonl.path`: `-` is no trace file
      --> command line: --trace-path
      expected: a file of its own
      hint: records go to standard output with `runtime.tracing.sink: {kind: stdout}`
    # in.log -> -, trace -.partial
    fine
    ");
}

#[test]
fn a_sink_that_is_switched_off_is_not_checked() {
    insta::assert_snapshot!(check(&[
        Paths { input: INPUT, output: "out", trace: Some(INPUT), settings: &[] },
        Paths { input: INPUT, output: "-", trace: None, settings: &["runtime.tracing.sink.kind=stdout"] },
    ]), @"
    # in.log -> out, trace in.log
    fine
    # in.log -> -, trace none
    fine
    ");
}
