//! Outcomes: what a worker's run has come to, and how it has ended.

use stream_kernel_exec::{RunReport, StepFailure};
use stream_kernel_run::SummaryRow;

/// How a run has ended, the same in all workers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ending {
    /// The failure that has ended it.
    pub(crate) failure: Option<StepFailure>,
    /// Why the input cannot be read, and after which line.
    pub(crate) read_error: Option<(u64, String)>,
    /// Why a result could not be written.
    pub(crate) write_error: Option<String>,
    /// Where the trace ends, if it could not be written any more.
    pub(crate) trace_end: Option<TraceEnd>,
    /// The signal that has stopped it; 0 for none.
    pub(crate) signal: u8,
}

/// Where a trace ends that could not be written any more: the run goes on without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TraceEnd {
    /// The last line whose records are in it.
    pub(crate) line_no: u64,
    /// How many bytes of the run's records are whole.
    pub(crate) bytes: u64,
    pub(crate) error: String,
}

impl Ending {
    pub(crate) fn is_failure(&self) -> bool {
        self.failure.is_some() || self.read_error.is_some() || self.write_error.is_some()
    }
}

/// What a run has come to.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) ending: Ending,
    pub(crate) report: RunReport,
    pub(crate) output_bytes: u64,
    pub(crate) trace_bytes: u64,
    /// Where the next line would begin in the input.
    pub(crate) read_to: u64,
    /// The time of the last record, in nanoseconds since 1970.
    pub(crate) last_time_ns: u64,
    /// What comes behind the last line; worker 0 alone has it, and the summary.
    pub(crate) finish: Vec<u8>,
    pub(crate) summary: Vec<SummaryRow>,
}
