//! Runs of fund-load in this process: configuration and input bytes in, decisions and trace bytes out.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex};

use fund_load::FundLoad;
use fund_load::config::Adapters;
use stream_kernel_exec::RunReport;
use stream_kernel_exec::trace::{ManualClock, Recorder, SinkFailure, Timestamp, TraceRecord, TraceSink};
use stream_kernel_run::config::Loader;
use stream_kernel_run::{Job, LineReader, MAX_LINES_AHEAD, RawLine, SummaryRow};

/// The results of a run.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The bytes of the output.
    pub(crate) output: Vec<u8>,
    /// By line: the reason of the decline, `None` if it was accepted, from the summary's counts.
    pub(crate) reasons: Vec<Option<String>>,
    /// The tapes that the observer saw.
    pub(crate) tape: Vec<TraceRecord>,
    pub(crate) summary: Vec<SummaryRow>,
    pub(crate) report: RunReport,
    pub(crate) sink_failure: Option<SinkFailure>,
}

/// How many jobs are kept for a test that prepares the same one again.
const MAX_KEPT: usize = 4;

/// A configuration, settings over it, and their job.
type Kept = (String, Vec<String>, Job<FundLoad>);

thread_local! {
    /// The last jobs: loading a configuration takes longer than most runs.
    static KEPT: RefCell<VecDeque<Kept>> = const { RefCell::new(VecDeque::new()) };
}

/// Returns the job of the configuration `yaml`, with `settings` (`KEY=VALUE`) over it; it must be free of mistakes.
#[track_caller]
pub(crate) fn prepare(yaml: &str, settings: &[String]) -> Job<FundLoad> {
    KEPT.with_borrow_mut(|kept| {
        if let Some((.., job)) = kept.iter().find(|(text, over, _)| text == yaml && over == settings) {
            return job.again().unwrap();
        }
        let job = load(yaml, settings);
        let again = job.again().unwrap();
        kept.truncate(MAX_KEPT - 1);
        kept.push_front((yaml.to_owned(), settings.to_vec(), job));
        again
    })
}

#[track_caller]
fn load(yaml: &str, settings: &[String]) -> Job<FundLoad> {
    let loader = Job::<FundLoad>::loader().built_in("test", yaml);
    let loader = settings.iter().fold(loader, Loader::set);
    Job::prepare(loader).unwrap_or_else(|mistakes| panic!("{mistakes}\n{yaml}"))
}

/// Returns a clock that starts at `2026-01-21T01:23:45.000000Z` and ticks by the microsecond.
pub(crate) fn clock() -> ManualClock {
    ManualClock::new(Timestamp::from_nanos(1_768_958_625_000_000_000), 1_000)
}

/// Takes every line of `input` through the job's pipeline as the program does, untraced under any configuration.
pub(crate) fn run_untraced(job: Job<FundLoad>, input: &[u8]) -> Outcome {
    run_in_blocks(job, input, None, MAX_LINES_AHEAD)
}

/// Takes every line of `input` through the job's pipeline, traced as configured into `sink`, or onto the tape
/// without one.
pub(crate) fn run_traced(job: Job<FundLoad>, input: &[u8], sink: Option<Box<dyn TraceSink>>) -> Outcome {
    let recorder = job.recorder(clock, sink);
    assert!(recorder.is_some(), "the configuration of a traced run must switch tracing on");
    run(job, input, recorder)
}

/// Takes line after line of `input` through the job's pipeline, traced by `recorder`. No step may fail.
pub(crate) fn run(job: Job<FundLoad>, input: &[u8], recorder: Option<Recorder>) -> Outcome {
    run_in_blocks(job, input, recorder, 1)
}

/// Does the same, and prepares `block` lines before it takes the first of them.
pub(crate) fn run_in_blocks(
    job: Job<FundLoad>,
    input: &[u8],
    recorder: Option<Recorder>,
    block: usize,
) -> Outcome {
    let Adapters { input_source, .. } = &job.config().adapters;
    let lines = lines(input, input_source.settings.max_line_bytes);
    let tape = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&tape);
    let is_traced = recorder.is_some();
    let mut session = job.start("run", recorder);
    if is_traced {
        session =
            session.with_observer(move |context| seen.lock().unwrap().extend_from_slice(context.trace()));
    }
    let (mut output, mut reasons) = (Vec::new(), Vec::new());
    let mut counted = session.summary();
    for lines in lines.chunks(block) {
        for line in lines {
            session.prepare(line.clone(), 0);
        }
        session.prefetch();
        while session.prepared() > 0 {
            session.take_prepared().unwrap_or_else(|failure| panic!("{failure}"));
            output.extend_from_slice(session.written());
            let summary = session.summary();
            reasons.push(reason_counted_last(&counted, &summary));
            counted = summary;
        }
    }
    output.extend(session.complete());
    let (summary, report) = (session.summary(), session.report());
    let sink_failure = session.finish().err();
    let tape = mem::take(&mut *tape.lock().unwrap());
    Outcome { output, reasons, tape, summary, report, sink_failure }
}

/// Returns the physical lines of `input`.
pub(crate) fn lines(input: &[u8], max_line_bytes: usize) -> Vec<RawLine> {
    let mut reader = LineReader::new(input, max_line_bytes);
    std::iter::from_fn(|| reader.next_line().unwrap()).collect()
}

/// Returns the reason whose count went up between two summaries; `None` if an attempt was accepted.
#[track_caller]
fn reason_counted_last(before: &[SummaryRow], after: &[SummaryRow]) -> Option<String> {
    let went_up: Vec<_> = after
        .iter()
        .filter(|row| {
            let earlier = before.iter().find(|earlier| earlier.label == row.label);
            row.count == earlier.map_or(0, |row| row.count) + 1
        })
        .map(|row| row.label.as_str())
        .collect();
    match went_up[..] {
        ["accepted"] => None,
        ["declined", reason] => Some(reason.to_owned()),
        _ => panic!("one line was counted under {went_up:?}"),
    }
}

/// Bytes that a run writes and the test reads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shared {
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Shared {
    /// Takes the bytes written so far.
    pub(crate) fn take(&self) -> Vec<u8> {
        mem::take(&mut *self.bytes.lock().unwrap())
    }

    pub(crate) fn append(&self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes.lock().unwrap());
    }
}
