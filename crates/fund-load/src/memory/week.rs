//! The week of a customer, day by day.

use stream_kernel_exec::{Encode, Value};

use crate::domain::{Cents, Day, DigitId, EnrichedAttempt};

/// A customer and a week, identified by its first day. It takes 12 bytes, without padding.
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
        ({ self.customer_id }, { self.week }).encode(to);
    }

    fn decode(from: &mut &[u8]) -> Option<Self> {
        let (customer_id, week) = Encode::decode(from)?;
        Some(Self { customer_id, week })
    }
}

const DAYS: usize = 7;

/// A customer's attempts and amounts on each day of a week. Each day takes 8 bytes if all of them fit.
#[derive(Clone, Debug, Default)]
pub struct WeekFigures {
    /// The first `len` are valid, in the order in which the days came.
    days: [Piece; DAYS],
    len: usize,
    /// All days by index in the week, if one does not fit into a piece.
    large: Option<Box<[DayFigures; DAYS]>>,
}

/// The attempts of a day, including declined ones, and the cents accepted.
type DayFigures = (u64, u128);

/// A day with attempts: the cents accepted, and the attempts; the lowest three bits of these are the index in the week.
type Piece = [u32; 2];

const PLACE_BITS: u32 = 3;
const PLACES: u32 = (1 << PLACE_BITS) - 1;

impl WeekFigures {
    /// Returns the number of attempts, including declined ones, on `day` of the week that begins with `week`.
    pub fn attempts(&self, week: Day, day: Day) -> u64 {
        self.day(place(week, day)).0
    }

    /// Returns the sum of the effective amounts accepted on `day` of the week that begins with `week`.
    pub fn accepted_on(&self, week: Day, day: Day) -> Cents {
        Cents(self.day(place(week, day)).1)
    }

    /// Returns the sum of the effective amounts accepted in the week.
    pub fn accepted(&self) -> Cents {
        match &self.large {
            None => Cents(self.days[..self.len].iter().map(|[cents, _]| u128::from(*cents)).sum()),
            Some(days) => Cents(days.iter().map(|(_, cents)| cents).sum()),
        }
    }

    /// Counts one more attempt on `day` of the week that begins with `week`, of which `accepted` was accepted.
    pub fn count(&mut self, week: Day, day: Day, accepted: Cents) {
        let place = place(week, day);
        let (attempts, cents) = self.day(place);
        self.set_day(place, (attempts + 1, cents + accepted.0));
    }

    fn day(&self, place: u32) -> DayFigures {
        match &self.large {
            None => self.days[..self.len]
                .iter()
                .find(|[_, attempts]| attempts & PLACES == place)
                .map_or_else(DayFigures::default, |[cents, attempts]| {
                    ((attempts >> PLACE_BITS).into(), (*cents).into())
                }),
            Some(days) => days[place as usize],
        }
    }

    fn set_day(&mut self, place: u32, figures: DayFigures) {
        if let Some(days) = &mut self.large {
            days[place as usize] = figures;
            return;
        }
        let Some(piece) = piece(place, figures) else {
            let mut days = [0, 1, 2, 3, 4, 5, 6].map(|place| self.day(place));
            days[place as usize] = figures;
            self.large = Some(Box::new(days));
            return;
        };
        let is_there = |[_, attempts]: &Piece| attempts & PLACES == place;
        let at = self.days[..self.len].iter().position(is_there).unwrap_or(self.len);
        self.days[at] = piece;
        self.len = self.len.max(at + 1);
    }
}

/// Returns the index of `day` in the week that begins with `week`.
///
/// # Panics
///
/// It is not a day of that week.
fn place(week: Day, day: Day) -> u32 {
    let place = u32::try_from(day.0 - week.0).unwrap_or(u32::MAX);
    assert!((place as usize) < DAYS, "{day} is not a day of the week that begins with {week}");
    place
}

fn piece(place: u32, (attempts, cents): DayFigures) -> Option<Piece> {
    let attempts =
        u32::try_from(attempts).ok().filter(|attempts| attempts >> (u32::BITS - PLACE_BITS) == 0)?;
    Some([u32::try_from(cents).ok()?, attempts << PLACE_BITS | place])
}

