//! Unusable lines: the contract's table, row by row.

use super::json::{self, Text, Value};
use super::money::{self, Cents};
use super::utc::{self, Utc};

/// The characters that are trimmed off the four values, and may precede the digits of an amount.
pub(super) const ASCII_WHITE_SPACE: [char; 5] = [' ', '\t', '\n', '\x0c', '\r'];

/// A line that can be adjudicated.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    pub(super) id: String,
    pub(super) customer_id: String,
    pub(super) cents: Cents,
    pub(super) time: Utc,
}

/// A line that cannot be adjudicated: its echoed texts, and the reason.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unusable {
    pub(super) id: String,
    pub(super) customer_id: String,
    pub(super) reason: &'static str,
}

/// Returns the attempt on `line`, or the first row of the table that it fails.
pub(super) fn read(line: &[u8], max_line_bytes: usize) -> Result<Attempt, Unusable> {
    let unusable = |id: &str, customer_id: &str, reason| Unusable {
        id: id.to_owned(),
        customer_id: customer_id.to_owned(),
        reason,
    };

    // Row 1: one JSON object, of which nothing is echoed otherwise.
    let Some(members) = members(line, max_line_bytes) else {
        return Err(unusable("", "", "INPUT_PARSE_ERROR"));
    };

    // Row 2: four usable values.
    let id = members.iter().find(|(key, _)| key == "id").and_then(|(_, value)| text_or_integer(value));
    let customer_id =
        members.iter().find(|(key, _)| key == "customer_id").and_then(|(_, value)| text_or_integer(value));
    let amount = members.iter().find(|(key, _)| key == "load_amount").and_then(|(_, value)| text(value));
    let time = members.iter().find(|(key, _)| key == "time").and_then(|(_, value)| text(value));
    let (Some(id), Some(customer_id), Some(amount), Some(time)) = (&id, &customer_id, amount, time) else {
        let (id, customer_id) = (id.unwrap_or_default(), customer_id.unwrap_or_default());
        return Err(unusable(&id, &customer_id, "INPUT_PARSE_ERROR"));
    };

    // Rows 3 to 5, in this order; both texts are readable from here on.
    let is_id = |text: &str| all_digits(text) && (1..=19).contains(&text.len());
    if !is_id(id) || !is_id(customer_id) {
        return Err(unusable(id, customer_id, "INVALID_ID_FORMAT"));
    }
    let Some(time) = utc::parse(&time) else {
        return Err(unusable(id, customer_id, "INVALID_TIMESTAMP"));
    };
    let Some(cents) = money::cents_of(&amount) else {
        return Err(unusable(id, customer_id, "INVALID_AMOUNT_FORMAT"));
    };
    Ok(Attempt { id: id.clone(), customer_id: customer_id.clone(), cents, time })
}

/// Returns whether `text` holds ASCII digits only; so does the empty text.
pub(super) fn all_digits(text: &str) -> bool {
    text.chars().all(|character| character.is_ascii_digit())
}

/// Returns the top object's keys and values, `None` if the line fails the table's first row.
fn members(line: &[u8], max_line_bytes: usize) -> Option<Vec<(String, Value)>> {
    if line.len() > max_line_bytes {
        return None;
    }
    let line = str::from_utf8(line).ok()?;
    let mut members: Vec<(String, Value)> = Vec::new();
    for (key, value) in json::read_object(line).ok()? {
        let key = key?;
        let given_twice = members.iter().any(|(earlier, _)| *earlier == key);
        let is_read = ["id", "customer_id", "load_amount", "time"].contains(&key.as_str());
        if given_twice || (is_read && value.holds_half_pair()) {
            return None;
        }
        members.push((key, value));
    }
    Some(members)
}

/// Returns the trimmed text of an id: a string, or a number in its original spelling, without point or exponent.
fn text_or_integer(value: &Value) -> Text {
    match value {
        Value::Number(spelled) if !spelled.contains(['.', 'e', 'E']) => Some(spelled.clone()),
        _ => text(value),
    }
}

