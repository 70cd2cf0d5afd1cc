//! Which inputs, and which of their steps, are asked for.

use stream_kernel_trace::{Status, TraceRecord};
use stream_kernel_trace_reader::reading::Input;
use wildmatch::WildMatch;

/// What is asked for; all of it must hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Choice {
    pub(super) line_no: Option<u64>,
    pub(super) id: Option<String>,
    pub(super) step: Option<WildMatch>,
    pub(super) status: Option<Status>,
}

impl Choice {
    /// Returns the records of `input` that are asked for.
    pub(super) fn of<'a>(&self, input: &'a Input) -> Vec<&'a TraceRecord> {
        if self.line_no.is_some_and(|line_no| line_no != input.line_no)
            || self.id.as_ref().is_some_and(|id| !input.is_known_as(id))
        {
            return Vec::new();
        }
        input.records.iter().filter(|record| self.takes(record)).collect()
    }

    fn takes(&self, record: &TraceRecord) -> bool {
        self.step.as_ref().is_none_or(|pattern| pattern.matches(&record.step_name))
            && self.status.is_none_or(|status| status == record.status)
    }
}
