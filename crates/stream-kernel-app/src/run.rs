//! The command `run`.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use stream_kernel_run::config::{ContextDiffMode, SignatureMode, SinkKind, Tracing};
use stream_kernel_run::disk::OsDisk;
use stream_kernel_run::exec::RunReport;
use stream_kernel_run::files::is_standard_stream;
use stream_kernel_run::{
    Application, CheckpointOptions, CommitIn, Ended, Event, Job, LineAdapters, MIN_SNAPSHOT_BYTES, OpenFiles,
    PlainEnded, PlainOptions, Position, run_checkpointed, run_plain,
};
use stream_kernel_text::{escaped, grouped, with_causes};
use stream_kernel_trace::{Clock, MonotonicClock, SystemClock};

use crate::cli::Options;
use crate::commands::{Environment, prepare};
use crate::failure::Failure;
use crate::metrics_file::MetricsFile;
use crate::progress::{LINES_PER_LOOK, Progress, make_room_for_results, now};
use crate::report::{Summary, say};
use crate::signals::Signals;
use crate::summary_file::SummaryTo;
use crate::telemetry::{Exported, Live, Telemetry};

pub(crate) fn run<A: Application>(
    options: &Options,
    restart: bool,
    summary: Option<&Path>,
    environment: Environment,
) -> Result<u8, Failure> {
    let telemetry = Telemetry::of::<A>(&environment);
    let job = prepare::<A>(options, environment)?;
    let summary_to = SummaryTo::prepare(summary, &job, &options.config)?;
    note_lack_of_hashes(&job);
    note_lack_of_tags(&job.config().runtime.tracing);
    let has_checkpoint = job.config().runtime.checkpoint.is_some();
    if restart && !has_checkpoint {
        let text = "--restart has nothing to forget (it is for runs with `runtime.checkpoint`)";
        return Err(Failure::usage(text));
    }
    note_missing_sink(&job.config().runtime.tracing);
    let (metrics, job) = MetricsFile::prepare(job, &options.run_id)?;
    let reports = Reports { summary_to, metrics, telemetry };
    let ended = if job.is_on_several_workers() {
        on_several_workers(&job, options, restart, &reports)
    } else if has_checkpoint {
        checkpointed(job, options, restart, &reports)
    } else {
        plain(job, options, &reports)
    };
    let exit_code = ended.as_ref().map_or_else(Failure::exit_code, |exit_code| *exit_code);
    let exit_code = reports.metrics.finish(None, exit_code);
    ended.map(|_| exit_code)
}

/// What is reported of a run, beside its results.
struct Reports {
    summary_to: SummaryTo,
    metrics: MetricsFile,
    telemetry: Telemetry,
}

impl Reports {
    /// Reports the end of a run, and returns its exit code. `is_told` means that people have already read that it was
    /// stopped.
    fn tell(&self, summary: &Summary, is_told: bool, exit_code: u8) -> u8 {
        let exit_code = self.metrics.finish(Some(summary), exit_code);
        self.summary_to.tell(summary, is_told, exit_code)
    }
}

#[cfg(not(feature = "workers"))]
fn on_several_workers<A: Application>(_: &Job<A>, _: &Options, _: bool, _: &Reports) -> Result<u8, Failure> {
    Err(without_workers())
}

/// Returns the failure of a program that was built without several workers, and is to run on them.
#[cfg(not(feature = "workers"))]
pub(crate) fn without_workers() -> Failure {
    Failure::usage(
        "this program was built without several workers (build it with the feature `workers` of stream-kernel-app; or \
         use `--workers 1`, and leave out `runtime.cluster` and `adapters.output_sink.settings.parts`)",
    )
}

