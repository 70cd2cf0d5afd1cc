//! `format_output`: turns a decision into a line of output.

use stream_kernel_exec::trace::Context;
use stream_kernel_exec::{Emitter, Step, StepError};

use crate::domain::{
    Attempt, Decision, EchoedId, FundLoadMessage, LINE_ROOM, LineText, OutputLine, Subject, Verdict,
};

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
    let accepted: &[u8] =
        if verdict.is_accepted() { b",\"accepted\":true}\n" } else { b",\"accepted\":false}\n" };
    match subject {
        Subject::Attempt(attempt) => {
            let Attempt { id, customer_id, .. } = attempt.attempt();
            *line = id.with_digits(|id| {
                customer_id.with_digits(|customer_id| {
                    short_line([b"{\"id\":\"", id, b"\",\"customer_id\":\"", customer_id, b"\"", accepted])
                })
            });
        }
        Subject::BadLine(bad_line) => {
            line.extend_from_slice(b"{\"id\":");
            push_id(line, &bad_line.id);
            line.extend_from_slice(b",\"customer_id\":");
            push_id(line, &bad_line.customer_id);
            line.extend_from_slice(accepted);
        }
    }
}

/// Returns the line of these parts, which must fit into a `LineText`: adding them one by one would take 3 % of a line.
fn short_line(parts: [&[u8]; 6]) -> LineText {
    let (mut text, mut len) = ([0; LINE_ROOM], 0);
    for part in parts {
        text[len..len + part.len()].copy_from_slice(part);
        len += part.len();
    }
    LineText::from_buf_and_len(text, len)
}

fn push_id(line: &mut LineText, id: &EchoedId) {
    // Texts always serialise, and writing into a line does not fail.
    let _ = id.with_text(|text| serde_json::to_writer(line, text));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two ids of 19 digits on a declined attempt: the longest line of a valid attempt, and it needs no heap.
    #[test]
    fn the_longest_line_of_an_attempt_fits() {
        let nines = "9".repeat(19);
        let line = short_line([
            b"{\"id\":\"",
            nines.as_bytes(),
            b"\",\"customer_id\":\"",
            nines.as_bytes(),
            b"\"",
            b",\"accepted\":false}\n",
        ]);
        let expected = format!("{{\"id\":\"{nines}\",\"customer_id\":\"{nines}\",\"accepted\":false}}\n");
        assert_eq!(line.as_slice(), expected.as_bytes());
        assert_eq!(line.len(), 82);
        assert!(!line.spilled());
    }
}
