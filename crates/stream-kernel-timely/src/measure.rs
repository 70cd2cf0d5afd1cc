//! Runs of several workers apart from each other, in one thread and in simulated time: what each of them costs, and what a run on as
//! many processors would take.
//!
//! What a worker does is done and timed; what it waits for is worked out. Each worker has a time of its own. Whoever is first goes on with
//! all packets that have arrived by then, and its time moves by as much as the work has taken. What it sends arrives as the
//! [`Network`] says.

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

/// How the workers of a measured run work.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// How many there are, 1 at least.
    pub workers: usize,
    /// How much of the input is taken in at a time, in bytes.
    pub epoch_bytes: u64,
    /// Draws the owners.
    pub seed: u64,
    /// What is between them.
    pub network: Network,
}

/// The files of a measured run.
#[derive(Clone, Copy, Debug)]
pub struct Files<'a> {
    /// What is read.
    pub input: &'a File,
    /// Where the output goes, from its beginning on; it is discarded without one.
    pub output: Option<&'a File>,
    /// Where the trace goes, from its beginning on; it is discarded without one.
    pub trace: Option<&'a File>,
}

/// What a measured run has come to.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// The counts of all lines.
    pub report: RunReport,
    /// The length of the output, in bytes.
    pub output_bytes: u64,
    /// The number of epochs.
    pub epochs: u64,
    /// What each worker has done.
    pub workers: Vec<WorkerTimes>,
}

/// What a worker of a measured run has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerTimes {
    /// How long each kind of work took, in nanoseconds, in the order in which an epoch goes through them; stages are named by their
    /// first step.
    pub work: Vec<(String, u64)>,
    /// How long it waited for packets, in simulated nanoseconds.
    pub waited_ns: u64,
    /// When it had written its last epoch, in simulated nanoseconds from the beginning.
    pub written_ns: u64,
    /// When it was at its end.
    pub ended_ns: u64,
    /// The packets that it sent to other workers, by kind.
    pub sent: Vec<(String, Sent)>,
    /// How many bytes other workers sent to it.
    pub received_bytes: u64,
}

/// How much was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// The number of packets.
    pub packets: u64,
    /// Their length in bytes, headers included.
    pub bytes: u64,
}

impl Measured {
    /// Returns how long the run would take, in nanoseconds.
    pub fn wall_ns(&self) -> u64 {
        self.workers.iter().map(|worker| worker.ended_ns).max().unwrap_or_default()
    }

    /// Returns how long it would take until all lines are written.
    pub fn written_ns(&self) -> u64 {
        self.workers.iter().map(|worker| worker.written_ns).max().unwrap_or_default()
    }
}

impl WorkerTimes {
    /// Returns how long it worked, in nanoseconds.
    pub fn busy_ns(&self) -> u64 {
        self.work.iter().map(|(_, ns)| ns).sum()
    }
}

/// Runs a job on several workers, one after the other in this thread, with a time for each.
///
/// `now_ns` is asked before and after each piece of work; the processor time of the thread does not count what else runs on the machine.
/// Making the output durable is left out.
///
/// # Errors
///
/// As [`run_on_workers`](crate::run_on_workers), where files are concerned; and if the run fails.
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
    // Whoever comes first, since all that could change what it finds has been sent by then.
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
        // Between threads, bytes take no time: what takes time is between processes.
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

/// A worker's places in files that are there for the measurement alone, or nowhere.
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

/// Returns the worker that can go on first, unless all are at their end or wait for packets that nobody has sent.
fn first<A: Application>(timelines: &[Timeline<A>]) -> Option<usize> {
    let ready = timelines.iter().enumerate();
    let ready = ready.filter_map(|(index, timeline)| Some((timeline.ready_ns()?, index)));
    ready.min().map(|(_, index)| index)
}
