//! What one step has done and how long it took.

use hdrhistogram::Histogram;
use serde::Serialize;

use super::MAX_QUANTILE_NS;
use crate::reading::StepRecord;

/// What one step of a run has done, in figures. The quantiles are exact to three significant digits, up to
/// [`MAX_QUANTILE_NS`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StepFigures {
    /// The step's position in the pipeline, from 0.
    pub step_index: usize,
    /// The step's name.
    pub step_name: String,
    /// How many messages it took.
    pub msgs_in: u64,
    /// How many messages it emitted.
    pub msgs_out: u64,
    /// How often it failed.
    pub errors: u64,
    /// The time within which it handled half of its messages, in nanoseconds.
    pub p50_ns: u64,
    /// The time within which it handled 90 % of them.
    pub p90_ns: u64,
    /// The time within which it handled 99 % of them.
    pub p99_ns: u64,
    /// The longest time that it took, exactly.
    pub max_ns: u64,
    /// The time that it took in all, exactly.
    pub total_ns: u64,
}

/// Counts what one step of a run has done.
#[derive(Clone, Debug)]
pub struct StepStatistics {
    /// Without the quantiles.
    pub(super) counts: StepFigures,
    durations_ns: Histogram<u64>,
}

impl StepStatistics {
    #[expect(clippy::expect_used, reason = "fails for other constants only")]
    pub(super) fn new(record: &StepRecord<'_>) -> Self {
        let (step_index, step_name) = (record.step_index, record.step_name.to_owned());
        Self {
            counts: StepFigures { step_index, step_name, ..StepFigures::default() },
            durations_ns: Histogram::new_with_max(MAX_QUANTILE_NS, 3).expect("an hour and three digits"),
        }
    }

    pub(super) fn add(&mut self, record: &StepRecord<'_>) {
        let duration_ns = record.duration_ns;
        let counts = &mut self.counts;
        counts.msgs_in += 1;
        counts.msgs_out += record.msgs_out as u64;
        counts.errors += u64::from(record.is_error);
        counts.max_ns = counts.max_ns.max(duration_ns);
        counts.total_ns = counts.total_ns.saturating_add(duration_ns);
        self.durations_ns.saturating_record(duration_ns);
    }

    /// Returns what the step has done so far.
    pub fn figures(&self) -> StepFigures {
        // The end of a histogram's bucket may lie beyond every time that is in it.
        let quantile = |quantile| self.durations_ns.value_at_quantile(quantile).min(self.counts.max_ns);
        let (p50_ns, p90_ns, p99_ns) = (quantile(0.5), quantile(0.9), quantile(0.99));
        StepFigures { p50_ns, p90_ns, p99_ns, ..self.counts.clone() }
    }

    /// Returns the times that it took, in nanoseconds and from the shortest, each with how often it took that long: exact to
    /// three significant digits, up to [`MAX_QUANTILE_NS`].
    pub fn durations_ns(&self) -> impl Iterator<Item = (u64, u64)> {
        let recorded = self.durations_ns.iter_recorded();
        recorded.map(|times| {
            (times.value_iterated_to().min(self.counts.max_ns), times.count_since_last_iteration())
        })
    }
}
