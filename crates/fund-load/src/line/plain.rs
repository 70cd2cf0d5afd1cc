//! A fast path for the usual line: an object of the four texts, all valid.

use super::{amount, digits, timestamp};
use crate::domain::{Attempt, Cents, DigitId, Moment};

/// Returns the attempt of a valid line in the usual spelling: the four keys in any order, each once, their values texts
/// without escapes or white space around them, at most one space after a colon or a comma.
///
/// Any other line, and any invalid one, is `None` and left to [`fields::read`](super::fields::read), which gives the
/// same result for usual lines: this only saves its work, a third of a line's total cost.
pub(super) fn read(line_no: u64, line: &[u8]) -> Option<Attempt> {
    read_in_order(line_no, line).or_else(|| read_in_any_order(line_no, line))
}

/// The same for keys in the order of the contract's example, without spaces: nearly all lines.
fn read_in_order(line_no: u64, line: &[u8]) -> Option<Attempt> {
    let (id, rest) = read_id(line.strip_prefix(b"{\"id\":\"")?)?;
    let (customer_id, rest) = read_id(rest.strip_prefix(b",\"customer_id\":\"")?)?;
    let (amount, rest) = read_amount(rest.strip_prefix(b",\"load_amount\":\"")?)?;
    let (time, rest) = read_time(rest.strip_prefix(b",\"time\":\"")?)?;
    (rest == b"}").then_some(Attempt { line_no, id, customer_id, amount, time })
}

fn read_in_any_order(line_no: u64, line: &[u8]) -> Option<Attempt> {
    let (mut id, mut customer_id, mut amount, mut time) = (None, None, None, None);
    let mut members = line.strip_prefix(b"{")?.strip_suffix(b"}")?;
    loop {
        let (key, after_key) = key(members)?;
        let value = skip_space(after_key.strip_prefix(b":")?).strip_prefix(b"\"")?;
        // Digits and times contain no escapes or forbidden characters; an amount may contain white space.
        let (is_doubled, after_value) = match key {
            Key::Id => replace(&mut id, read_id(value)?),
            Key::CustomerId => replace(&mut customer_id, read_id(value)?),
            Key::LoadAmount => replace(&mut amount, read_amount(value)?),
            Key::Time => replace(&mut time, read_time(value)?),
        };
        if is_doubled {
            return None;
        }
        if after_value.is_empty() {
            break;
        }
        members = skip_space(after_value.strip_prefix(b",")?);
    }
    Some(Attempt { line_no, id: id?, customer_id: customer_id?, amount: amount?, time: time? })
}

/// Stores a parsed value, and returns whether there was one, with the rest of the text.
fn replace<'a, T>(place: &mut Option<T>, (value, rest): (T, &'a [u8])) -> (bool, &'a [u8]) {
    (place.replace(value).is_some(), rest)
}

/// Returns the id at the beginning of `json`, and the rest after its closing quote.
#[inline]
fn read_id(json: &[u8]) -> Option<(DigitId, &[u8])> {
    let (number, len) = leading_number(json);
    Some((DigitId::of_digits(number, len)?, json[len..].strip_prefix(b"\"")?))
}

/// The same for an amount.
fn read_amount(json: &[u8]) -> Option<(Cents, &[u8])> {
    // Nearly all amounts have the form `$1234.56`, which is read at once.
    if let Some(dollars) = json.strip_prefix(b"$") {
        let (number, len) = leading_number(dollars);
        if let (
            1..=amount::MAX_WHOLE_DIGITS,
            [b'.', tens @ b'0'..=b'9', ones @ b'0'..=b'9', b'"', rest @ ..],
        ) = (len, &dollars[len..])
        {
            let cents = number * 100 + u64::from(tens - b'0') * 10 + u64::from(ones - b'0');
            return Some((Cents(cents.into()), rest));
        }
    }
    let (text, rest) = text(json)?;
    text.iter().all(u8::is_ascii_graphic).then(|| amount::parse(text))?.map(|amount| (amount, rest))
}

/// The same for a time.
fn read_time(json: &[u8]) -> Option<(Moment, &[u8])> {
    let (text, rest) = match json.split_first_chunk() {
        Some((text, [b'"', rest @ ..])) => match timestamp::parse_usual(text) {
            Some(time) => return Some((time, rest)),
            None => (&text[..], rest),
        },
        _ => text(json)?,
    };
    timestamp::parse(text).map(|time| (time, rest))
}

