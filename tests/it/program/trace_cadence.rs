//! Cadence of a trace: when records are written to the file and when it is synced, as the system sees it.
//!
//! This needs `strace`. Where it is missing or not allowed, these tests say that they were skipped; the sink has tests
//! of its own, on a journal.

use std::io::{self, Write};

use insta::assert_snapshot;

use super::attempts::attempts;
use super::folder::Folder;
use super::harness::Program;

/// Returns the system calls on the trace file of a run over one line, which has eight records, or nothing without
/// `strace`.
#[track_caller]
fn calls(jsonl: &str) -> Option<String> {
    let folder = Folder::with_input(attempts(1));
    // By its full path, because the environment has none.
    let attempt = Program::after(&folder, "strace -o /dev/null /bin/true").args(["--version"]).run();
    if attempt.exit != 0 {
        let why =
            format!("skipped, since strace cannot be used here (package `strace`): {}\n", attempt.stderr);
        io::stderr().write_all(why.as_bytes()).unwrap();
        return None;
    }
    let strace = "exec strace -f -y -s 100000 -e trace=write,fsync,fdatasync -o calls \"$0\" \"$@\"";
    Program::after(&folder, strace)
        .args(["run", "--trace-path", "trace.jsonl"])
        .set([format!("runtime.tracing.sink.jsonl={jsonl}")])
        .exits_with(0);
    let calls = folder.read("calls");
    let on_trace = calls.lines().filter(|call| call.contains("trace.jsonl>"));
    let told: Vec<_> = on_trace
        .map(|call| match call.matches("trace_id").count() {
            0 => String::from("sync"),
            records => format!("write {records}"),
        })
        .collect();
    Some(told.join(", "))
}

#[test]
fn a_line_is_one_write_and_syncs_are_opt_in() {
    let Some(calls) = calls("{write_mode: line}") else { return };
    assert_snapshot!(calls, @"write 1, write 1, write 1, write 1, write 1, write 1, write 1, write 1");
}

#[test]
fn a_batch_is_one_write_and_the_end_brings_the_rest() {
    let Some(calls) = calls("{write_mode: batch, flush_every_n: 3}") else { return };
    assert_snapshot!(calls, @"write 3, write 3, write 2");
}

#[test]
fn buffered_records_are_written_before_the_sync() {
    let Some(calls) = calls("{flush_every_n: 2, fsync_every_n: 3}") else { return };
    assert_snapshot!(calls, @"write 2, write 1, sync, write 1, write 2, sync, write 2, sync");
}
