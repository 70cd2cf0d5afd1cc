//! JSON text, appended to a byte buffer: the few forms that a record is made of.

/// Appends `text` as a JSON string, escaped as `serde_json` does it: the two-letter escapes, other characters below
/// U+0020 as lower-case `\u00xx`, everything else raw.
pub(crate) fn push_string(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    out.push(b'"');
    let mut clean_from = 0;
    // Most texts need no escape at all; to see that at a glance saves half the time.
    if needs_escapes(bytes) {
        for (at, &byte) in bytes.iter().enumerate().filter(|&(_, &byte)| needs_escape(byte)) {
            out.extend_from_slice(&bytes[clean_from..at]);
            push_escape(out, byte);
            clean_from = at + 1;
        }
    }
    out.extend_from_slice(&bytes[clean_from..]);
    out.push(b'"');
}

fn needs_escape(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

/// Returns whether any byte needs an escape, eight of them looked at together.
fn needs_escapes(bytes: &[u8]) -> bool {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGH_BITS: u64 = 0x80 * ONES;
    const QUOTES: u64 = 0x22 * ONES;
    const BACKSLASHES: u64 = 0x5c * ONES;
    /// Has the high bit set of each byte that is less than `bound`, and perhaps of others after one; only below 0x80.
    const fn below(word: u64, bound: u64) -> u64 {
        word.wrapping_sub(bound * ONES) & !word & HIGH_BITS
    }
    let in_word = |found, word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        found | below(word, 0x20) | below(word ^ QUOTES, 1) | below(word ^ BACKSLASHES, 1)
    };
    // What is left over is looked at together with the bytes before it, some of them a second time.
    match bytes.last_chunk() {
        Some(last) => bytes.as_chunks().0.iter().fold(in_word(0, last), in_word) != 0,
        None => bytes.iter().any(|&byte| needs_escape(byte)),
    }
}

fn push_escape(out: &mut Vec<u8>, byte: u8) {
    let letter = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x0c => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            out.extend_from_slice(b"\\u00");
            push_hex(out, &[byte]);
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

/// Appends the id of an input as a JSON string: `"run:7"`.
pub(crate) fn push_trace_id(out: &mut Vec<u8>, run_id: &str, line_no: u64) {
    push_string(out, run_id);
    // The line number belongs inside the quotes.
    out.pop();
    out.push(b':');
    push_integer(out, line_no);
    out.push(b'"');
}

/// Appends an integer of up to 128 bits in decimal digits. Those of 64 bits, nearly all, are written in a fifth of the time.
pub(crate) fn push_wide_integer(out: &mut Vec<u8>, value: u128) {
    match u64::try_from(value) {
        Ok(value) => push_integer(out, value),
        Err(_) => push_integer(out, value),
    }
}

/// Appends each byte as two lower-case hexadecimal digits.
pub(crate) fn push_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        out.extend_from_slice(&hex_digits(*byte));
    }
}

/// Returns the two lower-case hexadecimal digits of a byte.
pub(crate) fn hex_digits(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]
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

/// Returns the last six decimal digits of `value`, zeros in front included; two at a time, which takes half as long as one by one.
pub(crate) fn six_digits(value: u64) -> [u8; 6] {
    let pair = |value: u64| DIGIT_PAIRS[(value % 100) as usize];
    let pairs = [pair(value / 10_000), pair(value / 100), pair(value)];
    std::array::from_fn(|digit| pairs[digit / 2][digit % 2])
}

/// The digits of 00 to 99.
const DIGIT_PAIRS: [[u8; 2]; 100] = {
    const DIGITS: &[u8; 10] = b"0123456789";
    let mut pairs = [[0; 2]; 100];
    let mut value = 0;
    while value < pairs.len() {
        pairs[value] = [DIGITS[value / 10], DIGITS[value % 10]];
        value += 1;
    }
    pairs
};

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn strings_are_escaped_as_serde_json_does() {
        // Each character that needs an escape at each place of a word of eight, and its neighbours that do not.
        for at in 0..17 {
            for character in
                ['\0', '\u{1f}', ' ', '!', '"', '#', '[', '\\', ']', '\u{7f}', '\u{a2}', '\u{22}']
            {
                let mut text = "x".repeat(17);
                text.replace_range(at..=at, &character.to_string());
                assert_eq!(written(|out| push_string(out, &text)), serde_json::to_string(&text).unwrap());
            }
        }
        let every_short_char: String = (0..0x300_u32).filter_map(char::from_u32).collect();
        for text in ["", "plain", "\"\\\u{8}\u{c}\n\r\t\u{0}\u{1f}\u{7f}\u{202e}🙂", &every_short_char] {
            assert_eq!(written(|out| push_string(out, text)), serde_json::to_string(text).unwrap());
        }
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
