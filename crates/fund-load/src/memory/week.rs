//! What a customer has done in a week, day by day.

use stream_kernel_exec::{Encode, Value};

use crate::domain::{Cents, Day, DigitId, EnrichedAttempt};

/// A customer and a week, which is known by its first day. It takes 12 bytes, without a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(Rust, packed(4))]
pub struct CustomerWeek {
    /// The customer.
    pub customer_id: DigitId,
    /// The first day of the week.
    pub week: Day,
}

impl CustomerWeek {
    /// Returns the customer and the week of an attempt.
    pub fn of(attempt: &EnrichedAttempt) -> Self {
        Self { customer_id: attempt.attempt().customer_id, week: attempt.week() }
    }
}

impl Encode for CustomerWeek {
    fn encode(&self, to: &mut Vec<u8>) {
        let Self { customer_id, week } = *self;
        customer_id.encode(to);
        week.encode(to);
    }

    fn decode(from: &mut &[u8]) -> Option<Self> {
        Some(Self { customer_id: DigitId::decode(from)?, week: Day::decode(from)? })
    }
}

const DAYS: usize = 7;

/// What a customer has done on each day of a week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WeekFigures {
    attempts: [u64; DAYS],
    accepted: [Cents; DAYS],
}

impl WeekFigures {
    /// Returns the number of attempts on `day` of the week that begins with `week`, declined ones counted.
    pub fn attempts(&self, week: Day, day: Day) -> u64 {
        self.attempts[weekday(week, day)]
    }

    /// Returns the sum of the effective amounts accepted on `day` of the week that begins with `week`.
    pub fn accepted_on(&self, week: Day, day: Day) -> Cents {
        self.accepted[weekday(week, day)]
    }

    /// Returns the sum of the effective amounts accepted in the week.
    pub fn accepted(&self) -> Cents {
        self.accepted.iter().fold(Cents(0), |sum, cents| sum + *cents)
    }

    /// Counts one attempt more on `day` of the week that begins with `week`, of which `accepted` was accepted.
    pub fn count(&mut self, week: Day, day: Day, accepted: Cents) {
        let at = weekday(week, day);
        self.attempts[at] += 1;
        self.accepted[at] = self.accepted[at] + accepted;
    }
}

/// Returns the place of `day` in the week that begins with `week`.
///
/// # Panics
///
/// It is not a day of that week.
fn weekday(week: Day, day: Day) -> usize {
    let weekday = usize::try_from(day.0 - week.0).unwrap_or(DAYS);
    assert!(weekday < DAYS, "{day} is not a day of the week that begins with {week}");
    weekday
}

/// A day with attempts, in 8 bytes: the cents accepted; the attempts, and in the lowest three bits the place in the week.
type Piece = [u32; 2];

const WEEKDAY_BITS: u32 = 3;

impl Value for WeekFigures {
    type Piece = Piece;

    #[inline]
    fn pieces(&self) -> Option<impl Iterator<Item = Piece>> {
        let (mut pieces, mut len) = ([Piece::default(); DAYS], 0);
        for (at, place) in (0..DAYS).zip(0..) {
            if self.attempts[at] == 0 {
                continue;
            }
            let attempts = u32::try_from(self.attempts[at]).ok()?;
            if attempts >> (u32::BITS - WEEKDAY_BITS) != 0 {
                return None;
            }
            pieces[len] = [u32::try_from(self.accepted[at].0).ok()?, attempts << WEEKDAY_BITS | place];
            len += 1;
        }
        (len > 0).then(|| pieces.into_iter().take(len))
    }

    #[inline]
    fn from_pieces(pieces: impl Iterator<Item = Piece>) -> Self {
        let mut figures = Self::default();
        for [cents, attempts] in pieces {
            let at = (attempts & ((1 << WEEKDAY_BITS) - 1)) as usize;
            if at < DAYS {
                (figures.attempts[at], figures.accepted[at]) =
                    ((attempts >> WEEKDAY_BITS).into(), Cents(cents.into()));
            }
        }
        figures
    }
}

