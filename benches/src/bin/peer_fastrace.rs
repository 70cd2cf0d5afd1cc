//! A peer: fastrace with a reporter that writes JSON lines, a root span per line of input and a local span per step.
//!
//! Equivalent: the facts of the kernel's record. In its favour: the line number is the trace id; kinds and indices are
//! static texts, so that no property is allocated; the reporter adds the constant parts of records; times come from
//! fastrace's own cheap clock and are written from a cache of the second; the root spans are not written. Its collector
//! has threads of its own, whose processor time counts; it is flushed often enough that it drops nothing.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use fastrace::collector::{Config, Reporter, SpanRecord};
use fastrace::local::LocalParentGuard;
use fastrace::prelude::{LocalSpan, Span, SpanContext, SpanId, TraceId};
use serde::Serialize;
use stream_kernel_benches::moments::UtcText;
use stream_kernel_benches::program;
use stream_kernel_benches::steps::{RUN_ID, SCENARIO, Step, StepRecorder};

const ROOT: &str = "line";

/// A line sends three commands to the collector, which drops commands beyond 10,240 waiting ones.
const LINES_A_FLUSH: u32 = 1_500;

fn main() -> ExitCode {
    program::run_traced(|trace| {
        let log = Arc::new(Mutex::new(Log { trace, utc: UtcText::default(), written: 0, failure: None }));
        fastrace::set_reporter(LogReporter(Arc::clone(&log)), Config::default());
        Recorder { log, line: None, lines_since_flush: 0 }
    })
}

/// The count of records that the reporter has written.
struct Log {
    trace: BufWriter<File>,
    utc: UtcText,
    written: u64,
    failure: Option<io::Error>,
}

struct LogReporter(Arc<Mutex<Log>>);

#[derive(Serialize)]
struct Record<'a> {
    trace_id: &'a str,
    scenario: &'a str,
    line_no: u128,
    step_name: &'a str,
    t_enter: &'a str,
    t_exit: &'a str,
    duration_ms: f64,
    #[serde(serialize_with = "as_map")]
    properties: &'a [(Cow<'static, str>, Cow<'static, str>)],
}

fn as_map<S: serde::Serializer>(
    properties: &[(Cow<'static, str>, Cow<'static, str>)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(properties.iter().map(|(key, value)| (key, value)))
}

impl Reporter for LogReporter {
    fn report(&mut self, spans: Vec<SpanRecord>) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for span in spans.iter().filter(|span| span.name != ROOT) {
            if let Err(error) = log.write(span) {
                log.failure.get_or_insert(error);
            }
        }
    }
}

impl Log {
    #[expect(clippy::cast_precision_loss, reason = "no step takes as long as two weeks")]
    fn write(&mut self, span: &SpanRecord) -> io::Result<()> {
        let SpanRecord { begin_time_unix_ns, duration_ns, .. } = *span;
        let (enter, exit) =
            (self.utc.render(begin_time_unix_ns), self.utc.render(begin_time_unix_ns + duration_ns));
        let record = Record {
            trace_id: &format!("{RUN_ID}:{}", span.trace_id.0),
            scenario: SCENARIO,
            line_no: span.trace_id.0,
            step_name: &span.name,
            t_enter: enter.as_str(),
            t_exit: exit.as_str(),
            duration_ms: duration_ns as f64 / 1e6,
            properties: &span.properties,
        };
        serde_json::to_writer(&mut self.trace, &record)?;
        self.trace.write_all(b"\n")?;
        self.written += 1;
        Ok(())
    }
}

struct Recorder {
    log: Arc<Mutex<Log>>,
    /// The guard before the span: it is dropped first.
    line: Option<(LocalParentGuard, Span)>,
    lines_since_flush: u32,
}

impl StepRecorder for Recorder {
    fn begin_line(&mut self, line_no: u64) {
        let root = Span::root(ROOT, SpanContext::new(TraceId(u128::from(line_no)), SpanId(0)));
        self.line = Some((root.set_local_parent(), root));
    }

    fn record<T>(&mut self, step: &'static Step, work: impl FnOnce() -> T) -> T {
        const DIGITS: [&str; 8] = ["0", "1", "2", "3", "4", "5", "6", "7"];
        let _span = LocalSpan::enter_with_local_parent(step.name).with_properties(|| {
            [
                ("step_index", DIGITS[step.index]),
                ("work_index", DIGITS[0]),
                ("msg_in", step.takes),
                ("msg_out", step.emits.unwrap_or_default()),
                ("msg_out_count", DIGITS[usize::from(step.emits.is_some())]),
                ("status", "ok"),
            ]
        });
        work()
    }

    fn end_line(&mut self) {
        self.line = None;
        self.lines_since_flush += 1;
        if self.lines_since_flush == LINES_A_FLUSH {
            self.lines_since_flush = 0;
            fastrace::flush();
        }
    }

    fn finish(self) -> io::Result<u64> {
        fastrace::flush();
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.trace.flush()?;
        log.failure.take().map_or(Ok(log.written), Err)
    }
}
