//! Digits, eight at a time in a word: the first of a text is in its lowest byte.

/// The number 1 in each byte.
const EACH_BYTE: u64 = u64::MAX / 0xff;

/// Returns the number in the leading digits of `text`, and their count.
///
/// Digits are added up in pairs, then pairs of pairs, then halves, each step with one multiplication: Daniel Lemire,
/// "Quickly parsing eight digits".
#[inline]
pub(super) fn leading(text: [u8; 8]) -> (u64, usize) {
    let values = u64::from_le_bytes(text) ^ (EACH_BYTE * u64::from(b'0'));
    let len = others(values).trailing_zeros() / u8::BITS;
    // Leading zeros replace the bytes after the digits.
    let Some(digits) = values.checked_shl(u64::BITS - u8::BITS * len) else { return (0, 0) };
    let pairs = digits.wrapping_mul(1 + (10 << 8)) >> 8 & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(1 + (100 << 16)) >> 16 & 0x0000_ffff_0000_ffff;
    (fours.wrapping_mul(1 + (10_000 << 32)) >> 32, len as usize)
}

/// Returns the numbers in the digits of `text`, each with the one after it; `None` unless `form` has a zero for each
/// digit and equals `text` elsewhere.
#[inline]
pub(super) fn pairs(text: [u8; 8], form: [u8; 8]) -> Option<[u8; 8]> {
    let values = u64::from_le_bytes(text) ^ u64::from_le_bytes(form);
    let is_digit = form.map(|byte| if byte == b'0' { 0 } else { u8::MAX });
    let is_of_form = others(values) == 0 && values & u64::from_le_bytes(is_digit) == 0;
    is_of_form.then(|| (values * 10 + (values >> 8)).to_le_bytes())
}

/// Returns a word whose highest bits are set in the first byte of `values` that is over 9, and in none before it.
fn others(values: u64) -> u64 {
    (values.wrapping_add(EACH_BYTE * (0x80 - 10)) | values) & (EACH_BYTE << 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_digits_are_the_number() {
        for text in [
            "12345678",
            "00000000",
            "99999999",
            "0000007\"",
            "7\"999999",
            "\"1234567",
            "1/2:3456",
            "123\u{ff}\u{ff}\0",
        ] {
            let text: [u8; 8] = text.as_bytes()[..8].try_into().unwrap();
            let digits: Vec<_> = text.iter().take_while(|byte| byte.is_ascii_digit()).copied().collect();
            let number = String::from_utf8(digits.clone()).unwrap().parse().unwrap_or(0);
            assert_eq!(leading(text), (number, digits.len()), "{}", text.escape_ascii());
        }
    }

    /// Any byte at any position: it is a digit if and only if it counts as one.
    #[test]
    fn only_digits_count_as_digits() {
        for (at, byte) in (0..8).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte))) {
            let mut text = *b"31415926";
            text[at] = byte;
            let len = if byte.is_ascii_digit() { 8 } else { at };
            assert_eq!(leading(text).1, len, "{}", text.escape_ascii());
            assert_eq!(pairs(text, *b"00000000").is_some(), len == 8, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn pairs_are_read_where_the_form_has_zeros() {
        assert_eq!(
            pairs(*b"12:34-05", *b"00:00-00").map(|pairs| [pairs[0], pairs[3], pairs[6]]),
            Some([12, 34, 5])
        );
        for text in [*b"12-34-05", *b"12:34-0:", *b"1a:34-05", *b"12:34005"] {
            assert_eq!(pairs(text, *b"00:00-00"), None, "{}", text.escape_ascii());
        }
    }
}
