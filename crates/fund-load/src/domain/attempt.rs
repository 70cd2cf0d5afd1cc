//! An attempt to load funds, and what the steps add to it one after the other.

use stream_kernel_exec::Payload;
use stream_kernel_exec::trace::{CanonicalContent, ShortText};

use super::{Cents, Day, DigitId, Moment, Multiplier};

/// What a line says: who wants to load how much, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The number of the line, from 1.
    pub line_no: u64,
    /// The attempt's own id.
    pub id: DigitId,
    /// The customer's.
    pub customer_id: DigitId,
    /// How much.
    pub amount: Cents,
    /// When.
    pub time: Moment,
}

/// Whether an attempt is the first with its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idempotency {
    /// It is the first: the one that counts.
    Canonical,
    /// It says the same as the first: same customer, same amount, same moment.
    Replay {
        /// The line of the first.
        canonical_line_no: u64,
    },
    /// It says something else than the first.
    Conflict {
        /// The line of the first.
        canonical_line_no: u64,
    },
}

impl Idempotency {
    /// Returns its name in traces.
    pub fn name(self) -> &'static str {
        match self {
            Self::Canonical => "canonical",
            Self::Replay { .. } => "replay",
            Self::Conflict { .. } => "conflict",
        }
    }
}

/// What the policies look at besides what the line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    /// Whether the Monday multiplier applies to the attempt.
    pub is_monday: bool,
    /// Whether its id is a prime number, and that matters.
    pub is_prime: bool,
    /// The amount that counts against limits.
    pub effective_amount: Cents,
    /// What the amount limits are divided by; 1 except on a Monday of which the limits pay.
    pub limit_divisor: Multiplier,
}

/// All that is known of an attempt, in one box that goes from message to message: each step fills in its part.
///
/// How much is filled in, the type of the message tells, and each type shows that much only. A message so is small,
/// whatever it knows: handing it on copies a pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    attempt: Attempt,
    day: Day,
    week: Day,
    idempotency: Idempotency,
    features: Features,
}

/// An attempt as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadAttempt(Box<Known>);

/// An attempt with the day and the week that it counts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptWithKeys(Box<Known>);

/// An attempt of which it is known whether it is the first with its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyClassifiedAttempt(Box<Known>);

/// An attempt with everything that the policies look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrichedAttempt(Box<Known>);

impl LoadAttempt {
    /// Returns the message of an attempt that was just read.
    pub fn new(attempt: Attempt) -> Self {
        let features = Features {
            is_monday: false,
            is_prime: false,
            effective_amount: attempt.amount,
            limit_divisor: Multiplier::ONE,
        };
        let (day, week) = (Day(0), Day(0));
        Self(Box::new(Known { attempt, day, week, idempotency: Idempotency::Canonical, features }))
    }

    /// Returns what the line says.
    pub fn attempt(&self) -> &Attempt {
        &self.0.attempt
    }

    /// Adds the day on which the attempt counts, in UTC, and the first day of its week.
    pub fn with_keys(mut self, day: Day, week: Day) -> AttemptWithKeys {
        (self.0.day, self.0.week) = (day, week);
        AttemptWithKeys(self.0)
    }
}

impl AttemptWithKeys {
    /// Returns what the line says.
    pub fn attempt(&self) -> &Attempt {
        &self.0.attempt
    }

    /// Returns the attempt's day in UTC.
    pub fn day(&self) -> Day {
        self.0.day
    }

    /// Returns the first day of its week.
    pub fn week(&self) -> Day {
        self.0.week
    }

    /// Adds whether the attempt is the first with its id.
    pub fn classified(mut self, idempotency: Idempotency) -> IdempotencyClassifiedAttempt {
        self.0.idempotency = idempotency;
        IdempotencyClassifiedAttempt(self.0)
    }
}

impl IdempotencyClassifiedAttempt {
    /// Returns what the line says.
    pub fn attempt(&self) -> &Attempt {
        &self.0.attempt
    }

