//! JSON for terminals as well: without characters that change the display of surrounding text.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;
use stream_kernel_text::escaped_json;

/// Writes `value` as JSON without white space, with its texts [escaped](escaped_json).
///
/// # Errors
///
/// Returns the error of `out`, or of serialising `value`.
pub fn write_json(out: impl Write, value: &impl Serialize) -> serde_json::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, EscapingFormatter))
}

/// Writes compact JSON; values that already are JSON are escaped as well.
struct EscapingFormatter;

impl Formatter for EscapingFormatter {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        out.write_all(escaped_json(fragment).as_bytes())
    }

    fn write_raw_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        out.write_all(escaped_json(fragment).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::value::RawValue;
    use stream_kernel_text::needs_escape;

    use super::*;

    #[test]
    fn written_json_reads_back_the_same() {
        let text: String =
            ('\0'..='\u{ffff}').filter(|&c| needs_escape(c)).chain("\"\\é🦀".chars()).collect();
        let raw = RawValue::from_string("{\"\u{9b}\":\"\u{feff}\"}".to_owned()).unwrap();
        let mut out = Vec::new();
        write_json(&mut out, &(&text, &raw)).unwrap();
        let written = String::from_utf8(out).unwrap();
        assert!(!written.contains(needs_escape), "{written:?}");
        let (read, map): (String, BTreeMap<String, String>) = serde_json::from_str(&written).unwrap();
        assert_eq!(read, text);
        assert_eq!(map["\u{9b}"], "\u{feff}");
    }
}
