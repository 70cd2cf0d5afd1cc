//! `idempotency_gate`: is this the first attempt with its id?

use std::fmt;

use stream_kernel_exec::trace::Context;
use stream_kernel_exec::{Emitter, Entry, Forgotten, KeyedStep, Mark, StepResult};

use super::horizon::{MAX_JUMPS, jump, too_old};
use crate::domain::{
    AttemptWithKeys, Day, DigitId, FundLoadMessage, Idempotency, IdempotencyClassifiedAttempt,
};
use crate::memory::{FirstAttempt, Ids, LatestDay};

/// Distinguishes the first attempt with an id from its replays and conflicts.
///
/// Ids are forgotten by the latest day of all attempts, including the current one, whether their ids were new or not.
pub struct IdempotencyGate {
    /// For how many days before the latest day ids are remembered; `None` for ever.
    pub remember_days: Option<u16>,
}

impl IdempotencyGate {
    /// Tells people of a line that makes unexpectedly many ids forgotten.
    fn notify(
        &self,
        attempt: &AttemptWithKeys,
        is_new: bool,
        forgotten: Forgotten,
        latest: Mark,
        out: &mut Emitter<'_, FundLoadMessage, IdempotencyClassifiedAttempt>,
    ) {
        let Some(remember_days) = self.remember_days else { return };
        let (line_no, day) = (attempt.attempt().line_no, attempt.day());
        let oldest = latest.now - i64::from(remember_days);
        if let Some(from) = latest.before.filter(|before| oldest > *before) {
            let [from, to] = [from, latest.now].map(day_at);
            out.notice(
                "jump",
                MAX_JUMPS,
                jump(line_no, from, to, remember_days, forgotten.in_words("id is", "ids are")),
            );
        }
        if is_new && i64::from(day.0) < oldest {
            out.notice("too old", 1, too_old(line_no, day, day_at(latest.now), remember_days));
        }
    }
}

/// Returns the day of a watermark; all of them come from days.
fn day_at(time: i64) -> Day {
    Day(i32::try_from(time).unwrap_or(i32::MAX))
}

/// Returns the differences between two attempts with the same id, such as `customer_id,amount,time`.
fn differences(first: FirstAttempt, later: FirstAttempt) -> impl fmt::Display {
    fmt::from_fn(move |f| {
        let fields = [
            ("customer_id", first.customer_id != later.customer_id),
            ("amount", first.amount != later.amount),
            ("time", first.time != later.time),
        ];
        let differing = fields.into_iter().filter_map(|(name, differs)| differs.then_some(name));
        f.write_str(&differing.collect::<Vec<_>>().join(","))
    })
}

impl KeyedStep<FundLoadMessage> for IdempotencyGate {
    type Takes = AttemptWithKeys;
    type Emits = IdempotencyClassifiedAttempt;
    type State = (Ids, LatestDay);

    #[inline]
    fn key(&self, keyed: &AttemptWithKeys) -> (DigitId, i64) {
        (keyed.attempt().id, keyed.day().0.into())
    }

    fn process(
        &self,
        keyed: AttemptWithKeys,
        (mut id, latest): (Entry<'_, DigitId, FirstAttempt>, Mark),
        context: &mut Context,
        out: &mut Emitter<'_, FundLoadMessage, IdempotencyClassifiedAttempt>,
    ) -> StepResult {
        let attempt = FirstAttempt::from(keyed.attempt());
        let first = id.get();
        if self.remember_days.is_some() {
            self.notify(&keyed, first.is_none(), id.forgotten(), latest, out);
        }
        let (idempotency, canonical_line_no) = match first {
            None => {
                id.set(&attempt)?;
                (Idempotency::Canonical, attempt.line_no)
            }
            Some(first) if (FirstAttempt { line_no: first.line_no, ..attempt }) == first => {
                (Idempotency::Replay, first.line_no)
            }
            Some(first) => {
                context.tags.set("differs", differences(first, attempt));
                (Idempotency::Conflict, first.line_no)
            }
        };
        context.tags.set("idempotency", idempotency.name());
        context.metrics.set("canonical_line_no", canonical_line_no);
        out.emit(keyed.classified(idempotency, canonical_line_no));
        Ok(())
    }
}
