//! Decisions on lines, and their lines of output.

use std::hint::black_box;

use smallvec::SmallVec;
use stream_kernel_exec::trace::{CanonicalContent, ShortText};
use stream_kernel_exec::{Encode, Payload, Recycled, recycle};

use super::{DigitId, EnrichedAttempt};

/// Why an attempt is declined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The line cannot be read.
    InputParseError,
    /// An id is not 1 to 19 digits.
    InvalidIdFormat,
    /// The time is not RFC 3339 with an offset.
    InvalidTimestamp,
    /// The amount is not of the form `$1234.56`.
    InvalidAmountFormat,
    /// The id was used before, for the same attempt.
    IdDuplicateReplay,
    /// The id was used before, for a different attempt.
    IdDuplicateConflict,
    /// The customer has made too many attempts that day.
    DailyAttemptLimit,
    /// The id is a prime number and the amount is over its cap.
    PrimeAmountCap,
    /// Too many prime ids were accepted that day.
    PrimeDailyGlobalLimit,
    /// The customer would load too much that day.
    DailyAmountLimit,
    /// The customer would load too much that week.
    WeeklyAmountLimit,
}

impl Reason {
    /// Every reason, in the order of the checks.
    pub const ALL: [Self; 11] = [
        Self::InputParseError,
        Self::InvalidIdFormat,
        Self::InvalidTimestamp,
        Self::InvalidAmountFormat,
        Self::IdDuplicateReplay,
        Self::IdDuplicateConflict,
        Self::DailyAttemptLimit,
        Self::PrimeAmountCap,
        Self::PrimeDailyGlobalLimit,
        Self::DailyAmountLimit,
        Self::WeeklyAmountLimit,
    ];

    /// Returns the reason's code, `DAILY_AMOUNT_LIMIT`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::InputParseError => "INPUT_PARSE_ERROR",
            Self::InvalidIdFormat => "INVALID_ID_FORMAT",
            Self::InvalidTimestamp => "INVALID_TIMESTAMP",
            Self::InvalidAmountFormat => "INVALID_AMOUNT_FORMAT",
            Self::IdDuplicateReplay => "ID_DUPLICATE_REPLAY",
            Self::IdDuplicateConflict => "ID_DUPLICATE_CONFLICT",
            Self::DailyAttemptLimit => "DAILY_ATTEMPT_LIMIT",
            Self::PrimeAmountCap => "PRIME_AMOUNT_CAP",
            Self::PrimeDailyGlobalLimit => "PRIME_DAILY_GLOBAL_LIMIT",
            Self::DailyAmountLimit => "DAILY_AMOUNT_LIMIT",
            Self::WeeklyAmountLimit => "WEEKLY_AMOUNT_LIMIT",
        }
    }
}

/// Whether the funds may be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They may.
    Accepted,
    /// They may not, for this reason.
    Declined(Reason),
}

impl Verdict {
    /// Returns whether the funds may be loaded.
    pub fn is_accepted(self) -> bool {
        self == Self::Accepted
    }

    /// Returns the reason of a decline; `None` if the funds may be loaded.
    pub fn reason(self) -> Option<Reason> {
        match self {
            Self::Accepted => None,
            Self::Declined(reason) => Some(reason),
        }
    }

    fn digest(self, content: &mut CanonicalContent) {
        content.boolean("accepted", self.is_accepted());
        content.optional_text("reason", self.reason().map(Reason::code));
    }
}

/// The id of a line's attempt or customer, as the output echoes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EchoedId {
    /// A valid id.
    Digits(DigitId),
    /// The text in the place of an id, trimmed.
    Text(Box<str>),
    /// Nothing readable; echoed as an empty text.
    Unreadable,
}

impl EchoedId {
    /// Passes the echoed text to `use_text` and returns the result.
    pub fn with_text<T>(&self, use_text: impl FnOnce(&str) -> T) -> T {
        match self {
            Self::Digits(id) => id.with_text(use_text),
            Self::Text(text) => use_text(text),
            Self::Unreadable => use_text(""),
        }
    }

    fn identity(&self, identity: &mut ShortText) -> bool {
        self.with_text(|text| identity.set_text(text));
        *self != Self::Unreadable
    }

    fn digest(&self, name: &str, content: &mut CanonicalContent) {
        match self {
            Self::Unreadable => content.optional_text(name, None),
            readable => readable.with_text(|text| content.text(name, text)),
        }
    }

    fn pack(&self, to: &mut Vec<u8>) {
        match self {
            Self::Digits(id) => (0_u8, *id).encode(to),
            Self::Text(text) => (1_u8, text.to_string()).encode(to),
            Self::Unreadable => 2_u8.encode(to),
        }
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        Some(match u8::decode(from)? {
            0 => Self::Digits(Encode::decode(from)?),
            1 => Self::Text(String::decode(from)?.into()),
            2 => Self::Unreadable,
            _ => return None,
        })
    }
}

/// A line that cannot be adjudicated, as far as it could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// The number of the line, from 1.
    pub line_no: u64,
    /// The attempt's id.
    pub id: EchoedId,
    /// The customer's id.
    pub customer_id: EchoedId,
}

/// The subject of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An attempt that the policies have seen.
    Attempt(EnrichedAttempt),
    /// A line that no policy has seen.
    BadLine(Recycled<BadLine>),
}

/// The decision on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision(Recycled<Decided>);

/// The decision on one line as a line of output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputLine(Recycled<Decided>);

