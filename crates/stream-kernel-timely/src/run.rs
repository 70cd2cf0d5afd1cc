//! A run on several workers, from its files to its result.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use stream_kernel_exec::trace::Clock;
use stream_kernel_exec::{NotShared, RunReport, Stage};
use stream_kernel_run::config::OnStepError;
use stream_kernel_run::exec::WiringFaults;
use stream_kernel_run::{Application, Event, Job, LineAdapters, Position, RunError, SharedFiles, SummaryRow};
use timely::communication::Config as Allocators;

use crate::dataflow::{Control, Said, drive};
use crate::owners::Owners;
use crate::part::{Bytes, Cut};
use crate::worker::{Outcome, Parts, Places, Plan, RecordBuffer, Runners, Worker};

/// Why a run on several workers does not begin, or ends before all lines are read.
#[derive(Debug, thiserror::Error)]
pub enum WorkersError {
    /// As a run on one worker.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Workers cannot share what the steps look into.
    #[error("several workers cannot run this pipeline: {0}")]
    NotShared(NotShared),
    /// A step could not be built again.
    #[error(transparent)]
    Wiring(#[from] WiringFaults),
    /// The engine could not be started.
    #[error("the workers cannot be started: {0}")]
    NotStarted(String),
    /// A worker has broken down.
    #[error("{0}")]
    Broken(String),
}

/// What a run on several workers needs beside its job and its files.
pub struct WorkerOptions<'a> {
    /// The run's name in its trace.
    pub run_id: &'a str,
    /// The number of threads.
    pub workers: usize,
    /// How much of the input is taken in at a time, in bytes: time and memory depend on it, no result does.
    pub epoch_bytes: u64,
    /// Is told now and then how far the run has come; returns the signal for which it is to stop, if there is one.
    pub between_lines: &'a mut dyn FnMut(Position) -> Option<u8>,
    /// Is told what people may want to know.
    pub tell: &'a mut dyn FnMut(Event<'_>),
}

/// How a run on several workers has ended.
#[derive(Debug)]
pub struct WorkersEnded {
    /// The signal for which it was stopped; if none, all lines are read and the output has its name. Or why it has failed.
    pub ended: Result<Option<u8>, WorkersError>,
    /// The counts of all lines.
    pub report: RunReport,
    /// Where the output is, if it has not got its name.
    pub unfinished_output: Option<std::path::PathBuf>,
    /// How many bytes without LF are left at the end of the input, for the next run.
    pub bytes_left: u64,
    /// The application's part of the summary.
    pub summary: Vec<SummaryRow>,
}

/// How often the run is looked after.
const LOOKED_AFTER_EVERY: Duration = Duration::from_millis(50);

struct Input(Arc<File>);

impl Bytes for Input {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(&*self.0, buffer, offset)
    }
}

/// A worker's places in the files of all.
struct FilePlaces {
    output: File,
    trace: Option<(File, u64)>,
}

