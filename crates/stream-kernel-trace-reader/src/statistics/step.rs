//! What one step has done and how long it took.

use hdrhistogram::Histogram;

use super::MAX_QUANTILE_NS;
use stream_kernel_trace::{Status, TraceRecord};

/// What one step of a run has done.
#[derive(Clone, Debug)]
pub struct StepStatistics {
    pub(super) step_index: usize,
    pub(super) step_name: String,
    msgs_in: u64,
    msgs_out: u64,
    errors: u64,
    max_ns: u64,
    pub(super) total_ns: u64,
    durations_ns: Histogram<u64>,
}

impl StepStatistics {
    #[expect(clippy::expect_used, reason = "fails for other constants only")]
    pub(super) fn new(record: &TraceRecord) -> Self {
        Self {
            step_index: record.step_index,
            step_name: record.step_name.clone(),
            msgs_in: 0,
            msgs_out: 0,
            errors: 0,
            max_ns: 0,
            total_ns: 0,
            durations_ns: Histogram::new_with_max(MAX_QUANTILE_NS, 3).expect("an hour and three digits"),
        }
    }

    pub(super) fn add(&mut self, record: &TraceRecord) {
        let duration_ns = record.duration_ns();
        self.msgs_in += 1;
        self.msgs_out += record.msg_out.len() as u64;
        self.errors += u64::from(record.status == Status::Error);
        self.max_ns = self.max_ns.max(duration_ns);
        self.total_ns = self.total_ns.saturating_add(duration_ns);
        self.durations_ns.saturating_record(duration_ns);
    }

    /// Returns the step's position in the pipeline, from 0.
    pub fn step_index(&self) -> usize {
        self.step_index
    }

    /// Returns the step's name.
    pub fn step_name(&self) -> &str {
        &self.step_name
    }

    /// Returns how many messages it took.
    pub fn msgs_in(&self) -> u64 {
        self.msgs_in
    }

    /// Returns how many messages it emitted.
    pub fn msgs_out(&self) -> u64 {
        self.msgs_out
    }

    /// Returns how often it failed.
    pub fn errors(&self) -> u64 {
        self.errors
    }

    /// Returns the time, in nanoseconds, within which it handled the share `quantile` (0.0 to 1.0) of its messages: exact to
    /// three significant digits, up to [`MAX_QUANTILE_NS`].
    pub fn quantile_ns(&self, quantile: f64) -> u64 {
        // The end of a histogram's bucket may lie beyond every time that is in it.
        self.durations_ns.value_at_quantile(quantile).min(self.max_ns)
    }

    /// Returns the times that it took, in nanoseconds and from the shortest, each with how often it took that long: exact to
    /// three significant digits, up to [`MAX_QUANTILE_NS`].
    pub fn durations_ns(&self) -> impl Iterator<Item = (u64, u64)> {
        let recorded = self.durations_ns.iter_recorded();
        recorded.map(|times| (times.value_iterated_to().min(self.max_ns), times.count_since_last_iteration()))
    }

    /// Returns the longest time that it took, in nanoseconds.
    pub fn max_ns(&self) -> u64 {
        self.max_ns
    }

    /// Returns the time that it took in all, in nanoseconds.
    pub fn total_ns(&self) -> u64 {
        self.total_ns
    }
}
