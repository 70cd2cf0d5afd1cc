//! What is written is read back, and nothing else is.

use super::*;
use crate::domain::Verdict;

fn id(text: &str) -> DigitId {
    DigitId::parse(text).unwrap()
}

fn records() -> Vec<StateRecord> {
    let attempt = FirstAttempt {
        customer_id: id("9999999999999999999"),
        amount: Cents(u128::MAX),
        time: Moment { seconds: -62_135_596_800, nanos: 999_999_999 },
        line_no: u64::MAX,
    };
    let mut tally = Tally::default();
    tally.count(Verdict::Accepted);
    tally.count(Verdict::Declined(Reason::WeeklyAmountLimit));
    vec![
        StateRecord::Id(IdEntry::First { id: id("0"), attempt }),
        first(FirstAttempt {
            amount: Cents(7),
            time: Moment { seconds: -1, nanos: 0 },
            line_no: 3,
            ..attempt
        }),
        day(7, Cents(250)),
        StateRecord::Id(IdEntry::LatestDay(Day(-719_162))),
        day(u64::MAX, Cents(u128::MAX)),
        StateRecord::Window(WindowEntry::PrimeDay { day: Day(i32::MAX), accepted: 3 }),
        StateRecord::Tally(tally),
        StateRecord::Position(Reached { line_no: 1 << 40, bytes: u64::MAX }),
        StateRecord::Lines((0..16).filter_map(Effects::of_byte).collect()),
        StateRecord::Lines(vec![Effects::LOOKED_UP; MAX_LINES]),
    ]
}

fn first(attempt: FirstAttempt) -> StateRecord {
    StateRecord::Id(IdEntry::First { id: id("1"), attempt })
}

fn day(attempts: u64, accepted: Cents) -> StateRecord {
    let (customer_id, day, week) = (id("007"), Day(6), Day(0));
    StateRecord::Window(WindowEntry::CustomerDay { customer_id, day, week, attempts, accepted })
}

#[test]
fn records_come_back_as_they_were_one_after_the_other() {
    let mut bytes = Vec::new();
    for record in records() {
        with_bytes(&record, |record| bytes.extend_from_slice(record));
    }
    let mut rest = &bytes[..];
    for record in records() {
        assert_eq!(read(&mut rest), Some(record));
    }
    assert!(rest.is_empty());
}

/// Up to these bounds there is a short record; one beyond, what it says must come back all the same.
#[test]
fn a_record_is_as_long_as_what_it_says_needs() {
    let usual = FirstAttempt {
        customer_id: id("007"),
        amount: Cents(1),
        time: Moment { seconds: 0, nanos: 0 },
        line_no: 1,
    };
    let second = |seconds| first(FirstAttempt { time: Moment { seconds, nanos: 0 }, ..usual });
    let cents = |cents| first(FirstAttempt { amount: Cents(cents), ..usual });
    let line = |line_no| first(FirstAttempt { line_no, ..usual });
    let nanos = |nanos| first(FirstAttempt { time: Moment { seconds: 0, nanos }, ..usual });
    let (most_cents, most_seconds, most_lines) = (u128::from(u32::MAX), (1 << 39) - 1, (1 << 40) - 1);
    let most_attempts = u64::from(u16::MAX);
    for (record, bytes) in [
        (cents(most_cents), ID_BYTES),
        (cents(most_cents + 1), 53),
        (second(most_seconds), ID_BYTES),
        (second(most_seconds + 1), 53),
        (second(-most_seconds - 1), ID_BYTES),
        (second(-most_seconds - 2), 53),
        (line(most_lines), ID_BYTES),
        (line(most_lines + 1), 53),
        (nanos(1), 53),
        (day(most_attempts, Cents(most_cents)), CUSTOMER_DAY_BYTES),
        (day(most_attempts + 1, Cents(7)), 38),
        (day(7, Cents(most_cents + 1)), 38),
    ] {
        let written = with_bytes(&record, <[u8]>::to_vec);
        assert_eq!(written.len(), bytes, "{record:?}");
        assert_eq!(read(&mut &written[..]), Some(record));
    }
}

#[test]
fn what_is_cut_off_or_makes_no_sense_is_no_record() {
    for record in records() {
        let bytes = with_bytes(&record, <[u8]>::to_vec);
        for len in (0..bytes.len()).take(100).chain([bytes.len() - 1]) {
            assert_eq!(read(&mut &bytes[..len]), None, "{record:?} cut to {len}");
        }
    }
    let no_such_id = [&[ID][..], &[0xff; 60]].concat();
    let day_of_another_week = [&[CUSTOMER_DAY][..], &[0; 12], &[7], &[0; 40]].concat();
    let done_by_no_line = [LINES, 2, 0, 7, 2];
    let lines_without_bytes = [&[POSITION, 2][..], &[0; 7], &[1], &[0; 7]].concat();
    let of_another_time = [8; 200];
    for bytes in [
        &[0][..],
        &of_another_time,
        &[11; 200],
        &no_such_id,
        &day_of_another_week,
        &done_by_no_line,
        &lines_without_bytes,
    ] {
        assert_eq!(read(&mut &bytes[..]), None, "{bytes:?}");
    }
}