/// Written as the number of days with attempts, then each of them: its place, its attempts, its cents.
impl Encode for WeekFigures {
    fn encode(&self, to: &mut Vec<u8>) {
        let count_at = to.len();
        to.push(0);
        for (place, at) in (0_u8..).zip(0..DAYS) {
            if self.attempts[at] > 0 {
                to[count_at] += 1;
                place.encode(to);
                (self.attempts[at], self.accepted[at].0).encode(to);
            }
        }
    }

    fn decode(from: &mut &[u8]) -> Option<Self> {
        let mut figures = Self::default();
        for _ in 0..u8::decode(from)? {
            let at = usize::from(u8::decode(from)?);
            let (attempts, cents) = Encode::decode(from)?;
            (*figures.attempts.get_mut(at)?, figures.accepted[at]) = (attempts, Cents(cents));
        }
        Some(figures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEEK: Day = Day(-3);

    fn figures(days: &[(i32, u64, u128)]) -> WeekFigures {
        let mut figures = WeekFigures::default();
        for &(day, attempts, cents) in days {
            (1..attempts).for_each(|_| figures.count(WEEK, Day(WEEK.0 + day), Cents(0)));
            figures.count(WEEK, Day(WEEK.0 + day), Cents(cents));
        }
        figures
    }

    #[test]
    fn days_count_apart_and_the_week_is_their_sum() {
        let figures = figures(&[(0, 2, 5), (6, 1, 7), (3, 1, 0)]);
        let seen = |day| {
            let day = Day(WEEK.0 + day);
            (figures.attempts(WEEK, day), figures.accepted_on(WEEK, day).0)
        };
        assert_eq!([0, 1, 3, 6].map(seen), [(2, 5), (0, 0), (1, 0), (1, 7)]);
        assert_eq!(figures.accepted(), Cents(12));
    }

    /// Amounts and attempts at the bounds of a piece and beyond come back as they were.
    #[test]
    fn figures_come_back_at_every_bound() {
        let max = u128::from(u32::MAX);
        let mut many = figures(&[(2, 1, 5)]);
        many.attempts[2] = (1 << 29) - 1;
        let mut too_many = many;
        too_many.attempts[2] += 1;
        for (figures, has_pieces) in [
            (figures(&[(0, 1, max)]), true),
            (figures(&[(0, 1, max + 1)]), false),
            (figures(&[(0, 1, 1), (1, 2, 2), (2, 3, 3), (3, 4, 4), (4, 5, 5), (5, 6, 6), (6, 7, 7)]), true),
            (figures(&[(6, 1, 0), (5, 1, u128::from(u64::MAX))]), false),
            (many, true),
            (too_many, false),
            (WeekFigures::default(), false),
        ] {
            assert_eq!(figures.pieces().is_some(), has_pieces, "{figures:?}");
            if let Some(pieces) = figures.pieces() {
                assert_eq!(WeekFigures::from_pieces(pieces), figures);
            }
            let mut bytes = Vec::new();
            figures.encode(&mut bytes);
            assert_eq!(WeekFigures::decode(&mut bytes.as_slice()), Some(figures));
            assert_eq!(WeekFigures::decode(&mut &bytes[..bytes.len() - 1]), None);
        }
        assert_eq!(WeekFigures::decode(&mut &[1, 7][..]), None, "a week has seven days");
    }

    #[test]
    fn an_entry_is_short() {
        assert_eq!(size_of::<(CustomerWeek, Piece)>(), 20);
        assert_eq!(size_of::<(DigitId, [u32; 7])>(), 36);
    }

    #[test]
    #[should_panic(expected = "1970-01-05 is not a day of the week that begins with 1969-12-29")]
    fn a_day_of_another_week_is_a_mistake() {
        WeekFigures::default().attempts(WEEK, Day(WEEK.0 + 7));
    }
}
