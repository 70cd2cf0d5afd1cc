//! Runs on several workers, from their files to their result.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use stream_kernel_exec::trace::Clock;
use stream_kernel_exec::{NotShared, RunReport, Stage};
use stream_kernel_run::exec::WiringFaults;
use stream_kernel_run::parts::PartsOf;
use stream_kernel_run::{
    Application, CheckpointFailure, Event, Job, LineAdapters, OpenInput, Position, RunError, SummaryRow,
    UnterminatedLine,
};

use crate::committed::{Commits, Committing, LateClock};
use crate::dataflow::{Control, Said, drive};
use crate::handover::Handover;
use crate::owners::Owners;
use crate::part::{Bytes, Cut};
use crate::places::{FilePlaces, RunFiles};
use crate::plan::{Plan, Runners, bytes_of_epoch, gathers, has_trace};
use crate::together::{Together, Watch};
use crate::worker::{Outcome, Parts, RecordBuffer, SavedBy, TraceEnd, Worker};

/// Why a run on several workers does not begin, or ends before all lines are read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkersError {
    /// As on one worker.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Workers cannot share the memory of the steps.
    #[error("several workers cannot run this pipeline: {0}")]
    NotShared(NotShared),
    /// A step could not be built again.
    #[error(transparent)]
    Wiring(#[from] WiringFaults),
    /// The processes differ in program, configuration or input.
    #[error("{0}")]
    Differs(String),
    /// The checkpoint is refused, or the run has ended. Started again, it goes on from the last commit.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointFailure),
    /// The processes have not come together.
    #[error("{0}")]
    NotTogether(String),
    /// The engine could not be started.
    #[error("the workers cannot be started: {0}")]
    NotStarted(String),
    /// A worker has broken down.
    #[error("{0}")]
    Broken(String),
}

/// The options of a run on several workers, beside its job and its files.
pub struct WorkerOptions<'a> {
    /// The run's name in its trace.
    pub run_id: &'a str,
    /// The number of threads of this process.
    pub workers: usize,
    /// The processes of the cluster, if there is one.
    pub cluster: Option<Cluster>,
    /// The input under way at a time, in bytes: time and memory depend on it, results do not.
    pub epoch_bytes: u64,
    /// The options of commits; needed if the configuration has a checkpoint, ignored otherwise.
    pub committing: Option<Committing>,
    /// Called from time to time with the progress; returns the signal that is to stop the run, if there is one.
    pub between_lines: &'a mut dyn FnMut(Position) -> Option<u8>,
    /// Called with events for people.
    pub tell: &'a mut dyn FnMut(Event<'_>),
}

/// The processes of a run.
#[derive(Clone)]
pub struct Cluster {
    /// All of them, each as `host:port`, the same list in each.
    pub hosts: Vec<String>,
    /// The number of this one.
    pub process: usize,
    /// The secret that all of them hold, 16 to 4,096 bytes.
    pub secret: Option<Vec<u8>>,
}

/// The end of a run on several workers.
#[derive(Debug)]
#[non_exhaustive]
pub struct WorkersEnded {
    /// The signal that stopped it; if none, all lines are read and the output has its name. Or why it has failed.
    pub ended: Result<Option<u8>, WorkersError>,
    /// The counts of all lines, including those of earlier runs.
    pub report: RunReport,
    /// The number of lines that earlier runs have taken.
    pub resumed_after: u64,
    /// The last line in the trace, if a run with a checkpoint could not write it further.
    pub trace_ends_after: Option<u64>,
    /// The cause, without a checkpoint; with one, it was told as an event.
    pub trace_error: Option<String>,
    /// The path of an incomplete output.
    pub unfinished_output: Option<PathBuf>,
    /// The number of bytes without LF at the end of the input, left for the next run.
    pub bytes_left: u64,
    /// The application's part of the summary.
    pub summary: Vec<SummaryRow>,
}

