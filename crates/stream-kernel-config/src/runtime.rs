//! The group `runtime`: how the pipeline runs.

use std::collections::BTreeMap;
use std::num::{NonZeroU64, NonZeroUsize};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::checkpoint::Checkpoint;
use crate::metrics::Metrics;
use crate::tracing::Tracing;
use crate::workers::{Cluster, MAX_EPOCH_BYTES, MAX_WORKERS, four_mib, one_worker};

/// How the pipeline runs and what is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
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
    // By the names that the application has given to the loader.
    #[serde(default)]
    pub limits: BTreeMap<String, Option<NonZeroU64>>,
    /// What is recorded of a run.
    #[serde(default)]
    pub tracing: Tracing,
    /// Figures of the run for monitoring.
    #[serde(default)]
    pub metrics: Metrics,
    /// Where and how often a run keeps how far it has come; without it, a run that was killed begins anew.
    #[serde(default)]
    pub checkpoint: Option<Checkpoint>,
    /// The number of threads that run the pipeline; in a cluster, the number of threads of each process.
    #[serde(default = "one_worker")]
    #[schemars(range(min = 1, max = MAX_WORKERS))]
    pub workers: NonZeroUsize,
    /// The processes that run the pipeline together; without it, one process runs it.
    #[serde(default)]
    pub cluster: Option<Cluster>,
    /// How many bytes of input several workers have under way at most, in three parts of at most 256 KiB for each of
    /// them, or 128 KiB if they write records. It changes time and memory, and no result.
    #[serde(default = "four_mib")]
    #[schemars(range(min = 1, max = MAX_EPOCH_BYTES))]
    pub epoch_bytes: NonZeroUsize,
}

fn strict_by_default() -> bool {
    true
}

impl Runtime {
    /// Returns whether the pipeline runs on several workers: on several threads, or in a cluster of any size.
    pub fn is_on_several_workers(&self) -> bool {
        self.workers.get() > 1 || self.cluster.is_some()
    }

    /// Returns the limit of this name, one that [`Loader::limit`](crate::Loader::limit) was given; `None` if it is not
    /// set.
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
