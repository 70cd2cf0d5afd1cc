//! Timestamps: nanoseconds since the Unix epoch, and their text in a record.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::json::six_digits;

/// A point in time, in nanoseconds since 1970-01-01T00:00:00Z, up to the year 2554.
///
/// ```
/// use stream_kernel_trace::Timestamp;
///
/// assert_eq!(Timestamp::from_nanos(1_500).to_string(), "1970-01-01T00:00:00.000001Z");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Returns the point `nanos` nanoseconds after the Unix epoch.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Returns the nanoseconds since the Unix epoch.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Returns the nanoseconds from `earlier` to this point, 0 if `earlier` is later.
    pub const fn nanos_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Writes RFC 3339 in UTC with microseconds, cut, not rounded: a rounded time could be in the future.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The nanoseconds in a u64 stay within the calendar's range.
        let time = jiff::Timestamp::from_nanosecond(self.0.into()).unwrap_or_default();
        write!(f, "{time:.6}")
    }
}

/// Reads RFC 3339, as a record shows a time.
///
/// ```
/// use stream_kernel_trace::Timestamp;
///
/// assert_eq!("1970-01-01T00:00:00.000001Z".parse(), Ok(Timestamp::from_nanos(1_000)));
/// assert!("yesterday".parse::<Timestamp>().is_err());
/// ```
impl FromStr for Timestamp {
    type Err = NoTimestamp;

    fn from_str(text: &str) -> Result<Self, NoTimestamp> {
        let nanos = text.parse().ok().and_then(|time: jiff::Timestamp| time.as_nanosecond().try_into().ok());
        nanos.map(Self).ok_or_else(|| NoTimestamp(text.to_owned()))
    }
}

/// A text that is not a time, or is out of the range of a [`Timestamp`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a time from 1970 to 2554 (RFC 3339, such as `2026-01-21T01:23:45.123456Z`)", .0.escape_debug())]
pub struct NoTimestamp(String);

/// Renders timestamps. It computes the calendar only once per second, because many records fall into the same one.
#[derive(Debug, Default)]
pub(crate) struct TimestampFormatter {
    /// The second of `text`, counted from the epoch.
    second: Option<u64>,
    text: Vec<u8>,
}

impl TimestampFormatter {
    /// Appends the text of `timestamp`.
    pub(crate) fn push(&mut self, out: &mut Vec<u8>, timestamp: Timestamp) {
        const FRACTION: Range<usize> = 20..26; // in 1970-01-01T00:00:00.000000Z
        let second = Some(timestamp.0 / 1_000_000_000);
        if second != self.second {
            self.second = second;
            self.text = timestamp.to_string().into_bytes();
        }
        self.text[FRACTION].copy_from_slice(&six_digits(timestamp.0 / 1_000));
        out.extend_from_slice(&self.text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_cut_to_the_microsecond_in_utc() {
        for (nanos, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (999, "1970-01-01T00:00:00.000000Z"),
            (1_000_000_000, "1970-01-01T00:00:01.000000Z"),
            (951_827_696_123_456_789, "2000-02-29T12:34:56.123456Z"),
            (u64::MAX, "2554-07-21T23:34:33.709551Z"),
        ] {
            assert_eq!(Timestamp::from_nanos(nanos).to_string(), text);
            assert_eq!(text.parse(), Ok(Timestamp::from_nanos(nanos / 1_000 * 1_000)));
        }
    }

    #[test]
    fn a_time_outside_of_the_range_is_refused() {
        assert_eq!("2554-07-21T23:34:33.709551615Z".parse(), Ok(Timestamp::from_nanos(u64::MAX)));
        for text in ["2554-07-21T23:34:33.709551616Z", "1969-12-31T23:59:59.999999Z", "", "2026-01-21"] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_formatter_that_has_rendered_before_renders_the_same() {
        let mut formatter = TimestampFormatter::default();
        for nanos in [5, 1_000_000_005, 1_999_999_999, 951_827_696_123_456_789, 5] {
            let timestamp = Timestamp::from_nanos(nanos);
            let mut text = b"at ".to_vec();
            formatter.push(&mut text, timestamp);
            assert_eq!(text, format!("at {timestamp}").into_bytes());
        }
    }
}
