//! Times: read to the nanosecond, or not at all.

use jiff::{Timestamp, ToSpan};

use super::decisions::decisions;

/// The longest text that is tried, so that a line with it is never too long.
const MAX_TEXT_BYTES: usize = 100;

/// Decides a line whose time is `text`, which must be accepted or not as by the model, and equal the time that the
/// calendar library reads.
///
/// To the nanosecond: the same attempt with the time spelled plainly is a replay of it, and one a nanosecond off is in
/// conflict with it.
///
/// # Panics
///
/// If it is read otherwise.
pub fn time(text: &[u8]) {
    let Ok(text) = str::from_utf8(text) else { return };
    if text.len() > MAX_TEXT_BYTES {
        return;
    }
    if decisions(line(text).as_bytes()) == [Some("INVALID_TIMESTAMP")] {
        return;
    }
    let trimmed = text.trim_matches(|character: char| character.is_ascii_whitespace());
    let moment: Timestamp = match trimmed.parse() {
        Ok(moment) => moment,
        // The library ends a day and a bit before the year does, so that every time has a date in every zone.
        Err(_) if trimmed.starts_with("9999-12-3") => return,
        Err(error) => panic!("{text:?} is not a time: {error}"),
    };
    let nanosecond = if moment.subsec_nanosecond() == 0 { 1 } else { -1 };
    let Ok(other) = moment.checked_add(nanosecond.nanoseconds()) else { return };
    let input = [line(text), line(&moment.to_string()), line(&other.to_string())].concat();
    let reasons = decisions(input.as_bytes());
    assert_eq!(reasons[1..], [Some("ID_DUPLICATE_REPLAY"), Some("ID_DUPLICATE_CONFLICT")], "{text:?}");
}

fn line(time: &str) -> String {
    let time = serde_json::Value::from(time);
    format!(r#"{{"id":"7","customer_id":"8","load_amount":"1.00","time":{time}}}"#) + "\n"
}
