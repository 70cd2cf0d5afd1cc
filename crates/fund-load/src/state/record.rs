//! The records of state, as bytes.
//!
//! ```text
//! 1   id, customer, cents u32, seconds i40, line u40               the first attempt with an id, in a whole second
//! 2   day i32                                                      the latest day of all attempts, if ids are forgotten by it
//! 3   customer, day i32, weekday u8, attempts u16, cents u32       what a customer has done on a day
//! 4   day i32, accepted u64                                        attempts accepted whose id is prime
//! 5   accepted u64, declined u64 by reason                         the tally
//! 6   id, customer, cents u128, seconds i64, nanos u32, line u64   as 1, where that is too narrow
//! 7   customer, day i32, weekday u8, attempts u64, cents u128      as 3, where that is too narrow
//! 9   line u64, bytes u64                                          up to where the input was read when the next lines began
//! 10  lines u16, a byte for each                                   what the next lines did (see `effects`)
//! ```
//!
//! Numbers are little-endian; ids and customers are u64. The state as a whole is in records 1 to 7, what has changed in 9 and 10, with a tally.
//! There was a record 8.

use stream_kernel_run::Reached;

use super::StateRecord;
use super::effects::Effects;
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
const POSITION: u8 = 9;
const LINES: u8 = 10;

/// The lengths of the records that there are many of.
pub(super) const ID_BYTES: usize = 31;
pub(super) const CUSTOMER_DAY_BYTES: usize = 20;

/// The greatest number of lines that a record tells of: as many as its number has room for.
pub(super) const MAX_LINES: usize = u16::MAX as usize;

/// Hands the bytes of a record to `take`; of lines, no more than [`MAX_LINES`].
pub(super) fn with_bytes<T>(record: &StateRecord, take: impl FnOnce(&[u8]) -> T) -> T {
    match *record {
        StateRecord::Id(IdEntry::First { id, attempt }) => {
            let FirstAttempt { customer_id, amount, time: Moment { seconds, nanos }, line_no } = attempt;
            let is_narrow = nanos == 0 && seconds << 24 >> 24 == seconds && line_no >> 40 == 0;
            match u32::try_from(amount.0) {
                Ok(cents) if is_narrow => {
                    let fields = Fields::<ID_BYTES>::of(ID).put_id(id).put_id(customer_id);
                    let fields = fields.put(cents.to_le_bytes()).put_five_bytes(seconds.to_le_bytes());
                    take(&fields.put_five_bytes(line_no.to_le_bytes()).all())
                }
                _ => {
                    let fields = Fields::<53>::of(WIDE_ID).put_id(id).put_id(customer_id);
                    let fields = fields.put(amount.0.to_le_bytes()).put(seconds.to_le_bytes());
                    take(&fields.put(nanos.to_le_bytes()).put(line_no.to_le_bytes()).all())
                }
            }
        }
        StateRecord::Id(IdEntry::LatestDay(day)) => {
            take(&Fields::<5>::of(LATEST_DAY).put(day.0.to_le_bytes()).all())
        }
        StateRecord::Window(WindowEntry::CustomerDay { customer_id, day, week, attempts, accepted }) => {
            let (day_bytes, weekday) = (day.0.to_le_bytes(), [weekday(day, week)]);
            if let (Ok(attempts), Ok(cents)) = (u16::try_from(attempts), u32::try_from(accepted.0)) {
                let fields = Fields::<CUSTOMER_DAY_BYTES>::of(CUSTOMER_DAY).put_id(customer_id);
                let fields = fields.put(day_bytes).put(weekday).put(attempts.to_le_bytes());
                take(&fields.put(cents.to_le_bytes()).all())
            } else {
                let fields = Fields::<38>::of(WIDE_CUSTOMER_DAY).put_id(customer_id).put(day_bytes);
                let fields = fields.put(weekday).put(attempts.to_le_bytes());
                take(&fields.put(accepted.0.to_le_bytes()).all())
            }
        }
        StateRecord::Window(WindowEntry::PrimeDay { day, accepted }) => {
            let fields = Fields::<13>::of(PRIME_DAY);
            take(&fields.put(day.0.to_le_bytes()).put(accepted.to_le_bytes()).all())
        }
        StateRecord::Tally(Tally { accepted, ref declined }) => {
            const BYTES: usize = 1 + 8 * (1 + Reason::ALL.len());
            let fields = Fields::<BYTES>::of(TALLY).put(accepted.to_le_bytes());
            take(&declined.iter().fold(fields, |fields, count| fields.put(count.to_le_bytes())).all())
        }
        StateRecord::Position(Reached { line_no, bytes }) => {
            let fields = Fields::<17>::of(POSITION);
            take(&fields.put(line_no.to_le_bytes()).put(bytes.to_le_bytes()).all())
        }
        StateRecord::Lines(ref effects) => {
            let [low, high, ..] = effects.len().to_le_bytes();
            let effects = effects.iter().map(|effects| effects.byte());
            take(&[LINES, low, high].into_iter().chain(effects).collect::<Vec<_>>())
        }
    }
}

/// Returns which day of its week it is.
fn weekday(day: Day, week: Day) -> u8 {
    // Of the seven days of a week, so no byte but the lowest has anything in it.
    let [weekday, ..] = day.0.wrapping_sub(week.0).to_le_bytes();
    weekday
}

/// Takes the first record from `bytes`, `None` if there is no record that makes sense.
pub(super) fn read(bytes: &mut &[u8]) -> Option<StateRecord> {
    let [kind] = take(bytes)?;
    Some(match kind {
        ID | WIDE_ID => {
            let (id, attempt) = read_first(bytes, kind == WIDE_ID)?;
            StateRecord::Id(IdEntry::First { id, attempt })
        }
        LATEST_DAY => StateRecord::Id(IdEntry::LatestDay(read_day(bytes)?)),
        CUSTOMER_DAY | WIDE_CUSTOMER_DAY => read_customer_day(bytes, kind == WIDE_CUSTOMER_DAY)?,
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
        POSITION => {
            let [line_no, bytes] = [take(bytes)?, take(bytes)?].map(u64::from_le_bytes);
            // There is no line without a byte.
            (line_no <= bytes).then_some(StateRecord::Position(Reached { line_no, bytes }))?
        }
        LINES => {
            let lines = u16::from_le_bytes(take(bytes)?);
            let (effects, rest) = bytes.split_at_checked(lines.into())?;
            *bytes = rest;
            let effects = effects.iter().map(|byte| Effects::of_byte(*byte));
            StateRecord::Lines(effects.collect::<Option<_>>()?)
        }
        _ => return None,
    })
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

fn read_customer_day(bytes: &mut &[u8], is_wide: bool) -> Option<StateRecord> {
    let (customer_id, day) = (read_id(bytes)?, read_day(bytes)?);
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

    /// Puts a number whose upper bytes say nothing.
    fn put_five_bytes(mut self, number: [u8; 8]) -> Self {
        self.bytes[self.len..self.len + 5].copy_from_slice(&number[..5]);
        self.len += 5;
        self
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
mod tests;