/// Returns the number in the leading digits of `json`, and their count; with more than 19 digits the number is wrong.
fn leading_number(json: &[u8]) -> (u64, usize) {
    let (mut number, mut len) = (0_u64, 0);
    if let Some(&first) = json.first_chunk() {
        (number, len) = digits::leading(first);
        if len < first.len() {
            return (number, len);
        }
    }
    for byte in &json[len..] {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        number = number.wrapping_mul(10).wrapping_add(digit.into());
        len += 1;
    }
    (number, len)
}

/// The keys of a usual line.
enum Key {
    Id,
    CustomerId,
    LoadAmount,
    Time,
}

/// Returns the key at the beginning of `json`, and the rest.
fn key(json: &[u8]) -> Option<(Key, &[u8])> {
    // Compared as a whole: a search for the closing quote would take 1 % of a line.
    match json.get(1)? {
        b'i' => Some((Key::Id, json.strip_prefix(b"\"id\"")?)),
        b'c' => Some((Key::CustomerId, json.strip_prefix(b"\"customer_id\"")?)),
        b'l' => Some((Key::LoadAmount, json.strip_prefix(b"\"load_amount\"")?)),
        b't' => Some((Key::Time, json.strip_prefix(b"\"time\"")?)),
        _ => None,
    }
}

/// Returns the text before the first quote, and the rest after it.
fn text(json: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = json.iter().position(|&byte| byte == b'"')?;
    Some((&json[..end], &json[end + 1..]))
}

fn skip_space(json: &[u8]) -> &[u8] {
    json.strip_prefix(b" ").unwrap_or(json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::read_any_attempt;

    const USUAL: &str = r#"{"id":"7","customer_id":"8","load_amount":"$1.00","time":"2000-01-01T00:00:00Z"}"#;

    #[test]
    fn usual_lines_are_read_as_by_the_general_reader() {
        for line in [
            USUAL,
            r#"{"time": "2000-02-29 23:59:60.5+23:59", "load_amount": "USD$1234.50", "customer_id": "007", "id": "9999999999999999999"}"#,
        ] {
            let attempt = read(3, line.as_bytes());
            assert!(attempt.is_some(), "{line}");
            assert_eq!(attempt, read_any_attempt(3, line.as_bytes()).ok(), "{line}");
        }
    }

    /// Whichever byte of a usual line is changed, the line is left alone or read as any other.
    #[test]
    fn no_line_is_read_differently_from_the_general_reader() {
        let mut taken = 0;
        for at in 0..USUAL.len() {
            for byte in 0..=u8::MAX {
                let mut changed = USUAL.as_bytes().to_vec();
                changed[at] = byte;
                let inserted = [&USUAL.as_bytes()[..at], &[byte], &USUAL.as_bytes()[at..]].concat();
                let removed = [&USUAL.as_bytes()[..at], &USUAL.as_bytes()[at + 1..]].concat();
                for line in [changed, inserted, removed] {
                    if let Some(attempt) = read(3, &line) {
                        taken += 1;
                        assert_eq!(Ok(attempt), read_any_attempt(3, &line), "{}", line.escape_ascii());
                    }
                }
            }
        }
        assert!(taken > 300, "only {taken} lines were taken");
    }

    #[test]
    fn other_lines_are_left_to_the_general_reader() {
        for line in [
            "",
            "{}",
            r#"{"id":"7","id":"7","customer_id":"8","load_amount":"$1.00","time":"2000-01-01T00:00:00Z"}"#,
            r#"{"id":"7","customer_id":"8","load_amount":"$1.00"}"#,
            r#"{"id":7,"customer_id":"8","load_amount":"$1.00","time":"2000-01-01T00:00:00Z"}"#,
            r#"{"id":" 7","customer_id":"8","load_amount":"$1.00","time":"2000-01-01T00:00:00Z"}"#,
            r#"{"id":"7","customer_id":"8","load_amount":"$\t1.00","time":"2000-01-01T00:00:00Z"}"#,
            r#"{"id":"7","customer_id":"8","load_amount":"$1.00","time":"2000-01-01T00:00:00Z","x":"y"}"#,
        ] {
            assert_eq!(read(3, line.as_bytes()), None, "{line}");
        }
    }
}