impl WorkersEnded {
    /// Returns the end of a run without lines.
    fn of(ended: Result<Option<u8>, WorkersError>) -> Self {
        let report = RunReport::default();
        Self {
            ended,
            report,
            resumed_after: 0,
            trace_ends_after: None,
            trace_error: None,
            unfinished_output: None,
            bytes_left: 0,
            summary: Vec::new(),
        }
    }
}

/// The interval at which the run is supervised.
const LOOKED_AFTER_EVERY: Duration = Duration::from_millis(50);

/// The input, read at any offset by all workers of this process.
pub(crate) struct Input(pub(crate) Arc<File>);

impl Bytes for Input {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(&*self.0, buffer, offset)
    }
}

/// Returns how workers would share a job: its stages.
fn stages<A: Application>(job: &Job<A>) -> Result<Vec<Stage>, WorkersError> {
    job.scenario().stages().map_err(WorkersError::NotShared)
}

/// Runs a job on this many threads, here and in other processes. `clock` makes the clocks of the trace, if there is
/// one.
///
/// Output, trace (times aside), counts and messages are those of one worker.
pub fn run_on_workers<A: Application, C: Clock + 'static>(
    job: &Job<A>,
    clock: impl Fn() -> C,
    options: WorkerOptions<'_>,
) -> WorkersEnded {
    match run(job, clock, options) {
        Ok(ended) => ended,
        Err(failed) => {
            let (error, files) = *failed;
            let unfinished_output = files.and_then(|files| files.left().map(Path::to_owned));
            WorkersEnded { unfinished_output, ..WorkersEnded::of(Err(error)) }
        }
    }
}

/// An error, and the files if they were opened.
type Failed = Box<(WorkersError, Option<RunFiles>)>;

fn run<A: Application, C: Clock + 'static>(
    job: &Job<A>,
    clock: impl Fn() -> C,
    mut options: WorkerOptions<'_>,
) -> Result<WorkersEnded, Failed> {
    let alone = |error| Box::new((error, None));
    let stages = stages(job).map_err(alone)?;
    let process = options.cluster.as_ref().map_or(0, |cluster| cluster.process);
    let input = OpenInput::open(job.config()).map_err(|error| alone(error.into()))?;
    let control = Arc::new(Control::default());
    let together = match Together::new(job, &mut options, &input, &control) {
        Ok(together) => together,
        // A process that is stopped while it waits for the others has done nothing.
        Err(error) => {
            let signal = (options.between_lines)(Position::default()).ok_or_else(|| alone(error))?;
            return Ok(WorkersEnded::of(Ok(Some(signal))));
        }
    };
    // Files are created once the processes are known to agree. With a checkpoint, recovery opens them.
    let committing = options.committing.take().filter(|_| job.config().runtime.checkpoint.is_some());
    let mut commits = None;
    let count = options.workers;
    let first = count * process;
    let of = PartsOf {
        workers: first..first + count,
        all: count * together.processes,
        run: together.run_number(),
    };
    let files = if committing.is_none() { RunFiles::open(job, &of) } else { Ok(RunFiles::Shared(None)) };
    let mut files = files.map_err(|error| alone(error.into()))?;
    let committing = committing.as_ref().map(|committing| (committing, &mut commits));
    match run_on_files(job, clock, options, stages, together, &control, &input, &mut files, committing) {
        Err(error) => Err(Box::new((error, Some(files)))),
        Ok((outcome, cut)) => {
            let unterminated_line = job.config().adapters.input_source().settings.unterminated_line;
            let may_grow = unterminated_line == UnterminatedLine::Leave;
            match commits {
                Some(commits) => {
                    let ended = commits.conclude(outcome, &input.file, cut, may_grow);
                    ended.map_err(|failure| alone(failure.into()))
                }
                None => Ok(conclude(outcome, &input, files, cut, (process == 0, may_grow))),
            }
        }
    }
}

