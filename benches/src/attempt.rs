//! A clean line as an attempt: serde's derive, borrowed from the line, with as little else as gives the right numbers.

use serde::Deserialize;

/// The content of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The attempt's own id.
    pub id: u64,
    /// The customer's id.
    pub customer_id: u64,
    /// The amount, in cents.
    pub amount_cents: u64,
    /// The time, in seconds since 1970.
    pub second: i64,
}

/// Why a line is not a clean one that the plain loop knows.
#[derive(Debug, thiserror::Error)]
pub enum UnknownLine {
    /// It is not an object of four texts.
    #[error("it is not an attempt")]
    Json(#[from] serde_json::Error),
    /// A text is not in its one usual form.
    #[error("`{0}` is not in the form that clean lines have")]
    Form(&'static str),
}

#[derive(Deserialize)]
struct Line<'a> {
    id: &'a str,
    customer_id: &'a str,
    load_amount: &'a str,
    time: &'a str,
}

impl Attempt {
    /// Reads a line of the generator of clean streams: `$1234.56`, `2000-01-01T00:00:00Z`, ids without leading zeros.
    ///
    /// # Errors
    ///
    /// Returns the part that has another form. Unlike fund-load, the plain loop cannot decide such lines.
    pub fn read(line: &[u8]) -> Result<Self, UnknownLine> {
        let Line { id, customer_id, load_amount, time } = serde_json::from_slice(line)?;
        Ok(Self {
            id: number(id).ok_or(UnknownLine::Form("id"))?,
            customer_id: number(customer_id).ok_or(UnknownLine::Form("customer_id"))?,
            amount_cents: cents(load_amount).ok_or(UnknownLine::Form("load_amount"))?,
            second: second(time).ok_or(UnknownLine::Form("time"))?,
        })
    }
}

fn number(text: &str) -> Option<u64> {
    text.parse().ok()
}

fn cents(text: &str) -> Option<u64> {
    let (dollars, cents) = text.strip_prefix('$')?.split_once('.')?;
    if cents.len() != 2 {
        return None;
    }
    number(dollars)?.checked_mul(100)?.checked_add(number(cents)?)
}

/// Reads digits at fixed places, several times as fast as a library that accepts every form of a time.
fn second(text: &str) -> Option<i64> {
    let text: &[u8; 20] = text.as_bytes().try_into().ok()?;
    let digits = |at: usize, count: usize| {
        text[at..at + count].iter().fold(0, |number, digit| number * 10 + i64::from(digit.wrapping_sub(b'0')))
    };
    let punctuation = [4, 7, 10, 13, 16, 19].map(|at| text[at]);
    let day = days_since_1970(digits(0, 4), digits(5, 2), digits(8, 2));
    (punctuation == *b"--T::Z")
        .then(|| day * 86_400 + digits(11, 2) * 3_600 + digits(14, 2) * 60 + digits(17, 2))
}

/// Counts years from March, so that the leap day is the last day of a year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 719_469
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_line_is_read() {
        let line =
            br#"{"id":"15887","customer_id":"528","load_amount":"$3318.47","time":"2000-03-01T00:00:01Z"}"#;
        let expected = Attempt { id: 15_887, customer_id: 528, amount_cents: 331_847, second: 951_868_801 };
        assert_eq!(Attempt::read(line).unwrap(), expected);
    }

    #[test]
    fn other_forms_are_refused() {
        for (amount, time) in [
            ("3318.47", "2000-01-01T00:00:00Z"),
            ("$3318.4", "2000-01-01T00:00:00Z"),
            ("$1.00", "2000-01-01 00:00:00Z"),
        ] {
            let line = format!(r#"{{"id":"1","customer_id":"2","load_amount":"{amount}","time":"{time}"}}"#);
            assert!(Attempt::read(line.as_bytes()).is_err(), "{line}");
        }
    }
}
