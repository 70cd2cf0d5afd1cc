//! Times in attempts.

use super::digits;
use crate::domain::{Moment, SECONDS_PER_DAY};

const SECONDS_PER_MINUTE: i64 = 60;
const SECONDS_PER_HOUR: i64 = 3_600;
const MAX_FRACTION_DIGITS: usize = 9;

/// Returns the timestamp in `text`, in the format of RFC 3339 with an offset: `2000-01-01T00:00:00Z`.
///
/// Date and time are separated by `T`, `t` or a space. The offset is `Z`, `z`, or a sign, hours 00 to 23, a colon and
/// minutes. A fraction has 1 to 9 digits. A leap second counts as the second before it. The year, as written and in
/// UTC, is 0001 to 9999.
pub(super) fn parse(text: impl AsRef<[u8]>) -> Option<Moment> {
    let mut rest = Digits(text.as_ref());
    let year = rest.number(4)?;
    rest.one_of(b"-")?;
    let month = rest.number(2)?;
    rest.one_of(b"-")?;
    let day = rest.number(2)?;
    rest.one_of(b"Tt ")?;
    let hour = rest.number_up_to(23)?;
    rest.one_of(b":")?;
    let minute = rest.number_up_to(59)?;
    rest.one_of(b":")?;
    let second = rest.number_up_to(60)?.min(59);
    let nanos = rest.fraction()?;
    let offset_seconds = rest.offset()?;
    if !rest.0.is_empty() {
        return None;
    }
    let clock_seconds = hour * SECONDS_PER_HOUR + minute * SECONDS_PER_MINUTE + second;
    let seconds = midnight(year, month, day)? + clock_seconds - offset_seconds;
    let is_in_calendar =
        midnight(1, 1, 1)? <= seconds && seconds < midnight(9999, 12, 31)? + 24 * SECONDS_PER_HOUR;
    is_in_calendar.then_some(Moment { seconds, nanos })
}

/// Returns the timestamp in `text`, in the usual form, which [`parse`] reads as well: `2000-01-01T00:00:00Z`.
///
/// It takes a quarter of the time of [`parse`].
pub(super) fn parse_usual(text: &[u8; 20]) -> Option<Moment> {
    let &[to_month, from_day] = text.as_chunks().0 else { return None };
    let [century, _, year, _, _, month, ..] = digits::pairs(to_month, *b"0000-00-")?.map(i64::from);
    let [day, _, _, hour, _, _, minute, _] = digits::pairs(from_day, *b"00T00:00")?.map(i64::from);
    let [.., second, _, _] = digits::pairs(*text.last_chunk()?, *b"0:00:00Z")?.map(i64::from);
    let date = midnight(century * 100 + year, month, day)?;
    let is_time = hour <= 23 && minute <= 59 && second <= 59;
    let clock_seconds = hour * SECONDS_PER_HOUR + minute * SECONDS_PER_MINUTE + second;
    is_time.then_some(Moment { seconds: date + clock_seconds, nanos: 0 })
}

/// Returns the seconds from 1970 to the beginning of a day; `None` if there is no such day.
///
/// A calendar library takes six times as long, a tenth of a line's total cost. The algorithm is from Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms": years begin with March, so that leap days are at their ends.
fn midnight(year: i64, month: i64, day: i64) -> Option<i64> {
    const DAYS_FROM_MARCH_0000_TO_1970: i64 = 719_468;
    let is_leap_year = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_in_month = match month {
        2 if is_leap_year => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if year == 0 || !(1..=days_in_month).contains(&day) {
        return None;
    }
    let year_from_march = if month > 2 { year } else { year - 1 };
    let months_since_march = (month + 9) % 12;
    let day_of_year = (153 * months_since_march + 2) / 5 + day - 1;
    let leap_days = year_from_march / 4 - year_from_march / 100 + year_from_march / 400;
    Some((year_from_march * 365 + leap_days + day_of_year - DAYS_FROM_MARCH_0000_TO_1970) * SECONDS_PER_DAY)
}

/// The rest of the text.
struct Digits<'a>(&'a [u8]);

