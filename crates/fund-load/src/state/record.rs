//! The records of state, as bytes.
//!
//! ```text
//! 1  id, customer, cents u32, seconds i40, line u40               the first attempt with an id, in a whole second
//! 2  day i32                                                      the latest day of all attempts
//! 3  customer, day i32, weekday u8, attempts u16, cents u32       what a customer has done on a day
//! 4  day i32, accepted u64                                        attempts accepted whose id is prime
//! 5  accepted u64, declined u64 by reason                         the tally
//! 6  id, customer, cents u128, seconds i64, nanos u32, line u64   as 1, where that is too narrow
//! 7  customer, day i32, weekday u8, attempts u64, cents u128      as 3, where that is too narrow
//! 8  as 1, then weekday u8, attempts u16, cents u32               as 1, and as 3 for its customer and its day
//! ```
//!
//! Numbers are little-endian; ids and customers are u64. Every kind has one length, so that writing a record is a few moves: one
//! is written a line, mostly of the last kind.

use super::StateRecord;
use crate::domain::{Cents, Day, DigitId, Moment, Reason};
use crate::stores::{FirstAttempt, IdEntry, WindowEntry};
use crate::tally::Tally;

const ID: u8 = 1;
const LATEST_DAY: u8 = 2;
const CUSTOMER_DAY: u8 = 3;
const PRIME_DAY: u8 = 4;
const TALLY: u8 = 5;
const WIDE_ID: u8 = 6;
const WIDE_CUSTOMER_DAY: u8 = 7;
const COUNTED: u8 = 8;

/// The lengths of the records that there are many of.
pub(super) const ID_BYTES: usize = 31;
pub(super) const CUSTOMER_DAY_BYTES: usize = 20;
const COUNTS_BYTES: usize = 7;
const COUNTED_BYTES: usize = ID_BYTES + COUNTS_BYTES;

/// Hands the bytes of a record to `take`.
pub(super) fn with_bytes<T>(record: &StateRecord, take: impl FnOnce(&[u8]) -> T) -> T {
    match *record {
        StateRecord::Id(IdEntry::First { id, attempt }) => {
            if let Some(record) = FirstRecord::new(id, &attempt) {
                let mut bytes = [0; ID_BYTES];
                record.write(&mut bytes);
                return take(&bytes);
            }
            let FirstAttempt { customer_id, amount, time: Moment { seconds, nanos }, line_no } = attempt;
            let fields = Fields::<53>::of(WIDE_ID).put_id(id).put_id(customer_id);
            let fields = fields.put(amount.0.to_le_bytes()).put(seconds.to_le_bytes());
            take(&fields.put(nanos.to_le_bytes()).put(line_no.to_le_bytes()).all())
        }
        StateRecord::Id(IdEntry::LatestDay(day)) => {
            take(&Fields::<5>::of(LATEST_DAY).put(day.0.to_le_bytes()).all())
        }
        StateRecord::Window(WindowEntry::CustomerDay { customer_id, day, week, attempts, accepted }) => {
            let day_bytes = day.0.to_le_bytes();
            if let Some(counts) = NarrowCounts::new(day, week, attempts, accepted) {
                let fields = Fields::<CUSTOMER_DAY_BYTES>::of(CUSTOMER_DAY).put_id(customer_id);
                let mut bytes = [0; COUNTS_BYTES];
                counts.write(&mut bytes);
                take(&fields.put(day_bytes).put(bytes).all())
            } else {
                let fields = Fields::<38>::of(WIDE_CUSTOMER_DAY).put_id(customer_id).put(day_bytes);
                let fields = fields.put([weekday(day, week)]).put(attempts.to_le_bytes());
                take(&fields.put(accepted.0.to_le_bytes()).all())
            }
        }
        StateRecord::Window(WindowEntry::PrimeDay { day, accepted }) => {
            let fields = Fields::<13>::of(PRIME_DAY);
            take(&fields.put(day.0.to_le_bytes()).put(accepted.to_le_bytes()).all())
        }
        StateRecord::Tally(Tally { accepted, declined }) => {
            const BYTES: usize = 1 + 8 * (1 + Reason::ALL.len());
            let fields = Fields::<BYTES>::of(TALLY).put(accepted.to_le_bytes());
            take(&declined.into_iter().fold(fields, |fields, count| fields.put(count.to_le_bytes())).all())
        }
    }
}

/// The record of the first attempt with an id, which can tell also what its customer has done on its day: one is written a line.
#[derive(Debug)]
pub(super) struct FirstRecord {
    id: DigitId,
    customer_id: DigitId,
    cents: u32,
    seconds: i64,
    line_no: u64,
    day: Day,
}