fn conclude(
    outcome: Outcome,
    input: &OpenInput,
    mut files: RunFiles,
    cut: Cut,
    (is_first, may_grow): (bool, bool),
) -> WorkersEnded {
    let Outcome { ending, report, output_bytes, finish, summary, .. } = outcome;
    let trace_end = ending.trace_end;
    let ended = if let Some(failure) = ending.failure {
        Err(RunError::Step(failure).into())
    } else if let Some((line_no, error)) = ending.read_error {
        let path = input.path.display();
        let cause = io::Error::other(format!("the input `{path}` cannot be read: {error}"));
        Err(RunError::ReadInput { line_no, cause }.into())
    } else if let Some(error) = ending.write_error {
        Err(RunError::WriteOutput(io::Error::other(error)).into())
    } else if ending.signal != 0 {
        Ok(Some(ending.signal))
    } else if is_first {
        files.written(output_bytes);
        complete(&mut files, input, &finish, output_bytes, cut, (report.inputs, may_grow), trace_end.as_ref())
            .map(|()| None)
            .map_err(WorkersError::Run)
    } else {
        Ok(None)
    };
    WorkersEnded {
        ended,
        report,
        resumed_after: 0,
        trace_ends_after: trace_end.as_ref().map(|end| end.line_no),
        trace_error: trace_end.map(|end| end.error),
        unfinished_output: files.left().map(Path::to_owned),
        bytes_left: cut.bytes_left,
        summary,
    }
}

/// Writes the output after the last line, and completes the files, provided that the input has not changed.
fn complete(
    files: &mut RunFiles,
    input: &OpenInput,
    finish: &[u8],
    output_bytes: u64,
    cut: Cut,
    (line_no, may_grow): (u64, bool),
    trace_end: Option<&TraceEnd>,
) -> Result<(), RunError> {
    files.finish(finish, output_bytes, trace_end.is_none()).map_err(RunError::WriteOutput)?;
    let bytes = input.file.metadata().map(|metadata| metadata.len()).unwrap_or_default();
    let before = cut.input_bytes();
    // Appended input is left for the next run, if the input is read so.
    if bytes < before || (bytes > before && !may_grow) {
        let path = input.path.display();
        let cause = io::Error::other(format!(
            "the input `{path}` has changed while it was read: it has {bytes} bytes now, and had {before} (run it again)"
        ));
        return Err(RunError::ReadInput { line_no, cause });
    }
    files.complete(trace_end.map(|end| end.bytes)).map_err(RunError::WriteOutput)
}

