//! What fund-load talks about: attempts, money, days, decisions.

mod attempt;
mod calendar;
mod decision;
mod digit_id;
mod messages;
mod money;
mod prime;

pub use attempt::{
    Attempt, AttemptWithKeys, EnrichedAttempt, Features, Idempotency, IdempotencyClassifiedAttempt,
    KnownAttempt, LoadAttempt,
};
pub(crate) use calendar::SECONDS_PER_DAY;
pub use calendar::{Day, Moment, WeekStart};
pub(crate) use decision::LineText;
pub use decision::{BadLine, Decision, EchoedId, OutputLine, Reason, Subject, Verdict};
pub use digit_id::DigitId;
pub use messages::FundLoadMessage;
pub use money::{Cents, Multiplier};
pub use prime::is_prime;
