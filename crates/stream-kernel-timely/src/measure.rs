//! Measured runs of several workers in one thread and in simulated time: the cost of each, and the time of a run with a
//! processor for each.
//!
//! Work is done and timed; waiting is computed. Each worker has a time of its own. The first one goes on with all
//! packets that have arrived by then, and its time moves by the time of the work. Its packets arrive as the [`Network`]
//! says.

mod names;
mod network;
mod timeline;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use stream_kernel_exec::RunReport;
use stream_kernel_exec::trace::Clock;
use stream_kernel_run::{Application, Job, LineAdapters};

use crate::handover::Handover;
use crate::owners::Owners;
use crate::part::Cut;
use crate::plan::{Plan, Runners, bytes_of_epoch};
use crate::run::{Input, WorkersError, unreadable};
use crate::worker::{Parts, Places, RecordBuffer, Worker};

use names::Names;
use network::{Links, sent_bytes};
use timeline::Timeline;

pub use network::Network;

/// The workers of a measured run.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Their number, at least 1.
    pub workers: usize,
    /// The input of an epoch, in bytes.
    pub epoch_bytes: u64,
    /// The seed that draws the owners.
    pub seed: u64,
    /// The network between them.
    pub network: Network,
}

/// The files of a measured run.
#[derive(Clone, Copy, Debug)]
pub struct Files<'a> {
    /// The input.
    pub input: &'a File,
    /// The output, written from its beginning; discarded without one.
    pub output: Option<&'a File>,
    /// The trace, written from its beginning; discarded without one.
    pub trace: Option<&'a File>,
}

/// The result of a measured run.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Measured {
    /// The counts of all lines.
    pub report: RunReport,
    /// The length of the output, in bytes.
    pub output_bytes: u64,
    /// The number of epochs.
    pub epochs: u64,
    /// The measurements of each worker.
    pub workers: Vec<WorkerTimes>,
}

/// The measurements of one worker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerTimes {
    /// The time of each kind of work in nanoseconds, in the order of an epoch; stages are named by their first step.
    pub work: Vec<(String, u64)>,
    /// The simulated time of waiting for packets, in nanoseconds.
    pub waited_ns: u64,
    /// The simulated time at which it had written its last epoch, in nanoseconds from the beginning.
    pub written_ns: u64,
    /// The simulated time at which it ended.
    pub ended_ns: u64,
    /// The packets that it sent to other workers, by kind.
    pub sent: Vec<(String, Sent)>,
    /// The number of bytes that other workers sent to it.
    pub received_bytes: u64,
}

/// An amount of packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sent {
    /// The number of packets.
    pub packets: u64,
    /// Their length in bytes, headers included.
    pub bytes: u64,
}

impl Measured {
    /// Returns the time of the run, in nanoseconds.
    pub fn wall_ns(&self) -> u64 {
        self.workers.iter().map(|worker| worker.ended_ns).max().unwrap_or_default()
    }

    /// Returns the time until all lines are written.
    pub fn written_ns(&self) -> u64 {
        self.workers.iter().map(|worker| worker.written_ns).max().unwrap_or_default()
    }
}

impl WorkerTimes {
    /// Returns the time of its work, in nanoseconds.
    pub fn busy_ns(&self) -> u64 {
        self.work.iter().map(|(_, ns)| ns).sum()
    }
}