#[cfg(feature = "workers")]
fn on_several_workers<A: Application>(
    job: &Job<A>,
    options: &Options,
    restart: bool,
    reports: &Reports,
) -> Result<u8, Failure> {
    use stream_kernel_timely::{Cluster, Committing, WorkerOptions, WorkersEnded, run_on_workers};

    let signals = Signals::install().map_err(Failure::Signals)?;
    let began = now();
    let runtime = &job.config().runtime;
    let cluster = runtime.cluster.as_ref().map(|cluster| Cluster {
        hosts: cluster.hosts.clone(),
        process: cluster.process,
        secret: job.cluster_secret().map(|secret| secret.as_bytes().to_vec()),
    });
    let is_first = cluster.as_ref().is_none_or(|cluster| cluster.process == 0);
    let input = &job.config().adapters.input_source().settings.path;
    let bytes = std::fs::metadata(input).ok().map(|metadata| metadata.len());
    let progress = RefCell::new(Progress::new(began, bytes.filter(|_| is_first)));
    let clock = MonotonicClock::new();
    let committing = runtime.checkpoint.is_some().then(|| Committing {
        disk: Arc::new(OsDisk),
        now: Arc::new(move || clock.now()),
        min_snapshot_bytes: MIN_SNAPSHOT_BYTES,
        restart,
    });
    let is_committed = is_first && committing.is_some();
    let worker_options = WorkerOptions {
        run_id: &options.run_id,
        workers: runtime.workers.get(),
        cluster,
        epoch_bytes: runtime.epoch_bytes.get() as u64,
        committing,
        between_lines: &mut |position| {
            reports.metrics.publish_if_asked(position);
            is_to_stop(position, &progress, &signals, reports);
            signals.received()
        },
        tell: &mut |event| tell::<A>(&event, &progress, reports),
    };
    let ended = run_on_workers(job, SystemClock::new, worker_options);
    let WorkersEnded { resumed_after, trace_ends_after, unfinished_output, bytes_left, .. } = ended;
    let WorkersEnded { ended, report, summary: rows, trace_error, .. } = ended;
    drop(progress);
    if let (Some(error), Some(line_no), true) = (trace_error, trace_ends_after, is_first) {
        let trace = Summary::of(job, &options.run_id).trace.unwrap_or_default();
        let remark = if matches!(ended, Ok(None)) { " (the output is complete)" } else { "" };
        let text = format!("error: trace `{trace}`: the trace ends with line {line_no}: {error}{remark}");
        say(escaped(&text));
    }
    let left = left_in(unfinished_output);
    let (is_stopped, exit_code) = match ended {
        Err(error) => {
            let failure = Failure::from(error);
            say(format!("error: {}{left}", with_causes(&failure)));
            return Ok(failure.exit_code());
        }
        Ok(Some(signal)) if is_committed => {
            say_stopped::<A>(&report);
            (true, signal)
        }
        Ok(Some(signal)) => {
            say(format!("{}: stopped by a signal after line {}{left}", A::ABOUT.name, report.inputs));
            (true, signal)
        }
        Ok(None) => {
            // No progress event covers the last lines.
            let bytes = bytes.unwrap_or_default().saturating_sub(bytes_left);
            reports.metrics.publish(Position { line_no: report.inputs, bytes });
            (false, exit_code(&report, trace_ends_after.is_none()))
        }
    };
    if is_first {
        let mut summary = Summary::of(job, &options.run_id);
        if is_stopped {
            summary.output = None;
        }
        let elapsed = began.elapsed();
        let summary = Summary { is_stopped, elapsed, report, resumed_after, bytes_left, rows, ..summary };
        return Ok(reports.tell(&summary, is_stopped && is_committed, exit_code));
    }
    Ok(exit_code)
}

/// Reports that a run with a checkpoint was stopped, and how to resume it.
fn say_stopped<A: Application>(report: &RunReport) {
    let (name, line_no) = (A::ABOUT.name, grouped(report.inputs));
    say(format!(
        "{name}: stopped by a signal; line {line_no} is the last that is committed (run it again to go on)"
    ));
}

/// Returns the path of an unfinished output, for the end of a message.
fn left_in(unfinished_output: Option<PathBuf>) -> String {
    let left = unfinished_output
        .map(|path| format!(" (the unfinished output is left in `{}`)", escaped(&path.to_string_lossy())));
    left.unwrap_or_default()
}

