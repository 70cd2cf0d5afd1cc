//! Hexadecimal digits of bytes, in lower case.

/// Returns each byte as two lower-case hexadecimal digits.
///
/// ```
/// assert_eq!(stream_kernel_text::hex(&[0x0a, 0xff]), "0aff");
/// ```
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|&byte| hex_digits(byte)).map(char::from).collect()
}

/// Appends each byte as two lower-case hexadecimal digits.
///
/// ```
/// let mut out = b"id ".to_vec();
/// stream_kernel_text::push_hex(&mut out, &[0x0a, 0xff]);
/// assert_eq!(out, b"id 0aff");
/// ```
pub fn push_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        out.extend_from_slice(&hex_digits(*byte));
    }
}

/// Returns the two lower-case hexadecimal digits of a byte.
///
/// ```
/// assert_eq!(&stream_kernel_text::hex_digits(0x0a), b"0a");
/// ```
#[inline]
pub fn hex_digits(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_its_digits() {
        let bytes: Vec<u8> = (0..=255).collect();
        let expected = bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        let mut pushed = Vec::new();
        push_hex(&mut pushed, &bytes);
        assert_eq!((hex(&bytes), pushed), (expected.clone(), expected.into_bytes()));
    }
}