/// Runs a job on several workers, one after the other in this thread, with a time for each.
///
/// `now_ns` is called before and after each piece of work; the processor time of the thread leaves out other load on
/// the machine. Syncing the output is left out.
///
/// # Errors
///
/// Files fail as in [`run_on_workers`](crate::run_on_workers), and so does a run.
pub fn apart<A: Application, C: Clock + 'static>(
    job: &Job<A>,
    clock: impl Fn() -> C,
    files: Files<'_>,
    setting: Setting,
    now_ns: &mut dyn FnMut() -> u64,
) -> Result<Measured, WorkersError> {
    let (workers, epochs) = workers(job, clock, files, setting)?;
    let names = Names::of(job)?;
    let mut links = Links::new(setting.network, setting.workers);
    let mut timelines: Vec<_> = workers.into_iter().map(Timeline::new).collect();
    let mut sent_so_far = 0;
    // The first one, because everything that could change its finds has been sent by then.
    while let Some(index) = first(&timelines) {
        let sent = timelines[index].go_on(now_ns, &setting.network)?;
        for packet in sent {
            timelines[index].note_sent(&packet, &setting.network);
            let arrives_ns = links.send(index, packet.to, sent_bytes(&packet), timelines[index].now_ns);
            sent_so_far += 1;
            timelines[packet.to].will_receive(packet, (arrives_ns, sent_so_far));
        }
    }
    let outcomes = timelines.iter().map(|timeline| timeline.worker.outcome());
    let outcomes: Option<Vec<_>> = outcomes.collect();
    let Some(outcome) = outcomes.as_ref().and_then(|outcomes| outcomes.first()) else {
        return Err(WorkersError::Broken("all workers wait for each other".to_owned()));
    };
    if outcome.ending.is_failure() {
        return Err(WorkersError::Broken(format!("the run has failed: {:?}", outcome.ending)));
    }
    if let Some(output) = files.output {
        output.write_all_at(&outcome.finish, outcome.output_bytes).map_err(unwritable)?;
    }
    Ok(Measured {
        report: outcome.report,
        output_bytes: outcome.output_bytes + outcome.finish.len() as u64,
        epochs,
        workers: timelines.iter().map(|timeline| timeline.times(&names)).collect(),
    })
}

fn unwritable(error: io::Error) -> WorkersError {
    WorkersError::Run(stream_kernel_run::RunError::WriteOutput(error))
}

type Measurable<A> = Worker<A, Input, OwnPlaces>;

/// Returns the workers of a job, and the number of epochs.
fn workers<A: Application, C: Clock + 'static>(
    job: &Job<A>,
    clock: impl Fn() -> C,
    files: Files<'_>,
    setting: Setting,
) -> Result<(Vec<Measurable<A>>, u64), WorkersError> {
    let stages = job.scenario().stages().map_err(WorkersError::NotShared)?;
    let Setting { workers: count, epoch_bytes, seed, network, .. } = setting;
    let bytes = files.input.metadata().map_err(unreadable)?.len();
    let input = Arc::new(files.input.try_clone().map_err(unreadable)?);
    let settings = &job.config().adapters.input_source().settings;
    let cut =
        Cut::new(&Input(Arc::clone(&input)), bytes, settings, bytes_of_epoch(job, epoch_bytes, count), count);
    let plan = Plan::of(job, stages, Owners::new(count, seed), cut.map_err(unreadable)?, count);
    let mut workers = Vec::new();
    let of_one_process = Handover::among(0..count);
    for index in 0..count {
        // Between threads, bytes take no time; only transfers between processes do.
        let are_threads = network.bytes_per_second.is_none();
        let handover = if are_threads { of_one_process.clone() } else { Handover::among(index..index + 1) };
        let records = RecordBuffer::default();
        let has_trace = job.config().runtime.tracing.enabled;
        let recorder = || job.recorder(&clock, has_trace.then(|| Box::new(records.clone()) as _));
        let runners = Runners::of(job, "run", &plan.stages, recorder)?;
        let own = |file: Option<&File>| file.map(File::try_clone).transpose().map_err(unwritable);
        workers.push(Worker::new(Parts {
            index,
            plan: plan.clone(),
            config: job.shared_config(),
            runners,
            records,
            handover,
            input: Input(Arc::clone(&input)),
            places: OwnPlaces { output: own(files.output)?, trace: own(files.trace)? },
            saved_by: None,
        }));
    }
    Ok((workers, plan.cut.epochs()))
}

/// A worker's places in files of the measurement, or nowhere.
struct OwnPlaces {
    output: Option<File>,
    trace: Option<File>,
}

impl Places for OwnPlaces {
    fn write_output(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.output.as_ref().map_or(Ok(()), |file| file.write_all_at(bytes, at))
    }

    fn write_trace(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.trace.as_ref().map_or(Ok(()), |file| file.write_all_at(bytes, at))
    }

    fn sync(&mut self, _: bool) -> io::Result<()> {
        Ok(())
    }
}

/// Returns the worker that can go on first; `None` if all have ended or wait for packets that nobody has sent.
fn first<A: Application>(timelines: &[Timeline<A>]) -> Option<usize> {
    let ready = timelines.iter().enumerate();
    let ready = ready.filter_map(|(index, timeline)| Some((timeline.ready_ns()?, index)));
    ready.min().map(|(_, index)| index)
}
