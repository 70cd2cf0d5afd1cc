//! Tracing changes nothing: decisions and output are the same with it on, off or failing; and a trace is the same every
//! time.

use std::fs;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use proptest::prelude::*;
use proptest::sample::select;
use stream_kernel_exec::trace::{Recorder, TraceRecord, TraceSink};
use stream_kernel_sinks::{Cadence, Compression, Dispatch, JsonlSink, TracingSink};
use stream_kernel_tests::model::exp_mp;
use stream_kernel_tests::streams::hostile_input;
use tracing_subscriber::fmt::format::FmtSpan;

use super::cases::{Case, case};
use super::fixture_files::{DIRTY, EXP_MP, REASONS};
use super::harness::{Outcome, Shared, clock, prepare, run, run_traced, run_untraced};
use super::sinks::{Bounded, Forgetful};
use super::trace_modes::{TraceMode, trace_mode};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn tracing_leaves_decisions_and_output_alone(
        case in case(hostile_input()),
        mode in trace_mode(),
        failing_at in any::<u16>(),
    ) {
        check_output(&case, mode, failing_at.into())?;
    }

    /// Nothing in a trace depends on a hasher's key, an address or an allocation.
    #[test]
    fn the_same_run_gives_the_same_trace(case in case(hostile_input()), mode in trace_mode()) {
        let (trace, _) = traced(&case, mode);
        prop_assert_eq!(text(&traced(&case, mode).0), text(&trace));
    }

    /// The tape is the trace, kept input by input for the observer.
    #[test]
    fn the_tape_equals_the_sinks_records(case in case(hostile_input()), mode in trace_mode()) {
        let (trace, kept_beside_sink) = traced(&case, mode);
        prop_assert_eq!(text(&to_lines(&kept_beside_sink.tape)), text(&trace));

        let kept_alone = run_traced(prepare(&case.yaml, &mode.settings()), &case.input, None);
        prop_assert_eq!(text(&to_lines(&kept_alone.tape)), text(&trace));
    }
}

proptest! {
    // Each case writes a file.
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The time of flushing changes nothing in records.
    #[test]
    fn the_cadence_of_the_file_does_not_change_its_bytes(
        case in case(hostile_input()),
        mode in trace_mode(),
        flush_every_n in select(&[1, 2, 7, 100, u64::MAX]),
        fsync_every_n in select(&[None, None, Some(50)]),
    ) {
        let every = |n| NonZeroU64::new(n).unwrap();
        let (flush_every_n, fsync_every_n) = (every(flush_every_n), fsync_every_n.map(every));
        let cadence = Cadence { flush_every_n, fsync_every_n };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace.jsonl");
        let sink = JsonlSink::open(&path, cadence, Compression::None).unwrap();
        let outcome = run_traced(prepare(&case.yaml, &mode.settings()), &case.input, Some(Box::new(sink)));
        prop_assert!(outcome.sink_failure.is_none());
        prop_assert_eq!(text(&fs::read(&path).unwrap()), text(&traced(&case, mode).0));
    }
}

/// Random cases might miss a combination for a while: here is each of them, over every kind of line.
#[test]
fn tracing_never_changes_the_fixtures_output() {
    for input in [DIRTY, REASONS] {
        let case = Case { input: input.to_vec(), settings: exp_mp(), yaml: EXP_MP.to_owned() };
        for (mode, failing_at) in TraceMode::all().zip([0, 1, 100].into_iter().cycle()) {
            check_output(&case, mode, failing_at).unwrap_or_else(|error| panic!("{mode:?}: {error}"));
        }
    }
}