    /// Returns the attempt's day in UTC.
    pub fn day(&self) -> Day {
        self.0.day
    }

    /// Returns the line of the first attempt with this id, which may be this one.
    pub fn canonical_line_no(&self) -> u64 {
        self.0.canonical_line_no()
    }

    /// Adds what the policies look at besides.
    pub fn enriched(mut self, features: Features) -> EnrichedAttempt {
        self.0.features = features;
        EnrichedAttempt(self.0)
    }
}

impl EnrichedAttempt {
    /// Returns what the line says.
    pub fn attempt(&self) -> &Attempt {
        &self.0.attempt
    }

    /// Returns the attempt's day in UTC.
    pub fn day(&self) -> Day {
        self.0.day
    }

    /// Returns the first day of its week.
    pub fn week(&self) -> Day {
        self.0.week
    }

    /// Returns whether it is the first with its id.
    pub fn idempotency(&self) -> Idempotency {
        self.0.idempotency
    }

    /// Returns what the policies look at besides what the line says.
    pub fn features(&self) -> &Features {
        &self.0.features
    }
}

impl Known {
    fn canonical_line_no(&self) -> u64 {
        match self.idempotency {
            Idempotency::Canonical => self.attempt.line_no,
            Idempotency::Replay { canonical_line_no } | Idempotency::Conflict { canonical_line_no } => {
                canonical_line_no
            }
        }
    }

    fn digest_keys(&self, content: &mut CanonicalContent) {
        self.attempt.digest(content);
        content.integer("day", self.day.0);
        content.integer("week", self.week.0);
    }

    fn digest_classified(&self, content: &mut CanonicalContent) {
        self.digest_keys(content);
        content.text("idempotency", self.idempotency.name());
        content.unsigned("canonical_line_no", self.canonical_line_no());
    }

    fn digest_enriched(&self, content: &mut CanonicalContent) {
        let Features { is_monday, is_prime, effective_amount, limit_divisor } = self.features;
        self.digest_classified(content);
        content.boolean("is_monday", is_monday);
        content.boolean("is_prime", is_prime);
        content.unsigned("effective_amount_cents", effective_amount.0);
        content.unsigned("limit_divisor_millionths", limit_divisor.millionths());
    }
}

impl Attempt {
    fn identity(&self, identity: &mut ShortText) -> bool {
        self.id.with_text(|id| identity.set_text(id));
        true
    }

    fn digest(&self, content: &mut CanonicalContent) {
        content.unsigned("line_no", self.line_no);
        self.id.with_text(|id| content.text("id", id));
        self.customer_id.with_text(|id| content.text("customer_id", id));
        content.unsigned("amount_cents", self.amount.0);
        content.integer("time_seconds", self.time.seconds);
        content.unsigned("time_nanos", self.time.nanos);
    }
}

impl Payload for LoadAttempt {
    fn identity(&self, identity: &mut ShortText) -> bool {
        self.0.attempt.identity(identity)
    }

    fn digest(&self, content: &mut CanonicalContent) {
        self.0.attempt.digest(content);
    }
}

impl Payload for AttemptWithKeys {
    fn identity(&self, identity: &mut ShortText) -> bool {
        self.0.attempt.identity(identity)
    }

    fn digest(&self, content: &mut CanonicalContent) {
        self.0.digest_keys(content);
    }
}

impl Payload for IdempotencyClassifiedAttempt {
    fn identity(&self, identity: &mut ShortText) -> bool {
        self.0.attempt.identity(identity)
    }

    fn digest(&self, content: &mut CanonicalContent) {
        self.0.digest_classified(content);
    }
}

impl Payload for EnrichedAttempt {
    fn identity(&self, identity: &mut ShortText) -> bool {
        self.0.attempt.identity(identity)
    }

    fn digest(&self, content: &mut CanonicalContent) {
        self.0.digest_enriched(content);
    }
}
