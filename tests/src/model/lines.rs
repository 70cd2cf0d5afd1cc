//! Physical lines.

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Returns the physical lines of `input`, without the byte order mark and the line ends.
pub(super) fn physical_lines(input: &[u8]) -> Vec<&[u8]> {
    let mut rest = input.strip_prefix(BYTE_ORDER_MARK).unwrap_or(input);
    let mut lines = Vec::new();
    while !rest.is_empty() {
        if let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line = &rest[..end];
            lines.push(line.strip_suffix(b"\r").unwrap_or(line));
            rest = &rest[end + 1..];
        } else {
            // Without an LF, a CR is not part of a line end.
            lines.push(rest);
            rest = &[];
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_the_contract_says() {
        let cases: [(&str, &[&str]); 12] = [
            ("", &[]),
            ("\u{feff}", &[]),
            ("\u{feff}\n", &[""]),
            ("\n", &[""]),
            ("\n\n", &["", ""]),
            ("a", &["a"]),
            ("a\nb", &["a", "b"]),
            ("a\r\nb\r\n", &["a", "b"]),
            ("a\r\r\n", &["a\r"]),
            ("a\rb\n", &["a\rb"]),
            ("a\r", &["a\r"]),
            ("\u{feff}a\n\u{feff}b\n", &["a", "\u{feff}b"]),
        ];
        for (input, expected) in cases {
            let lines = physical_lines(input.as_bytes());
            let expected: Vec<_> = expected.iter().map(|line| line.as_bytes()).collect();
            assert_eq!(lines, expected, "{input:?}");
        }
    }
}