impl Places for FilePlaces {
    fn write(&mut self, output: (&[u8], u64), trace: (&[u8], u64)) -> io::Result<()> {
        self.output.write_all_at(output.0, output.1)?;
        match &self.trace {
            Some((file, start)) => file.write_all_at(trace.0, start + trace.1),
            None => Ok(()),
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns how workers would share a job: its stages.
///
/// # Errors
///
/// Says why they cannot.
pub fn stages<A: Application>(job: &Job<A>) -> Result<Vec<Stage>, WorkersError> {
    job.scenario().stages().map_err(WorkersError::NotShared)
}

/// Runs a job on its files, on so many threads, traced by the clocks that `clock` makes, if it is traced.
///
/// Output, trace (times aside), counts and messages are those of one worker.
pub fn run_on_workers<A: Application, C: Clock + 'static>(
    job: &Job<A>,
    clock: impl Fn() -> C,
    mut files: SharedFiles,
    options: WorkerOptions<'_>,
) -> WorkersEnded {
    let outcome = run(job, clock, &files, options);
    let (outcome, cut) = match outcome {
        Ok(done) => done,
        Err(error) => return failed(error, &files),
    };
    let Outcome { ending, report, output_bytes, finish, summary, .. } = outcome;
    files.output.parts_written(output_bytes);
    let ended = if let Some(failure) = ending.failure {
        Err(RunError::Step(failure).into())
    } else if let Some((line_no, error)) = ending.read_error {
        let path = files.input_path.display();
        let cause = io::Error::other(format!("the input `{path}` cannot be read: {error}"));
        Err(RunError::ReadInput { line_no, cause }.into())
    } else if let Some(error) = ending.write_error {
        Err(RunError::WriteOutput(files.output.named(&io::Error::other(error))).into())
    } else if ending.signal != 0 {
        Ok(Some(ending.signal))
    } else {
        complete(&mut files, &finish, output_bytes, cut).map(|()| None).map_err(WorkersError::Run)
    };
    WorkersEnded {
        ended,
        report,
        unfinished_output: files.output.left().map(Path::to_owned),
        bytes_left: cut.bytes_left,
        summary,
    }
}

fn failed(error: WorkersError, files: &SharedFiles) -> WorkersEnded {
    WorkersEnded {
        ended: Err(error),
        report: RunReport::default(),
        unfinished_output: files.output.left().map(Path::to_owned),
        bytes_left: 0,
        summary: Vec::new(),
    }
}

/// Writes what comes after the last line, and gives the output its name, provided that the input is what it was.
fn complete(files: &mut SharedFiles, finish: &[u8], output_bytes: u64, cut: Cut) -> Result<(), RunError> {
    let writer = files.output.part_writer().map_err(RunError::WriteOutput)?;
    writer
        .write_all_at(finish, output_bytes)
        .map_err(|error| RunError::WriteOutput(files.output.named(&error)))?;
    files.output.parts_written(finish.len() as u64);
    let bytes = files.input.metadata().map(|metadata| metadata.len()).unwrap_or_default();
    if bytes != cut.input_bytes() {
        let (path, before) = (files.input_path.display(), cut.input_bytes());
        let cause = io::Error::other(format!(
            "the input `{path}` has changed while it was read: it has {bytes} bytes now, and had {before} (run it again)"
        ));
        return Err(RunError::ReadInput { line_no: 0, cause });
    }
    files.output.complete().map_err(RunError::WriteOutput)
}

fn run<A: Application, C: Clock + 'static>(
    job: &Job<A>,
    clock: impl Fn() -> C,
    files: &SharedFiles,
    options: WorkerOptions<'_>,
) -> Result<(Outcome, Cut), WorkersError> {
    let WorkerOptions { run_id, workers: count, epoch_bytes, between_lines, tell } = options;
    let input = Arc::new(files.input.try_clone().map_err(unreadable)?);
    let settings = &job.config().adapters.input_source().settings;
    let cut = Cut::new(&Input(Arc::clone(&input)), files.input_bytes, settings, epoch_bytes, count);
    let cut = cut.map_err(unreadable)?;
    let plan = Plan {
        stages: stages(job)?,
        owners: Owners::new(count, drawn_seed()),
        cut,
        continues_after_errors: job.config().runtime.on_step_error == OnStepError::Continue,
    };
    let mut workers = Vec::new();
    for index in 0..count {
        let records = RecordBuffer::default();
        let sink = files.trace.is_some().then(|| Box::new(records.clone()) as _);
        let runners = Runners {
            scout: job.again()?.into_runner(run_id, None),
            owner: job.again()?.into_runner(run_id, None),
            teller: if retells(job, &plan.stages) {
                Some(job.again()?.into_runner(run_id, job.recorder(&clock, sink)))
            } else {
                None
            },
        };
        let places = FilePlaces {
            output: files.output.part_writer().map_err(RunError::WriteOutput)?,
            trace: match &files.trace {
                Some((file, start)) => Some((file.try_clone().map_err(RunError::WriteOutput)?, *start)),
                None => None,
            },
        };
        workers.push(Worker::<A, _, _>::new(Parts {
            index,
            plan: plan.clone(),
            config: job.shared_config(),
            runners,
            records,
            input: Input(Arc::clone(&input)),
            places,
        }));
    }
    let control = Arc::new(Control::default());
    let (said, heard) = channel();
    let allocators = if count == 1 { Allocators::Thread } else { Allocators::Process(count) };
    let (builders, connections) = allocators.try_build().map_err(WorkersError::NotStarted)?;
    let engine = drive(builders, connections, workers, &control, &said).map_err(WorkersError::NotStarted)?;
    drop(said);
    let mut position = Position::default();
    loop {
        match heard.recv_timeout(LOOKED_AFTER_EVERY) {
            Ok(Said::Abandoned(failure)) => tell(Event::Abandoned(&failure)),
            Ok(Said::Notice(notice)) => tell(Event::Notice(&notice)),
            Ok(Said::Position(line_no, bytes)) => position = position.max(Position { line_no, bytes }),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if let Some(signal) = between_lines(position) {
            control.signal.store(signal, Ordering::Relaxed);
        }
        if engine.is_done() {
            break;
        }
    }
    for said in heard.try_iter() {
        match said {
            Said::Abandoned(failure) => tell(Event::Abandoned(&failure)),
            Said::Notice(notice) => tell(Event::Notice(&notice)),
            Said::Position(..) => {}
        }
    }
    let outcome = engine.join().into_iter().next().flatten();
    match (outcome, control.why_broken()) {
        (Some(outcome), None) => Ok((outcome, cut)),
        (_, why) => Err(WorkersError::Broken(why.unwrap_or_else(|| "a worker has ended".to_owned()))),
    }
}

/// Returns whether lines must be taken through all steps once more when what they find is known: because records are made of it, or
/// because steps count that come before a stage.
pub(crate) fn retells<A: Application>(job: &Job<A>, stages: &[Stage]) -> bool {
    let last = stages.last().map(|stage| stage.steps.start);
    job.config().runtime.tracing.enabled || last.is_none_or(|last| job.scenario().counts_before(last))
}

fn unreadable(cause: io::Error) -> WorkersError {
    RunError::ReadInput { line_no: 0, cause }.into()
}

/// Returns a seed for owners: keys come from outside, and nobody there should know it.
fn drawn_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0)
}
