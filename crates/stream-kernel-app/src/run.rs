//! The command `run`: files are opened, every line is processed, and the result takes its name.

use std::io;

use stream_kernel_config::{Config, SignatureMode, Tracing};
use stream_kernel_exec::InputOutcome;
use stream_kernel_text::{escaped, with_causes};
use stream_kernel_trace::{SinkFailure, SystemClock, TraceSink};

use crate::adapters::is_standard_stream;
use crate::cli::Options;
use crate::commands::{Environment, prepare};
use crate::failure::Failure;
use crate::input::InputFile;
use crate::output::OutputFile;
use crate::progress::{Progress, make_room_for_results};
use crate::report::{Summary, say};
use crate::signals::Signals;
use crate::stopwatch::Stopwatch;
use crate::{Application, InputSettings, Job, LineAdapters, LineReader, Run, checkpointed, tracing};

/// Why lines were no longer read.
enum End {
    /// There were no more.
    OfInput,
    /// A signal asked for it; with its exit code.
    Signal(u8),
}

/// Runs the job and returns the exit code.
pub(crate) fn run<A: Application>(
    options: &Options,
    restart: bool,
    environment: Environment,
) -> Result<u8, Failure> {
    options.check()?;
    let job = prepare::<A>(options, environment)?;
    say_warnings(&job);
    note_lack_of_hashes(&job);
    if job.config().runtime.checkpoint.is_some() {
        return checkpointed::command::run(job, options, restart);
    }
    if restart {
        let text = "--restart has nothing to forget (it is for runs with `runtime.checkpoint`)";
        return Err(Failure::Usage(text.into()));
    }
    let OpenFiles { input, sink, output } = OpenFiles::open(job.config())?;
    let signals = Signals::install().map_err(Failure::Signals)?;

    let stopwatch = Stopwatch::start();
    let mut progress = Progress::new(stopwatch, input.bytes);
    let places = ResultPlaces::of(job.config());
    let configuration = job.effective().digest();
    let rules = A::rules(job.config());
    let InputSettings { max_line_bytes, unterminated_line, .. } =
        job.config().adapters.input_source().settings;
    let recorder = job.recorder(SystemClock::new, sink);
    let mut run = job.start(&options.run_id, recorder, output.clone());
    let lines = LineReader::new(input.into_bytes(&signals)?, max_line_bytes);
    let mut lines = lines.unterminated_line(unterminated_line);

    let ended = feed(&mut run, &mut lines, &output, &signals, &mut progress);
    drop(progress);
    say_notices(&run);
    let ended = ended.and_then(|end| finish_output(&mut run, end, output.clone()));
    let (report, rows) = (run.report(), run.summary());
    let trace_failure = run.finish().err();
    let (exit_code, output_place) = match ended {
        Err(failure) => {
            say_trace_failure(trace_failure.as_ref(), &places, "");
            say(format!("error: {}{}", with_causes(&failure), what_is_left(&output)));
            return Ok(failure.exit_code());
        }
        Ok(End::Signal(exit_code)) => {
            say_trace_failure(trace_failure.as_ref(), &places, "");
            let lines = report.inputs;
            say(format!("{}: stopped by a signal after line {lines}{}", A::NAME, what_is_left(&output)));
            (exit_code, None)
        }
        Ok(End::OfInput) => {
            say_trace_failure(trace_failure.as_ref(), &places, " (the output is complete)");
            (u8::from(report.abandoned > 0 || trace_failure.is_some()), Some(places.output))
        }
    };
    let places = [("output", output_place), ("trace", places.trace), ("configuration", Some(configuration))];
    let elapsed = stopwatch.elapsed();
    let bytes_left = lines.bytes_left();
    say(Summary { program: A::NAME, elapsed, report, resumed_after: 0, rules, bytes_left, rows, places }
        .render());
    Ok(exit_code)
}

/// Everything that a run reads and writes.
struct OpenFiles {
    input: InputFile,
    sink: Option<Box<dyn TraceSink>>,
    output: OutputFile,
}

impl OpenFiles {
    /// Opens first what is only read, and the output last: whatever cannot be opened, no result is touched.
    fn open<N, A: LineAdapters>(config: &Config<N, A>) -> Result<Self, Failure> {
        let input = InputFile::open(&config.adapters.input_source().settings.path)?;
        let tracing = &config.runtime.tracing;
        let sink = if tracing.enabled { tracing::open_sink(tracing)? } else { None };
        note_missing_sink(tracing);
        let output_path = &config.adapters.output_sink().settings.path;
        let traces_to_stdout = tracing.sink.as_ref().is_some_and(|sink| sink.jsonl_file().is_none());
        if is_standard_stream(output_path) || (tracing.enabled && traces_to_stdout) {
            make_room_for_results();
        }
        let output = OutputFile::open(output_path)?;
        Ok(Self { input, sink, output })
    }
}

