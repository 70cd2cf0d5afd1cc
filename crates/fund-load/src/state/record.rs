//! The records of state, as bytes.
//!
//! ```text
//! 1  id, customer, cents u32, seconds i40, line u40               the first attempt with an id, in a whole second
//! 2  day i32                                                      the latest day of all attempts, if ids are forgotten by it
//! 3  customer, day i32, weekday u8, attempts u16, cents u32       what a customer has done on a day
//! 4  day i32, accepted u64                                        attempts accepted whose id is prime
//! 5  accepted u64, declined u64 by reason                         the tally
//! 6  id, customer, cents u128, seconds i64, nanos u32, line u64   as 1, where that is too narrow
//! 7  customer, day i32, weekday u8, attempts u64, cents u128      as 3, where that is too narrow
//! 8  as 1, then weekday u8, attempts u16, cents u32               as 1, and as 3 for its customer and its day, if there are attempts
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
        is_narrow.then_some(Self { id, customer_id, cents, seconds, line_no })
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

    /// Writes it over zeros, with room for what its customer has done on its day.
    #[inline]
    pub(super) fn write_uncounted(&self, zeros: &mut [u8; COUNTED_BYTES]) {
        if let Some(first) = zeros.first_chunk_mut() {
            self.write(first);
        }
        zeros[0] = COUNTED;
    }
}

impl NarrowCounts {
    /// Returns them, `None` if they are too large.
    #[inline]
    pub(super) fn new(day: Day, week: Day, attempts: u64, accepted: Cents) -> Option<Self> {
        let (attempts, cents) = (attempts.try_into().ok()?, accepted.0.try_into().ok()?);
        Some(Self { weekday: weekday(day, week), attempts, cents })
    }

    /// Adds them to the record of an attempt of that customer on that day.
    #[inline]
    pub(super) fn add_to(&self, uncounted: &mut [u8; COUNTED_BYTES]) {
        if let Some(counts) = uncounted.last_chunk_mut() {
            self.write(counts);
        }
    }

    #[inline]
    fn write(&self, bytes: &mut [u8; COUNTS_BYTES]) {
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
            if matches!(day, StateRecord::Window(WindowEntry::CustomerDay { attempts: 0, .. })) {
                return Some(());
            }
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
mod tests;
