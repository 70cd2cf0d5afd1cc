//! `format_output`: turns a decision into a line of output.

use stream_kernel_exec::trace::Context;
use stream_kernel_exec::{Emitter, Step, StepResult};

use crate::domain::{
    Attempt, Decision, DigitId, EchoedId, FundLoadMessage, LINE_ROOM, LineText, MAX_DIGITS, OutputLine,
    Subject, Verdict,
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
    ) -> StepResult {
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
            let mut short = ShortLine { text: [0; LINE_ROOM], len: 0 };
            short.push(b"{\"id\":\"");
            short.push_id(*id);
            short.push(b"\",\"customer_id\":\"");
            short.push_id(*customer_id);
            short.push(b"\"");
            short.push(accepted);
            *line = LineText::from_buf_and_len(short.text, short.len);
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

/// The line of an attempt, which has room for the longest ids: adding to a `LineText` would take 3 % of a line.
struct ShortLine {
    text: [u8; LINE_ROOM],
    len: usize,
}

impl ShortLine {
    fn push(&mut self, part: &[u8]) {
        self.text[self.len..self.len + part.len()].copy_from_slice(part);
        self.len += part.len();
    }

    fn push_id(&mut self, id: DigitId) {
        if let Some(text) = self.text[self.len..].first_chunk_mut::<MAX_DIGITS>() {
            self.len += id.write(text);
        }
    }
}

fn push_id(line: &mut LineText, id: &EchoedId) {
    // Texts always serialise, and writing into a line does not fail.
    let _ = id.with_text(|text| serde_json::to_writer(line, text));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Cents, Day, Features, Idempotency, LoadAttempt, Moment, Multiplier, Reason};

    /// Two ids of 19 digits on a declined attempt: the longest line of a valid attempt, and it needs no heap.
    #[test]
    fn the_longest_line_of_an_attempt_fits() {
        let nines = "9".repeat(19);
        let id = DigitId::parse(&nines).unwrap();
        let time = Moment { seconds: 0, nanos: 0 };
        let attempt = Attempt { line_no: 1, id, customer_id: id, amount: Cents(1), time };
        let attempt = LoadAttempt::new(attempt).with_keys(Day(0), Day(-3));
        let attempt = attempt.classified(Idempotency::Canonical, 1).enriched(Features {
            is_monday: false,
            is_prime: false,
            effective_amount: Cents(1),
            limit_divisor: Multiplier::ONE,
        });
        let mut line = LineText::new();
        write_line(&Subject::Attempt(attempt), Verdict::Declined(Reason::DailyAmountLimit), &mut line);
        let expected = format!("{{\"id\":\"{nines}\",\"customer_id\":\"{nines}\",\"accepted\":false}}\n");
        assert_eq!(line.as_slice(), expected.as_bytes());
        assert_eq!(line.len(), 82);
        assert!(!line.spilled());
    }
}
