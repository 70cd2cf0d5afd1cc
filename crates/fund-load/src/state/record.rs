//! The records of state, as bytes.
//!
//! ```text
//! 1  id, customer, amount in cents, seconds, nanoseconds, line     the first attempt with an id
//! 2  day                                                           the latest day of all attempts
//! 3  customer, day, weekday, attempts, accepted cents              what a customer has done on a day
//! 4  day, accepted                                                 attempts accepted whose id is prime
//! 5  accepted, declined by reason                                  the tally
//! ```
//!
//! Numbers are little-endian and have fixed lengths: one is written a line, or two, in a tenth of the time that a library takes to
//! find the shortest form.

use super::StateRecord;
use crate::domain::{Cents, Day, DigitId, Moment, Reason};
use crate::stores::{FirstAttempt, IdEntry, WindowEntry};
use crate::tally::Tally;

/// The length of the longest record.
const MAX_BYTES: usize = 1 + 8 * (1 + Reason::ALL.len());

const ID: u8 = 1;
const LATEST_DAY: u8 = 2;
const CUSTOMER_DAY: u8 = 3;
const PRIME_DAY: u8 = 4;
const TALLY: u8 = 5;

/// Hands the bytes of a record to `take`.
pub(super) fn with_bytes<T>(record: &StateRecord, take: impl FnOnce(&[u8]) -> T) -> T {
    let mut writer = Writer { bytes: [0; MAX_BYTES], len: 0 };
    match record {
        StateRecord::Id(IdEntry::First { id, attempt }) => {
            let FirstAttempt { customer_id, amount, time, line_no } = attempt;
            writer.put([ID]);
            writer.put(id.place().to_le_bytes());
            writer.put(customer_id.place().to_le_bytes());
            writer.put(amount.0.to_le_bytes());
            writer.put(time.seconds.to_le_bytes());
            writer.put(time.nanos.to_le_bytes());
            writer.put(line_no.to_le_bytes());
        }
        StateRecord::Id(IdEntry::LatestDay(day)) => {
            writer.put([LATEST_DAY]);
            writer.put(day.0.to_le_bytes());
        }
        StateRecord::Window(WindowEntry::CustomerDay { customer_id, day, week, attempts, accepted }) => {
            writer.put([CUSTOMER_DAY]);
            writer.put(customer_id.place().to_le_bytes());
            writer.put(day.0.to_le_bytes());
            writer.put(week.0.to_le_bytes());
            writer.put(attempts.to_le_bytes());
            writer.put(accepted.0.to_le_bytes());
        }
        StateRecord::Window(WindowEntry::PrimeDay { day, accepted }) => {
            writer.put([PRIME_DAY]);
            writer.put(day.0.to_le_bytes());
            writer.put(accepted.to_le_bytes());
        }
        StateRecord::Tally(tally) => {
            writer.put([TALLY]);
            writer.put(tally.accepted.to_le_bytes());
            for count in tally.declined {
                writer.put(count.to_le_bytes());
            }
        }
    }
    take(&writer.bytes[..writer.len])
}

/// Takes the first record from `bytes`, `None` if there is none that makes sense.
pub(super) fn read(bytes: &mut &[u8]) -> Option<StateRecord> {
    let [kind] = take(bytes)?;
    Some(match kind {
        ID => StateRecord::Id(IdEntry::First {
            id: read_id(bytes)?,
            attempt: FirstAttempt {
                customer_id: read_id(bytes)?,
                amount: Cents(u128::from_le_bytes(take(bytes)?)),
                time: Moment {
                    seconds: i64::from_le_bytes(take(bytes)?),
                    nanos: u32::from_le_bytes(take(bytes)?),
                },
                line_no: u64::from_le_bytes(take(bytes)?),
            },
        }),
        LATEST_DAY => StateRecord::Id(IdEntry::LatestDay(read_day(bytes)?)),
        CUSTOMER_DAY => {
            let customer_id = read_id(bytes)?;
            let (day, week) = (read_day(bytes)?, read_day(bytes)?);
            if !(0..7).contains(&i64::from(day.0).checked_sub(week.0.into())?) {
                return None;
            }
            let attempts = u64::from_le_bytes(take(bytes)?);
            let accepted = Cents(u128::from_le_bytes(take(bytes)?));
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

struct Writer {
    bytes: [u8; MAX_BYTES],
    len: usize,
}

impl Writer {
    #[inline]
    fn put<const N: usize>(&mut self, field: [u8; N]) {
        self.bytes[self.len..self.len + N].copy_from_slice(&field);
        self.len += N;
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
        vec![
            StateRecord::Id(IdEntry::First { id: id("0"), attempt }),
            StateRecord::Id(IdEntry::LatestDay(Day(-719_162))),
            StateRecord::Window(WindowEntry::CustomerDay {
                customer_id: id("007"),
                day: Day(6),
                week: Day(0),
                attempts: u64::MAX,
                accepted: Cents(7),
            }),
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
        let day_of_another_week = [&[CUSTOMER_DAY][..], &[0; 8], &[7, 0, 0, 0], &[0; 40]].concat();
        for bytes in [&[0][..], &[6; 200], &no_such_id, &day_of_another_week] {
            assert_eq!(read(&mut &bytes[..]), None, "{bytes:?}");
        }
    }
}