impl Value for WeekFigures {
    type Piece = Piece;

    #[inline]
    fn pieces(&self) -> Option<impl Iterator<Item = Piece>> {
        let has_pieces = self.large.is_none() && self.len > 0;
        has_pieces.then(|| self.days[..self.len].iter().copied())
    }

    #[inline]
    fn from_pieces(pieces: impl Iterator<Item = Piece>) -> Self {
        let mut figures = Self::default();
        for (day, piece) in figures.days.iter_mut().zip(pieces) {
            *day = piece;
            figures.len += 1;
        }
        figures
    }
}

/// Written as the number of days with attempts, then each of them in order: its index, its attempts, its cents.
impl Encode for WeekFigures {
    fn encode(&self, to: &mut Vec<u8>) {
        let count_at = to.len();
        to.push(0);
        for place in 0..7_u8 {
            let figures = self.day(place.into());
            if figures.0 > 0 {
                to[count_at] += 1;
                place.encode(to);
                figures.encode(to);
            }
        }
    }

    fn decode(from: &mut &[u8]) -> Option<Self> {
        let mut figures = Self::default();
        for _ in 0..u8::decode(from)? {
            let place = u8::decode(from).filter(|place| usize::from(*place) < DAYS)?;
            figures.set_day(place.into(), Encode::decode(from)?);
        }
        Some(figures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::FirstAttempt;

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

    fn all_days(figures: &WeekFigures) -> Vec<DayFigures> {
        (0..7).map(|place| figures.day(place)).collect()
    }

    /// Amounts and attempts at the bounds of a piece and beyond come back unchanged.
    #[test]
    fn figures_come_back_at_every_bound() {
        let max = u128::from(u32::MAX);
        let attempts = |attempts| {
            let mut figures = figures(&[(4, 2, 7)]);
            figures.set_day(2, (attempts, 5));
            figures
        };
        for (figures, has_pieces) in [
            (figures(&[(0, 1, max)]), true),
            (figures(&[(0, 1, max + 1)]), false),
            (figures(&[(3, 1, 1), (1, 2, 2), (2, 3, 3), (0, 4, 4), (4, 5, 5), (6, 6, 6), (5, 7, 7)]), true),
            (figures(&[(6, 1, 0), (5, 1, u128::from(u64::MAX))]), false),
            (figures(&[(6, 1, 0), (5, 1, max), (5, 1, 1), (6, 1, 3)]), false),
            (attempts((1 << 29) - 1), true),
            (attempts(1 << 29), false),
            (WeekFigures::default(), false),
        ] {
            assert_eq!(figures.pieces().is_some(), has_pieces, "{figures:?}");
            if let Some(pieces) = figures.pieces() {
                assert_eq!(all_days(&WeekFigures::from_pieces(pieces)), all_days(&figures));
            }
            let mut bytes = Vec::new();
            figures.encode(&mut bytes);
            let decoded = WeekFigures::decode(&mut bytes.as_slice()).unwrap();
            assert_eq!((all_days(&decoded), decoded.accepted()), (all_days(&figures), figures.accepted()));
            assert!(WeekFigures::decode(&mut &bytes[..bytes.len() - 1]).is_none());
        }
        assert!(
            WeekFigures::decode(&mut &[1, 7, 0, 0, 0, 0, 0, 0, 0, 0][..]).is_none(),
            "a week has seven days"
        );
    }

    #[test]
    fn an_entry_is_short() {
        assert_eq!(size_of::<(CustomerWeek, Piece)>(), 20);
        assert_eq!(size_of::<(DigitId, <FirstAttempt as Value>::Piece)>(), 36);
    }

    #[test]
    #[should_panic(expected = "1970-01-05 is not a day of the week that begins with 1969-12-29")]
    fn a_day_of_another_week_is_a_mistake() {
        WeekFigures::default().attempts(WEEK, Day(WEEK.0 + 7));
    }
}
