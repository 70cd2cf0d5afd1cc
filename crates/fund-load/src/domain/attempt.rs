//! An attempt to load funds, and what the steps add to it one after the other.

use stream_kernel_exec::Payload;
use stream_kernel_exec::trace::{CanonicalContent, ShortText};

use super::{Cents, Day, DigitId, Moment, Multiplier};

/// What a line says: who wants to load how much, and when.
///
/// It is put into one box when the line is parsed; from there on the box is handed on.
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

/// An attempt as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadAttempt(pub Box<Attempt>);

/// An attempt with the day and the week that it counts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptWithKeys {
    /// What the line says.
    pub attempt: Box<Attempt>,
    /// Its day in UTC.
    pub day: Day,
    /// The first day of its week.
    pub week: Day,
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

/// An attempt of which it is known whether it is the first with its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyClassifiedAttempt {
    /// The attempt with its day and week.
    pub keyed: AttemptWithKeys,
    /// Whether it is the first with its id.
    pub idempotency: Idempotency,
}

impl IdempotencyClassifiedAttempt {
    /// Returns the line of the first attempt with this id, which may be this one.
    pub fn canonical_line_no(&self) -> u64 {
        match self.idempotency {
            Idempotency::Canonical => self.keyed.attempt.line_no,
            Idempotency::Replay { canonical_line_no } | Idempotency::Conflict { canonical_line_no } => {
                canonical_line_no
            }
        }
    }
}

/// An attempt with everything that the policies look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrichedAttempt {
    /// The attempt so far.
    pub classified: IdempotencyClassifiedAttempt,
    /// Whether the Monday multiplier applies to it.
    pub is_monday: bool,
    /// Whether its id is a prime number, and that matters.
    pub is_prime: bool,
    /// The amount that counts against limits.
    pub effective_amount: Cents,
    /// What the amount limits are divided by; 1 except on a Monday of which the limits pay.
    pub limit_divisor: Multiplier,
}

impl EnrichedAttempt {
    /// Returns what the line says.
    pub fn attempt(&self) -> &Attempt {
        &self.classified.keyed.attempt
    }

    /// Returns whether it is the first with its id.
    pub fn is_canonical(&self) -> bool {
        self.classified.idempotency == Idempotency::Canonical
    }

    /// Returns its day in UTC.
    pub fn day(&self) -> Day {
        self.classified.keyed.day
    }

    /// Returns the first day of its week.
    pub fn week(&self) -> Day {
        self.classified.keyed.week
    }
}

impl Attempt {
    fn identity(&self, identity: &mut ShortText) -> bool {
        identity.set(self.id);
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
        self.0.identity(identity)
    }

    fn digest(&self, content: &mut CanonicalContent) {
        self.0.digest(content);
    }
}

impl Payload for AttemptWithKeys {
    fn identity(&self, identity: &mut ShortText) -> bool {
        self.attempt.identity(identity)
    }

    fn digest(&self, content: &mut CanonicalContent) {
        self.attempt.digest(content);
        content.integer("day", self.day.0);
        content.integer("week", self.week.0);
    }
}

impl Payload for IdempotencyClassifiedAttempt {
    fn identity(&self, identity: &mut ShortText) -> bool {
        self.keyed.identity(identity)
    }

    fn digest(&self, content: &mut CanonicalContent) {
        self.keyed.digest(content);
        content.text("idempotency", self.idempotency.name());
        content.unsigned("canonical_line_no", self.canonical_line_no());
    }
}

impl Payload for EnrichedAttempt {
    fn identity(&self, identity: &mut ShortText) -> bool {
        self.classified.identity(identity)
    }

    fn digest(&self, content: &mut CanonicalContent) {
        self.classified.digest(content);
        content.boolean("is_monday", self.is_monday);
        content.boolean("is_prime", self.is_prime);
        content.unsigned("effective_amount_cents", self.effective_amount.0);
        content.unsigned("limit_divisor_millionths", self.limit_divisor.millionths());
    }
}
