//! Runs without a checkpoint: every line goes through the pipeline, and the output takes its name at the end.

use std::convert::Infallible;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use stream_kernel_config::Config;
use stream_kernel_exec::{RunReport, StepFailure};
use stream_kernel_sinks::OpenTraceError;
use stream_kernel_trace::{Clock, Recorder, SinkFailure, TraceSink};

use crate::feed::{Feed, Interruption, tell_notices};
use crate::input::InputFile;
use crate::output::OutputFile;
use crate::parts::OpenPartsError;
use crate::{
    Application, Event, InputSettings, Job, LineAdapters, LineReader, OpenInputError, OpenOutputError,
    Position, Session, SummaryRow, tracing,
};

/// Why a run without a checkpoint does not begin, or ends before all lines are read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The input cannot be opened.
    #[error(transparent)]
    OpenInput(#[from] OpenInputError),
    /// The trace cannot be opened.
    #[error(transparent)]
    OpenTrace(#[from] OpenTraceError),
    /// The output cannot be opened.
    #[error(transparent)]
    OpenOutput(#[from] OpenOutputError),
    /// The parts of the output and the trace cannot be opened.
    #[error(transparent)]
    OpenParts(#[from] OpenPartsError),
    /// The input cannot be read; the cause names it.
    #[error("after line {line_no}")]
    ReadInput {
        /// The last line read.
        line_no: u64,
        /// The system's error.
        #[source]
        cause: io::Error,
    },
    /// The output cannot be written; the error names it.
    #[error(transparent)]
    WriteOutput(io::Error),
    /// A step has ended the run.
    #[error(transparent)]
    Step(#[from] StepFailure),
}

/// The files of a run.
pub struct OpenFiles {
    input: InputFile,
    sinks: Vec<Box<dyn TraceSink>>,
    output: OutputFile,
}

impl OpenFiles {
    /// Opens the output last, so that no result is touched if anything else cannot be opened.
    ///
    /// # Errors
    ///
    /// Names the file that cannot be opened.
    pub fn open<N, A: LineAdapters>(config: &Config<N, A>) -> Result<Self, RunError> {
        let input = InputFile::open(&config.adapters.input_source().settings.path)?;
        let sinks = tracing::open_sinks(&config.runtime.tracing)?;
        let output = OutputFile::open(&config.adapters.output_sink().settings.path)?;
        Ok(Self { input, sinks, output })
    }

    /// Adds a sink of the caller's own to those of the configuration.
    pub fn with_sink(mut self, sink: Box<dyn TraceSink>) -> Self {
        self.sinks.push(sink);
        self
    }

    /// Returns the length of the input, if that is known.
    pub fn input_bytes(&self) -> Option<u64> {
        self.input.bytes
    }
}

/// The options of a run without a checkpoint, beside its job and its files.
pub struct PlainOptions<'a> {
    /// The run's name in its trace.
    pub run_id: &'a str,
    /// Becomes readable when the run is to stop, so that it does not wait for input any longer.
    pub wake: OwnedFd,
    /// Called before every line and after the last with the progress of the run; returns whether to stop.
    pub between_lines: &'a mut dyn FnMut(Position) -> bool,
    /// Called with events for people.
    pub tell: &'a mut dyn FnMut(Event<'_>),
}

/// The end of a run without a checkpoint.
#[derive(Debug)]
#[non_exhaustive]
pub struct PlainEnded {
    /// Whether it was stopped; if not, all lines are read and the output has its name. Or why it has failed.
    pub ended: Result<bool, RunError>,
    /// The counts of all lines.
    pub report: RunReport,
    /// Why the trace is incomplete, if it is.
    pub trace_failure: Option<SinkFailure>,
    /// The path of an incomplete output.
    pub unfinished_output: Option<PathBuf>,
    /// The number of bytes without LF at the end of the input, left for the next run.
    pub bytes_left: u64,
    /// The application's part of the summary.
    pub summary: Vec<SummaryRow>,
}

/// Runs a job on its files. `clock` makes the clock of the trace, if there is one.
pub fn run_plain<A: Application, C: Clock + 'static>(
    job: Job<A>,
    clock: impl FnOnce() -> C,
    files: OpenFiles,
    options: PlainOptions<'_>,
) -> PlainEnded {
    let OpenFiles { input, sinks, output } = files;
    let PlainOptions { run_id, wake, between_lines, tell } = options;
    let InputSettings { max_line_bytes, unterminated_line, .. } =
        job.config().adapters.input_source().settings;
    let recorder =
        job.recorder(clock, None).map(|recorder| sinks.into_iter().fold(recorder, Recorder::with_sink));
    let meter = job.meter();
    let mut session = job.start(run_id, recorder).with_meter(meter);
    let lines = LineReader::new(input.into_bytes(wake), max_line_bytes).unterminated_line(unterminated_line);
    let mut feed = Feed { lines, output };

    let taken: Result<_, Interruption<Infallible>> =
        feed.take_all(&mut session, between_lines, tell, |_, _, _| Ok(()));
    tell_notices(&mut session, tell);
    let line_no = session.position().line_no;
    let ended = match taken {
        Ok(is_stopped) => finish_output(&mut session, is_stopped, &mut feed.output),
        Err(Interruption::Read(cause)) => Err(RunError::ReadInput { line_no, cause }),
        Err(Interruption::Write(cause)) => Err(RunError::WriteOutput(cause)),
        Err(Interruption::Step(failure)) => Err(failure.into()),
    };
    let trace_failure = session.finish_trace().err();
    session.publish();
    let (report, summary) = (session.report(), session.summary());
    PlainEnded {
        ended,
        report,
        trace_failure,
        unfinished_output: feed.output.left().map(Path::to_owned),
        bytes_left: feed.lines.bytes_left(),
        summary,
    }
}

/// Writes the output after the last line, and gives the output its name. If the run was stopped, only flushes the
/// buffer.
fn finish_output<A: Application>(
    session: &mut Session<A>,
    is_stopped: bool,
    output: &mut OutputFile,
) -> Result<bool, RunError> {
    let done = if is_stopped {
        output.flush()
    } else {
        output.write_all(&session.complete()).and_then(|()| output.complete())
    };
    done.map(|()| is_stopped).map_err(RunError::WriteOutput)
}
