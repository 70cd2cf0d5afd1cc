//! Attempts to load funds, and the parts that steps add to them.

use std::hint::black_box;

use stream_kernel_exec::trace::{CanonicalContent, ShortText};
use stream_kernel_exec::{Encode, Payload, Recycled, recycle};

use super::{Cents, Day, DigitId, Moment, Multiplier};

/// The content of a line: who wants to load how much, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The number of the line, from 1.
    pub line_no: u64,
    /// The attempt's own id.
    pub id: DigitId,
    /// The customer's id.
    pub customer_id: DigitId,
    /// The amount.
    pub amount: Cents,
    /// The time.
    pub time: Moment,
}

/// Whether an attempt is the first with its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idempotency {
    /// It is the first: the one that counts.
    Canonical,
    /// It equals the first: same customer, same amount, same time.
    Replay,
    /// It differs from the first.
    Conflict,
}

impl Idempotency {
    /// All of them, in the order of their numbers.
    const ALL: [Self; 3] = [Self::Canonical, Self::Replay, Self::Conflict];

    /// Returns its name in traces.
    pub fn name(self) -> &'static str {
        match self {
            Self::Canonical => "canonical",
            Self::Replay => "replay",
            Self::Conflict => "conflict",
        }
    }
}

/// The figures for the policies, beyond the line itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    /// Whether the Monday multiplier applies to the attempt.
    pub is_monday: bool,
    /// Whether its id is a prime number, if that matters.
    pub is_prime: bool,
    /// The amount that counts against limits.
    pub effective_amount: Cents,
    /// The divisor of the amount limits; 1 except on Mondays whose multiplier changes the limits.
    pub limit_divisor: Multiplier,
}

/// Everything known of an attempt, in one box that goes from message to message: each step fills in its part.
///
/// `PARTS` is the number of parts that are filled in; the types allow access to no others. So a message is small,
/// whatever it knows: handing it on copies a pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownAttempt<const PARTS: u8>(Recycled<Known>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    attempt: Attempt,
    day: Day,
    week: Day,
    idempotency: Idempotency,
    canonical_line_no: u64,
    features: Features,
}

// It holds nothing outside its box.
recycle!(Known, |_| ());

/// An attempt as it was read.
pub type LoadAttempt = KnownAttempt<0>;

/// An attempt with its day and week.
pub type AttemptWithKeys = KnownAttempt<1>;

/// An attempt that is known to be the first with its id, or not.
pub type IdempotencyClassifiedAttempt = KnownAttempt<2>;

/// An attempt with all figures for the policies.
pub type EnrichedAttempt = KnownAttempt<3>;

impl<const PARTS: u8> KnownAttempt<PARTS> {
    /// Returns the content of the line.
    pub fn attempt(&self) -> &Attempt {
        &self.0.attempt
    }

    /// Returns the attempt's day in UTC.
    pub fn day(&self) -> Day {
        const { assert!(PARTS >= 1, "the day is not known yet") };
        self.0.day
    }

    /// Returns the first day of its week.
    pub fn week(&self) -> Day {
        const { assert!(PARTS >= 1, "the week is not known yet") };
        self.0.week
    }
}

impl LoadAttempt {
    /// Returns the message of an attempt that was just read.
    pub fn new(attempt: Attempt) -> Self {
        let features = Features {
            is_monday: false,
            is_prime: false,
            effective_amount: attempt.amount,
            limit_divisor: Multiplier::ONE,
        };
        Self(Recycled::new(Known {
            day: Day(0),
            week: Day(0),
            idempotency: Idempotency::Canonical,
            canonical_line_no: attempt.line_no,
            features,
            attempt,
        }))
    }

    /// Adds the attempt's day in UTC, and the first day of its week.
    pub fn with_keys(mut self, day: Day, week: Day) -> AttemptWithKeys {
        (self.0.day, self.0.week) = (day, week);
        KnownAttempt(self.0)
    }
}

