//! Amounts: read to the cent, or not at all.

use super::decisions::decisions;
use crate::model::cents_of;

/// The longest text that is tried, so that a line with it is never too long.
const MAX_TEXT_BYTES: usize = 100;

/// Decides a line whose amount is `text`, which must be read as the model reads it.
///
/// To the cent: the same attempt with the amount spelled plainly is a replay of it, and one with another cent is in
/// conflict with it.
///
/// # Panics
///
/// If it is read otherwise.
pub fn amount(text: &[u8]) {
    let Ok(text) = str::from_utf8(text) else { return };
    if text.len() > MAX_TEXT_BYTES {
        return;
    }
    let trimmed = text.trim_matches(|character: char| character.is_ascii_whitespace());
    let Some(cents) = cents_of(trimmed) else {
        assert_eq!(decisions(line(text).as_bytes()), [Some("INVALID_AMOUNT_FORMAT")], "{text:?}");
        return;
    };
    let plain = |cents: u128| line(&format!("{}.{:02}", cents / 100, cents % 100));
    let input = [line(text), plain(cents), plain(cents ^ 1)].concat();
    let reasons = decisions(input.as_bytes());
    assert_eq!(reasons[1..], [Some("ID_DUPLICATE_REPLAY"), Some("ID_DUPLICATE_CONFLICT")], "{text:?}");
}

fn line(amount: &str) -> String {
    let amount = serde_json::Value::from(amount);
    format!(r#"{{"id":"7","customer_id":"8","load_amount":{amount},"time":"2000-01-03T00:00:00Z"}}"#) + "\n"
}
