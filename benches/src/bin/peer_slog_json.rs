//! A peer: slog with slog-json, one event per step.
//!
//! Equivalent: the facts of the kernel's record, as flat keys, because slog-json does not nest. In its favour: slog's
//! shortest path, a drain behind a mutex without the asynchronous queue; none of slog-json's own keys (`ts`, `level`,
//! `msg`); the logger holds the constant parts of records; times as text come from a cache of the second; the trace id
//! is built once per line.

use std::io::{self, BufWriter};
use std::process::ExitCode;
use std::sync::Mutex;

use slog::{Drain as _, Logger, info, o};
use slog_json::Json;
use stream_kernel_benches::moments::{UtcText, now_ns};
use stream_kernel_benches::program;
use stream_kernel_benches::steps::{RUN_ID, SCENARIO, Step, StepRecorder};

fn main() -> ExitCode {
    program::run_traced(|trace: BufWriter<_>| Recorder {
        logger: Logger::root(Mutex::new(Json::new(trace).build()).fuse(), o!("scenario" => SCENARIO)),
        written: 0,
        line_no: 0,
        trace_id: String::new(),
        utc: UtcText::default(),
    })
}

struct Recorder {
    logger: Logger,
    written: u64,
    line_no: u64,
    trace_id: String,
    utc: UtcText,
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
        info!(self.logger, "";
            "trace_id" => self.trace_id.as_str(),
            "line_no" => self.line_no,
            "step_index" => step.index,
            "step_name" => step.name,
            "work_index" => 0,
            "t_enter" => times.enter.as_str(),
            "t_exit" => times.exit.as_str(),
            "duration_ms" => times.duration_ms,
            "msg_in" => step.takes,
            "msg_out" => step.emits,
            "msg_out_count" => usize::from(step.emits.is_some()),
            "status" => "ok",
        );
        self.written += 1;
        result
    }

    /// The drain panics at an error of the file; dropping the logger flushes it.
    fn finish(self) -> io::Result<u64> {
        Ok(self.written)
    }
}