fn plain<A: Application>(job: Job<A>, options: &Options, reports: &Reports) -> Result<u8, Failure> {
    if goes_to_stdout(&job) {
        make_room_for_results();
    }
    let files = OpenFiles::open(job.config())?;
    let (sink, live) = Live::start(&reports.telemetry, &job.config().runtime.tracing)?.unzip();
    let files = sink.into_iter().fold(files, OpenFiles::with_sink);
    // Only now: before, a signal must end at once a program that waits for the other end of a pipe.
    let signals = Signals::install().map_err(Failure::Signals)?;
    let wake = signals.wake().map_err(Failure::Signals)?.into();
    let began = now();
    let progress = RefCell::new(Progress::new(began, files.input_bytes()));
    let mut summary = Summary::of(&job, &options.run_id);
    let plain_options = PlainOptions {
        run_id: &options.run_id,
        wake,
        between_lines: &mut |position| is_to_stop(position, &progress, &signals, reports),
        tell: &mut |event| tell::<A>(&event, &progress, reports),
    };
    let PlainEnded { ended, report, trace_failure, unfinished_output, bytes_left, summary: rows, .. } =
        run_plain(job, SystemClock::new, files, plain_options);
    drop(progress);
    let exported = live.map(|live| live.exported());
    let is_complete = matches!(ended, Ok(false));
    if let Some(failure) = &trace_failure {
        let trace = escaped(summary.trace.as_deref().unwrap_or_default());
        let remark = if is_complete { " (the output is complete)" } else { "" };
        say(format!("error: trace `{trace}`: {}{remark}", with_causes(failure)));
    }
    let left = left_in(unfinished_output);
    let exit_code = match ended {
        Err(error) => {
            let failure = Failure::from(error);
            say(format!("error: {}{left}", with_causes(&failure)));
            note_losses(exported.as_ref());
            return Ok(failure.exit_code());
        }
        Ok(true) => {
            say(format!("{}: stopped by a signal after line {}{left}", A::ABOUT.name, report.inputs));
            (summary.output, summary.is_stopped) = (None, true);
            signals.received().unwrap_or_default()
        }
        Ok(false) => exit_code(&report, trace_failure.is_none()),
    };
    let summary = Summary { elapsed: began.elapsed(), report, bytes_left, rows, exported, ..summary };
    Ok(reports.tell(&summary, false, exit_code))
}

fn checkpointed<A: Application>(
    job: Job<A>,
    options: &Options,
    restart: bool,
    reports: &Reports,
) -> Result<u8, Failure> {
    let (sink, live) = Live::start(&reports.telemetry, &job.config().runtime.tracing)?.unzip();
    let signals = Signals::install().map_err(Failure::Signals)?;
    let began = now();
    let summary = Summary::of(&job, &options.run_id);
    let input = &job.config().adapters.input_source().settings.path;
    let bytes = std::fs::metadata(input).ok().map(|metadata| metadata.len());
    let progress = RefCell::new(Progress::new(began, bytes));
    let clock = MonotonicClock::new();
    let ended = run_checkpointed(
        job,
        SystemClock::new,
        CheckpointOptions {
            disk: Arc::new(OsDisk),
            now: Arc::new(move || clock.now()),
            commit_in: CommitIn::Background,
            min_snapshot_bytes: MIN_SNAPSHOT_BYTES,
            run_id: &options.run_id,
            restart,
            live_sinks: sink.into_iter().collect(),
            between_lines: &mut |position| is_to_stop(position, &progress, &signals, reports),
            tell: &mut |event| tell::<A>(&event, &progress, reports),
        },
    );
    drop(progress);
    let exported = live.map(|live| live.exported());
    if ended.as_ref().is_ok_and(|ended| ended.is_stopped) || ended.is_err() {
        note_losses(exported.as_ref());
    }
    let Ended { is_stopped, report, resumed_after, trace_ends_after, bytes_left, summary: rows } = ended?;
    let mut summary = Summary { is_stopped, report, resumed_after, bytes_left, rows, exported, ..summary };
    summary.elapsed = began.elapsed();
    let exit_code = if is_stopped {
        say_stopped::<A>(&report);
        summary.output = None;
        signals.received().unwrap_or_default()
    } else {
        exit_code(&report, trace_ends_after.is_none())
    };
    Ok(reports.tell(&summary, is_stopped, exit_code))
}

