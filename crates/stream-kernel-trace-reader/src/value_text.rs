//! Values in the context for people.

use std::borrow::Cow;

use serde::de::IgnoredAny;

/// Returns a JSON value for people: a text without its quotes, unless it would look like a number, another value, none
/// (`-`) or nothing. Nothing in it is escaped.
pub fn value_text(json: &str) -> Cow<'_, str> {
    // Most texts have no escapes: they are just the characters between the quotes.
    let text = serde_json::from_str(json).map(Cow::Borrowed);
    match text.or_else(|_| serde_json::from_str(json).map(Cow::Owned)) {
        Ok(text) if !is_doubtful(&text) => text,
        _ => json.into(),
    }
}

fn is_doubtful(text: &str) -> bool {
    text == "-" || text.trim() != text || text.is_empty() || serde_json::from_str::<IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::value_text;

    #[test]
    fn ambiguous_texts_keep_their_quotes() {
        for (json, told) in [
            (r#""a b""#, "a b"),
            (r#""2000-01-03""#, "2000-01-03"),
            (r#""0815""#, "0815"),
            (r#""say \"a\"""#, r#"say "a""#),
            ("null", "null"),
            ("7", "7"),
            (r#"{"a":"b"}"#, r#"{"a":"b"}"#),
        ] {
            assert_eq!(value_text(json), told);
        }
        for doubtful in
            [r#""""#, r#""-""#, r#"" ""#, r#""null""#, r#""7""#, r#""-1.5e3""#, r#""true""#, r#""[1]""#]
        {
            assert_eq!(value_text(doubtful), doubtful);
        }
    }
}
