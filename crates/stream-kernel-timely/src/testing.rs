//! Runs of several workers without threads or sockets: packets are delivered in an order that a seed draws.

mod resumed;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

use stream_kernel_exec::RunReport;
use stream_kernel_exec::trace::{ManualClock, Timestamp};
use stream_kernel_run::{Application, Event, Job, LineAdapters, LineReader, Session, SummaryRow};

use crate::handover::Handover;
use crate::owners::Owners;
use crate::packet::Packet;
use crate::part::{Bytes, Cut};
use crate::plan::{Plan, Runners};
use crate::worker::{Outcome, Parts, Places, RecordBuffer, Worker};
use resumed::SimulatedCheckpoint;
pub use resumed::resumed;

/// What a run has come to, be it of one worker or of several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Results {
    /// The output.
    pub output: String,
    /// The trace.
    pub trace: String,
    /// What people were told, in order, and why the run has ended.
    pub told: Vec<String>,
    /// The counts.
    pub report: RunReport,
    /// The application's part of the summary; a failed run has none.
    pub summary: Vec<SummaryRow>,
    /// How many bytes without LF are left at the end of the input.
    pub bytes_left: u64,
}

/// How several workers run.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// How many there are.
    pub workers: usize,
    /// How much input is taken in at a time.
    pub epoch_bytes: u64,
    /// Draws owners, and the order in which packets are delivered.
    pub seed: u64,
    /// Who writes, and where.
    pub written: Written,
    /// How much room each worker has for records, in bytes.
    pub trace_room: u64,
}

/// How results are written.
#[derive(Clone, Copy, Debug)]
pub enum Written {
    /// All workers write at their places in the files of all.
    AtPlaces,
    /// So many workers do so; the others send what they have to the first.
    Gathered(usize),
    /// Each worker writes files of its own, which are merged at the end.
    InParts,
}

/// 2026-01-21T01:30:25Z
const NOW: Timestamp = Timestamp::from_nanos(1_768_959_025_000_000_000);

/// Runs a job on one worker, as any driver does.
pub fn alone<A: Application>(job: Job<A>, input: &[u8]) -> Results {
    let settings = &job.config().adapters.input_source().settings;
    let lines = LineReader::new(input, settings.max_line_bytes).unterminated_line(settings.unterminated_line);
    let records = RecordBuffer::default();
    let recorder = job.recorder(|| ManualClock::new(NOW, 0), Some(Box::new(records.clone())));
    take_lines(job.start("run", recorder), lines, &records)
}

/// Takes all lines through a session.
fn take_lines<A: Application>(
    mut session: Session<A>,
    mut lines: LineReader<&[u8]>,
    records: &RecordBuffer,
) -> Results {
    let mut results = Results::default();
    let mut output = Vec::new();
    let mut failure = None;
    while let Ok(Some(line)) = lines.next_line() {
        let done = session.take(line, lines.bytes_read());
        if let Err(error) = done {
            failure = Some(error.to_string());
            break;
        }
        output.extend_from_slice(session.written());
        results.told.extend(session.take_abandoned().iter().map(|failure| format!("abandoned: {failure}")));
        results.told.extend(session.take_notices());
    }
    if let Some(failure) = failure {
        results.told.push(failure);
    } else {
        output.extend(session.complete());
        results.summary = session.summary();
        results.bytes_left = lines.bytes_left();
    }
    results.output = String::from_utf8_lossy(&output).into_owned();
    let mut trace = Vec::new();
    records.take(&mut trace);
    results.trace = String::from_utf8_lossy(&trace).into_owned();
    results.report = session.report();
    results
}

struct InMemory<'a>(&'a [u8]);

impl Bytes for InMemory<'_> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(self.0.len());
        let len = buffer.len().min(self.0.len() - from);
        buffer[..len].copy_from_slice(&self.0[from..from + len]);
        Ok(len)
    }
}

/// Output and trace of a worker, epoch by epoch.
type Segments = Vec<[Vec<u8>; 2]>;

