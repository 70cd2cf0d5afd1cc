//! A peer: tracing with tracing-subscriber's JSON layer, one event per step.
//!
//! Equivalent: the facts of the kernel's record, as flat keys, because fields do not nest. In its favour: an event
//! costs less than a span that is written when it closes; the file is buffered behind a mutex, which costs less
//! processor time than the non-blocking writer and its thread; the layer's own time, level, target and spans are
//! switched off; times as text come from a cache of the second; the trace id is built once per line.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use stream_kernel_benches::moments::{UtcText, now_ns};
use stream_kernel_benches::program;
use stream_kernel_benches::steps::{RUN_ID, SCENARIO, Step, StepRecorder};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::writer::MutexGuardWriter;

fn main() -> ExitCode {
    program::run_traced(|trace| {
        let trace = SharedFile(Arc::new(Mutex::new(trace)));
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .with_level(false)
            .with_target(false)
            .without_time()
            .with_writer(trace.clone());
        // The first in the process: nobody else has set one.
        let _ = tracing::subscriber::set_global_default(subscriber.finish());
        Recorder { trace, written: 0, line_no: 0, trace_id: String::new(), utc: UtcText::default() }
    })
}

/// The trace file, which the subscriber keeps to the end of the process.
#[derive(Clone)]
struct SharedFile(Arc<Mutex<BufWriter<File>>>);

impl<'a> MakeWriter<'a> for SharedFile {
    type Writer = MutexGuardWriter<'a, BufWriter<File>>;

    fn make_writer(&'a self) -> Self::Writer {
        self.0.make_writer()
    }
}

struct Recorder {
    trace: SharedFile,
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
        tracing::info!(
            trace_id = self.trace_id.as_str(),
            scenario = SCENARIO,
            line_no = self.line_no,
            step_index = step.index,
            step_name = step.name,
            work_index = 0,
            t_enter = times.enter.as_str(),
            t_exit = times.exit.as_str(),
            duration_ms = times.duration_ms,
            msg_in = step.takes,
            msg_out = step.emits,
            msg_out_count = usize::from(step.emits.is_some()),
            status = "ok",
        );
        self.written += 1;
        result
    }

    fn finish(self) -> io::Result<u64> {
        self.trace.0.lock().unwrap_or_else(PoisonError::into_inner).flush()?;
        Ok(self.written)
    }
}
