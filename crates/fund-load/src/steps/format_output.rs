//! `format_output`: a decision becomes a line of output.

use stream_kernel_exec::trace::Context;
use stream_kernel_exec::{Emitter, Step, StepError};

use crate::domain::{Attempt, Decision, EchoedId, FundLoadMessage, LineText, OutputLine, Subject, Verdict};

/// Writes decisions as JSON: `{"id":"15887","customer_id":"528","accepted":true}`.
pub struct FormatOutput;

impl Step<FundLoadMessage> for FormatOutput {
    type Takes = Decision;
    type Emits = OutputLine;

    fn process(
        &self,
        decision: Decision,
        _: &mut Context,
        out: &mut Emitter<'_, FundLoadMessage, OutputLine>,
    ) -> Result<(), StepError> {
        out.emit(decision.into_line(write_line));
        Ok(())
    }
}

fn write_line(subject: &Subject, verdict: Verdict, line: &mut LineText) {
    match subject {
        Subject::Attempt(attempt) => {
            let Attempt { id, customer_id, .. } = attempt.attempt();
            line.extend_from_slice(b"{\"id\":\"");
            id.with_text(|text| line.extend_from_slice(text.as_bytes()));
            line.extend_from_slice(b"\",\"customer_id\":\"");
            customer_id.with_text(|text| line.extend_from_slice(text.as_bytes()));
            line.push(b'"');
        }
        Subject::BadLine(bad_line) => {
            line.extend_from_slice(b"{\"id\":");
            push_id(line, &bad_line.id);
            line.extend_from_slice(b",\"customer_id\":");
            push_id(line, &bad_line.customer_id);
        }
    }
    let accepted: &[u8] =
        if verdict.is_accepted() { b",\"accepted\":true}\n" } else { b",\"accepted\":false}\n" };
    line.extend_from_slice(accepted);
}

fn push_id(line: &mut LineText, id: &EchoedId) {
    // A text is always JSON, and a line takes in everything.
    let _ = id.with_text(|text| serde_json::to_writer(line, text));
}
