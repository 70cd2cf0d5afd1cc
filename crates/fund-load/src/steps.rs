//! The eight steps, in the order in which the default pipeline runs them, one file each.

mod compute_features;
mod compute_time_keys;
mod evaluate_policies;
mod format_output;
mod horizon;
mod idempotency_gate;
mod parse_load_attempt;
mod update_windows;
mod write_output;

pub use compute_features::ComputeFeatures;
pub use compute_time_keys::ComputeTimeKeys;
pub use evaluate_policies::EvaluatePolicies;
pub use format_output::FormatOutput;
pub use idempotency_gate::IdempotencyGate;
pub use parse_load_attempt::ParseLoadAttempt;
pub use update_windows::UpdateWindows;
pub use write_output::WriteOutput;

use stream_kernel_exec::{Chain, Registry};

use crate::config::Config;
use crate::domain::FundLoadMessage;
use crate::memory;

/// Returns the memory of a run, and every step by name, in the order of the default pipeline.
pub fn registry() -> Registry<FundLoadMessage, Config> {
    let steps = Chain::new()
        .with("parse_load_attempt", |_: &Config| ParseLoadAttempt)
        .with("compute_time_keys", |Config { nodes, .. }| ComputeTimeKeys {
            week_start: nodes.compute_time_keys.week_start,
        })
        .with_keyed("idempotency_gate", |Config { nodes, .. }| IdempotencyGate {
            remember_days: nodes.idempotency_gate.remember_days,
        })
        .with("compute_features", |Config { nodes, .. }| ComputeFeatures {
            parameters: nodes.compute_features.clone(),
        })
        .with_keyed("evaluate_policies", |Config { nodes, .. }| EvaluatePolicies {
            parameters: nodes.evaluate_policies.clone(),
            windows: nodes.update_windows.clone(),
        })
        .with_keyed("update_windows", |Config { nodes, .. }| UpdateWindows {
            parameters: nodes.update_windows.clone(),
        })
        .with("format_output", |_| FormatOutput)
        .with_keyed("write_output", |_| WriteOutput);
    memory::declare(Registry::new()).chain(steps)
}
