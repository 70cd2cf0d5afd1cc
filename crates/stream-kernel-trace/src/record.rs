//! One step's handling of one message, borrowed from where it happened, and its line of JSON.

use crate::json::{push_integer, push_millis, push_string, push_trace_id};
use crate::{ContextChange, RenderedTimestamp, Signature, StepFault};

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
    pub t_enter: RenderedTimestamp,
    /// When the step was done with it.
    pub t_exit: RenderedTimestamp,
    /// How long that took, in nanoseconds.
    pub duration_ns: u64,
    /// The message taken.
    pub msg_in: &'a Signature,
    /// The messages emitted, in order; none if the step failed.
    pub msg_out: &'a [Signature],
    /// What the step changed in the context, if the trace shows any of it.
    pub context: Option<ContextChange<'a>>,
    /// Why the step failed, if it did.
    pub error: Option<&'a StepFault>,
}

impl Record<'_> {
    /// Appends the record as one JSON object without white space and without a line end.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"trace_id\":");
        push_trace_id(out, self.run_id, self.line_no);
        out.extend_from_slice(b",\"scenario\":");
        push_string(out, self.scenario);
        out.extend_from_slice(b",\"line_no\":");
        push_integer(out, self.line_no);
        out.extend_from_slice(b",\"step_index\":");
        push_integer(out, self.step_index);
        out.extend_from_slice(b",\"step_name\":");
        push_string(out, self.step_name);
        out.extend_from_slice(b",\"work_index\":");
        push_integer(out, self.work_index);
        out.extend_from_slice(b",\"t_enter\":\"");
        out.extend_from_slice(self.t_enter.as_bytes());
        out.extend_from_slice(b"\",\"t_exit\":\"");
        out.extend_from_slice(self.t_exit.as_bytes());
        out.extend_from_slice(b"\",\"duration_ms\":");
        push_millis(out, self.duration_ns);
        self.write_messages(out);
        self.write_context(out);
        self.write_outcome(out);
        out.push(b'}');
    }

    fn write_messages(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"msg_in\":");
        self.msg_in.write_json(out);
        out.extend_from_slice(b",\"msg_out\":[");
        for (position, signature) in self.msg_out.iter().enumerate() {
            if position > 0 {
                out.push(b',');
            }
            signature.write_json(out);
        }
        out.extend_from_slice(b"],\"msg_out_count\":");
        push_integer(out, self.msg_out.len());
    }

    fn write_context(&self, out: &mut Vec<u8>) {
        let Some(change) = &self.context else {
            out.extend_from_slice(b",\"ctx_before\":null,\"ctx_after\":null,\"ctx_diff\":null");
            return;
        };
        out.extend_from_slice(b",\"ctx_before\":");
        change.write_before(out);
        out.extend_from_slice(b",\"ctx_after\":");
        change.write_after(out);
        out.extend_from_slice(b",\"ctx_diff\":");
        change.write_diff(out);
    }

    fn write_outcome(&self, out: &mut Vec<u8>) {
        let Some(fault) = self.error else {
            out.extend_from_slice(b",\"status\":\"ok\",\"error\":null");
            return;
        };
        out.extend_from_slice(b",\"status\":\"error\",\"error\":{\"type\":");
        push_string(out, fault.type_name.as_str());
        out.extend_from_slice(b",\"message\":");
        push_string(out, fault.message.as_str());
        out.extend_from_slice(b",\"where\":");
        push_string(out, &fault.step_name);
        out.extend_from_slice(b",\"stack\":null}");
    }
}
