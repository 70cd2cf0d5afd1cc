//! Ids: texts of 1 to 19 digits, in eight bytes.

use std::fmt;

/// A text of 1 to 19 ASCII digits, such as an attempt's id or a customer's: `007` and `7` are different ids.
///
/// There are fewer such texts than `u64` values, so each has a number of its own: its position in the list of all of
/// them, shorter ones first. Ordering follows that position.
///
/// ```
/// use fund_load::domain::DigitId;
///
/// let id = DigitId::parse("007").unwrap();
/// assert_eq!(id.to_string(), "007");
/// assert_eq!(id.value(), 7);
/// assert_ne!(Some(id), DigitId::parse("7"));
/// assert_eq!(DigitId::parse("12345678901234567890"), None); // 20 digits
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
// Its neighbours in table entries have 4 bytes each: an alignment of 8 would leave a gap.
#[repr(Rust, packed(4))]
pub struct DigitId(u64);

/// The largest number of digits in an id.
pub(crate) const MAX_DIGITS: usize = 19;

/// By number of digits less one: the number of shorter texts, which is the position of the first text of that length.
const FIRST_PLACES: [u64; MAX_DIGITS] = {
    let mut places = [0; MAX_DIGITS];
    let mut length = 1;
    while length < MAX_DIGITS {
        // Each shorter text, and the empty one, is the prefix of ten.
        places[length] = (places[length - 1] + 1) * 10;
        length += 1;
    }
    places
};

/// The digits of each number below 100.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number as usize] = [b'0' + number / 10, b'0' + number % 10];
        number += 1;
    }
    pairs
};

impl DigitId {
    /// Returns the id in `text`; `None` unless it is 1 to 19 ASCII digits.
    pub fn parse(text: impl AsRef<[u8]>) -> Option<Self> {
        let text = text.as_ref();
        if text.is_empty() || text.len() > MAX_DIGITS {
            return None;
        }
        let value = text
            .iter()
            .try_fold(0, |value, &byte| byte.is_ascii_digit().then(|| value * 10 + u64::from(byte - b'0')));
        Some(Self(FIRST_PLACES[text.len() - 1] + value?))
    }

    /// Returns the id of `len` digits with the value `number`; `None` unless `len` is 1 to 19.
    pub(crate) fn of_digits(number: u64, len: usize) -> Option<Self> {
        let first = FIRST_PLACES.get(len.checked_sub(1)?)?;
        Some(Self(first + number))
    }

    /// Returns its position in the list of all ids, from 0.
    pub(crate) fn place(self) -> u64 {
        self.0
    }

    /// Returns the id at that position; `None` if the list is shorter.
    pub(crate) fn at_place(place: u64) -> Option<Self> {
        // The last text has the most digits, all of them nines.
        const LAST: u64 = FIRST_PLACES[MAX_DIGITS - 1] + 9_999_999_999_999_999_999;
        (place <= LAST).then_some(Self(place))
    }

    /// Returns the number of the digits.
    pub fn value(self) -> u64 {
        self.0 - self.length().1
    }

    /// Passes the text to `use_text` and returns the result, without an allocation.
    pub fn with_text<T>(self, use_text: impl FnOnce(&str) -> T) -> T {
        let mut text = [b'0'; MAX_DIGITS];
        let len = self.write(&mut text);
        // Digits are ASCII.
        use_text(std::str::from_utf8(&text[..len]).unwrap_or_default())
    }

    /// Writes the digits into the beginning of `text`, and returns their number.
    #[expect(clippy::cast_possible_truncation, reason = "what is below 100 is not cut off")]
    pub(crate) fn write(self, text: &mut [u8; MAX_DIGITS]) -> usize {
        let (len, first) = self.length();
        let mut value = self.0 - first;
        if len <= SHORT {
            // The digits before the number's own are cut off; bytes behind it are written as well.
            let digits = eight_digits(value) >> (8 * (SHORT - len));
            text[..SHORT].copy_from_slice(&digits.to_le_bytes());
            return len;
        }
        let text = &mut text[..len];
        // From the last digit on, since leading digits may be zeros.
        let (alone, pairs) = text.as_rchunks_mut();
        for pair in pairs.iter_mut().rev() {
            *pair = PAIRS[(value % 100) as usize];
            value /= 100;
        }
        if let [digit] = alone {
            *digit = PAIRS[value as usize][1];
        }
        len
    }

    /// Returns the number of digits, and the position of the first text of that length.
    fn length(self) -> (usize, u64) {
        let len = FIRST_PLACES.partition_point(|&first| first <= self.0);
        (len, FIRST_PLACES[len - 1])
    }
}

/// The number of digits that are written at once.
const SHORT: usize = 8;

/// Returns the eight digits of a number below 100,000,000 as bytes, the first one lowest.
///
/// It is halved into four digits, two and one, each time in all parts of a word at once: dividing by a constant is
/// multiplying by its inverse, as in Hacker's Delight, section 10-9.
fn eight_digits(number: u64) -> u64 {
    const ZEROS: u64 = u64::MAX / 0xff * b'0' as u64;
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = (fours * 10_486) >> 20 & 0x0000_007f_0000_007f;
    let twos = hundreds | ((fours - hundreds * 100) << 16);
    let tens = (twos * 103) >> 10 & 0x000f_000f_000f_000f;
    (tens | ((twos - tens * 10) << 8)) + ZEROS
}

impl fmt::Display for DigitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| f.write_str(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_of_digits_round_trips() {
        let mut texts: Vec<String> = (0..=9_999).map(|number: u32| number.to_string()).collect();
        for length in 1..=MAX_DIGITS {
            texts.extend(["0", "9", "1", "5"].map(|digit| digit.repeat(length)));
        }
        for text in texts {
            let id = DigitId::parse(&text).unwrap();
            assert_eq!(id.to_string(), text);
            assert_eq!(id.value(), text.parse::<u64>().unwrap());
        }
    }

    #[test]
    fn different_texts_are_different_ids() {
        let mut ids: Vec<DigitId> = ["0", "00", "000", "9", "09", "10", "010", "99", "100", "099"]
            .map(|text| DigitId::parse(text).unwrap())
            .to_vec();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 10);
    }

    #[test]
    fn other_texts_than_1_to_19_digits_are_not_ids() {
        for text in ["", "-1", "+1", "1.0", "1e3", " 1", "1 ", "١٢", "12345678901234567890", "a"] {
            assert_eq!(DigitId::parse(text), None, "{text:?}");
        }
        assert!(DigitId::parse("9999999999999999999").is_some(), "19 digits are the bound");
    }
}
