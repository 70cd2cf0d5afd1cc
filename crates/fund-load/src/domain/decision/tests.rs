use super::super::{Attempt, Cents, Day, Features, Idempotency, LoadAttempt, Moment, Multiplier};
use super::*;

fn id(text: &str) -> DigitId {
    DigitId::parse(text).unwrap_or_else(|| panic!("{text} is an id"))
}

fn subjects() -> Vec<Subject> {
    let time = Moment { seconds: -1, nanos: 999_999_999 };
    let attempt = Attempt { line_no: 7, id: id("007"), customer_id: id("528"), amount: Cents(123), time };
    let features = Features {
        is_monday: true,
        is_prime: false,
        effective_amount: Cents(246),
        limit_divisor: Multiplier::ONE,
    };
    let attempt = LoadAttempt::new(attempt).with_keys(Day(-1), Day(-4));
    let attempt = attempt.classified(Idempotency::Replay, 3).enriched(features);
    let echoed = [EchoedId::Digits(id("0")), EchoedId::Text("ä b".into()), EchoedId::Unreadable];
    let bad = echoed.map(|echoed| {
        let customer_id = EchoedId::Text("".into());
        Subject::bad_line(BadLine { line_no: u64::MAX, id: echoed, customer_id })
    });
    std::iter::once(Subject::Attempt(attempt)).chain(bad).collect()
}

/// Another worker gets the same decision, and none from truncated bytes.
#[test]
fn packing_a_decision_round_trips() {
    let verdicts = Reason::ALL.map(Verdict::Declined).into_iter().chain([Verdict::Accepted]);
    for verdict in verdicts {
        for subject in subjects() {
            let decision = Decision::new(subject, verdict);
            let mut bytes = Vec::new();
            assert!(decision.pack(&mut bytes));
            for len in 0..bytes.len() {
                assert_eq!(Decision::unpack(&mut &bytes[..len]), None, "{decision:?} cut at {len}");
            }
            bytes.push(0xee);
            let mut rest = bytes.as_slice();
            assert_eq!(Decision::unpack(&mut rest), Some(decision));
            assert_eq!(rest, [0xee]);
        }
    }
}

#[test]
fn unknown_reasons_and_subjects_are_rejected() {
    let mut bytes = Vec::new();
    assert!(Decision::new(subjects().remove(0), Verdict::Accepted).pack(&mut bytes));
    for (at, none) in [(0, 12), (1, 2)] {
        let mut wrong = bytes.clone();
        wrong[at] = none;
        assert_eq!(Decision::unpack(&mut wrong.as_slice()), None);
    }
}
