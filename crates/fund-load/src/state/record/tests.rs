//! What is written is read back, and nothing else is.

use super::*;
use crate::domain::Verdict;

fn records() -> Vec<StateRecord> {
    let id = |text: &str| DigitId::parse(text).unwrap();
    let attempt = FirstAttempt {
        customer_id: id("9999999999999999999"),
        amount: Cents(u128::MAX),
        time: Moment { seconds: -62_135_596_800, nanos: 999_999_999 },
        line_no: u64::MAX,
    };
    let mut tally = Tally::default();
    tally.count(Verdict::Accepted);
    tally.count(Verdict::Declined(Reason::WeeklyAmountLimit));
    let usual =
        FirstAttempt { amount: Cents(u32::MAX.into()), time: Moment { seconds: -1, nanos: 0 }, ..attempt };
    let too_much = Cents(u128::from(u32::MAX) + 1);
    let day = |attempts, accepted| {
        let (customer_id, day, week) = (id("007"), Day(6), Day(0));
        StateRecord::Window(WindowEntry::CustomerDay { customer_id, day, week, attempts, accepted })
    };
    vec![
        StateRecord::Id(IdEntry::First { id: id("0"), attempt }),
        StateRecord::Id(IdEntry::First { id: id("1"), attempt: usual }),
        StateRecord::Id(IdEntry::First { id: id("2"), attempt: FirstAttempt { amount: too_much, ..usual } }),
        StateRecord::Id(IdEntry::First {
            id: id("3"),
            attempt: FirstAttempt { time: attempt.time, ..usual },
        }),
        day(u16::MAX.into(), Cents(u32::MAX.into())),
        day(u64::from(u16::MAX) + 1, Cents(7)),
        day(7, too_much),
        StateRecord::Id(IdEntry::LatestDay(Day(-719_162))),
        day(u64::MAX, Cents(u128::MAX)),
        StateRecord::Window(WindowEntry::PrimeDay { day: Day(i32::MAX), accepted: 3 }),
        StateRecord::Tally(tally),
    ]
}

/// Returns what the bytes say.
fn read_all(mut bytes: &[u8]) -> Vec<StateRecord> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        read(&mut bytes, |record| found.push(record)).unwrap();
    }
    found
}

#[test]
fn records_come_back_as_they_were_one_after_the_other() {
    let mut bytes = Vec::new();
    for record in records() {
        with_bytes(&record, |record| bytes.extend_from_slice(record));
    }
    assert_eq!(read_all(&bytes), records());
}

/// Up to these bounds an attempt has the short record; one beyond, it must come back all the same.
#[test]
fn a_record_is_as_long_as_what_it_says_needs() {
    let usual = FirstAttempt {
        customer_id: DigitId::parse("007").unwrap(),
        amount: Cents(1),
        time: Moment { seconds: 0, nanos: 0 },
        line_no: 1,
    };
    let second = |seconds| FirstAttempt { time: Moment { seconds, nanos: 0 }, ..usual };
    let cents = |cents| FirstAttempt { amount: Cents(cents), ..usual };
    let line = |line_no| FirstAttempt { line_no, ..usual };
    let nanos = |nanos| FirstAttempt { time: Moment { seconds: 0, nanos }, ..usual };
    let (most_cents, most_seconds, most_lines) = (u128::from(u32::MAX), (1 << 39) - 1, (1 << 40) - 1);
    for (attempt, bytes) in [
        (cents(most_cents), ID_BYTES),
        (cents(most_cents + 1), 53),
        (second(most_seconds), ID_BYTES),
        (second(most_seconds + 1), 53),
        (second(-most_seconds - 1), ID_BYTES),
        (second(-most_seconds - 2), 53),
        (line(most_lines), ID_BYTES),
        (line(most_lines + 1), 53),
        (nanos(1), 53),
    ] {
        let record = StateRecord::Id(IdEntry::First { id: usual.customer_id, attempt });
        let written = with_bytes(&record, <[u8]>::to_vec);
        assert_eq!((written.len(), read_all(&written)), (bytes, vec![record]));
        assert_eq!(FirstRecord::new(usual.customer_id, &attempt).is_some(), bytes == ID_BYTES);
    }
}

#[test]
fn an_attempt_and_its_customer_s_day_come_back_from_one_record() {
    let id = DigitId::parse("12").unwrap();
    let attempt = FirstAttempt {
        customer_id: DigitId::parse("9999999999999999999").unwrap(),
        amount: Cents(250),
        time: Moment { seconds: -1, nanos: 0 },
        line_no: 7,
    };
    let (day, week) = (Day(-1), Day(-4));
    let record = FirstRecord::new(id, &attempt).unwrap();
    let (attempts, accepted) = (u64::from(u16::MAX), Cents(u32::MAX.into()));
    let counts = NarrowCounts::new(day, week, attempts, accepted).unwrap();
    let mut bytes = [0; COUNTED_BYTES];
    record.write_uncounted(&mut bytes);
    let first = StateRecord::Id(IdEntry::First { id, attempt });
    assert_eq!(read_all(&bytes), std::slice::from_ref(&first), "nothing is counted yet");
    counts.add_to(&mut bytes);
    let customer_id = attempt.customer_id;
    let window = WindowEntry::CustomerDay { customer_id, day, week, attempts, accepted };
    assert_eq!(read_all(&bytes), [first, StateRecord::Window(window)]);
    for len in 0..bytes.len() {
        let mut found = 0;
        assert_eq!(read(&mut &bytes[..len], |_| found += 1), None, "cut to {len}");
        assert_eq!(found, 0, "cut to {len}, and something is taken in");
    }
    assert!(NarrowCounts::new(day, week, attempts + 1, accepted).is_none());
    assert!(NarrowCounts::new(day, week, attempts, Cents(accepted.0 + 1)).is_none());
}

#[test]
fn what_is_cut_off_or_makes_no_sense_is_no_record() {
    for record in records() {
        let bytes = with_bytes(&record, <[u8]>::to_vec);
        for len in 0..bytes.len() {
            assert_eq!(read(&mut &bytes[..len], drop), None, "{record:?} cut to {len}");
        }
    }
    let no_such_id = [&[ID][..], &[0xff; 60]].concat();
    let day_of_another_week = [&[CUSTOMER_DAY][..], &[0; 12], &[7], &[0; 40]].concat();
    let counted_in_another_week = [&[COUNTED][..], &[0; 30], &[7], &[0; 40]].concat();
    for bytes in [&[0][..], &[9; 200], &no_such_id, &day_of_another_week, &counted_in_another_week] {
        assert_eq!(read(&mut &bytes[..], drop), None, "{bytes:?}");
    }
}
