//! The eight steps, in the order in which the default pipeline runs them, one file each.

mod compute_features;
mod compute_time_keys;
mod evaluate_policies;
mod format_output;
mod idempotency_gate;
mod parse_load_attempt;
mod update_windows;
mod write_output;

pub use compute_features::ComputeFeatures;
pub(crate) use compute_features::effective_amount;
pub use compute_time_keys::ComputeTimeKeys;
pub use evaluate_policies::EvaluatePolicies;
pub use format_output::FormatOutput;
pub use idempotency_gate::IdempotencyGate;
pub use parse_load_attempt::ParseLoadAttempt;
pub use update_windows::UpdateWindows;
pub use write_output::WriteOutput;

use std::cell::RefCell;
use std::rc::Rc;

use stream_kernel_exec::{Registry, StepError};
use stream_kernel_run::LineOutput;

use crate::config::Nodes;
use crate::domain::FundLoadMessage;
use crate::state::Journal;
use crate::stores::{HorizonNotices, IdStore, StoreFull, WindowStore};
use crate::tally::Tally;

/// What the steps are built from: their parameters, and the ports to what is remembered and written.
pub struct Resources {
    /// The steps' parameters.
    pub nodes: Nodes,
    /// Which ids were used.
    pub ids: Rc<RefCell<dyn IdStore>>,
    /// What customers have done so far.
    pub windows: Rc<RefCell<dyn WindowStore>>,
    /// Where decisions go.
    pub output: Rc<RefCell<dyn LineOutput>>,
    /// Counts what was decided.
    pub tally: Rc<RefCell<Tally>>,
    /// The lines that made ids be forgotten all at once.
    pub horizon_notices: HorizonNotices,
    /// Notes what changes in the stores, if there is a checkpoint.
    pub journal: Option<Journal>,
}

/// Returns the error of a step whose store is full: what comes after could not be decided rightly, so that the run ends.
fn store_error(error: StoreFull) -> StepError {
    StepError::new("StoreFull", error).stopping()
}

/// Returns every step by name, in the order of the default pipeline.
pub fn registry() -> Registry<FundLoadMessage, Resources> {
    Registry::new()
        .with("parse_load_attempt", |_: &Resources| ParseLoadAttempt)
        .with("compute_time_keys", |resources: &Resources| {
            ComputeTimeKeys::new(resources.nodes.compute_time_keys.week_start)
        })
        .with("idempotency_gate", |resources: &Resources| {
            IdempotencyGate::new(resources.ids.clone(), resources.windows.clone())
        })
        .with("compute_features", |resources: &Resources| {
            ComputeFeatures::new(resources.nodes.compute_features.clone())
        })
        .with("evaluate_policies", |resources: &Resources| {
            let Nodes { evaluate_policies, update_windows, .. } = &resources.nodes;
            EvaluatePolicies::new(
                evaluate_policies.clone(),
                update_windows.clone(),
                resources.windows.clone(),
            )
        })
        .with("update_windows", |resources: &Resources| {
            UpdateWindows::new(resources.nodes.update_windows.clone(), resources.windows.clone())
        })
        .with("format_output", |_: &Resources| FormatOutput)
        .with("write_output", |resources: &Resources| {
            WriteOutput::new(resources.output.clone(), resources.tally.clone())
        })
}
