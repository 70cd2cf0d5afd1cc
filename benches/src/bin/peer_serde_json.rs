//! A peer: each record is a struct that serde's derive writes, field by field, without any tracing library.
//!
//! Equivalent: every key and value of the kernel's record, and so its length. In its favour: times as text come from a
//! cache of the second. Left out: identities, hashes, snapshots of a context, errors, and every setting.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use serde::Serialize;
use stream_kernel_benches::moments::{Times, UtcText, now_ns};
use stream_kernel_benches::program;
use stream_kernel_benches::steps::{RUN_ID, SCENARIO, Step, StepRecorder};

fn main() -> ExitCode {
    program::run_traced(|trace| Recorder {
        trace,
        written: 0,
        line_no: 0,
        trace_id: String::new(),
        utc: UtcText::default(),
        failure: None,
    })
}

struct Recorder {
    trace: BufWriter<File>,
    written: u64,
    line_no: u64,
    trace_id: String,
    utc: UtcText,
    failure: Option<io::Error>,
}

#[derive(Serialize)]
struct Record<'a> {
    trace_id: &'a str,
    scenario: &'a str,
    line_no: u64,
    step_index: usize,
    step_name: &'a str,
    work_index: u32,
    t_enter: &'a str,
    t_exit: &'a str,
    duration_ms: f64,
    msg_in: Signature<'a>,
    msg_out: &'a [Signature<'a>],
    msg_out_count: usize,
    ctx_before: Option<()>,
    ctx_after: Option<()>,
    ctx_diff: Option<()>,
    status: &'a str,
    error: Option<()>,
}

#[derive(Serialize)]
struct Signature<'a> {
    type_name: &'a str,
    identity: Option<&'a str>,
    hash: Option<&'a str>,
}

impl<'a> Signature<'a> {
    fn of(type_name: &'a str) -> Self {
        Self { type_name, identity: None, hash: None }
    }
}

impl StepRecorder for Recorder {
    fn begin_line(&mut self, line_no: u64) {
        self.line_no = line_no;
        self.trace_id = format!("{RUN_ID}:{line_no}");
    }

    fn record<T>(&mut self, step: &'static Step, work: impl FnOnce() -> T) -> T {
        let entered_ns = now_ns();
        let result = work();
        let times = self.utc.times_since(entered_ns);
        if let Err(error) = self.write(step, &times) {
            self.failure.get_or_insert(error);
        }
        result
    }

    fn finish(mut self) -> io::Result<u64> {
        self.trace.flush()?;
        self.failure.map_or(Ok(self.written), Err)
    }
}

impl Recorder {
    fn write(&mut self, step: &Step, times: &Times) -> io::Result<()> {
        let emitted = step.emits.map(Signature::of);
        let record = Record {
            trace_id: &self.trace_id,
            scenario: SCENARIO,
            line_no: self.line_no,
            step_index: step.index,
            step_name: step.name,
            work_index: 0,
            t_enter: times.enter.as_str(),
            t_exit: times.exit.as_str(),
            duration_ms: times.duration_ms,
            msg_in: Signature::of(step.takes),
            msg_out: emitted.as_slice(),
            msg_out_count: emitted.iter().len(),
            ctx_before: None,
            ctx_after: None,
            ctx_diff: None,
            status: "ok",
            error: None,
        };
        serde_json::to_writer(&mut self.trace, &record)?;
        self.trace.write_all(b"\n")?;
        self.written += 1;
        Ok(())
    }
}
