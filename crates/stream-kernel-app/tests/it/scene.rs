//! Runs of the example application in memory: lines in, output and trace out.

use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use stream_kernel_exec::RunReport;
use stream_kernel_exec::trace::{ManualClock, Record, Recorder, Timestamp, TraceRecord, TraceSink};
use stream_kernel_run::config::Loader;
use stream_kernel_run::{Job, LineOutput, LineReader};

use crate::access_log::AccessLog;

/// Returns the path of a file that lies beside the example.
pub(crate) fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/access_log").join(name)
}

/// Returns the application's loader with these `--set` flags.
pub(crate) fn set(assignments: &[&str]) -> Loader {
    assignments.iter().fold(Job::<AccessLog>::loader(), |loader, assignment| loader.set(*assignment))
}

/// Returns a job of a configuration that has to be right.
pub(crate) fn prepare(loader: Loader) -> Job<AccessLog> {
    Job::prepare(loader).map_err(|mistakes| mistakes.to_string()).unwrap()
}

/// Returns every mistake of a configuration as people read it; `fine` if there is none.
pub(crate) fn mistakes(loader: Loader) -> String {
    match Job::<AccessLog>::prepare(loader) {
        Ok(_) => "fine".to_owned(),
        Err(mistakes) => mistakes.to_string(),
    }
}

/// What became of a run.
pub(crate) struct Outcome {
    pub(crate) output: String,
    /// What the trace's sink was handed, as lines of JSON.
    pub(crate) trace: String,
    /// The same records, as they stood on the tapes.
    pub(crate) records: Vec<TraceRecord>,
    pub(crate) report: RunReport,
    /// The summary's rows: `label: count`.
    pub(crate) summary: Vec<String>,
}

/// Takes every line of `input` through the configured pipeline.
pub(crate) fn run(loader: Loader, input: &[u8]) -> Outcome {
    let job = prepare(loader);
    let (output, trace) = (Captured::default(), Captured::default());
    let max_line_bytes = job.config().adapters.input_source.settings.max_line_bytes;
    let recorder = job.recorder(clock, Some(Box::new(trace.clone()))).map(Recorder::with_tape);
    let records = Rc::new(RefCell::new(Vec::new()));
    let tapes = Rc::clone(&records);
    let mut run = job
        .start("test", recorder, output.clone())
        .with_observer(move |context| tapes.borrow_mut().extend_from_slice(context.trace()));
    let mut lines = LineReader::new(input, max_line_bytes);
    while let Some(line) = lines.next_line().unwrap() {
        run.process(line).unwrap();
    }
    run.complete().unwrap();
    let summary = run.summary().iter().map(|row| format!("{}: {}", row.label, row.count)).collect();
    let report = run.finish().unwrap();
    Outcome { output: output.text(), trace: trace.text(), records: records.take(), report, summary }
}

/// Returns a clock that reads 1970 and moves on by a microsecond a reading.
pub(crate) fn clock() -> ManualClock {
    ManualClock::new(Timestamp::from_nanos(0), 1_000)
}

/// Keeps what is written to it; its clones share it.
#[derive(Clone, Default)]
struct Captured(Rc<RefCell<Vec<u8>>>);

impl Captured {
    fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

impl LineOutput for Captured {
    fn write_line(&mut self, line: &[u8]) -> io::Result<()> {
        self.0.borrow_mut().write_line(line)
    }
}

impl TraceSink for Captured {
    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        let mut lines = self.0.borrow_mut();
        record.write_json(&mut lines);
        lines.push(b'\n');
        Ok(())
    }
}
