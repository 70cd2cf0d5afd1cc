//! Runs of the example application in memory: lines in, output and trace out.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use stream_kernel_exec::RunReport;
use stream_kernel_exec::trace::{ManualClock, Recorder, Timestamp, TraceRecord};
use stream_kernel_run::config::Loader;
use stream_kernel_run::testing::CapturedTrace;
use stream_kernel_run::{Job, LineReader};

use crate::access_log::AccessLog;

/// Returns the path of a file beside the example.
pub(crate) fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/access_log").join(name)
}

/// Returns the application's loader with these `--set` flags.
pub(crate) fn set(assignments: &[&str]) -> Loader {
    assignments.iter().fold(Job::<AccessLog>::loader(), |loader, assignment| loader.set(*assignment))
}

/// Returns a job of a configuration that must be valid.
pub(crate) fn prepare(loader: Loader) -> Job<AccessLog> {
    Job::prepare(loader).map_err(|mistakes| mistakes.to_string()).unwrap()
}

/// Returns every mistake in a configuration as shown to people; `fine` if there is none.
pub(crate) fn mistakes(loader: Loader) -> String {
    match Job::<AccessLog>::prepare(loader) {
        Ok(_) => "fine".to_owned(),
        Err(mistakes) => mistakes.to_string(),
    }
}

/// The results of a run.
pub(crate) struct Outcome {
    pub(crate) output: String,
    /// The records of the trace's sink, as lines of JSON.
    pub(crate) trace: String,
    /// The same records, from the tapes.
    pub(crate) records: Vec<TraceRecord>,
    pub(crate) report: RunReport,
    /// The summary's rows: `label: count`.
    pub(crate) summary: Vec<String>,
}

/// Takes every line of `input` through the configured pipeline.
pub(crate) fn run(loader: Loader, input: &[u8]) -> Outcome {
    let job = prepare(loader);
    let trace = CapturedTrace::default();
    let max_line_bytes = job.config().adapters.input_source.settings.max_line_bytes;
    let recorder = job.recorder(clock, Some(Box::new(trace.clone()))).map(Recorder::with_tape);
    let records = Arc::new(Mutex::new(Vec::new()));
    let tapes = Arc::clone(&records);
    let mut session = job
        .start("test", recorder)
        .with_observer(move |context| tapes.lock().unwrap().extend_from_slice(context.trace()));
    let mut output = Vec::new();
    let mut lines = LineReader::new(input, max_line_bytes);
    while let Some(line) = lines.next_line().unwrap() {
        session.take(line, lines.bytes_read()).unwrap();
        output.extend_from_slice(session.written());
    }
    output.extend(session.complete());
    let summary = session.summary().iter().map(|row| format!("{}: {}", row.label, row.count)).collect();
    let report = session.finish().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let records = std::mem::take(&mut *records.lock().unwrap());
    Outcome { output: text(output), trace: text(trace.take()), records, report, summary }
}

/// Returns a clock that begins at 1970 and advances by a microsecond per reading.
pub(crate) fn clock() -> ManualClock {
    ManualClock::new(Timestamp::from_nanos(0), 1_000)
}
