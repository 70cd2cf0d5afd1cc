//! What every format tells of a record, worked out once.

use crate::reading::{ValueChange, value_changes};
use stream_kernel_trace::{Timestamp, TraceRecord};

/// A record with its times as numbers and its context's changes apart.
pub(super) struct Step<'a> {
    /// The number of the run, from 1.
    pub(super) run: u64,
    pub(super) record: &'a TraceRecord,
    /// When it began, in nanoseconds since the Unix epoch, known to the microsecond.
    pub(super) begin_ns: u64,
    /// How long it took, known to the nanosecond.
    pub(super) duration_ns: u64,
    pub(super) changes: Vec<ValueChange>,
}

impl<'a> Step<'a> {
    /// Returns the step, or what is wrong with its record.
    pub(super) fn new(run: u64, record: &'a TraceRecord) -> Result<Self, String> {
        let begin: Timestamp = record.t_enter.parse().map_err(|error| format!("`t_enter`: {error}"))?;
        let changes = record.ctx_diff.as_ref().map(value_changes).transpose();
        Ok(Self {
            run,
            record,
            begin_ns: begin.as_nanos(),
            duration_ns: record.duration_ns(),
            changes: changes.map_err(|error| format!("`ctx_diff`: {error}"))?.unwrap_or_default(),
        })
    }
}
