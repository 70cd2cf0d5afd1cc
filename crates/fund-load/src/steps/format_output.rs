//! `format_output`: a decision becomes a line of output.

use stream_kernel_exec::trace::Context;
use stream_kernel_exec::{Emitter, Step, StepError};

use crate::domain::{Decision, EchoedId, FundLoadMessage, OutputLine, Subject};

/// Writes decisions as JSON: `{"id":"15887","customer_id":"528","accepted":true}`.
pub struct FormatOutput;

impl Step<FundLoadMessage> for FormatOutput {
    type Takes = Decision;
    type Emits = OutputLine;

    fn process(
        &mut self,
        decision: Decision,
        _: &mut Context,
        out: &mut Emitter<'_, FundLoadMessage, OutputLine>,
    ) -> Result<(), StepError> {
        let Decision { subject, verdict } = decision;
        let (line_no, id, customer_id) = match subject {
            Subject::Attempt(attempt) => {
                let attempt = attempt.attempt();
                (attempt.line_no, EchoedId::Digits(attempt.id), EchoedId::Digits(attempt.customer_id))
            }
            Subject::BadLine(line) => (line.line_no, line.id, line.customer_id),
        };
        let text = format_line(&id, &customer_id, verdict.is_accepted());
        out.emit(OutputLine { line_no, id, verdict, text });
        Ok(())
    }
}

/// Two ids of 19 digits, the keys, punctuation and `false`.
const USUAL_LINE_BYTES: usize = 96;

fn format_line(id: &EchoedId, customer_id: &EchoedId, is_accepted: bool) -> Vec<u8> {
    let mut line = Vec::with_capacity(USUAL_LINE_BYTES);
    line.extend_from_slice(b"{\"id\":");
    push_id(&mut line, id);
    line.extend_from_slice(b",\"customer_id\":");
    push_id(&mut line, customer_id);
    line.extend_from_slice(if is_accepted { b",\"accepted\":true}\n" } else { b",\"accepted\":false}\n" });
    line
}

fn push_id(line: &mut Vec<u8>, id: &EchoedId) {
    match id {
        EchoedId::Digits(digits) => {
            line.push(b'"');
            digits.with_text(|text| line.extend_from_slice(text.as_bytes()));
            line.push(b'"');
        }
        EchoedId::Unreadable => line.extend_from_slice(b"\"\""),
        EchoedId::Text(text) => {
            // A text is always JSON, and a vector takes in everything.
            let _ = serde_json::to_writer(line, text);
        }
    }
}
