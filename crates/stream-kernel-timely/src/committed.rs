//! Runs on several workers with a checkpoint: process 0 keeps it, tells all where to resume, and commits what they
//! save.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use stream_kernel_exec::Memory;
use stream_kernel_exec::trace::{Clock, Timestamp};
use stream_kernel_run::disk::Disk;
use stream_kernel_run::{
    Application, CheckpointFailure, CheckpointOptions, CommitIn, ConfigOf, Ended, Event, Job, LineAdapters,
    Position, Reached, SharedCheckpoint,
};

use crate::dataflow::{BeginAll, Control};
use crate::part::Cut;
use crate::plan::Plan;
use crate::run::WorkersEnded;
use crate::worker::{Begin, Outcome, Saved, SavedBy};

/// The options of a run on several workers with a checkpoint, beside its job and its other options.
#[derive(Clone)]
pub struct Committing {
    /// The disk with the checkpoint and its files.
    pub disk: Arc<dyn Disk>,
    /// The wall clock: for the cadence of commits, and for people in each commit.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// The cost of deciding lines again that justifies a snapshot, in bytes of a snapshot: usually
    /// `MIN_SNAPSHOT_BYTES`.
    pub min_snapshot_bytes: u64,
    /// Whether to discard an existing checkpoint.
    pub restart: bool,
}

impl Committing {
    /// Returns how workers save a run whose configuration has a checkpoint.
    pub(crate) fn saved_by<A: Application>(&self, config: &ConfigOf<A>) -> Option<SavedBy> {
        let settings = config.runtime.checkpoint.as_ref()?;
        Some(SavedBy {
            every_lines: settings.every_lines.get(),
            every_ms: settings.every_ms.get(),
            min_snapshot_bytes: self.min_snapshot_bytes,
            now: Arc::clone(&self.now),
            is_committing: Arc::default(),
            not_before: Arc::default(),
        })
    }
}

/// The checkpoint of a run, at process 0.
pub(crate) struct Commits<A: Application> {
    checkpoint: SharedCheckpoint<A>,
    config: Arc<ConfigOf<A>>,
    saved_by: SavedBy,
    begun_at: Reached,
    /// Whether a commit may still be in progress.
    is_begun: bool,
}

impl<A: Application> Commits<A> {
    /// Opens the checkpoint, and returns the message for all workers.
    fn open<C: Clock + 'static>(
        job: Job<A>,
        clock: impl FnOnce() -> C,
        (committing, saved_by): (&Committing, SavedBy),
        (run_id, plan): (&str, &Plan),
        between_lines: &mut dyn FnMut(Position) -> bool,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<(Self, BeginAll), CheckpointFailure> {
        let config = job.shared_config();
        let Committing { disk, now, min_snapshot_bytes, restart } = committing.clone();
        let commit_in = CommitIn::Background;
        let mut options = CheckpointOptions {
            disk,
            now,
            commit_in,
            min_snapshot_bytes,
            run_id,
            restart,
            live_sinks: Vec::new(),
            between_lines,
            tell,
        };
        let mut checkpoint = SharedCheckpoint::open(job, clock, &mut options)?;
        let reached = checkpoint.reached();
        let begin = Begin {
            reached,
            has_trace: checkpoint.has_trace(),
            snapshot_line_no: checkpoint.snapshot_line_no(),
            over: checkpoint.is_finished().then_some(0),
        };
        let memory = checkpoint.take_memory();
        let owner_of = |key: &[u8]| plan.owners.of(key);
        let dealt = memory.deal(&plan.stages, plan.owners.workers(), &owner_of);
        let all = BeginAll { begin, memory: dealt, tallies: memory.tallies() };
        Ok((Self { checkpoint, config, saved_by, begun_at: reached, is_begun: false }, all))
    }