/// What a customer has done on a day, as long as there is room for it in a record.
#[derive(Debug)]
pub(super) struct NarrowCounts {
    weekday: u8,
    attempts: u16,
    cents: u32,
}

impl FirstRecord {
    /// Returns the record, `None` if it would be too narrow.
    #[inline]
    pub(super) fn new(id: DigitId, attempt: &FirstAttempt) -> Option<Self> {
        let FirstAttempt { customer_id, amount, time: Moment { seconds, nanos }, line_no } = *attempt;
        let cents = u32::try_from(amount.0).ok()?;
        let is_narrow = nanos == 0 && seconds << 24 >> 24 == seconds && line_no >> 40 == 0;
        is_narrow.then(|| Self { id, customer_id, cents, seconds, line_no, day: attempt.time.day() })
    }

    /// Returns whether that is the attempt's customer, and its day.
    #[inline]
    pub(super) fn is_of(&self, customer_id: DigitId, day: Day) -> bool {
        self.customer_id == customer_id && self.day == day
    }

    /// Writes it.
    #[inline]
    pub(super) fn write(&self, bytes: &mut [u8; ID_BYTES]) {
        bytes[0] = ID;
        bytes[1..9].copy_from_slice(&self.id.place().to_le_bytes());
        bytes[9..17].copy_from_slice(&self.customer_id.place().to_le_bytes());
        bytes[17..21].copy_from_slice(&self.cents.to_le_bytes());
        bytes[21..26].copy_from_slice(&self.seconds.to_le_bytes()[..5]);
        bytes[26..ID_BYTES].copy_from_slice(&self.line_no.to_le_bytes()[..5]);
    }

    /// Writes it, with what its customer has done on its day.
    #[inline]
    pub(super) fn write_counted(&self, counts: &NarrowCounts, bytes: &mut [u8; COUNTED_BYTES]) {
        if let Some(first) = bytes.first_chunk_mut() {
            self.write(first);
        }
        bytes[0] = COUNTED;
        counts.write(&mut bytes[ID_BYTES..]);
    }
}

impl NarrowCounts {
    /// Returns them, `None` if they are too large.
    #[inline]
    pub(super) fn new(day: Day, week: Day, attempts: u64, accepted: Cents) -> Option<Self> {
        let (attempts, cents) = (attempts.try_into().ok()?, accepted.0.try_into().ok()?);
        Some(Self { weekday: weekday(day, week), attempts, cents })
    }

    #[inline]
    fn write(&self, bytes: &mut [u8]) {
        bytes[0] = self.weekday;
        bytes[1..3].copy_from_slice(&self.attempts.to_le_bytes());
        bytes[3..COUNTS_BYTES].copy_from_slice(&self.cents.to_le_bytes());
    }
}

/// Returns which day of its week it is.
#[inline]
fn weekday(day: Day, week: Day) -> u8 {
    // Of the seven days of a week, so no byte but the lowest has anything in it.
    let [weekday, ..] = day.0.wrapping_sub(week.0).to_le_bytes();
    weekday
}

/// Takes the first record from `bytes` and hands out what it says, one thing or two; `None` if there is no record that makes sense.
pub(super) fn read(bytes: &mut &[u8], mut hand_out: impl FnMut(StateRecord)) -> Option<()> {
    let [kind] = take(bytes)?;
    let record = match kind {
        ID | WIDE_ID => {
            let (id, attempt) = read_first(bytes, kind == WIDE_ID)?;
            StateRecord::Id(IdEntry::First { id, attempt })
        }
        COUNTED => {
            let (id, attempt) = read_first(bytes, false)?;
            let day = read_customer_day(bytes, attempt.customer_id, attempt.time.day(), false)?;
            hand_out(StateRecord::Id(IdEntry::First { id, attempt }));
            day
        }
        LATEST_DAY => StateRecord::Id(IdEntry::LatestDay(read_day(bytes)?)),
        CUSTOMER_DAY | WIDE_CUSTOMER_DAY => {
            let (customer_id, day) = (read_id(bytes)?, read_day(bytes)?);
            read_customer_day(bytes, customer_id, day, kind == WIDE_CUSTOMER_DAY)?
        }
        PRIME_DAY => {
            let day = read_day(bytes)?;
            StateRecord::Window(WindowEntry::PrimeDay { day, accepted: u64::from_le_bytes(take(bytes)?) })
        }
        TALLY => {
            let mut tally = Tally { accepted: u64::from_le_bytes(take(bytes)?), ..Tally::default() };
            for count in &mut tally.declined {
                *count = u64::from_le_bytes(take(bytes)?);
            }
            StateRecord::Tally(tally)
        }
        _ => return None,
    };
    hand_out(record);
    Some(())
}

