//! Points in time, days and weeks, in UTC.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) const SECONDS_PER_DAY: i64 = 86_400;

/// A point in time, to the nanosecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Seconds since 1970-01-01T00:00:00Z, negative before that.
    pub seconds: i64,
    /// Nanoseconds after the second, 0 to 999,999,999.
    pub nanos: u32,
}

impl Moment {
    /// Returns its day in UTC.
    pub fn day(self) -> Day {
        // Years 1 to 9999 lie within four million days of 1970.
        Day(i32::try_from(self.seconds.div_euclid(SECONDS_PER_DAY)).unwrap_or(i32::MAX))
    }
}

/// A day in UTC, by its distance from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day(pub i32);

impl Day {
    /// Returns its weekday: 0 for Monday to 6 for Sunday.
    pub fn weekday(self) -> i32 {
        // 1970-01-01 was a Thursday.
        (self.0 + 3).rem_euclid(7)
    }

    /// Returns whether it is a Monday.
    pub fn is_monday(self) -> bool {
        self.weekday() == 0
    }

    /// Returns the first day of its week if weeks start on `start`: the latest such weekday up to the day itself.
    pub fn start_of_week(self, start: WeekStart) -> Self {
        Self(self.0 - (self.weekday() - start as i32).rem_euclid(7))
    }
}

/// Writes the date, `2000-01-03`.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const EPOCH: jiff::civil::Date = jiff::civil::date(1970, 1, 1);
        // The week of a day in year 1 may begin in year 0.
        let date = EPOCH.saturating_add(jiff::Span::new().days(self.0));
        write!(f, "{date}")
    }
}

/// The weekday on which weeks start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schemars(inline)]
pub enum WeekStart {
    /// Monday.
    #[default]
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const STARTS: [WeekStart; 7] = [
        WeekStart::Mon,
        WeekStart::Tue,
        WeekStart::Wed,
        WeekStart::Thu,
        WeekStart::Fri,
        WeekStart::Sat,
        WeekStart::Sun,
    ];

    /// Compares every day of the years 1 to 9999 with the calendar library.
    fn every_day() -> impl Iterator<Item = (Day, jiff::civil::Date)> {
        let first = date(1, 1, 1);
        let before_epoch = first.until(date(1970, 1, 1)).unwrap().get_days();
        std::iter::successors(Some(first), |day| day.tomorrow().ok())
            .zip(-before_epoch..)
            .map(|(date, day)| (Day(day), date))
    }

    #[test]
    fn weekdays_agree_with_the_calendar() {
        for (day, date) in every_day() {
            assert_eq!(day.weekday(), i32::from(date.weekday().to_monday_zero_offset()), "{date}");
        }
    }

    #[test]
    fn dates_are_written_as_the_calendar_writes_them() {
        for (day, date) in every_day().step_by(97) {
            assert_eq!(day.to_string(), date.to_string());
        }
        assert_eq!(Day(0).to_string(), "1970-01-01");
    }

    #[test]
    fn a_week_starts_on_its_weekday_and_holds_seven_days() {
        for (index, start) in (0..).zip(STARTS) {
            for day in (-400..400).map(Day) {
                let first = day.start_of_week(start);
                assert_eq!(first.weekday(), index);
                assert!((0..7).contains(&(day.0 - first.0)));
            }
        }
    }

    #[test]
    fn a_moment_before_1970_lies_on_the_day_that_has_begun() {
        assert_eq!(Moment { seconds: -1, nanos: 0 }.day(), Day(-1));
        assert_eq!(Moment { seconds: 0, nanos: 0 }.day(), Day(0));
        assert_eq!(Moment { seconds: SECONDS_PER_DAY, nanos: 0 }.day(), Day(1));
    }
}
