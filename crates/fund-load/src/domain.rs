//! The domain of fund-load: attempts, money, days, decisions.

mod attempt;
mod calendar;
mod decision;
mod digit_id;
mod money;
mod prime;

use stream_kernel_run::RawLine;

pub use attempt::{
    Attempt, AttemptWithKeys, EnrichedAttempt, Features, Idempotency, IdempotencyClassifiedAttempt,
    KnownAttempt, LoadAttempt,
};
pub(crate) use calendar::SECONDS_PER_DAY;
pub use calendar::{Day, Moment, WeekStart};
pub use decision::{BadLine, Decision, EchoedId, OutputLine, Reason, Subject, Verdict};
pub(crate) use decision::{LINE_ROOM, LineText};
pub use digit_id::DigitId;
pub(crate) use digit_id::MAX_DIGITS;
pub use money::{Cents, Multiplier};
pub use prime::is_prime;

stream_kernel_exec::messages! {
    /// Everything that moves through the pipeline, from the line read to the line written.
    #[derive(Clone, Debug)]
    pub enum FundLoadMessage {
        RawLine,
        LoadAttempt,
        AttemptWithKeys,
        IdempotencyClassifiedAttempt,
        EnrichedAttempt,
        Decision,
        OutputLine,
    }
}

/// Passed in two registers: with payloads of several words in it, a line took a fifth more time.
const _: () = assert!(size_of::<FundLoadMessage>() == 16);