/// Returns the trimmed text of a string.
fn text(value: &Value) -> Text {
    match value {
        Value::Text(text) => text.as_deref().map(|text| text.trim_matches(ASCII_WHITE_SPACE).to_owned()),
        Value::Number(_) | Value::WithHalfPair | Value::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND: usize = 1 << 20;
    const REST: &str = r#""load_amount":"$1.00","time":"2000-01-01T00:00:00Z""#;

    /// `line` must be declined with `reason` and echo `id` and `customer_id`.
    #[track_caller]
    fn check(line: &str, id: &str, customer_id: &str, reason: &'static str) {
        let expected = Unusable { id: id.to_owned(), customer_id: customer_id.to_owned(), reason };
        assert_eq!(read(line.as_bytes(), BOUND), Err(expected), "{line}");
    }

    fn with_ids(id: &str, customer_id: &str) -> String {
        format!(r#"{{"id":{id},"customer_id":{customer_id},{REST}}}"#)
    }

    fn with_time_and_amount(time: &str, amount: &str) -> String {
        format!(r#"{{"id":"7","customer_id":"8","time":{time},"load_amount":{amount}}}"#)
    }

    #[test]
    fn a_usable_line_becomes_an_attempt() {
        let expected = Attempt {
            id: "007".to_owned(),
            customer_id: "8".to_owned(),
            cents: 100,
            time: Utc { day: 730_119, second: 0, nanosecond: 0 },
        };
        let line = r#" { "\u0069d" : " 007\f" , "customer_id" : 8 , "x" : {"id":[1e5]} ,
            "time" : "\t2000-01-01T00:00:00Z\n" , "load_amount" : "\r$1.00 " } "#;
        assert_eq!(read(line.as_bytes(), BOUND), Ok(expected));
    }

    #[test]
    fn a_line_that_is_no_object_echoes_nothing() {
        let twice = with_ids("\"7\"", "\"8\"").replace("\"time\"", "\"\\u0069d\":\"7\",\"time\"");
        let ignored_twice = with_ids("\"7\"", "\"8\"").replace('{', "{\"x\":1,\"x\":1,");
        let half_in_key = with_ids("\"7\"", "\"8\"").replace('{', "{\"\\ud800\":1,");
        let half_in_id = with_ids("\"\\ud800\"", "\"8\"");
        let half_in_time = with_time_and_amount("\"\\udc00\"", "\"1.00\"");
        for line in [
            "",
            " ",
            "[]",
            "null",
            "{",
            "{}x",
            &twice,
            &ignored_twice,
            &half_in_key,
            &half_in_id,
            &half_in_time,
            &with_ids("NaN", "\"8\""),
            &with_ids("01", "\"8\""),
        ] {
            check(line, "", "", "INPUT_PARSE_ERROR");
        }
    }

    #[test]
    fn half_a_pair_counts_only_where_it_is_read() {
        let ignored = with_ids("\"7\"", "\"8\"").replace('{', "{\"x\":\"\\ud800\",\"y\":{\"\\udc00\":1},");
        assert!(read(ignored.as_bytes(), BOUND).is_ok());
        for id in ["[\"\\ud800\"]", "{\"\\udc00\":[]}", "[{\"x\":[\"\\ud800\"]}]"] {
            check(&with_ids(id, "\"8\""), "", "", "INPUT_PARSE_ERROR");
        }
        check(&with_ids("[\"\\ud83d\\ude00\"]", "\"8\""), "", "8", "INPUT_PARSE_ERROR");
    }

    #[test]
    fn only_utf_8_up_to_the_bound_is_read() {
        let line = with_ids("\"7\"", "\"8\"");
        assert!(read(line.as_bytes(), line.len()).is_ok());
        assert!(read(line.as_bytes(), line.len() - 1).is_err());
        for invalid in [&b"\xff"[..], b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc3"] {
            let line = line.replace('{', "{\"x\":\"?\",").into_bytes();
            let at = line.iter().position(|byte| *byte == b'?').unwrap();
            let line = [&line[..at], invalid, &line[at + 1..]].concat();
            assert_eq!(read(&line, BOUND).unwrap_err().id, "", "{invalid:x?}");
        }
    }

    #[test]
    fn an_unusable_value_leaves_the_other_echo() {
        for unusable in ["null", "true", "1.0", "1E2", "1e2", "-0.0", "[7]", "{}"] {
            check(&with_ids(unusable, "\" 8 \""), "", "8", "INPUT_PARSE_ERROR");
            check(&with_ids("\"no digits\"", unusable), "no digits", "", "INPUT_PARSE_ERROR");
        }
        for unusable in ["null", "false", "1", "1.00", "[]", "{\"a\":\"1.00\"}"] {
            check(&with_time_and_amount("\"\"", unusable), "7", "8", "INPUT_PARSE_ERROR");
            check(&with_time_and_amount(unusable, "\"\""), "7", "8", "INPUT_PARSE_ERROR");
        }
        check("{}", "", "", "INPUT_PARSE_ERROR");
        check(&with_ids("7", "8").replace("\"id\"", "\"ID\""), "", "8", "INPUT_PARSE_ERROR");
    }

    #[test]
    fn ids_are_1_to_19_digits() {
        let long = "1".repeat(400);
        for (written, echoed) in [
            ("\"\"", ""),
            ("\" \\t\"", ""),
            ("\"1 2\"", "1 2"),
            ("\"+7\"", "+7"),
            ("\"\\u000b7\"", "\u{b}7"),
            ("\"\u{a0}7\"", "\u{a0}7"),
            ("\"٧\"", "٧"),
            ("\"12345678901234567890\"", "12345678901234567890"),
            ("-0", "-0"),
            ("-7", "-7"),
            (long.as_str(), long.as_str()),
        ] {
            check(&with_ids(written, "8"), echoed, "8", "INVALID_ID_FORMAT");
            check(&with_ids("8", written), "8", echoed, "INVALID_ID_FORMAT");
        }
        for written in ["0", "\"0\"", "9999999999999999999", "\"0000000000000000000\"", "\"\\f\\r7\\n\""] {
            assert!(read(with_ids(written, "8").as_bytes(), BOUND).is_ok(), "{written}");
            assert!(read(with_ids("8", written).as_bytes(), BOUND).is_ok(), "{written}");
        }
    }

    #[test]
    fn the_first_row_that_fails_is_the_reason() {
        check(&with_time_and_amount("\"\"", "\"\""), "7", "8", "INVALID_TIMESTAMP");
        check(&with_time_and_amount("\"2000-01-01T00:00:00Z\"", "\"1\""), "7", "8", "INVALID_AMOUNT_FORMAT");
        let bad_id = with_time_and_amount("\"\"", "\"\"").replace("\"7\"", "\"x\"");
        check(&bad_id, "x", "8", "INVALID_ID_FORMAT");
        let no_amount = with_time_and_amount("\"\"", "null").replace("\"7\"", "\"x\"");
        check(&no_amount, "x", "8", "INPUT_PARSE_ERROR");
    }
}
