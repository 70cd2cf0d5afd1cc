//! Failed steps of a run: which, why, and how often.

use serde::Serialize;
use stream_kernel_trace::TraceRecord;

use super::input::ShownError;

/// The most failures with counts of their own: those that appear first.
pub(super) const MAX_FAILURES: usize = 32;

/// The failures by step, kind and message.
#[derive(Debug, Default, Serialize)]
pub(super) struct Failures {
    listed: Vec<Failure>,
    /// The number of failed records that are not among them.
    left_out: u64,
}

#[derive(Debug, Serialize)]
struct Failure {
    step: String,
    kind: String,
    message: String,
    count: u64,
    /// The line of the first input.
    line_no: u64,
}

impl Failures {
    /// Counts a record whose step failed.
    pub(super) fn add(&mut self, record: &TraceRecord) {
        let ShownError { kind, message, .. } = ShownError::new(0, record.error.as_ref());
        let step = super::input::cut(record.step_name.clone());
        let is_same =
            |known: &&mut Failure| known.step == step && known.kind == kind && known.message == message;
        if let Some(known) = self.listed.iter_mut().find(is_same) {
            known.count += 1;
        } else if self.listed.len() < MAX_FAILURES {
            self.listed.push(Failure { step, kind, message, count: 1, line_no: record.line_no });
        } else {
            self.left_out += 1;
        }
    }
}
