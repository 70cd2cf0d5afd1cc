//! Statistics of one step.

use hdrhistogram::Histogram;
use serde::Serialize;

use super::MAX_QUANTILE_NS;
use crate::reading::StepRecord;

/// The figures of one step in a run. The quantiles are exact to three significant digits, up to [`MAX_QUANTILE_NS`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StepFigures {
    /// The step's position in the pipeline, from 0.
    pub step_index: usize,
    /// The step's name.
    pub step_name: String,
    /// The number of messages that it took.
    pub msgs_in: u64,
    /// The number of messages that it emitted.
    pub msgs_out: u64,
    /// The number of its failures.
    pub errors: u64,
    /// The median of its durations, in nanoseconds.
    pub p50_ns: u64,
    /// Their 90th percentile.
    pub p90_ns: u64,
    /// Their 99th percentile.
    pub p99_ns: u64,
    /// Its longest duration, exactly.
    pub max_ns: u64,
    /// Its total duration, exactly.
    pub total_ns: u64,
}

/// The counters of one step of a run.
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

    /// Returns the figures so far.
    pub fn figures(&self) -> StepFigures {
        // The end of a histogram's bucket may be beyond every time in it.
        let quantile = |quantile| self.durations_ns.value_at_quantile(quantile).min(self.counts.max_ns);
        let (p50_ns, p90_ns, p99_ns) = (quantile(0.5), quantile(0.9), quantile(0.99));
        StepFigures { p50_ns, p90_ns, p99_ns, ..self.counts.clone() }
    }

    /// Returns its durations, in nanoseconds and from the shortest, each with its count: exact to three significant
    /// digits, up to [`MAX_QUANTILE_NS`].
    pub fn durations_ns(&self) -> impl Iterator<Item = (u64, u64)> {
        let recorded = self.durations_ns.iter_recorded();
        recorded.map(|times| {
            (times.value_iterated_to().min(self.counts.max_ns), times.count_since_last_iteration())
        })
    }
}