/// Returns whether results or records go to standard output.
fn goes_to_stdout<A: Application>(job: &Job<A>) -> bool {
    is_standard_stream(&job.config().adapters.output_sink().settings.path)
        || job.config().runtime.tracing.sink_of(SinkKind::Stdout).is_some()
}

/// Shows the progress of the run, and returns whether a signal is to end it.
fn is_to_stop(
    position: Position,
    progress: &RefCell<Progress>,
    signals: &Signals,
    reports: &Reports,
) -> bool {
    if position.line_no.is_multiple_of(LINES_PER_LOOK) {
        progress.borrow_mut().update(position.line_no, position.bytes);
        reports.metrics.look();
    }
    signals.received().is_some()
}

/// Reports an event of a run.
fn tell<A: Application>(event: &Event<'_>, progress: &RefCell<Progress>, reports: &Reports) {
    match event {
        Event::Waits(Position { line_no, bytes }) => {
            progress.borrow_mut().update_before_wait(*line_no, *bytes);
            reports.metrics.look();
        }
        Event::Resumed { line_no, was_complete } => {
            reports.metrics.resumed_after(*line_no);
            let remark = if *was_complete { ", the last one of a complete run" } else { "" };
            say(format!("{}: resuming after line {}{remark}", A::ABOUT.name, grouped(*line_no)));
        }
        Event::OutputMoved { from, to } => {
            let text = format!(
                "{}: the output so far, `{}`, is `{}` now",
                A::ABOUT.name,
                from.display(),
                to.display()
            );
            say(escaped(&text));
        }
        Event::TraceEnds { path, line_no, cause } => {
            let cause =
                cause.map_or_else(|| "what followed could not be written".to_owned(), ToString::to_string);
            let text = format!(
                "error: the trace `{path}` is certain up to line {} only: {cause}; decisions go on without it \
                 (--restart makes a whole one)",
                grouped(*line_no)
            );
            say(escaped(&text));
        }
        Event::Notice(notice) => say(format!("note: {}", escaped(notice))),
        Event::Abandoned(failure) => say(format!("abandoned: {failure}")),
    }
}

/// Says what a receiver lacks, where no summary follows that says it.
fn note_losses(exported: Option<&Exported>) {
    if let Some(exported) = exported.filter(|exported| !exported.is_complete) {
        say(escaped(&format!("note: {}", exported.text)));
    }
}

/// Warns that records go nowhere, if there are any and no sink.
fn note_missing_sink(tracing: &Tracing) {
    if tracing.enabled && tracing.all_sinks().next().is_none() {
        say(
            "note: tracing is on without a sink: records are kept in memory, line by line, and then dropped \
             (use `--trace-path FILE`)",
        );
    }
}

/// Warns that spans will not show outcomes, if they go to a receiver without tags.
fn note_lack_of_tags(tracing: &Tracing) {
    let context = &tracing.context_diff;
    let shows_tags = match context.mode {
        ContextDiffMode::None => false,
        ContextDiffMode::Whitelist => context.whitelist.iter().any(|field| field == "tags"),
        ContextDiffMode::Full => true,
    };
    if tracing.sink_of(SinkKind::Otlp).is_some() && !shows_tags {
        say("note: spans show neither outcomes nor what steps noted \
             (set `runtime.tracing.context_diff` to `{mode: whitelist, whitelist: [tags, metrics]}`)");
    }
}

/// Warns that the trace has no hashes, if it should have some and hides values.
fn note_lack_of_hashes<A: Application>(job: &Job<A>) {
    let tracing = &job.config().runtime.tracing;
    if tracing.signature.mode == SignatureMode::Hash && job.redaction().leaves_out_hashes() {
        say(
            "note: the trace hides values, so that it has no hashes of messages either: without a key, what was hashed \
             could be tried out (set `runtime.tracing.redact.key_file`)",
        );
    }
}

/// Returns the exit code of a run that came to the end of its input: 1 if a line has no decision, or the trace is
/// incomplete.
fn exit_code(report: &RunReport, is_trace_whole: bool) -> u8 {
    u8::from(report.abandoned > 0 || !is_trace_whole)
}

#[cfg(test)]
mod tests;
