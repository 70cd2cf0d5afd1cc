//! Output of decisions.

use super::Verdict;

/// Returns the exact bytes of the output: one compact JSON object a line, in order.
pub fn render(verdicts: &[Verdict]) -> Vec<u8> {
    let mut output = Vec::new();
    for verdict in verdicts {
        let (id, customer_id) = (quoted(&verdict.id), quoted(&verdict.customer_id));
        let accepted = verdict.reason.is_none();
        let line = format!("{{\"id\":{id},\"customer_id\":{customer_id},\"accepted\":{accepted}}}\n");
        output.extend(line.into_bytes());
    }
    output
}

/// Returns `text` as a JSON string.
fn quoted(text: &str) -> String {
    let escaped: Vec<_> = text.chars().map(escaped).collect();
    format!("\"{}\"", escaped.concat())
}

/// Returns a character of a JSON string, escaped only if JSON demands it.
fn escaped(character: char) -> String {
    match character {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\u{8}' => "\\b".to_owned(),
        '\u{c}' => "\\f".to_owned(),
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        control if control < ' ' => format!("\\u{:04x}", u32::from(control)),
        plain => plain.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kept;

    #[test]
    fn echoed_text_is_escaped_no_more_than_needed() {
        assert_eq!(quoted(""), r#""""#);
        assert_eq!(quoted("\"\\/\u{8}\u{c}\n\r\t"), r#""\"\\/\b\f\n\r\t""#);
        assert_eq!(quoted("\0\u{1}\u{b}\u{1f}"), r#""\u0000\u0001\u000b\u001f""#);
        assert_eq!(quoted("\u{7f}\u{85}\u{202e}é😀"), "\"\u{7f}\u{85}\u{202e}é😀\"");
    }

    #[test]
    fn a_decision_is_one_compact_line() {
        let accepted = Verdict {
            id: "1".into(),
            customer_id: "2".into(),
            reason: None,
            figures: None,
            kept: Kept::default(),
        };
        let declined = Verdict {
            id: String::new(),
            customer_id: "3".into(),
            reason: Some("X"),
            figures: None,
            kept: Kept::default(),
        };
        let output = String::from_utf8(render(&[accepted, declined])).unwrap();
        assert_eq!(
            output,
            "{\"id\":\"1\",\"customer_id\":\"2\",\"accepted\":true}\n\
             {\"id\":\"\",\"customer_id\":\"3\",\"accepted\":false}\n"
        );
    }
}
