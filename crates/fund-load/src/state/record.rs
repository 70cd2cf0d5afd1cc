//! The records of state, as bytes.
//!
//! ```text
//! 1  id, customer, cents u32, seconds i64, line                   the first attempt with an id, in a whole second
//! 2  day i32                                                      the latest day of all attempts
//! 3  customer, day i32, weekday u8, attempts u16, cents u32       what a customer has done on a day
//! 4  day i32, accepted u64                                        attempts accepted whose id is prime
//! 5  accepted u64, declined u64 by reason                         the tally
//! 6  id, customer, cents u128, seconds i64, nanos u32, line       as 1, where that is too narrow
//! 7  customer, day i32, weekday u8, attempts u64, cents u128      as 3, where that is too narrow
//! ```
//!
//! Numbers are little-endian; ids, customers and lines are u64. Every kind has one length, so that writing a record is a few moves: one
//! is written a line, or two.

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

/// The lengths of the records that there are many of.
pub(super) const ID_BYTES: usize = 37;
pub(super) const CUSTOMER_DAY_BYTES: usize = 20;

/// Hands the bytes of a record to `take`.
#[inline]
pub(super) fn with_bytes<T>(record: &StateRecord, take: impl FnOnce(&[u8]) -> T) -> T {
    match *record {
        StateRecord::Id(IdEntry::First { id, attempt }) => {
            let FirstAttempt { customer_id, amount, time: Moment { seconds, nanos }, line_no } = attempt;
            let ids = [id.place(), customer_id.place()].map(u64::to_le_bytes);
            let (seconds, line) = (seconds.to_le_bytes(), line_no.to_le_bytes());
            let [id, customer] = ids;
            match u32::try_from(amount.0) {
                Ok(cents) if nanos == 0 => {
                    let fields = Fields::<ID_BYTES>::of(ID).put(id).put(customer).put(cents.to_le_bytes());
                    take(&fields.put(seconds).put(line).all())
                }
                _ => {
                    let fields = Fields::<53>::of(WIDE_ID).put(id).put(customer).put(amount.0.to_le_bytes());
                    take(&fields.put(seconds).put(nanos.to_le_bytes()).put(line).all())
                }
            }
        }
        StateRecord::Id(IdEntry::LatestDay(day)) => {
            take(&Fields::<5>::of(LATEST_DAY).put(day.0.to_le_bytes()).all())
        }
        StateRecord::Window(WindowEntry::CustomerDay { customer_id, day, week, attempts, accepted }) => {
            let customer = customer_id.place().to_le_bytes();
            // Of the seven days of a week, so no byte but the lowest has anything in it.
            let [weekday, ..] = day.0.wrapping_sub(week.0).to_le_bytes();
            let day = day.0.to_le_bytes();
            if let (Ok(attempts), Ok(cents)) = (u16::try_from(attempts), u32::try_from(accepted.0)) {
                let fields = Fields::<CUSTOMER_DAY_BYTES>::of(CUSTOMER_DAY).put(customer).put(day);
                let counts = fields.put([weekday]).put(attempts.to_le_bytes()).put(cents.to_le_bytes());
                take(&counts.all())
            } else {
                let fields = Fields::<38>::of(WIDE_CUSTOMER_DAY).put(customer).put(day).put([weekday]);
                take(&fields.put(attempts.to_le_bytes()).put(accepted.0.to_le_bytes()).all())
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

/// Takes the first record from `bytes`, `None` if there is none that makes sense.
pub(super) fn read(bytes: &mut &[u8]) -> Option<StateRecord> {
    let [kind] = take(bytes)?;
    Some(match kind {
        ID | WIDE_ID => {
            let is_wide = kind == WIDE_ID;
            let (id, customer_id) = (read_id(bytes)?, read_id(bytes)?);
            let amount = read_cents(bytes, is_wide)?;
            let seconds = i64::from_le_bytes(take(bytes)?);
            let nanos = if is_wide { u32::from_le_bytes(take(bytes)?) } else { 0 };
            let (time, line_no) = (Moment { seconds, nanos }, u64::from_le_bytes(take(bytes)?));
            let attempt = FirstAttempt { customer_id, amount, time, line_no };
            StateRecord::Id(IdEntry::First { id, attempt })
        }
        LATEST_DAY => StateRecord::Id(IdEntry::LatestDay(read_day(bytes)?)),
        CUSTOMER_DAY | WIDE_CUSTOMER_DAY => {
            let is_wide = kind == WIDE_CUSTOMER_DAY;
            let (customer_id, day) = (read_id(bytes)?, read_day(bytes)?);
            let [weekday] = take(bytes).filter(|[weekday]| *weekday < 7)?;
            let week = Day(day.0.checked_sub(weekday.into())?);
            let attempts = if is_wide {
                u64::from_le_bytes(take(bytes)?)
            } else {
                u16::from_le_bytes(take(bytes)?).into()
            };
            let accepted = read_cents(bytes, is_wide)?;
            StateRecord::Window(WindowEntry::CustomerDay { customer_id, day, week, attempts, accepted })
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
    })
}

/// The fields of a record of `N` bytes, one after the other.
struct Fields<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Fields<N> {
    #[inline]
    fn of(kind: u8) -> Self {
        Self { bytes: [0; N], len: 0 }.put([kind])
    }

    #[inline]
    fn put<const M: usize>(mut self, field: [u8; M]) -> Self {
        self.bytes[self.len..self.len + M].copy_from_slice(&field);
        self.len += M;
        self
    }

    #[inline]
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

    #[test]
    fn what_is_cut_off_or_makes_no_sense_is_no_record() {
        for record in records() {
            let bytes = with_bytes(&record, <[u8]>::to_vec);
            for len in 0..bytes.len() {
                assert_eq!(read(&mut &bytes[..len]), None, "{record:?} cut to {len}");
            }
        }
        let no_such_id = [&[ID][..], &[0xff; 60]].concat();
        let day_of_another_week = [&[CUSTOMER_DAY][..], &[0; 12], &[7], &[0; 40]].concat();
        for bytes in [&[0][..], &[8; 200], &no_such_id, &day_of_another_week] {
            assert_eq!(read(&mut &bytes[..]), None, "{bytes:?}");
        }
    }
}