impl Digits<'_> {
    /// Takes one byte, which must be among `bytes`.
    fn one_of(&mut self, bytes: &[u8]) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        bytes.contains(&first).then(|| {
            self.0 = rest;
            first
        })
    }

    /// Takes exactly `count` digits.
    fn number(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        digits.iter().try_fold(0, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0'))
        })
    }

    /// Takes two digits that make a number up to `bound`.
    fn number_up_to(&mut self, bound: i64) -> Option<i64> {
        self.number(2).filter(|&number| number <= bound)
    }

    /// Takes a point and its digits, if there is a point, and returns nanoseconds.
    fn fraction(&mut self) -> Option<u32> {
        if self.one_of(b".").is_none() {
            return Some(0);
        }
        let count = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=MAX_FRACTION_DIGITS).contains(&count) {
            return None;
        }
        let fraction = u32::try_from(self.number(count)?).ok()?;
        Some(fraction * 10_u32.pow(u32::try_from(MAX_FRACTION_DIGITS - count).ok()?))
    }

    /// Takes the offset and returns its seconds, positive east of Greenwich.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.one_of(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Some(0),
        };
        let hours = self.number_up_to(23)?;
        self.one_of(b":")?;
        let minutes = self.number_up_to(59)?;
        Some(sign * (hours * SECONDS_PER_HOUR + minutes * SECONDS_PER_MINUTE))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};

    use super::*;

    /// Checks that `text` is the timestamp that the calendar library reads from `same`, its plain spelling.
    fn check(text: &str, same: &str) {
        let expected: jiff::Timestamp = same.parse().unwrap();
        let expected = Moment {
            seconds: expected.as_second(),
            nanos: u32::try_from(expected.subsec_nanosecond()).unwrap(),
        };
        assert_eq!(parse(text), Some(expected), "{text:?}");
    }

    #[test]
    fn every_permitted_form_is_read() {
        check("2000-01-01T00:00:00Z", "2000-01-01T00:00:00Z");
        check("2000-02-29t23:59:59z", "2000-02-29T23:59:59Z");
        check("2000-01-01 12:34:56.5+05:30", "2000-01-01T07:04:56.5Z");
        check("1999-12-31T23:30:00.123456789-23:59", "2000-01-01T23:29:00.123456789Z");
        check("2000-01-01T00:00:00-00:00", "2000-01-01T00:00:00Z");
        check("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z");
        check("2000-01-01T00:00:60.9Z", "2000-01-01T00:00:59.9Z");
    }

    /// Any byte at any position: the usual form is read as any other, or left to that.
    #[test]
    fn the_usual_form_is_read_alike() {
        let mut read = 0;
        for usual in [*b"2000-02-29T23:59:59Z", *b"0001-01-01T00:00:00Z", *b"9999-12-31T09:10:20Z"] {
            for (at, byte) in (0..20).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte))) {
                let mut text = usual;
                text[at] = byte;
                if let Some(time) = parse_usual(&text) {
                    read += 1;
                    assert_eq!(Some(time), parse(text), "{}", text.escape_ascii());
                }
            }
            assert!(parse_usual(&usual).is_some());
        }
        assert!(read > 100, "{read}");
    }

    #[test]
    fn the_year_is_0001_to_9999_as_written_and_in_utc() {
        let first = Moment { seconds: -62_135_596_800, nanos: 0 };
        let last = Moment { seconds: 253_402_300_799, nanos: 999_999_999 };
        assert_eq!(parse("0001-01-01T00:00:00Z"), Some(first));
        assert_eq!(parse("0001-01-01T00:01:00+00:01"), Some(first));
        assert_eq!(parse("9999-12-31T23:59:59.999999999Z"), Some(last));
        assert_eq!(parse("9999-12-31T23:58:59.999999999-00:01"), Some(last));
        for text in [
            "0000-12-31T23:59:59Z",
            "0000-12-31T23:59:59-01:00",
            "0001-01-01T00:00:59+00:01",
            "9999-12-31T23:59:00-00:01",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn other_forms_are_not_times() {
        for text in [
            "",
            "2000-01-01",
            "2000-01-01T00:00:00",
            "2000-01-01T00:00Z",
            "2000-01-01T00:00:00.Z",
            "2000-01-01T00:00:00.1234567890Z",
            "2000-01-01T00:00:00,5Z",
            "2000-01-01T24:00:00Z",
            "2000-01-01T00:60:00Z",
            "2000-01-01T00:00:61Z",
            "2001-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2000-00-01T00:00:00Z",
            "2000-13-01T00:00:00Z",
            "2000-01-00T00:00:00Z",
            "2000-04-31T00:00:00Z",
            "2000-01-01T00:00:00+24:00",
            "2000-01-01T00:00:00+00:60",
            "2000-01-01T00:00:00+0000",
            "2000-01-01T00:00:00+00",
            "2000-01-01T00:00:00 Z",
            "2000-01-01T00:00:00ZZ",
            "2000-01-01_00:00:00Z",
            "2000-1-1T00:00:00Z",
            "+2000-01-01T00:00:00Z",
            "20000-01-01T00:00:00Z",
            "２000-01-01T00:00:00Z",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    /// The first and the last days of every month, compared with the calendar library; both reject the same dates.
    #[test]
    fn days_are_those_of_the_calendar() {
        const EPOCH: Date = date(1970, 1, 1);
        for year in 0..=9_999_i16 {
            let days = [0, 1, 2, 15, 27, 28, 29, 30, 31, 32];
            for (month, day) in (0..=13).flat_map(|month| days.map(|day| (month, day))) {
                let days = Date::new(year, month, day).ok().filter(|_| year > 0);
                let seconds = days.map(|date| date.duration_since(EPOCH).as_secs());
                assert_eq!(midnight(year.into(), month.into(), day.into()), seconds, "{year}-{month}-{day}");
            }
        }
    }
}
