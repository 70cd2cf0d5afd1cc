//! The plan of a run: the part that all its workers share, and the runners of each.

use stream_kernel_exec::trace::Recorder;
use stream_kernel_exec::{MessageSet, Stage, SyncRunner, WiringFaults};
use stream_kernel_run::config::OnStepError;
use stream_kernel_run::{Application, Job, LineAdapters, SharedFiles};

use crate::owners::Owners;
use crate::part::Cut;

/// The number of epochs under way at the same time: readers wait until the first of them is written.
pub(crate) const EPOCHS_AHEAD: u64 = 3;

/// The most input of an epoch per worker: what its lines hold then stays in the caches of a processor.
const BYTES_A_WORKER: u64 = 256 * 1024;

/// The same if there are records: they are many times as large, and in memory until their
/// place is known.
const TRACED_BYTES_A_WORKER: u64 = 128 * 1024;

/// The part of a run that all its workers share.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) stages: Vec<Stage>,
    pub(crate) owners: Owners,
    pub(crate) cut: Cut,
    /// Whether a failing line that looks up several keys of a stage would have to be abandoned by all their owners.
    pub(crate) continues_after_errors: bool,
    /// Whether the owner of a stage may pass lines through it.
    pub(crate) passes_lines: bool,
    /// The number of workers that write their own results, from worker 0 on; the others send them to worker 0.
    pub(crate) writers: usize,
}

impl Plan {
    /// Returns the plan of a run with this many writing workers.
    pub(crate) fn of<A: Application>(
        job: &Job<A>,
        stages: Vec<Stage>,
        owners: Owners,
        cut: Cut,
        writers: usize,
    ) -> Self {
        let continues_after_errors = job.config().runtime.on_step_error == OnStepError::Continue;
        Self {
            passes_lines: passes_lines(job, &stages),
            stages,
            owners,
            cut,
            continues_after_errors,
            writers,
        }
    }
}

/// The steps of a worker, three times: to look ahead, to answer, and to tell.
pub(crate) struct Runners<M> {
    pub(crate) scout: SyncRunner<M>,
    pub(crate) owner: SyncRunner<M>,
    /// Takes each line through all steps from its bytes on, if there are records, or if steps before a stage add to a
    /// tally. Otherwise the scout goes on from where the line waits.
    pub(crate) teller: Option<SyncRunner<M>>,
}

impl<M: MessageSet> Runners<M> {
    /// Returns the runners of a worker of a job; `recorder` makes the recorder, if there are records.
    pub(crate) fn of<A: Application<Message = M>>(
        job: &Job<A>,
        run_id: &str,
        stages: &[Stage],
        recorder: impl FnOnce() -> Option<Recorder>,
    ) -> Result<Self, WiringFaults> {
        let runner = |recorder| Ok(job.again()?.into_runner(run_id, recorder));
        let teller = if retells(job, stages) { Some(runner(recorder())?) } else { None };
        Ok(Self { scout: runner(None)?, owner: runner(None)?, teller })
    }

    /// Returns the runner that tells lines.
    pub(crate) fn teller(&mut self) -> &mut SyncRunner<M> {
        self.teller.as_mut().unwrap_or(&mut self.scout)
    }
}

/// Returns whether process 0 writes for all.
pub(crate) fn gathers<A: Application>(job: &Job<A>) -> bool {
    job.config().runtime.cluster.as_ref().is_some_and(|cluster| cluster.gather)
}

/// Returns the way in which the run writes, which must be the same in all processes.
pub(crate) fn way_to_write<A: Application>(job: &Job<A>) -> &'static str {
    match (job.config().adapters.output_sink().settings.parts, gathers(job)) {
        (true, _) => "parts",
        (false, true) => "gathered",
        (false, false) => "one file",
    }
}

pub(crate) fn has_trace<A: Application>(job: &Job<A>) -> bool {
    SharedFiles::paths(job.config()).1.is_some()
}

/// Returns the input of an epoch for this many workers: together, the epochs under way have `epoch_bytes`.
pub(crate) fn bytes_of_epoch<A: Application>(job: &Job<A>, epoch_bytes: u64, workers: usize) -> u64 {
    let of_worker = if has_trace(job) { TRACED_BYTES_A_WORKER } else { BYTES_A_WORKER };
    epoch_bytes.div_ceil(EPOCHS_AHEAD).min(of_worker * workers as u64).max(1)
}

/// Returns whether lines must be taken through all steps again once their finds are known: because there are records,
/// or because steps before a stage add to a tally.
fn retells<A: Application>(job: &Job<A>, stages: &[Stage]) -> bool {
    let last = stages.last().map(|stage| stage.steps.start);
    job.config().runtime.tracing.enabled || last.is_none_or(|last| job.scenario().counts_before(last))
}

/// Returns whether owners may pass lines through their stages: nobody tells these again, no step counts on the way, and
/// all can be packed.
fn passes_lines<A: Application>(job: &Job<A>, stages: &[Stage]) -> bool {
    let last = stages.last().map_or(0, |stage| stage.steps.end);
    let scenario = job.scenario();
    !retells(job, stages) && !scenario.counts_before(last) && scenario.always_packs(stages)
}