/// Files of all workers, or of each: output and trace, by worker the bytes of each epoch.
#[derive(Clone, Default)]
struct Files {
    shared: Rc<RefCell<[Vec<u8>; 2]>>,
    parts: Rc<RefCell<BTreeMap<usize, Segments>>>,
}

impl Files {
    /// Returns output and trace, merged if they are in parts.
    fn take(&self) -> [Vec<u8>; 2] {
        let mut files = self.shared.take();
        let parts = self.parts.take();
        for epoch in 0.. {
            let mut segments = parts.values().map_while(|epochs| epochs.get(epoch)).peekable();
            if segments.peek().is_none() {
                break;
            }
            for segment in segments {
                files.iter_mut().zip(segment).for_each(|(file, bytes)| file.extend_from_slice(bytes));
            }
        }
        files
    }
}

/// Where a worker writes; by its number, if into files of its own. There is room for so much of a trace.
struct InMemoryPlaces {
    files: Files,
    own: Option<usize>,
    trace_room: u64,
}

impl Places for InMemoryPlaces {
    fn write_output(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.write(0, bytes, at)
    }

    fn write_trace(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.write(1, bytes, at)
    }

    fn sync(&mut self, _: bool) -> io::Result<()> {
        Ok(())
    }
}

impl InMemoryPlaces {
    fn write(&mut self, which: usize, bytes: &[u8], at: u64) -> io::Result<()> {
        let Self { files, own, trace_room } = self;
        if which == 1 {
            *trace_room = trace_room.checked_sub(bytes.len() as u64).ok_or_else(|| {
                *trace_room = 0;
                io::Error::other("no room")
            })?;
        }
        if let Some(worker) = own {
            let mut parts = files.parts.borrow_mut();
            let segments = parts.entry(*worker).or_default();
            if which == 0 {
                segments.push(Default::default());
            }
            if let Some(segment) = segments.last_mut() {
                segment[which].extend_from_slice(bytes);
            }
            return Ok(());
        }
        let file = &mut files.shared.borrow_mut()[which];
        let at = usize::try_from(at).map_err(io::Error::other)?;
        let end = at + bytes.len();
        if file.len() < end {
            file.resize(end, 0);
        }
        file[at..end].copy_from_slice(bytes);
        Ok(())
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % end.max(1)
    }
}

/// Runs a job on several workers: whichever the seed draws works next, or has a packet delivered that is on its way to it.
///
/// # Errors
///
/// The pipeline cannot run on several workers, a packet cannot be read, or all workers wait for each other.
pub fn together<A: Application>(job: &Job<A>, input: &[u8], setting: Setting) -> Result<Results, String> {
    simulate(job, input, setting, None)
}

