//! RFC 3339 times and the calendar, counted year by year and month by month.

/// A point in UTC between the years 0001 and 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Utc {
    /// Days since 0001-01-01, which was a Monday.
    pub(super) day: i64,
    /// Seconds since the day began, 0 to 86399.
    pub(super) second: i64,
    /// Nanoseconds since the second began.
    pub(super) nanosecond: i64,
}

const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

/// The number of days in the years 0001 to 9999, of which 2424 are leap years.
const DAYS: i64 = 9999 * 365 + 2424;

impl Utc {
    /// Returns the day of the week as days after Monday, 0 to 6.
    pub(super) fn days_after_monday(self) -> i64 {
        self.day % 7
    }

    /// Returns the day of the latest beginning of a week, which may lie before the year 0001.
    pub(super) fn week(self, week_start_days_after_monday: i64) -> i64 {
        self.day - (self.days_after_monday() - week_start_days_after_monday + 7) % 7
    }
}

/// Returns the time in UTC of a trimmed `time`, `None` if the contract refuses it.
pub(super) fn parse(text: &str) -> Option<Utc> {
    let (local, rest) = text.as_bytes().split_at_checked("2000-01-01T00:00:00".len())?;
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b'T' | b't' | b' ', clock @ ..] = local else {
        return None;
    };
    let [h0, h1, b':', n0, n1, b':', s0, s1] = clock else { return None };
    let (year, month, day) = (number(&[*y0, *y1, *y2, *y3])?, number(&[*m0, *m1])?, number(&[*d0, *d1])?);
    let (hour, minute, second) = (number(&[*h0, *h1])?, number(&[*n0, *n1])?, number(&[*s0, *s1])?);
    let real = (1..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour <= 23
        && minute <= 59
        && second <= 60;
    if !real {
        return None;
    }
    let (nanosecond, rest) = fraction(rest)?;
    let utc_second =
        days_before(year, month, day) * SECONDS_PER_DAY + hour * 60 * 60 + minute * 60 + second.min(59)
            - offset_minutes(rest)? * 60;
    if !(0..DAYS * SECONDS_PER_DAY).contains(&utc_second) {
        return None;
    }
    Some(Utc { day: utc_second / SECONDS_PER_DAY, second: utc_second % SECONDS_PER_DAY, nanosecond })
}

/// Returns the nanoseconds of an optional fraction and the rest of the text.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some(after_point) = text.strip_prefix(b".") else { return Some((0, text)) };
    let length = after_point.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=9).contains(&length) {
        return None;
    }
    let (digits, rest) = after_point.split_at(length);
    let mut nanosecond = number(digits)?;
    for _ in length..9 {
        nanosecond *= 10;
    }
    Some((nanosecond, rest))
}

/// Returns by how many minutes the written time is ahead of UTC.
fn offset_minutes(text: &[u8]) -> Option<i64> {
    match text {
        b"Z" | b"z" => Some(0),
        [sign @ (b'+' | b'-'), h0, h1, b':', m0, m1] => {
            let (hours, minutes) = (number(&[*h0, *h1])?, number(&[*m0, *m1])?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let ahead = hours * 60 + minutes;
            Some(if *sign == b'+' { ahead } else { -ahead })
        }
        _ => None,
    }
}

/// Returns the number that `digits` spell, `None` if one of them is not a digit.
fn number(digits: &[u8]) -> Option<i64> {
    let mut number = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = number * 10 + i64::from(digit - b'0');
    }
    Some(number)
}