/// Says that records go nowhere, if there are any and no sink.
pub(crate) fn note_missing_sink(tracing: &Tracing) {
    if tracing.enabled && tracing.sink.is_none() {
        say(
            "note: tracing is on without a sink: records are kept in memory, line by line, and then dropped \
             (use `--trace-path FILE`)",
        );
    }
}

fn say_trace_failure(failure: Option<&SinkFailure>, places: &ResultPlaces, remark: &str) {
    if let Some(failure) = failure {
        let trace = places.trace.as_deref().unwrap_or_default();
        say(format!("error: trace `{}`: {}{remark}", escaped(trace), with_causes(failure)));
    }
}

/// Returns where the output is that did not get its name, for the end of a message; nothing if somebody else has
/// removed it.
fn what_is_left(output: &OutputFile) -> String {
    output
        .left()
        .map(|partial| {
            format!(" (the unfinished output is left in `{}`)", escaped(&partial.to_string_lossy()))
        })
        .unwrap_or_default()
}

/// Where results go, as people call it.
pub(crate) struct ResultPlaces {
    pub(crate) output: String,
    pub(crate) trace: Option<String>,
}

impl ResultPlaces {
    pub(crate) fn of<N, A: LineAdapters>(config: &Config<N, A>) -> Self {
        let tracing = &config.runtime.tracing;
        let sink = tracing.sink.as_ref().filter(|_| tracing.enabled);
        let trace = sink.map(|sink| match sink.jsonl_file() {
            Some((path, _)) => path.display().to_string(),
            None => "standard output".to_owned(),
        });
        Self { output: config.adapters.output_sink().settings.path.display().to_string(), trace }
    }
}

/// Takes every line through the pipeline, until there is none left or a signal comes.
fn feed<A: Application>(
    run: &mut Run<A>,
    lines: &mut LineReader<impl io::BufRead>,
    output: &OutputFile,
    signals: &Signals,
    progress: &mut Progress,
) -> Result<End, Failure> {
    let mut shown_lines_left = 0;
    loop {
        if let Some(exit_code) = signals.received() {
            return Ok(End::Signal(exit_code));
        }
        if shown_lines_left == 0 {
            say_notices(run);
            let ahead = lines.lines_ahead();
            run.look_ahead(&ahead);
            shown_lines_left = ahead.len();
        }
        shown_lines_left = shown_lines_left.saturating_sub(1);
        let line = match lines.next_line() {
            Ok(Some(line)) => line,
            Ok(None) => return Ok(End::OfInput),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                // Before it waits, the run brings out what somebody may be waiting for in turn.
                output.flush().map_err(Failure::WriteOutput)?;
                run.idle();
                progress.update_before_wait(run.report().inputs, lines.bytes_read());
                continue;
            }
            Err(cause) => return Err(Failure::ReadInput { lines: run.report().inputs, cause }),
        };
        let line_no = line.line_no();
        if let InputOutcome::Abandoned(failure) = run.process(line)? {
            say(format!("abandoned: {}", with_causes(&failure)));
        }
        progress.update(line_no, lines.bytes_read());
    }
}

/// Says what the application wants people to know.
fn say_notices<A: Application>(run: &Run<A>) {
    for notice in run.take_notices() {
        say(format!("note: {}", escaped(&notice)));
    }
}

/// Writes what comes after the last line, and gives the output its name; after a signal only what is buffered.
fn finish_output<A: Application>(run: &mut Run<A>, end: End, output: OutputFile) -> Result<End, Failure> {
    match end {
        End::OfInput => run.complete().and_then(|()| output.complete()),
        End::Signal(_) => output.flush(),
    }
    .map_err(Failure::WriteOutput)?;
    Ok(end)
}

/// Says what is wrong, and will run all the same.
pub(crate) fn say_warnings<A: Application>(job: &Job<A>) {
    for warning in job.warnings() {
        say(warning);
    }
}

/// Says that the trace has no hashes, if it was to have some and hides values.
fn note_lack_of_hashes<A: Application>(job: &Job<A>) {
    let tracing = &job.config().runtime.tracing;
    if tracing.signature.mode == SignatureMode::Hash && job.redaction().leaves_out_hashes() {
        say(
            "note: the trace hides values, so that it has no hashes of messages either: without a key, what was hashed \
             could be tried out (set `runtime.tracing.redact.key_file`)",
        );
    }
}

#[cfg(test)]
mod tests;
