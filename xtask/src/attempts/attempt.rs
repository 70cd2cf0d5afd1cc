//! One attempt and its line.

use std::fmt;

/// Attempts lie in the six weeks from Monday 2024-01-01 up to Sunday 2024-02-11.
pub(super) const SPAN_SECONDS: u64 = 42 * DAY_SECONDS;

const DAY_SECONDS: u64 = 86_400;
const JANUARY_DAYS: u64 = 31;

/// An attempt that can be adjudicated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(super) id: u64,
    pub(super) customer_id: u64,
    pub(super) amount_cents: u64,
    /// Since 2024-01-01T00:00:00Z, below [`SPAN_SECONDS`].
    pub(super) second: u64,
}

/// Writes the attempt's line, without a line end.
impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (dollars, cents) = (self.amount_cents / 100, self.amount_cents % 100);
        let (day, second) = (self.second / DAY_SECONDS, self.second % DAY_SECONDS);
        let (month, day) = if day < JANUARY_DAYS { (1, day + 1) } else { (2, day - JANUARY_DAYS + 1) };
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(
            f,
            r#"{{"id":"{}","customer_id":"{}","load_amount":"${dollars}.{cents:02}","#,
            self.id, self.customer_id
        )?;
        write!(f, r#""time":"2024-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"}}"#)
    }
}

#[cfg(test)]
mod tests {
    use super::{Attempt, SPAN_SECONDS};

    #[test]
    fn an_attempt_is_one_compact_line() {
        let attempt = Attempt { id: 15887, customer_id: 528, amount_cents: 331_807, second: 3661 };
        assert_eq!(
            attempt.to_string(),
            r#"{"id":"15887","customer_id":"528","load_amount":"$3318.07","time":"2024-01-01T01:01:01Z"}"#
        );
    }

    #[test]
    fn dates_are_right_around_the_end_of_a_month() {
        let time = |second| Attempt { id: 1, customer_id: 1, amount_cents: 0, second }.to_string();
        assert!(time(31 * 86_400 - 1).contains("2024-01-31T23:59:59Z"));
        assert!(time(31 * 86_400).contains("2024-02-01T00:00:00Z"));
        assert!(time(SPAN_SECONDS - 1).contains("2024-02-11T23:59:59Z"));
    }
}
