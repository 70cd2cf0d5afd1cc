//! Notes of fund-load's steps in the Context, read from a trace.

use serde::Deserialize;
use stream_kernel_trace::{ContextSnapshot, may_be_hidden};

/// The notes of one line; `None` where there is none.
pub(super) struct Notes {
    pub(super) tags: Tags,
    pub(super) metrics: Metrics,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Tags {
    pub(super) id: Option<String>,
    pub(super) customer_id: Option<String>,
    pub(super) day: Option<String>,
    pub(super) week: Option<String>,
    pub(super) differs: Option<String>,
    pub(super) prime: Option<String>,
    pub(super) accepted: Option<String>,
    pub(super) reason: Option<String>,
}

/// Amounts are in cents.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Metrics {
    pub(super) amount_cents: Option<u128>,
    pub(super) canonical_line_no: Option<u64>,
    pub(super) effective_amount_cents: Option<u128>,
    pub(super) amount_multiplier_millionths: Option<u64>,
    pub(super) limit_divisor_millionths: Option<u64>,
    pub(super) attempts_before: Option<u128>,
    pub(super) day_amount_before_cents: Option<u128>,
    pub(super) week_amount_before_cents: Option<u128>,
    pub(super) primes_before: Option<u128>,
    pub(super) daily_attempts_limit: Option<u128>,
    pub(super) day_amount_limit_cents: Option<u128>,
    pub(super) week_amount_limit_cents: Option<u128>,
    pub(super) amount_cap_cents: Option<u128>,
    pub(super) global_per_day_limit: Option<u128>,
}

#[derive(Deserialize)]
struct Shown {
    tags: Option<Tags>,
    metrics: Option<Metrics>,
}

impl Notes {
    /// Returns the notes in `snapshot`; `None` unless it shows both tags and metrics.
    pub(super) fn of(snapshot: Option<&ContextSnapshot>) -> serde_json::Result<Option<Self>> {
        let Some(snapshot) = snapshot else { return Ok(None) };
        let shown: Shown = serde_json::from_str(snapshot.as_json())?;
        Ok(shown.tags.zip(shown.metrics).map(|(tags, metrics)| Self { tags, metrics }))
    }
}

impl Tags {
    /// Returns whether the line was accepted, `None` if there is no decision, or if the trace hides it.
    pub(super) fn is_accepted(&self) -> Option<bool> {
        let accepted = self.accepted.as_deref().filter(|accepted| !may_be_hidden(accepted));
        accepted.map(|accepted| accepted == "true")
    }
}