fn read_first(bytes: &mut &[u8], is_wide: bool) -> Option<(DigitId, FirstAttempt)> {
    let (id, customer_id) = (read_id(bytes)?, read_id(bytes)?);
    let amount = read_cents(bytes, is_wide)?;
    let (time, line_no) = if is_wide {
        let (seconds, nanos) = (i64::from_le_bytes(take(bytes)?), u32::from_le_bytes(take(bytes)?));
        (Moment { seconds, nanos }, u64::from_le_bytes(take(bytes)?))
    } else {
        let [seconds, line_no] = [read_five_bytes(bytes)?, read_five_bytes(bytes)?];
        // The first of its bits is its sign.
        (Moment { seconds: seconds.cast_signed() << 24 >> 24, nanos: 0 }, line_no)
    };
    Some((id, FirstAttempt { customer_id, amount, time, line_no }))
}

/// Takes what a customer has done on a day.
fn read_customer_day(
    bytes: &mut &[u8],
    customer_id: DigitId,
    day: Day,
    is_wide: bool,
) -> Option<StateRecord> {
    let [weekday] = take(bytes).filter(|[weekday]| *weekday < 7)?;
    let week = Day(day.0.checked_sub(weekday.into())?);
    let attempts =
        if is_wide { u64::from_le_bytes(take(bytes)?) } else { u16::from_le_bytes(take(bytes)?).into() };
    let accepted = read_cents(bytes, is_wide)?;
    Some(StateRecord::Window(WindowEntry::CustomerDay { customer_id, day, week, attempts, accepted }))
}

/// The fields of a record of `N` bytes, one after the other.
struct Fields<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Fields<N> {
    fn of(kind: u8) -> Self {
        Self { bytes: [0; N], len: 0 }.put([kind])
    }

    fn put<const M: usize>(mut self, field: [u8; M]) -> Self {
        self.bytes[self.len..self.len + M].copy_from_slice(&field);
        self.len += M;
        self
    }

    fn put_id(self, id: DigitId) -> Self {
        self.put(id.place().to_le_bytes())
    }

    fn all(self) -> [u8; N] {
        debug_assert_eq!(self.len, N, "the record has this length");
        self.bytes
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (field, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*field)
}

fn read_id(bytes: &mut &[u8]) -> Option<DigitId> {
    DigitId::at_place(u64::from_le_bytes(take(bytes)?))
}

fn read_five_bytes(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = [0; 8];
    number[..5].copy_from_slice(&take::<5>(bytes)?);
    Some(u64::from_le_bytes(number))
}

fn read_day(bytes: &mut &[u8]) -> Option<Day> {
    take(bytes).map(i32::from_le_bytes).map(Day)
}

fn read_cents(bytes: &mut &[u8], is_wide: bool) -> Option<Cents> {
    Some(Cents(if is_wide {
        u128::from_le_bytes(take(bytes)?)
    } else {
        u32::from_le_bytes(take(bytes)?).into()
    }))
}

#[cfg(test)]
mod tests {
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
        let usual = FirstAttempt {
            amount: Cents(u32::MAX.into()),
            time: Moment { seconds: -1, nanos: 0 },
            ..attempt
        };
        let too_much = Cents(u128::from(u32::MAX) + 1);
        let day = |attempts, accepted| {
            let (customer_id, day, week) = (id("007"), Day(6), Day(0));
            StateRecord::Window(WindowEntry::CustomerDay { customer_id, day, week, attempts, accepted })
        };
        vec![
            StateRecord::Id(IdEntry::First { id: id("0"), attempt }),
            StateRecord::Id(IdEntry::First { id: id("1"), attempt: usual }),
            StateRecord::Id(IdEntry::First {
                id: id("2"),
                attempt: FirstAttempt { amount: too_much, ..usual },
            }),
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
        assert!(record.is_of(attempt.customer_id, day));
        assert!(!record.is_of(id, day) && !record.is_of(attempt.customer_id, Day(0)));
        let (attempts, accepted) = (u64::from(u16::MAX), Cents(u32::MAX.into()));
        let counts = NarrowCounts::new(day, week, attempts, accepted).unwrap();
        let mut bytes = [0; COUNTED_BYTES];
        record.write_counted(&counts, &mut bytes);
        let customer_id = attempt.customer_id;
        let window = WindowEntry::CustomerDay { customer_id, day, week, attempts, accepted };
        let first = StateRecord::Id(IdEntry::First { id, attempt });
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
}