    /// Opens the checkpoint, and has all workers told where to resume. Returns nothing if the run was stopped
    /// meanwhile; the workers are told that too.
    pub(crate) fn begin<C: Clock + 'static>(
        job: Job<A>,
        clock: impl FnOnce() -> C,
        committing: (&Committing, SavedBy),
        from: (&str, &Plan),
        control: &Control,
        between_lines: &mut dyn FnMut(Position) -> Option<u8>,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<Option<Self>, CheckpointFailure> {
        let mut signal = None;
        let mut is_to_stop = |position| {
            signal = signal.or(between_lines(position));
            signal.is_some()
        };
        match Self::open(job, clock, committing, from, &mut is_to_stop, tell) {
            Ok((begun, all)) => {
                control.begin(all);
                Ok(Some(begun))
            }
            Err(CheckpointFailure::Stopped { report }) => {
                let mut begin = Begin { over: signal, ..Begin::default() };
                begin.reached.report = report;
                control.begin(BeginAll { begin, ..BeginAll::default() });
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    /// Begins a commit of what all workers have saved, after the commit before.
    pub(crate) fn commit(&mut self, saved: &Saved) -> Result<(), CheckpointFailure> {
        let mut memory: Memory = A::registry().build_memory(&self.config);
        let parts: Vec<_> = saved.parts.iter().map(Vec::as_slice).collect();
        if memory.gather(&parts).is_none() {
            let what = "what workers have saved cannot be read (run the same program everywhere)".to_owned();
            return Err(CheckpointFailure::Refused { what, restart_helps: false });
        }
        let rows = A::summary(&self.config, &mut memory);
        self.is_begun = true;
        self.checkpoint.commit(&saved.reached, rows, saved.has_all.then_some(&memory))
    }

    /// Lets worker 0 ask for the next commit once this one has ended.
    pub(crate) fn look(&mut self, control: &Control) {
        if self.is_begun && self.checkpoint.is_idle() {
            self.is_begun = false;
            self.saved_by.is_committing.store(false, Ordering::Release);
            control.wake();
        }
    }

    /// Ends the run as [`end`](Self::end) does, and returns its result.
    pub(crate) fn conclude(
        self,
        outcome: Outcome,
        input: &File,
        cut: Cut,
        may_grow: bool,
    ) -> Result<WorkersEnded, CheckpointFailure> {
        let signal = outcome.ending.signal;
        let Ended { is_stopped, report, resumed_after, trace_ends_after, bytes_left, summary } =
            self.end(outcome, input, cut, may_grow)?;
        Ok(WorkersEnded {
            ended: Ok(is_stopped.then_some(signal)),
            report,
            resumed_after,
            trace_ends_after,
            trace_error: None,
            unfinished_output: None,
            bytes_left,
            summary,
        })
    }

    /// Commits the result of the run. At the end of the input, the output takes its name, provided that the input has
    /// not changed; it `may_grow`.
    fn end(
        self,
        outcome: Outcome,
        input: &File,
        cut: Cut,
        may_grow: bool,
    ) -> Result<Ended, CheckpointFailure> {
        let Outcome {
            ending, report, output_bytes, trace_bytes, read_to, last_time_ns, finish, summary, ..
        } = outcome;
        let path = || self.input_path();
        if let Some(failure) = ending.failure {
            return Err(failure.into());
        }
        if let Some((line_no, error)) = ending.read_error {
            return Err(CheckpointFailure::ReadInput {
                path: path(),
                line_no,
                cause: io::Error::other(error),
            });
        }
        if let Some(error) = ending.write_error {
            return Err(CheckpointFailure::WriteOutput(io::Error::other(error)));
        }
        let is_stopped = ending.signal != 0;
        let line_no = report.inputs;
        if !is_stopped && !self.checkpoint.is_finished() {
            let unreadable = |cause| CheckpointFailure::ReadInput { path: path(), line_no, cause };
            let (bytes, before) = (input.metadata().map_err(unreadable)?.len(), cut.input_bytes());
            if bytes < before || (bytes > before && !may_grow) {
                return Err(unreadable(io::Error::other(format!(
                    "it has changed while it was read: it has {bytes} bytes now, and had {before} (run it again)"
                ))));
            }
        }
        let reached = Reached {
            position: Position { line_no, bytes: read_to },
            report,
            output_bytes,
            trace_bytes: self.begun_at.trace_bytes + trace_bytes,
            last_time: Timestamp::from_nanos(last_time_ns),
        };
        self.checkpoint.end(&reached, summary, &finish, cut.bytes_left, is_stopped)
    }

    fn input_path(&self) -> PathBuf {
        self.config.adapters.input_source().settings.path.clone()
    }
}

/// A clock that never goes back before a time learned later: the time of the last record of an earlier run.
#[derive(Debug)]
pub(crate) struct LateClock<C> {
    clock: C,
    /// In nanoseconds since 1970; 0 for none.
    not_before: Arc<AtomicU64>,
    taken_in: Cell<u64>,
    ahead_ns: Cell<u64>,
}

impl<C: Clock> LateClock<C> {
    pub(crate) fn new(clock: C, not_before: Arc<AtomicU64>) -> Self {
        Self { clock, not_before, taken_in: Cell::new(0), ahead_ns: Cell::new(0) }
    }
}

impl<C: Clock> Clock for LateClock<C> {
    fn now(&self) -> Timestamp {
        let now = self.clock.now().as_nanos();
        let not_before = self.not_before.load(Ordering::Relaxed);
        if not_before != self.taken_in.get() {
            self.taken_in.set(not_before);
            self.ahead_ns.set(not_before.saturating_sub(now));
        }
        Timestamp::from_nanos(now.saturating_add(self.ahead_ns.get()))
    }
}
