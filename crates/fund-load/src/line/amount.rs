//! Amounts of money in attempts.

use crate::domain::Cents;

/// The largest number of digits before the point.
pub(super) const MAX_WHOLE_DIGITS: usize = 15;

/// Returns the amount in `text`: `$1234.56`, `USD 1234.56`, `1234.56` and forms in between.
///
/// The form is: an optional `USD`, an optional `$`, an optional `USD`, any ASCII white space, 1 to 15 digits, a point,
/// two digits.
pub(super) fn parse(text: impl AsRef<[u8]>) -> Option<Cents> {
    let mut rest = text.as_ref();
    for prefix in [&b"USD"[..], b"$", b"USD"] {
        rest = rest.strip_prefix(prefix).unwrap_or(rest);
    }
    let (whole, cents) = match rest.trim_ascii_start() {
        [whole @ .., b'.', tens, ones] => (whole, [*tens, *ones]),
        _ => return None,
    };
    if !(1..=MAX_WHOLE_DIGITS).contains(&whole.len()) {
        return None;
    }
    // 17 digits at most: they fit into 64 bits.
    let units = whole
        .iter()
        .chain(&cents)
        .try_fold(0_u64, |units, &byte| byte.is_ascii_digit().then(|| units * 10 + u64::from(byte - b'0')));
    units.map(|units| Cents(units.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permitted_form_is_read() {
        for text in [
            "1234.56",
            "$1234.56",
            "USD1234.56",
            "USD$1234.56",
            "$USD1234.56",
            "USDUSD1234.56",
            "USD$USD1234.56",
            "USD 1234.56",
            "$ \t\n\u{c}\r1234.56",
            "001234.56",
        ] {
            assert_eq!(parse(text), Some(Cents(123_456)), "{text:?}");
        }
        assert_eq!(parse("0.00"), Some(Cents(0)));
        assert_eq!(
            parse("999999999999999.99"),
            Some(Cents(99_999_999_999_999_999)),
            "15 digits are the bound"
        );
    }

    #[test]
    fn other_forms_are_not_amounts() {
        for text in [
            "",
            "$",
            "USD",
            "1234",
            "1234.",
            "1234.5",
            "1234.567",
            ".56",
            "+1.00",
            "-1.00",
            "$-1.00",
            "1,234.56",
            "usd1.00",
            "$$1.00",
            "USDUSDUSD1.00",
            "USD USD1.00",
            "EUR1.00",
            "1.00USD",
            "1e3.00",
            "١.٠٠",
            "1.0٠",
            "$\u{b}1.00",
            "$\u{a0}1.00",
            "1234567890123456.00",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
