//! Characters that steer how the text around them is shown, and JSON that holds none of them as they are.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

/// Returns whether `character` is a control character, one that reorders text (bidirectional formatting), or one that some
/// program takes for the end of a line or for nothing: what must not reach a terminal as it is.
///
/// These are U+0000 to U+001F, U+007F to U+009F, U+061C, U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069 and U+FEFF.
///
/// ```
/// use stream_kernel_trace::is_steering;
///
/// assert!(is_steering('\u{1b}') && is_steering('\u{202e}'));
/// assert!(!is_steering('é'));
/// ```
pub fn is_steering(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Returns `json` with each [steering](is_steering) character of its texts as an escape, which means the same.
///
/// JSON has characters below U+0020 as escapes already, but for the line ends between its values, which stay.
///
/// ```
/// use stream_kernel_trace::escaped_json;
///
/// assert_eq!(escaped_json("[\n\"a\u{202e}b\"]"), "[\n\"a\\u202eb\"]");
/// ```
pub fn escaped_json(json: &str) -> Cow<'_, str> {
    let must_go = |character: char| character >= '\u{7f}' && is_steering(character);
    if !json.contains(must_go) {
        return json.into();
    }
    json.chars()
        .fold(String::with_capacity(json.len() + 16), |mut escaped, character| {
            if must_go(character) {
                // A string takes in everything.
                let _ = write!(escaped, "\\u{:04x}", u32::from(character));
            } else {
                escaped.push(character);
            }
            escaped
        })
        .into()
}

/// Writes `value` as JSON without white space, its texts [escaped](escaped_json).
///
/// # Errors
///
/// Returns why `out` did not take it in, or why `value` cannot be serialised.
pub fn write_json(out: impl Write, value: &impl Serialize) -> serde_json::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, EscapingFormatter))
}

/// Writes compact JSON; what it is handed as JSON already is escaped as well.
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
    use serde_json::value::RawValue;

    use super::*;

    /// Every character that must not pass, as the contract lists them.
    fn steering() -> impl Iterator<Item = char> {
        let ranges = [
            0..=0x1f,
            0x7f..=0x9f,
            0x61c..=0x61c,
            0x200e..=0x200f,
            0x2028..=0x202e,
            0x2066..=0x2069,
            0xfeff..=0xfeff,
        ];
        ranges.into_iter().flatten().filter_map(char::from_u32)
    }

    #[test]
    fn these_characters_steer_and_no_others_do() {
        let found: Vec<char> =
            (0..=0x0010_ffff).filter_map(char::from_u32).filter(|&c| is_steering(c)).collect();
        assert_eq!(found, steering().collect::<Vec<_>>());
    }

    #[test]
    fn what_is_written_is_free_of_them_and_reads_back_as_it_was() {
        let text: String = steering().chain("\"\\é🦀".chars()).collect();
        let raw = RawValue::from_string("{\"\u{9b}\":\"\u{feff}\"}".to_owned()).unwrap();
        let mut out = Vec::new();
        write_json(&mut out, &(&text, &raw)).unwrap();
        let written = String::from_utf8(out).unwrap();
        assert!(!written.contains(is_steering), "{written:?}");
        let (read, map): (String, std::collections::BTreeMap<String, String>) =
            serde_json::from_str(&written).unwrap();
        assert_eq!(read, text);
        assert_eq!(map["\u{9b}"], "\u{feff}");
    }
}
