//! One step's handling of one message, borrowed from where it happened.

use crate::{RecordSerializer, Signature, Snapshots, StepFault, Timestamp};

/// One step's handling of one message, as a sink receives it: everything in it is borrowed from the recorder.
///
/// [`TraceRecord`](crate::TraceRecord) is its owned twin.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Names the run, first half of the trace id.
    pub run_id: &'a str,
    /// The input's line, second half of the trace id.
    pub line_no: u64,
    /// Names the scenario.
    pub scenario: &'a str,
    /// The step's position in the pipeline, from 0.
    pub step_index: usize,
    /// The step's name.
    pub step_name: &'a str,
    /// The message's place among those that the step handled for this input, from 0.
    pub work_index: u32,
    /// When the step took the message.
    pub t_enter: Timestamp,
    /// When the step was done with it.
    pub t_exit: Timestamp,
    /// The message taken.
    pub msg_in: &'a Signature,
    /// The messages emitted, in order; none if the step failed.
    pub msg_out: &'a [Signature],
    /// What the step changed in the context, if the trace shows any of it.
    pub context: Option<&'a Snapshots>,
    /// Why the step failed, if it did.
    pub error: Option<&'a StepFault>,
}

impl Record<'_> {
    /// Appends the record as one JSON object without white space and without a line end.
    ///
    /// Who writes many does it with one [`RecordSerializer`].
    pub fn write_json(&self, out: &mut Vec<u8>) {
        RecordSerializer::default().write_json(self, out);
    }
}
