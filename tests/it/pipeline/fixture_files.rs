//! Fixture files in the repository: streams of attempts, and their scenarios.

/// Attempts that can all be adjudicated.
pub(crate) const CLEAN: &[u8] = include_bytes!("../../../fixtures/clean.ndjson");

/// Every kind of line that cannot be adjudicated.
pub(crate) const DIRTY: &[u8] = include_bytes!("../../../fixtures/dirty.ndjson");

/// Every reason.
pub(crate) const REASONS: &[u8] = include_bytes!("../../../fixtures/reasons.ndjson");

/// Velocity limits alone.
pub(crate) const BASELINE: &str = include_str!("../../../fixtures/baseline.yaml");

/// With the Monday multiplier and the prime gate.
pub(crate) const EXP_MP: &str = include_str!("../../../fixtures/exp_mp.yaml");
