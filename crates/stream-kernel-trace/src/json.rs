//! JSON text, appended to a byte buffer in the few forms that a record needs.

use stream_kernel_text::{needs_escape, push_hex};

/// Appends `text` as a JSON string: with the two-letter escapes, lower-case `\u00xx` for others that [need
/// one](is_escaped), and everything else raw.
pub(crate) fn push_string(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    out.push(b'"');
    // Most texts need no escape; checking that first saves half the time.
    if may_need_escapes(bytes) {
        push_escaped(out, text);
    } else {
        out.extend_from_slice(bytes);
    }
    out.push(b'"');
}

/// Returns whether records escape `character` beyond the demands of JSON. They escape the characters that [texts for
/// people](needs_escape) do, except merely invisible ones, such as the joiner in an emoji.
pub(crate) fn is_escaped(character: char) -> bool {
    let is_invisible =
        matches!(character, '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}');
    needs_escape(character) && !is_invisible
}

fn push_escaped(out: &mut Vec<u8>, text: &str) {
    let mut clean_from = 0;
    for (at, character) in
        text.match_indices(|character| matches!(character, '"' | '\\') || is_escaped(character))
    {
        out.extend_from_slice(&text.as_bytes()[clean_from..at]);
        character.chars().for_each(|character| push_escape(out, character));
        clean_from = at + character.len();
    }
    out.extend_from_slice(&text.as_bytes()[clean_from..]);
}

/// Returns whether any byte is not plain ASCII text, checking eight at a time.
fn may_need_escapes(bytes: &[u8]) -> bool {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGH_BITS: u64 = 0x80 * ONES;
    const QUOTES: u64 = 0x22 * ONES;
    const BACKSLASHES: u64 = 0x5c * ONES;
    /// Sets the high bit of each byte below `bound`, and perhaps of bytes after one; `bound` must be below 0x80.
    const fn below(word: u64, bound: u64) -> u64 {
        word.wrapping_sub(bound * ONES) & !word & HIGH_BITS
    }
    let in_word = |found, word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        // The high bit is set for 0x7f plus one and for every byte above.
        let above = (word | word.wrapping_add(ONES)) & HIGH_BITS;
        found | above | below(word, 0x20) | below(word ^ QUOTES, 1) | below(word ^ BACKSLASHES, 1)
    };
    // The remaining bytes are checked together with bytes before them, some of them a second time.
    match bytes.last_chunk() {
        Some(last) => bytes.as_chunks().0.iter().fold(in_word(0, last), in_word) != 0,
        None => bytes.iter().any(|&byte| !(b' '..0x7f).contains(&byte) || matches!(byte, b'"' | b'\\')),
    }
}

fn push_escape(out: &mut Vec<u8>, character: char) {
    let letter = match character {
        '"' => b'"',
        '\\' => b'\\',
        '\u{8}' => b'b',
        '\u{c}' => b'f',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        _ => {
            // No escaped character lies beyond the first 65,536.
            out.extend_from_slice(b"\\u");
            push_hex(out, &u32::from(character).to_be_bytes()[2..]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', letter]);
}

/// Appends `text` as a JSON string, or `null`.
pub(crate) fn push_optional_string(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) => push_string(out, text),
        None => out.extend_from_slice(b"null"),
    }
}

/// Appends an integer in decimal digits.
pub(crate) fn push_integer(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends the beginning of an input's id as a JSON string, without the line number and the closing quote: `"run:`.
pub(crate) fn begin_trace_id(out: &mut Vec<u8>, run_id: &str) {
    push_string(out, run_id);
    out.pop();
    out.push(b':');
}

/// Appends an integer of up to 128 bits in decimal digits. Those of 64 bits, nearly all, take a fifth of the time.
pub(crate) fn push_wide_integer(out: &mut Vec<u8>, value: u128) {
    match u64::try_from(value) {
        Ok(value) => push_integer(out, value),
        Err(_) => push_integer(out, value),
    }
}

/// Appends nanoseconds as milliseconds with one to six decimals, without trailing zeros: `143000` is `0.143`.
pub(crate) fn push_millis(out: &mut Vec<u8>, nanos: u64) {
    const NANOS_PER_MILLI: u64 = 1_000_000;
    push_integer(out, nanos / NANOS_PER_MILLI);
    let decimals = six_digits(nanos % NANOS_PER_MILLI);
    let used = decimals.iter().rposition(|&digit| digit != b'0').map_or(1, |last| last + 1);
    out.push(b'.');
    out.extend_from_slice(&decimals[..used]);
}

/// Returns the last six decimal digits of `value`, with leading zeros.
pub(crate) fn six_digits(value: u64) -> [u8; 6] {
    // The digit before them gives them six places, and is dropped.
    let mut digits = [0; 6];
    digits.copy_from_slice(&itoa::Buffer::new().format(1_000_000 + value % 1_000_000).as_bytes()[1..]);
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    /// The output of `serde_json`, with escapes for characters that it leaves raw.
    fn expected(text: &str) -> String {
        let json = serde_json::to_string(text).unwrap();
        let escaped = json.chars().map(|character| match character {
            '\u{7f}'.. if is_escaped(character) => format!("\\u{:04x}", u32::from(character)),
            other => other.to_string(),
        });
        escaped.collect()
    }

    #[test]
    fn these_characters_are_escaped_in_records_and_no_others() {
        let ranges = [
            0..=0x1f,
            0x7f..=0x9f,
            0x61c..=0x61c,
            0x200e..=0x200f,
            0x2028..=0x202e,
            0x2066..=0x2069,
            0xfeff..=0xfeff,
        ];
        let listed: String = ranges.into_iter().flatten().filter_map(char::from_u32).collect();
        assert_eq!(('\0'..=char::MAX).filter(|&c| is_escaped(c)).collect::<String>(), listed);
    }

    #[test]
    fn strings_are_escaped_as_by_serde_json() {
        // Each character that needs an escape at each place of a word of eight, and its neighbours that do not.
        for at in 0..17 {
            for character in [
                '\0', '\u{1f}', ' ', '!', '"', '#', '[', '\\', ']', '~', '\u{7f}', '\u{80}', '\u{9f}',
                '\u{a0}', '\u{a2}', '\u{202e}', '\u{202f}',
            ] {
                for rest in ["x", "~", "\u{7f}"] {
                    let mut text = rest.repeat(17);
                    text.replace_range(at..=at, &character.to_string());
                    assert_eq!(written(|out| push_string(out, &text)), expected(&text));
                }
            }
        }
        let every_short_char: String =
            (0..0x3000_u32).chain(0xfe00..0xffff).filter_map(char::from_u32).collect();
        for text in ["", "plain", "\"\\\u{8}\u{c}\n\r\t\u{0}\u{1f}\u{7f}\u{202e}🙂", &every_short_char] {
            assert_eq!(written(|out| push_string(out, text)), expected(text));
        }
    }

    #[test]
    fn a_text_without_such_characters_stays_as_it_is() {
        let text = "größer 日本 🙂 \u{200d}\u{2010}";
        assert_eq!(written(|out| push_string(out, text)), format!("\"{text}\""));
    }

    #[test]
    fn milliseconds_have_one_to_six_decimals() {
        for (nanos, text) in [
            (0_u64, "0.0"),
            (1, "0.000001"),
            (10, "0.00001"),
            (143_000, "0.143"),
            (999_999, "0.999999"),
            (1_000_000, "1.0"),
            (1_500_000, "1.5"),
            (u64::MAX, "18446744073709.551615"),
        ] {
            assert_eq!(written(|out| push_millis(out, nanos)), text);
        }
    }
}
