//! The group `runtime.checkpoint`: how a killed run is resumed.

use std::num::NonZeroU64;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where and how often a run keeps how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Checkpoint {
    /// The directory of the checkpoint, kept between runs; made if it is not there.
    #[schemars(length(min = 1))]
    pub dir: PathBuf,
    /// After how many lines the next commit begins.
    #[serde(default = "every_100_000_lines")]
    pub every_lines: NonZeroU64,
    /// After how many milliseconds the next commit begins, if lines do not come first.
    #[serde(default = "every_second")]
    pub every_ms: NonZeroU64,
}

const fn every_100_000_lines() -> NonZeroU64 {
    NonZeroU64::MIN.saturating_add(99_999)
}

const fn every_second() -> NonZeroU64 {
    NonZeroU64::MIN.saturating_add(999)
}
