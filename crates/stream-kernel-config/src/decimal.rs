//! Exact decimals: text to whole units and back, without a float in between.

use schemars::{Schema, json_schema};

/// Reads `text` as whole units of `10^-places`: `"12.5"` with two places is `1250`.
///
/// It accepts ASCII digits, then, if `places` is not 0, optionally a point and 1 to `places` digits; no sign, exponent,
/// separator or white space.
///
/// # Errors
///
/// [`DecimalError`] says which rule the text breaks, or that the value does not fit into a `u64`.
///
/// ```
/// use stream_kernel_config::decimal;
///
/// assert_eq!(decimal::parse("999999999999999.99", 2), Ok(99_999_999_999_999_999));
/// assert!(decimal::parse("1e3", 2).is_err());
/// ```
pub fn parse(text: &str, places: u8) -> Result<u64, DecimalError> {
    let (whole, fraction) = match text.split_once('.') {
        Some((_, "")) => return Err(DecimalError::Form),
        Some((whole, fraction)) => (whole, fraction),
        None => (text, ""),
    };
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return Err(DecimalError::Form);
    }
    if fraction.len() > usize::from(places) {
        return Err(DecimalError::Places { places });
    }
    let padding = usize::from(places) - fraction.len();
    let digits = whole.bytes().chain(fraction.bytes()).chain(std::iter::repeat_n(b'0', padding));
    digits
        .map(|byte| u64::from(byte - b'0'))
        .try_fold(0_u64, |units, digit| units.checked_mul(10)?.checked_add(digit))
        .ok_or(DecimalError::TooLarge)
}

/// Writes whole units of `10^-places` with all their places: `1250` with two places is `"12.50"`.
///
/// ```
/// use stream_kernel_config::decimal;
///
/// assert_eq!(decimal::format(1250, 2), "12.50");
/// assert_eq!(decimal::format(7, 0), "7");
/// ```
pub fn format(units: u64, places: u8) -> String {
    let places = usize::from(places);
    let mut text = format!("{units:0width$}", width = places + 1);
    if places > 0 {
        text.insert(text.len() - places, '.');
    }
    text
}

/// Returns the JSON Schema of an exact decimal from `minimum` to `maximum` with at most `places` decimals.
///
/// An application's money type returns it from its `JsonSchema` implementation. Its `Deserialize` then gets text with
/// all places, which [`parse`] reads; its `Serialize` writes the result of [`format()`].
///
/// ```
/// let schema = stream_kernel_config::decimal::schema(2, "0.00", "999999999999999.99");
/// assert_eq!(schema.get("x-decimal").and_then(|decimal| decimal["places"].as_u64()), Some(2));
/// ```
pub fn schema(places: u8, minimum: &str, maximum: &str) -> Schema {
    json_schema!({
        "type": ["number", "string"],
        "x-decimal": { "places": places, "minimum": minimum, "maximum": maximum },
    })
}

/// Why a text is not a decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecimalError {
    /// Something other than digits and one point between digits.
    #[error("not a plain decimal number (digits, and a point between digits at most)")]
    Form,
    /// Too many digits after the point.
    #[error("more than {places} decimals")]
    Places {
        /// The number of digits allowed.
        places: u8,
    },
    /// The units do not fit into a `u64`.
    #[error("too large a number")]
    TooLarge,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_forms_are_read_and_each_exactly() {
        let accepted = [("0", 0), ("0.00", 0), ("5", 500), ("5.5", 550), ("007.01", 701), ("0.29", 29)];
        for (text, units) in accepted {
            assert_eq!(parse(text, 2), Ok(units), "{text}");
        }
        for text in
            ["", ".", "5.", ".5", "+1", "-1", "1e3", "1_0", "0x1", " 1", "1 ", "1,0", "1.0.0", "٣", ".inf"]
        {
            assert_eq!(parse(text, 2), Err(DecimalError::Form), "{text:?}");
        }
    }

    #[test]
    fn places_and_size_hold_at_the_bound_and_fail_one_beyond() {
        assert_eq!(parse("1.999", 2), Err(DecimalError::Places { places: 2 }));
        assert_eq!(parse("1.0", 0), Err(DecimalError::Places { places: 0 }));
        assert_eq!(parse("184467440737095516.15", 2), Ok(u64::MAX));
        assert_eq!(parse("184467440737095516.16", 2), Err(DecimalError::TooLarge));
    }

    #[test]
    fn parse_reads_the_output_of_format() {
        for (units, places) in [(0, 0), (0, 6), (1, 6), (99, 2), (100, 2), (u64::MAX, 2), (u64::MAX, 19)] {
            assert_eq!(parse(&format(units, places), places), Ok(units), "{units} with {places}");
        }
    }
}
