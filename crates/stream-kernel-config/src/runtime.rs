//! The group `runtime`: how the pipeline runs.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::checkpoint::Checkpoint;
use crate::tracing::Tracing;

/// How the pipeline runs and what is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Runtime {
    /// Whether steps that are unknown or do not fit are errors; otherwise they are warnings.
    #[serde(default = "strict_by_default")]
    pub strict: bool,
    /// The steps by name, in order of execution.
    pub pipeline: Vec<String>,
    /// What a failing step does to the run.
    #[serde(default)]
    pub on_step_error: OnStepError,
    /// How much a run may remember; null for no limit. It ends with an error before it would go beyond.
    // By the names that the application has given the loader.
    #[serde(default)]
    pub limits: BTreeMap<String, Option<NonZeroU64>>,
    /// What is recorded of a run.
    #[serde(default)]
    pub tracing: Tracing,
    /// Where and how often a run keeps how far it has come; without it, a run that was killed begins anew.
    #[serde(default)]
    pub checkpoint: Option<Checkpoint>,
}

fn strict_by_default() -> bool {
    true
}

impl Runtime {
    /// Returns the limit of this name, one that [`Loader::limit`](crate::Loader::limit) was given; `None` if it is not set.
    pub fn limit(&self, name: &str) -> Option<NonZeroU64> {
        self.limits.get(name).copied().flatten()
    }
}

/// What a failing step does to the run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnStepError {
    /// The run ends with an error.
    #[default]
    Stop,
    /// The input is abandoned, counted and reported; the run goes on.
    Continue,
}