fn simulate<A: Application>(
    job: &Job<A>,
    input: &[u8],
    setting: Setting,
    mut checkpoint: Option<&mut SimulatedCheckpoint>,
) -> Result<Results, String> {
    let stages = job.scenario().stages().map_err(|why| why.to_string())?;
    let settings = &job.config().adapters.input_source().settings;
    let (len, Setting { epoch_bytes, workers, .. }) = (input.len() as u64, setting);
    let cut =
        Cut::new(&InMemory(input), len, settings, epoch_bytes, workers).map_err(|error| error.to_string())?;
    let writers = match setting.written {
        Written::Gathered(writers) => writers,
        Written::AtPlaces | Written::InParts => setting.workers,
    };
    let plan = Plan::of(job, stages, Owners::new(setting.workers, setting.seed), cut, writers);
    let files = Files::default();
    if let Some(checkpoint) = &checkpoint {
        files.shared.borrow_mut().clone_from(&checkpoint.files);
    }
    // The workers are of one or two processes, or each is of its own.
    let processes = [1, 2, setting.workers][usize::try_from(setting.seed % 3).unwrap_or_default()];
    let handovers: Vec<_> = (0..processes)
        .map(|process| {
            Handover::among(
                process * setting.workers / processes..(process + 1) * setting.workers / processes,
            )
        })
        .collect();
    let mut workers = Vec::new();
    for index in 0..setting.workers {
        let records = RecordBuffer::default();
        let recorder = || job.recorder(|| ManualClock::new(NOW, 0), Some(Box::new(records.clone())));
        let runners = Runners::of(job, "run", &plan.stages, recorder).map_err(|faults| faults.to_string())?;
        let Some(handover) = handovers.iter().find(|handover| handover.reaches(index)) else {
            return Err(format!("worker {index} is of no process"));
        };
        let config = job.shared_config();
        let own = matches!(setting.written, Written::InParts).then_some(index);
        let (input, places) =
            (InMemory(input), InMemoryPlaces { files: files.clone(), own, trace_room: setting.trace_room });
        workers.push(Worker::<A, _, _>::new(Parts {
            index,
            plan: plan.clone(),
            config,
            runners,
            records,
            handover: handover.clone(),
            input,
            places,
            saved_by: checkpoint.as_ref().map(|checkpoint| checkpoint.saved_by()),
        }));
    }
    if let Some(checkpoint) = &checkpoint {
        let owners = Owners::new(setting.workers, setting.seed);
        checkpoint.begin(job, &plan.stages, &owners, &mut workers[0])?;
    }
    let mut random = Random(setting.seed);
    let mut under_way: Vec<Packet> = Vec::new();
    let mut results = Results::default();
    let mut idle = 0;
    while workers.iter().any(|worker| worker.outcome().is_none()) {
        // Now and then many are delivered at once, and now and then one is long on its way.
        if !under_way.is_empty() && random.below(3) > 0 {
            let packet = under_way.swap_remove(random.below(under_way.len()));
            workers[packet.to].receive(packet).map_err(|bad| bad.to_string())?;
            idle = 0;
            continue;
        }
        let worker = &mut workers[random.below(setting.workers)];
        let mut tell = |event: Event<'_>| match event {
            Event::Abandoned(failure) => results.told.push(format!("abandoned: {failure}")),
            Event::Notice(notice) => results.told.push(notice.to_owned()),
            _ => {}
        };
        worker.work(&mut tell).map_err(|bad| bad.to_string())?;
        if let Some(checkpoint) = &mut checkpoint {
            checkpoint.look::<A>(job, worker.take_saved(), &files.shared.borrow(), random.below(4) == 0)?;
        }
        let sent = worker.take_outgoing();
        idle = if sent.is_empty() && under_way.is_empty() { idle + 1 } else { 0 };
        if idle > 100 * setting.workers {
            return Err("all workers wait for each other".to_owned());
        }
        under_way.extend(sent);
    }
    let outcomes: Vec<_> = workers.iter().filter_map(Worker::outcome).collect();
    conclude(&outcomes, files.take(), cut, results)
}

/// Returns what a run has come to, in which all workers must be at one.
fn conclude(
    outcomes: &[&Outcome],
    [output, mut trace]: [Vec<u8>; 2],
    cut: Cut,
    mut results: Results,
) -> Result<Results, String> {
    let Some((outcome, others)) = outcomes.split_first() else { return Err("no worker".to_owned()) };
    let is_other = |other: &&&Outcome| (&other.ending, other.report) != (&outcome.ending, outcome.report);
    if let Some(other) = others.iter().find(is_other) {
        return Err(format!("workers differ in how the run has ended: {outcome:?} and {other:?}"));
    }
    let failure = outcome.ending.failure.as_ref().map(ToString::to_string);
    let others =
        [outcome.ending.read_error.as_ref().map(|(_, error)| error), outcome.ending.write_error.as_ref()];
    results.told.extend(failure.clone());
    results.told.extend(others.into_iter().flatten().cloned());
    if let Some(end) = &outcome.ending.trace_end {
        results.told.push(format!("the trace ends with line {}: {}", end.line_no, end.error));
        trace.truncate(usize::try_from(end.bytes).unwrap_or(usize::MAX));
    }
    results.report = outcome.report;
    results.summary.clone_from(&outcome.summary);
    results.bytes_left = if failure.is_none() { cut.bytes_left } else { 0 };
    results.output = String::from_utf8_lossy(&[output, outcome.finish.clone()].concat()).into_owned();
    results.trace = String::from_utf8_lossy(&trace).into_owned();
    Ok(results)
}
