//! Records of one step's handling of one message, borrowed from the recorder.

use crate::{RecordSerializer, Signature, Snapshots, StepFault, Timestamp};

/// One step's handling of one message, as a sink receives it: it borrows everything from the recorder.
///
/// [`TraceRecord`](crate::TraceRecord) is its owned twin.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The name of the run, the first half of the trace id.
    pub run_id: &'a str,
    /// The input's line, the second half of the trace id.
    pub line_no: u64,
    /// The name of the scenario.
    pub scenario: &'a str,
    /// The step's position in the pipeline, from 0.
    pub step_index: usize,
    /// The step's name.
    pub step_name: &'a str,
    /// The message's index among those that the step handled for this input, from 0.
    pub work_index: u32,
    /// The time at which the step took the message.
    pub t_enter: Timestamp,
    /// The time at which the step was done with it.
    pub t_exit: Timestamp,
    /// The message taken.
    pub msg_in: &'a Signature,
    /// The messages emitted, in order; none if the step failed.
    pub msg_out: &'a [Signature],
    /// The step's changes to the context, if the trace shows any of it.
    pub context: Option<&'a Snapshots>,
    /// Why the step failed, if it did.
    pub error: Option<&'a StepFault>,
}

impl Record<'_> {
    /// Appends the record as one JSON object without white space and without a line end.
    ///
    /// To write many records, use a [`RecordSerializer`].
    pub fn write_json(&self, out: &mut Vec<u8>) {
        RecordSerializer::default().write_json(self, out);
    }
}