#[expect(clippy::too_many_arguments, reason = "everything that a run is made of")]
fn run_on_files<A: Application, C: Clock + 'static>(
    job: &Job<A>,
    clock: impl Fn() -> C,
    options: WorkerOptions<'_>,
    stages: Vec<Stage>,
    together: Together,
    control: &Arc<Control>,
    input: &OpenInput,
    files: &mut RunFiles,
    committing: Option<(&Committing, &mut Option<Commits<A>>)>,
) -> Result<(Outcome, Cut), WorkersError> {
    let WorkerOptions { run_id, workers: count, epoch_bytes, between_lines, tell, .. } = options;
    let all = count * together.processes;
    let bytes = input.bytes;
    let input = Arc::new(input.file.try_clone().map_err(unreadable)?);
    let settings = &job.config().adapters.input_source().settings;
    let cut =
        Cut::new(&Input(Arc::clone(&input)), bytes, settings, bytes_of_epoch(job, epoch_bytes, all), all);
    let cut = cut.map_err(unreadable)?;
    let writers = if gathers(job) { count } else { all };
    let plan = Plan::of(job, stages, Owners::new(all, together.seed), cut, writers);
    let first = count * together.process;
    let saved_by = committing.as_ref().and_then(|(committing, _)| committing.saved_by::<A>(job.config()));
    let indices = first..first + count;
    let workers = workers(job, &clock, run_id, &plan, indices, &input, files, saved_by.as_ref())?;
    let (said, heard) = channel();
    let Together { builders, connections, peers, process, .. } = together;
    let others: Vec<_> = (0..all).step_by(count).filter(|first_of| *first_of != first).collect();
    let engine = drive(builders, connections, workers, control, &others, &said);
    let engine = engine.map_err(WorkersError::NotStarted)?;
    drop(said);
    let mut watch = Watch::new(peers);
    let mut position = Position::default();
    let mut commits = None;
    if let (0, Some((committing, opened)), Some(saved_by)) = (process, committing, saved_by) {
        let again = job.again()?;
        let begun = watch.during(control, || {
            let (committing, from) = ((committing, saved_by), (run_id, &plan));
            Commits::begin(again, &clock, committing, from, control, between_lines, tell)
        });
        match begun {
            Ok(begun) => commits = begun.map(|begun| opened.insert(begun)),
            Err(failure) => {
                control.break_off("the run was not begun".to_owned());
                engine.abandon();
                return Err(failure.into());
            }
        }
    }
    let mut hear = |said: Said, position: &mut Position| match said {
        Said::Abandoned(failure) => tell(Event::Abandoned(&failure)),
        Said::Notice(notice) => tell(Event::Notice(&notice)),
        Said::Position(line_no, bytes) => *position = (*position).max(Position { line_no, bytes }),
        Said::Saved(_) => {}
    };
    let mut failure = None;
    while !engine.is_done() && !control.is_broken() {
        match heard.recv_timeout(LOOKED_AFTER_EVERY) {
            Ok(Said::Saved(saved)) => {
                if let Some(commits) = &mut commits
                    && let Err(error) = watch.during(control, || commits.commit(&saved))
                {
                    failure = Some(error);
                    control.break_off("nothing more can be committed".to_owned());
                }
            }
            Ok(said) => hear(said, &mut position),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if let Some(signal) = between_lines(position) {
            control.signal.store(signal, Ordering::Relaxed);
        }
        watch.look(control);
        if let Some(commits) = &mut commits {
            commits.look(control);
        }
    }
    let outcome = match control.why_broken() {
        // Waiting for a connection that is gone would take for ever.
        Some(why) => {
            engine.abandon();
            return Err(failure.map_or(WorkersError::Broken(why), WorkersError::Checkpoint));
        }
        None => engine.join().into_iter().next().flatten(),
    };
    for said in heard.try_iter() {
        hear(said, &mut position);
    }
    let why = || control.why_broken().unwrap_or_else(|| "a worker has ended".to_owned());
    outcome.map(|outcome| (outcome, cut)).ok_or_else(|| WorkersError::Broken(why()))
}

/// Returns the workers of this process.
#[expect(clippy::too_many_arguments, reason = "everything that a worker is made of")]
fn workers<A: Application, C: Clock + 'static>(
    job: &Job<A>,
    clock: &impl Fn() -> C,
    run_id: &str,
    plan: &Plan,
    indices: Range<usize>,
    input: &Arc<File>,
    files: &mut RunFiles,
    saved_by: Option<&SavedBy>,
) -> Result<Vec<Worker<A, Input, FilePlaces>>, WorkersError> {
    let not_before = saved_by.map(|saved_by| Arc::clone(&saved_by.not_before)).unwrap_or_default();
    let has_trace = has_trace(job);
    let places = files.places(job, indices.len()).map_err(RunError::WriteOutput)?;
    let handover = Handover::among(indices.clone());
    let mut workers = Vec::new();
    for (index, places) in indices.zip(places) {
        let records = RecordBuffer::default();
        let sink = has_trace.then(|| Box::new(records.clone()) as _);
        let recorder = || job.recorder(|| LateClock::new(clock(), Arc::clone(&not_before)), sink);
        let runners = Runners::of(job, run_id, &plan.stages, recorder)?;
        workers.push(Worker::<A, _, _>::new(Parts {
            index,
            plan: plan.clone(),
            config: job.shared_config(),
            runners,
            records,
            handover: handover.clone(),
            input: Input(Arc::clone(input)),
            places,
            saved_by: saved_by.cloned(),
        }));
    }
    Ok(workers)
}

pub(crate) fn unreadable(cause: io::Error) -> WorkersError {
    RunError::ReadInput { line_no: 0, cause }.into()
}