/// Returns how many days lie between 0001-01-01 and a date.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let mut days = 0;
    for earlier_year in 1..year {
        days += if is_leap(earlier_year) { 366 } else { 365 };
    }
    for earlier_month in 1..month {
        days += days_in_month(year, earlier_month);
    }
    days + day - 1
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Utc {
        parse(text).unwrap_or_else(|| panic!("`{text}` is a time"))
    }

    #[test]
    fn one_instant_has_many_spellings() {
        let instant = time("2000-01-01T00:00:59Z");
        for text in [
            "2000-01-01t00:00:59z",
            "2000-01-01 00:00:59Z",
            "2000-01-01T00:00:60Z",
            "2000-01-01T00:00:59.0Z",
            "2000-01-01T00:00:59.000000000Z",
            "2000-01-01T00:00:59+00:00",
            "2000-01-01T00:00:59-00:00",
            "2000-01-01T05:30:59+05:30",
            "2000-01-01T23:59:59+23:59",
            "1999-12-31T16:00:59-08:00",
        ] {
            assert_eq!(time(text), instant, "{text}");
        }
        assert_eq!(time("2000-01-01T00:00:59.5Z"), Utc { nanosecond: 500_000_000, ..instant });
        assert_eq!(time("2000-01-01T00:00:60.000000001Z"), Utc { nanosecond: 1, ..instant });
    }

    #[test]
    fn other_texts_are_not_times() {
        let not_times = [
            "",
            "2000-01-01",
            "2000-01-01T00:00:00",
            "2000-01-01T00:00Z",
            "2000-01-01T00:00:00.Z",
            "2000-01-01T00:00:00,5Z",
            "2000-01-01T00:00:00.1234567890Z",
            "2000-01-01T00:00:00Z ",
            "2000-01-01T00:00:00 Z",
            "2000-01-01  00:00:00Z",
            "2000-01-100:00:00Z",
            "2000-01-01T24:00:00Z",
            "2000-01-01T00:60:00Z",
            "2000-01-01T00:00:61Z",
            "2000-00-01T00:00:00Z",
            "2000-13-01T00:00:00Z",
            "2000-01-00T00:00:00Z",
            "2000-01-32T00:00:00Z",
            "2000-04-31T00:00:00Z",
            "2001-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "10000-01-01T00:00:00Z",
            "-001-01-01T00:00:00Z",
            "+200-01-01T00:00:00Z",
            "2000-1-01T00:00:00Z",
            "2000-01-01T00:00:00+24:00",
            "2000-01-01T00:00:00+00:60",
            "2000-01-01T00:00:00+0000",
            "2000-01-01T00:00:00+00",
            "2000-01-01T00:00:00+00:00:00",
            "2000-01-01T00:00:00\u{2212}00:00",
            "2000-01-01T00:00:00UTC",
            "２000-01-01T00:00:00Z",
            "0001-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
            "9999-12-31T23:59:60-00:01",
            "0000-12-31T23:59:59-00:01",
        ];
        for text in not_times {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_calendar_begins_and_ends_where_the_contract_says() {
        assert_eq!(time("0001-01-01T00:00:00Z"), Utc { day: 0, second: 0, nanosecond: 0 });
        assert_eq!(days_before(10_000, 1, 1), DAYS);
        assert_eq!(time("0001-01-01T00:01:00+00:01"), time("0001-01-01T00:00:00Z"));
        let last = time("9999-12-31T23:59:60.999999999Z");
        assert_eq!(last, Utc { day: DAYS - 1, second: 86399, nanosecond: 999_999_999 });
        for leap_day in ["2000-02-29T00:00:00Z", "2024-02-29T00:00:00Z", "0004-02-29T00:00:00Z"] {
            time(leap_day);
        }
    }

    #[test]
    fn weekdays_are_those_of_the_calendar() {
        for (date, days_after_monday) in [
            ("0001-01-01", 0),
            ("1970-01-01", 3),
            ("2000-01-01", 5),
            ("2000-01-03", 0),
            ("2000-02-29", 1),
            ("2024-12-31", 1),
            ("9999-12-31", 4),
        ] {
            assert_eq!(time(&format!("{date}T12:00:00Z")).days_after_monday(), days_after_monday, "{date}");
        }
    }

    #[test]
    fn a_week_begins_on_its_latest_first_day() {
        let monday = time("2000-01-03T00:00:00Z");
        let sunday = time("2000-01-02T23:59:59.999999999Z");
        assert_eq!(monday.week(0), monday.day);
        assert_eq!(sunday.week(0), monday.day - 7);
        assert_eq!(sunday.week(6), sunday.day);
        assert_eq!(monday.week(6), sunday.day);
        assert_eq!(monday.week(1), monday.day - 6);
        assert_eq!(time("0001-01-01T00:00:00Z").week(6), -1);
    }
}