/// A subscriber of the `tracing` ecosystem gets a span for each record and one for each input, and changes nothing
/// either.
#[test]
fn a_tracing_subscriber_gets_every_record_of_a_run() {
    let case = Case { input: REASONS.to_vec(), settings: exp_mp(), yaml: EXP_MP.to_owned() };
    for mode in TraceMode::all() {
        let log = Shared::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_span_events(FmtSpan::NEW);
        let dispatch = Dispatch::new(subscriber.with_writer(move || writer.clone()).finish());
        let (job, sink) = (prepare(&case.yaml, &mode.settings()), Box::new(TracingSink::new(dispatch)));
        let recorder = job.recorder(clock, Some(sink)).map(Recorder::with_tape);
        let outcome = run(job, &case.input, recorder);
        same_but_for_the_trace(&outcome, &run_untraced(prepare(&case.yaml, &[]), &case.input))
            .unwrap_or_else(|error| panic!("{mode:?}: {error}"));
        assert!(outcome.sink_failure.is_none());

        let spans = text(&log.take());
        let inputs = outcome.tape.chunk_by(|one, next| one.line_no == next.line_no).count();
        assert!(inputs > 0);
        assert_eq!(spans.lines().count(), outcome.tape.len() + inputs, "{mode:?}");
    }
}

/// The results must be the same untraced, traced onto the tape, into a sink, and into failing sinks: one fails at the
/// end, one at the record at `failing_at`, counted cyclically.
fn check_output(case: &Case, mode: TraceMode, failing_at: usize) -> Result<(), TestCaseError> {
    let untraced = run_untraced(prepare(&case.yaml, &[]), &case.input);
    let into = |sink| run_traced(prepare(&case.yaml, &mode.settings()), &case.input, sink);
    let on_tape = into(None);
    let (trace, in_sink) = traced(case, mode);
    let forgotten = into(Some(Box::new(Forgetful)));
    for outcome in [&on_tape, &in_sink, &forgotten] {
        same_but_for_the_trace(outcome, &untraced)?;
    }
    prop_assert!(forgotten.tape.is_empty(), "without being asked, no tape is kept beside a sink");
    let message = forgotten.sink_failure.map(|failure| failure.to_string());
    prop_assert_eq!(message.as_deref(), Some("the trace lacks its last records"));

    let records: Vec<_> = trace.split_inclusive(|byte| *byte == b'\n').collect();
    if records.is_empty() {
        return Ok(());
    }
    let room = failing_at % records.len();
    let (kept, is_full) = (Shared::default(), Arc::new(AtomicBool::new(false)));
    let broken_off =
        into(Some(Box::new(Bounded { kept: kept.clone(), room, is_full: Arc::clone(&is_full) })));
    same_but_for_the_trace(&broken_off, &untraced)?;
    prop_assert!(is_full.load(Relaxed));
    prop_assert_eq!(text(&kept.take()), text(&records[..room].concat()));
    let refused: TraceRecord = serde_json::from_slice(records[room]).unwrap();
    let message = broken_off.sink_failure.map(|failure| failure.to_string());
    let (line_no, step) = (refused.line_no, refused.step_name);
    let expected = format!("the trace breaks off at line {line_no}, step `{step}`, or shortly before");
    prop_assert_eq!(message, Some(expected));
    Ok(())
}

fn same_but_for_the_trace(outcome: &Outcome, untraced: &Outcome) -> Result<(), TestCaseError> {
    prop_assert_eq!(text(&outcome.output), text(&untraced.output));
    prop_assert_eq!(&outcome.reasons, &untraced.reasons);
    prop_assert_eq!(&outcome.summary, &untraced.summary);
    prop_assert_eq!(outcome.report, untraced.report);
    Ok(())
}

/// Runs the case in `mode`, into memory and onto the tape, and returns the bytes of the trace, too.
fn traced(case: &Case, mode: TraceMode) -> (Vec<u8>, Outcome) {
    let job = prepare(&case.yaml, &mode.settings());
    let trace = Shared::default();
    let sink: Box<dyn TraceSink> = Box::new(trace.clone());
    let recorder = job.recorder(clock, Some(sink)).map(Recorder::with_tape);
    let outcome = run(job, &case.input, recorder);
    (trace.take(), outcome)
}

fn to_lines(records: &[TraceRecord]) -> Vec<u8> {
    let line = |record| serde_json::to_string(record).unwrap() + "\n";
    records.iter().map(line).collect::<String>().into_bytes()
}

/// Returns bytes as text for a failed comparison.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
