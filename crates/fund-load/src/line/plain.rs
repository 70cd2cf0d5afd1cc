//! The usual line, read in one go: an object of the four texts, each as good as it can be.

use super::{amount, timestamp};
use crate::domain::{Attempt, DigitId};

/// Returns the attempt of a good line that is written as programs write it: the four keys in any order, each once, their values
/// texts without escapes or white space around them, at most one space after a colon or a comma.
///
/// Any other line, and any that is not good, is `None` and left to [`fields::read`](super::fields::read), which comes to the
/// same for these: this only saves it the work, a third of what a line costs in all.
pub(super) fn read(line_no: u64, line: &[u8]) -> Option<Attempt> {
    let (mut id, mut customer_id, mut amount, mut time) = (None, None, None, None);
    let mut members = line.strip_prefix(b"{")?.strip_suffix(b"}")?;
    loop {
        let (key, after_key) = key(members)?;
        let (value, after_value) = text(skip_space(after_key.strip_prefix(b":")?))?;
        // Digits and times are no escapes, nor anything that must not stand in a text; an amount may hold white space.
        let is_doubled = match key {
            Key::Id => id.replace(DigitId::parse(value)?).is_some(),
            Key::CustomerId => customer_id.replace(DigitId::parse(value)?).is_some(),
            Key::LoadAmount if value.iter().all(u8::is_ascii_graphic) => {
                amount.replace(amount::parse(value)?).is_some()
            }
            Key::Time => time.replace(timestamp::parse(value)?).is_some(),
            Key::LoadAmount => return None,
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

/// The keys of a usual line.
enum Key {
    Id,
    CustomerId,
    LoadAmount,
    Time,
}

/// Returns the key with which `json` begins, and what comes after it.
fn key(json: &[u8]) -> Option<(Key, &[u8])> {
    // Compared as a whole: to look for the closing quote would take 1 % of a line.
    match json.get(1)? {
        b'i' => Some((Key::Id, json.strip_prefix(b"\"id\"")?)),
        b'c' => Some((Key::CustomerId, json.strip_prefix(b"\"customer_id\"")?)),
        b'l' => Some((Key::LoadAmount, json.strip_prefix(b"\"load_amount\"")?)),
        b't' => Some((Key::Time, json.strip_prefix(b"\"time\"")?)),
        _ => None,
    }
}

/// Returns what stands between the quotes at the beginning of `json`, and what comes after them.
fn text(json: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = json.strip_prefix(b"\"")?;
    let end = rest.iter().position(|&byte| byte == b'"')?;
    Some((&rest[..end], &rest[end + 1..]))
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
    fn usual_lines_are_taken_and_read_as_any_line_is() {
        for line in [
            USUAL,
            r#"{"time": "2000-02-29 23:59:60.5+23:59", "load_amount": "USD$1234.50", "customer_id": "007", "id": "9999999999999999999"}"#,
        ] {
            let attempt = read(3, line.as_bytes());
            assert!(attempt.is_some(), "{line}");
            assert_eq!(attempt, read_any_attempt(3, line.as_bytes()).ok(), "{line}");
        }
    }

    /// Whatever becomes of a usual line by changing any one byte: it is left alone, or read as any line is.
    #[test]
    fn no_line_is_read_otherwise_than_by_the_reader_of_all_lines() {
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
    fn what_is_not_usual_is_left_to_the_reader_of_all_lines() {
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
