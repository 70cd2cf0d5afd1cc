//! The group `runtime.metrics`: figures of a run for monitoring.

use std::num::NonZeroU64;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Figures of the run for monitoring, while it goes on and at its end. No decision depends on them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Metrics {
    /// A file that Prometheus can collect; null for none.
    pub textfile: Option<Textfile>,
}

/// A file in Prometheus' text format, for the textfile collector of its `node_exporter`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Textfile {
    /// The file, relative to the working directory. It is always whole. `node_exporter` reads names that end in `.prom`.
    #[schemars(length(min = 1))]
    pub path: PathBuf,
    /// How many milliseconds pass between two versions of the file. The last one is written at the end of the run.
    #[serde(default = "every_ten_seconds")]
    #[schemars(range(min = 100, max = 3_600_000))]
    pub every_ms: NonZeroU64,
}

const fn every_ten_seconds() -> NonZeroU64 {
    NonZeroU64::MIN.saturating_add(9_999)
}