impl AttemptWithKeys {
    /// Adds whether the attempt is the first with its id, and the line of the first, which may be its own.
    pub fn classified(
        mut self,
        idempotency: Idempotency,
        canonical_line_no: u64,
    ) -> IdempotencyClassifiedAttempt {
        (self.0.idempotency, self.0.canonical_line_no) = (idempotency, canonical_line_no);
        KnownAttempt(self.0)
    }
}

impl IdempotencyClassifiedAttempt {
    /// Adds the figures for the policies.
    pub fn enriched(mut self, features: Features) -> EnrichedAttempt {
        self.0.features = features;
        KnownAttempt(self.0)
    }
}

impl EnrichedAttempt {
    /// Returns whether it is the first with its id.
    pub fn idempotency(&self) -> Idempotency {
        self.0.idempotency
    }

    /// Returns the figures for the policies.
    pub fn features(&self) -> &Features {
        &self.0.features
    }
}

impl<const PARTS: u8> Payload for KnownAttempt<PARTS> {
    fn identity(&self, identity: &mut ShortText) -> bool {
        self.attempt().id.with_text(|id| identity.set_text(id));
        true
    }

    fn digest(&self, content: &mut CanonicalContent) {
        let Known { attempt, day, week, idempotency, canonical_line_no, features } = &*self.0;
        content.unsigned("line_no", attempt.line_no);
        attempt.id.with_text(|id| content.text("id", id));
        attempt.customer_id.with_text(|id| content.text("customer_id", id));
        content.unsigned("amount_cents", attempt.amount.0);
        content.integer("time_seconds", attempt.time.seconds);
        content.unsigned("time_nanos", attempt.time.nanos);
        if PARTS >= 1 {
            content.integer("day", day.0);
            content.integer("week", week.0);
        }
        if PARTS >= 2 {
            content.text("idempotency", idempotency.name());
            content.unsigned("canonical_line_no", *canonical_line_no);
        }
        if PARTS >= 3 {
            content.boolean("is_monday", features.is_monday);
            content.boolean("is_prime", features.is_prime);
            content.unsigned("effective_amount_cents", features.effective_amount.0);
            content.unsigned("limit_divisor_millionths", features.limit_divisor.millionths());
        }
    }

    fn prefetch(&self) {
        let Known { attempt, idempotency, features, .. } = &*self.0;
        black_box((attempt.id, *idempotency, features.limit_divisor));
    }

    fn always_packs() -> bool {
        true
    }

    fn pack(&self, to: &mut Vec<u8>) -> bool {
        let Known { attempt, day, week, idempotency, canonical_line_no, features } = &*self.0;
        let Attempt { line_no, id, customer_id, amount, time } = attempt;
        ((*line_no, *id), (*customer_id, amount.0)).encode(to);
        (time.seconds, time.nanos).encode(to);
        if PARTS >= 1 {
            (*day, *week).encode(to);
        }
        if PARTS >= 2 {
            (*idempotency as u8, *canonical_line_no).encode(to);
        }
        if PARTS >= 3 {
            let Features { is_monday, is_prime, effective_amount, limit_divisor } = features;
            ((*is_monday, *is_prime), (effective_amount.0, limit_divisor.millionths())).encode(to);
        }
        true
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        let ((line_no, id), (customer_id, amount)) = Encode::decode(from)?;
        let (seconds, nanos) = Encode::decode(from)?;
        let attempt =
            Attempt { line_no, id, customer_id, amount: Cents(amount), time: Moment { seconds, nanos } };
        let KnownAttempt(mut known) = LoadAttempt::new(attempt);
        if PARTS >= 1 {
            (known.day, known.week) = Encode::decode(from)?;
        }
        if PARTS >= 2 {
            let (idempotency, canonical_line_no) = <(u8, u64)>::decode(from)?;
            known.idempotency = Idempotency::ALL.get(usize::from(idempotency)).copied()?;
            known.canonical_line_no = canonical_line_no;
        }
        if PARTS >= 3 {
            let ((is_monday, is_prime), (effective_amount, millionths)) = Encode::decode(from)?;
            known.features = Features {
                is_monday,
                is_prime,
                effective_amount: Cents(effective_amount),
                limit_divisor: Multiplier::from_millionths(millionths)?,
            };
        }
        Some(Self(known))
    }
}
