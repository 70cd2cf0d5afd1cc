//! `parse_load_attempt`: a line becomes an attempt, or a declined decision.

use stream_kernel_exec::trace::Context;
use stream_kernel_exec::{Emitter, Step, StepResult};
use stream_kernel_run::RawLine;

use crate::domain::{Decision, FundLoadMessage, LoadAttempt, Subject, Verdict};
use crate::line::read_attempt;

stream_kernel_exec::outputs! {
    /// The result of a line: an attempt if it is good, a declined decision if it is not.
    pub enum ParsedLine of FundLoadMessage { LoadAttempt, Decision }
}

/// Reads lines.
pub struct ParseLoadAttempt;

impl Step<FundLoadMessage> for ParseLoadAttempt {
    type Takes = RawLine;
    type Emits = ParsedLine;

    fn process(
        &self,
        line: RawLine,
        context: &mut Context,
        out: &mut Emitter<'_, FundLoadMessage, ParsedLine>,
    ) -> StepResult {
        match read_attempt(line.line_no(), line.content()) {
            Ok(attempt) => {
                context.tags.set("id", attempt.id);
                context.tags.set("customer_id", attempt.customer_id);
                context.metrics.set("amount_cents", attempt.amount.0);
                out.emit(LoadAttempt::new(attempt));
            }
            Err((bad_line, reason)) => {
                bad_line.id.with_text(|id| context.tags.set("id", id));
                bad_line.customer_id.with_text(|id| context.tags.set("customer_id", id));
                context.tags.set("accepted", false);
                context.tags.set("reason", reason.code());
                let subject = Subject::bad_line(bad_line);
                out.emit(Decision::new(subject, Verdict::Declined(reason)));
            }
        }
        Ok(())
    }
}
