//! A file at its size limit (`ulimit -f`), as on a full disk: an error of that file, not the end of the process.
//!
//! Shells count the limit in blocks of 512 or of 1,024 bytes; what is written here is clearly below or above either.

use insta::assert_snapshot;

use super::attempts::{accepted, attempts};
use super::folder::Folder;
use super::harness::Program;

/// Runs `count` lines with an output file of at most this many blocks, and returns the one line with which it must
/// fail.
#[track_caller]
fn told_of_limited_output(count: u32, blocks: u32, settings: &[&str]) -> String {
    let folder = Folder::with_input(attempts(count));
    folder.write("output.txt", "earlier\n");
    let before = folder.fingerprint("output.txt");
    let program = Program::after(&folder, &format!("ulimit -f {blocks}"));
    let outcome = program.args(["run"]).set(settings).exits_with(1);
    assert_eq!(folder.fingerprint("output.txt"), before, "the earlier output stays as it is");
    assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
    outcome.stderr
}

#[test]
fn an_output_that_grows_too_large_at_the_end_fails_the_run() {
    // 4 KiB of output, at most 1 KiB allowed.
    assert_snapshot!(told_of_limited_output(100, 1, &[]), @"error: the output `output.txt` cannot be written: File too large (os error 27) (the unfinished output is left in `output.txt.partial`)");
}

#[test]
fn an_output_over_the_size_limit_stops_any_run() {
    // 1 MiB of output, at most 512 KiB allowed.
    for policy in ["stop", "continue"] {
        let told = told_of_limited_output(20_000, 512, &[&format!("runtime.on_step_error={policy}")]);
        insta::allow_duplicates! { assert_snapshot!(told, @"error: the output `output.txt` cannot be written: File too large (os error 27) (the unfinished output is left in `output.txt.partial`)"); }
    }
}

/// Runs 20 lines with a trace file whose limit is too small, and returns the message; the output must be complete.
#[track_caller]
fn told_of_limited_trace(jsonl: &str) -> String {
    // 1 KiB of output and 50 KiB of records, 2 to 4 KiB allowed per file.
    let folder = Folder::with_input(attempts(20));
    let outcome = Program::after(&folder, "ulimit -f 4")
        .args(["run", "--trace-path", "trace.jsonl"])
        .set([format!("runtime.tracing.sink.jsonl={jsonl}")])
        .exits_with(1);
    assert_eq!(folder.read("output.txt"), (1..=20).map(accepted).collect::<String>());
    assert_eq!(folder.names(), ["input.txt", "output.txt", "trace.jsonl"], "the output has its name");
    outcome.stderr
}

#[test]
fn a_trace_over_the_size_limit_at_the_end_is_reported_once() {
    assert_snapshot!(told_of_limited_trace("{write_mode: batch, flush_every_n: 1000000}"), @"
    error: trace `trace.jsonl`: the trace lacks its last records: File too large (os error 27); none of this run's records is certain (the output is complete)
    fund-load: 20 lines
      limits: $5,000.00 a day, $20,000.00 a week, 3 attempts a day; prime gate off; Monday multiplier off
      memory: ids remembered forever, number of ids not limited, number of customers not limited
      accepted             20
      declined              0
      output: output.txt
      trace: trace.jsonl
      configuration: <digest>
    ");
}

#[test]
fn a_trace_over_the_size_limit_midway_is_reported_once() {
    let told = told_of_limited_trace("{write_mode: line}");
    assert_eq!(told.matches("error: ").count(), 1, "{told}");
    // The first record beyond the limit depends on how long the steps took.
    let error = told.lines().next().unwrap();
    for part in ["error: trace `trace.jsonl`: ", "File too large", "(the output is complete)"] {
        assert!(error.contains(part), "{part}: {told}");
    }
}

/// In a thread beside the run, too, the report names the last record that is certain, and it is there.
#[test]
fn what_is_certain_of_a_trace_that_grows_too_large_is_there() {
    for jsonl in
        ["{write_mode: batch, flush_every_n: 2}", "{write_mode: batch, flush_every_n: 1, compress: zstd}"]
    {
        let folder = Folder::with_input(attempts(40));
        let told = Program::after(&folder, "ulimit -f 4")
            .args(["run", "--trace-path", "trace.jsonl"])
            .set([format!("runtime.tracing.sink.jsonl={jsonl}")])
            .exits_with(1)
            .stderr;
        assert_eq!(folder.read("output.txt"), (1..=40).map(accepted).collect::<String>());
        let (_, certain) = told.split_once("File too large (os error 27); this run's first ").unwrap();
        let (records, certain) = certain.split_once(" are certain, the last of line ").unwrap();
        let (line, _) = certain.split_once(' ').unwrap();
        let (records, line): (u64, u64) = (records.parse().unwrap(), line.parse().unwrap());
        assert_eq!(line, records.div_ceil(8), "a line has eight records");
        let check = Program::new(&folder).args(["trace", "check", "--json", "trace.jsonl"]).run().stdout;
        let sum: serde_json::Value = serde_json::from_str(check.lines().last().unwrap()).unwrap();
        assert!(
            sum["records"].as_u64().is_some_and(|there| (records..=records + 2).contains(&there)),
            "{told}{check}"
        );
    }
}
