//! JSON text, appended to a byte buffer: the few forms that a record is made of.

/// Appends `text` as a JSON string, escaped as `serde_json` does it: the two-letter escapes, other characters below
/// U+0020 as lower-case `\u00xx`, everything else raw.
pub(crate) fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut clean_from = 0;
    for (at, &byte) in text.as_bytes().iter().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&text.as_bytes()[clean_from..at]);
        push_escape(out, byte);
        clean_from = at + 1;
    }
    out.extend_from_slice(&text.as_bytes()[clean_from..]);
    out.push(b'"');
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

/// Appends each byte as two lower-case hexadecimal digits.
pub(crate) fn push_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}

/// Appends nanoseconds as milliseconds with one to six decimals, without trailing zeros: `143000` is `0.143`.
pub(crate) fn push_millis(out: &mut Vec<u8>, nanos: u64) {
    push_integer(out, nanos / 1_000_000);
    let mut fraction = nanos % 1_000_000;
    let mut decimals = [b'0'; 6];
    for digit in decimals.iter_mut().rev() {
        *digit = b"0123456789"[(fraction % 10) as usize];
        fraction /= 10;
    }
    let used = decimals.iter().rposition(|&digit| digit != b'0').map_or(1, |last| last + 1);
    out.push(b'.');
    out.extend_from_slice(&decimals[..used]);
}

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