/// The data of a decision, in one box that is passed from message to message.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Decided {
    subject: Subject,
    verdict: Verdict,
    /// Empty in a [`Decision`].
    text: LineText,
}

recycle!(BadLine, |line| (line.id, line.customer_id) = (EchoedId::Unreadable, EchoedId::Unreadable));

recycle!(Decided, |decided| {
    // An attempt holds nothing outside its own box.
    if let Subject::BadLine(line) = &mut decided.subject {
        line.release();
    }
    if decided.text.spilled() {
        decided.text = LineText::new();
    }
}, prefetch: |decided| (matches!(decided.subject, Subject::BadLine(_)), decided.text.len()));

/// The text of a line of output, with its line end; a text beyond the inline capacity is on the heap.
pub(crate) type LineText = SmallVec<[u8; LINE_ROOM]>;

/// Two ids of 19 digits make a line of 82 bytes; this is the next capacity of a `SmallVec`.
pub(crate) const LINE_ROOM: usize = 96;

impl Decision {
    /// Returns the decision `verdict` on `subject`.
    pub fn new(subject: Subject, verdict: Verdict) -> Self {
        Self(Recycled::written(
            (subject, verdict),
            |(subject, verdict)| Decided { subject, verdict, text: LineText::new() },
            |decided, parts| {
                (decided.subject, decided.verdict) = parts;
                decided.text.clear();
            },
        ))
    }

    /// Returns the subject.
    pub fn subject(&self) -> &Subject {
        &self.0.subject
    }

    /// Returns the verdict.
    pub fn verdict(&self) -> Verdict {
        self.0.verdict
    }

    /// Returns the line of output with the text that `write` writes, which includes its line end.
    pub fn into_line(mut self, write: impl FnOnce(&Subject, Verdict, &mut LineText)) -> OutputLine {
        let Decided { subject, verdict, text } = &mut *self.0;
        write(subject, *verdict, text);
        OutputLine(self.0)
    }
}

impl OutputLine {
    /// Returns the verdict.
    pub fn verdict(&self) -> Verdict {
        self.0.verdict
    }

    /// Returns the line, with its line end.
    pub fn text(&self) -> &[u8] {
        &self.0.text
    }
}

impl Subject {
    /// Returns a line that cannot be adjudicated.
    pub fn bad_line(line: BadLine) -> Self {
        Self::BadLine(Recycled::new(line))
    }

    /// Returns the number of the input line, from 1.
    pub fn line_no(&self) -> u64 {
        match self {
            Self::Attempt(attempt) => attempt.attempt().line_no,
            Self::BadLine(line) => line.line_no,
        }
    }

    fn identity(&self, identity: &mut ShortText) -> bool {
        match self {
            Self::Attempt(attempt) => attempt.identity(identity),
            Self::BadLine(line) => line.id.identity(identity),
        }
    }

    fn pack(&self, to: &mut Vec<u8>) -> bool {
        match self {
            Self::Attempt(attempt) => {
                0_u8.encode(to);
                attempt.pack(to)
            }
            Self::BadLine(line) => {
                (1_u8, line.line_no).encode(to);
                line.id.pack(to);
                line.customer_id.pack(to);
                true
            }
        }
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        Some(match u8::decode(from)? {
            0 => Self::Attempt(Payload::unpack(from)?),
            1 => {
                let line_no = u64::decode(from)?;
                let (id, customer_id) = (EchoedId::unpack(from)?, EchoedId::unpack(from)?);
                Self::bad_line(BadLine { line_no, id, customer_id })
            }
            _ => return None,
        })
    }
}

impl Payload for Decision {
    fn identity(&self, identity: &mut ShortText) -> bool {
        self.subject().identity(identity)
    }

    fn digest(&self, content: &mut CanonicalContent) {
        match self.subject() {
            Subject::Attempt(attempt) => attempt.digest(content),
            Subject::BadLine(line) => {
                content.unsigned("line_no", line.line_no);
                line.id.digest("id", content);
                line.customer_id.digest("customer_id", content);
            }
        }
        self.verdict().digest(content);
    }

    fn prefetch(&self) {
        black_box(self.0.text.len());
        if let Subject::Attempt(attempt) = self.subject() {
            attempt.prefetch();
        }
    }

    fn always_packs() -> bool {
        true
    }

    fn pack(&self, to: &mut Vec<u8>) -> bool {
        let reason = self.verdict().reason();
        let code = reason.and_then(|reason| Reason::ALL.iter().position(|one| *one == reason));
        code.map_or(0, |code| code + 1).to_le_bytes()[0].encode(to);
        self.subject().pack(to)
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        let verdict = match u8::decode(from)?.checked_sub(1) {
            None => Verdict::Accepted,
            Some(code) => Verdict::Declined(*Reason::ALL.get(usize::from(code))?),
        };
        Some(Self::new(Subject::unpack(from)?, verdict))
    }
}

impl Payload for OutputLine {
    fn identity(&self, identity: &mut ShortText) -> bool {
        self.0.subject.identity(identity)
    }

    fn digest(&self, content: &mut CanonicalContent) {
        content.unsigned("line_no", self.0.subject.line_no());
        match &self.0.subject {
            Subject::Attempt(attempt) => attempt.attempt().id.with_text(|id| content.text("id", id)),
            Subject::BadLine(line) => line.id.digest("id", content),
        }
        self.verdict().digest(content);
        content.bytes("text", self.text());
    }
}

#[cfg(test)]
mod tests;
