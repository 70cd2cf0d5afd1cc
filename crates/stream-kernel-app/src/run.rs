//! The command `run`: files are opened, every line is processed, and the result takes its name.

use std::io;
use std::path::Path;

use stream_kernel_exec::InputOutcome;
use stream_kernel_trace::SystemClock;

use crate::cli::Options;
use crate::commands::{Environment, prepare};
use crate::failure::{Failure, with_causes};
use crate::input::InputFile;
use crate::output::OutputFile;
use crate::progress::Progress;
use crate::report::{Summary, say};
use crate::signals::Signals;
use crate::stopwatch::Stopwatch;
use crate::{Application, Job, LineAdapters, LineReader, Run, tracing};

/// Why lines were no longer read.
enum End {
    /// There were no more.
    OfInput,
    /// A signal asked for it; with its exit code.
    Signal(u8),
}

/// Runs the job and returns the exit code.
pub(crate) fn run<A: Application>(options: &Options, environment: Environment) -> Result<u8, Failure> {
    options.check()?;
    let job = prepare::<A>(options, environment)?;
    warn_of_wiring(&job);

    let (input_settings, output_path, tracing) = {
        let config = job.config();
        let output_path = config.adapters.output_sink().settings.path.clone();
        (config.adapters.input_source().settings.clone(), output_path, config.runtime.tracing.clone())
    };
    // What only reads comes first, and the output last: whatever cannot be opened, no result is touched.
    let input_path = &input_settings.path;
    let input = InputFile::open(input_path)
        .map_err(|cause| Failure::OpenInput { path: input_path.clone(), cause })?;
    let sink = if tracing.enabled { tracing::open_sink(&tracing)? } else { None };
    if tracing.enabled && sink.is_none() {
        say(
            "note: tracing is on without a sink: records are kept in memory, line by line, and then dropped \
             (use `--trace-path FILE`)",
        );
    }
    let output = OutputFile::open(&output_path)
        .map_err(|cause| Failure::OpenOutput { path: output_path.clone(), cause })?;
    let signals = Signals::install().map_err(Failure::Signals)?;

    let stopwatch = Stopwatch::start();
    let mut progress = Progress::new(stopwatch, input.bytes);
    let recorder = job.recorder(SystemClock::new(), sink);
    let mut run = job.start(&options.run_id, recorder, output.clone());
    let bytes = input.read_through(&signals, &output).map_err(Failure::Signals)?;
    let mut lines = LineReader::new(bytes, input_settings.max_line_bytes);

    let ended = feed(&mut run, &mut lines, &signals, &mut progress, input_path);
    progress.finish();
    let ended = ended.and_then(|end| finish_output(&mut run, end, output.clone(), &output_path));
    let (report, rows) = (run.report(), run.summary());
    let trace_is_complete =
        run.finish().map_err(|failure| say(format!("error: {}", with_causes(&failure)))).is_ok();
    let exit_code = match ended {
        Err(failure) => {
            say_where_output_is(&output);
            return Err(failure);
        }
        Ok(End::Signal(exit_code)) => {
            say(format!("{}: stopped by a signal after line {}", A::NAME, report.inputs));
            say_where_output_is(&output);
            exit_code
        }
        Ok(End::OfInput) => u8::from(report.abandoned > 0 || !trace_is_complete),
    };
    let mut places = Vec::new();
    if exit_code <= 1 {
        places.push(("output", output_path.display().to_string()));
    }
    if let Some((path, _)) =
        tracing.sink.as_ref().filter(|_| tracing.enabled).and_then(|sink| sink.jsonl_file())
    {
        places.push(("trace", path.display().to_string()));
    }
    let summary = Summary { program: A::NAME, elapsed: stopwatch.elapsed(), report, rows, places };
    say(summary.render());
    Ok(exit_code)
}

/// Takes every line through the pipeline, until there is none left or a signal comes.
fn feed<A: Application>(
    run: &mut Run<A>,
    lines: &mut LineReader<impl io::BufRead>,
    signals: &Signals,
    progress: &mut Progress,
    input_path: &Path,
) -> Result<End, Failure> {
    loop {
        if let Some(exit_code) = signals.received() {
            return Ok(End::Signal(exit_code));
        }
        let line = match lines.next_line() {
            Ok(Some(line)) => line,
            Ok(None) => return Ok(End::OfInput),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(cause) => {
                let lines = run.report().inputs;
                return Err(Failure::ReadInput { path: input_path.to_owned(), lines, cause });
            }
        };
        let line_no = line.line_no;
        if let InputOutcome::Abandoned(failure) = run.process(line)? {
            progress.say(format!("abandoned: {failure}"));
        }
        progress.update(line_no, lines.bytes_read());
    }
}

/// Writes what comes after the last line, and gives the output its name; after a signal only what is buffered.
fn finish_output<A: Application>(
    run: &mut Run<A>,
    end: End,
    output: OutputFile,
    path: &Path,
) -> Result<End, Failure> {
    let finished = match end {
        End::OfInput => run.complete().and_then(|()| output.complete()),
        End::Signal(_) => output.flush(),
    };
    finished.map_err(|cause| Failure::WriteOutput { path: path.to_owned(), cause })?;
    Ok(end)
}

fn say_where_output_is(output: &OutputFile) {
    if let Some(partial) = output.partial() {
        say(format!("note: what was decided so far is in `{}`", partial.display()));
    }
}

/// Says what is wrong with a pipeline that is not strict, and will run all the same.
pub(crate) fn warn_of_wiring<A: Application>(job: &Job<A>) {
    for warning in job.scenario().warnings() {
        say(format!("warning: {warning}"));
    }
}
