//! A message of every kind: from a good line, a bad one and one that is too long.

use fund_load::domain::{
    Attempt, AttemptWithKeys, BadLine, Cents, Day, Decision, DigitId, EchoedId, EnrichedAttempt, Features,
    Idempotency, IdempotencyClassifiedAttempt, LoadAttempt, Moment, Multiplier, OutputLine, Reason, Subject,
    Verdict,
};
use stream_kernel_run::{LineContent, RawLine};

/// Line 1: under `exp_mp` an attempt of a prime id on a Monday.
pub(crate) const GOOD_LINE: &str =
    r#"{"id":"17","customer_id":"007","load_amount":"$1234.50","time":"2000-01-03T01:02:03.5Z"}"#;

/// Line 2: its customer cannot be read.
pub(crate) const BAD_LINE: &str = r#"{"id":"12-00","customer_id":null}"#;

/// The SHA-256 of line 3, which is 200 times `x`.
pub(crate) const SHA256_OF_OVERLONG: [u8; 32] = [
    0xaa, 0x20, 0xc2, 0x3e, 0x32, 0x01, 0x83, 0x40, 0x50, 0x67, 0x9e, 0x1d, 0x88, 0x94, 0x1b, 0x9a, 0x6f,
    0xed, 0x05, 0x57, 0xc9, 0xa7, 0x05, 0xcb, 0x2c, 0x31, 0x5e, 0x2e, 0x63, 0xfd, 0x48, 0x6d,
];

pub(crate) fn raw_line() -> RawLine {
    RawLine::new(1, LineContent::Whole(GOOD_LINE.as_bytes().into()))
}

pub(crate) fn overlong_line() -> RawLine {
    RawLine::new(3, LineContent::Overlong { bytes: 200, sha256: SHA256_OF_OVERLONG })
}

pub(crate) fn load_attempt() -> LoadAttempt {
    LoadAttempt::new(attempt())
}

pub(crate) fn attempt() -> Attempt {
    let time = Moment { seconds: 946_861_323, nanos: 500_000_000 };
    Attempt { line_no: 1, id: id("17"), customer_id: id("007"), amount: Cents(123_450), time }
}

pub(crate) fn keyed() -> AttemptWithKeys {
    load_attempt().with_keys(Day(10_959), Day(10_959))
}

pub(crate) fn classified() -> IdempotencyClassifiedAttempt {
    keyed().classified(Idempotency::Canonical, 1)
}

pub(crate) fn enriched() -> EnrichedAttempt {
    classified().enriched(features())
}

pub(crate) fn features() -> Features {
    Features {
        is_monday: true,
        is_prime: true,
        effective_amount: Cents(246_900),
        limit_divisor: Multiplier::ONE,
    }
}

pub(crate) fn accepted() -> Decision {
    Decision::new(Subject::Attempt(enriched()), Verdict::Accepted)
}

pub(crate) fn declined_bad_line() -> Decision {
    declined(EchoedId::Text("12-00".into()), EchoedId::Unreadable)
}

pub(crate) fn declined(id: EchoedId, customer_id: EchoedId) -> Decision {
    let line = BadLine { line_no: 2, id, customer_id };
    let verdict = Verdict::Declined(Reason::InputParseError);
    Decision::new(Subject::bad_line(line), verdict)
}

pub(crate) fn output_line() -> OutputLine {
    let text = b"{\"id\":\"17\",\"customer_id\":\"007\",\"accepted\":true}\n";
    accepted().into_line(|_, _, line| line.extend_from_slice(text))
}

pub(crate) fn id(digits: &str) -> DigitId {
    DigitId::parse(digits).unwrap()
}
