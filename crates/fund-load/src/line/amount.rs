//! Amounts of money as attempts spell them.

use crate::domain::Cents;

/// The largest number of digits before the point.
const MAX_WHOLE_DIGITS: usize = 15;

/// Returns the amount that `text` spells: `$1234.56`, `USD 1234.56`, `1234.56` and what lies between them.
///
/// The form is: `USD` or not, `$` or not, `USD` or not, any ASCII white space, 1 to 15 digits, a point, two digits.
pub(super) fn parse(text: &str) -> Option<Cents> {
    let mut rest = text;
    for prefix in ["USD", "$", "USD"] {
        rest = rest.strip_prefix(prefix).unwrap_or(rest);
    }
    let digits = rest.trim_start_matches(|character: char| character.is_ascii_whitespace());
    let (whole, cents) = digits.split_once('.')?;
    let is_amount = (1..=MAX_WHOLE_DIGITS).contains(&whole.len())
        && cents.len() == 2
        && whole.bytes().chain(cents.bytes()).all(|byte| byte.is_ascii_digit());
    is_amount.then(|| {
        Cents(
            whole.bytes().chain(cents.bytes()).fold(0, |units, digit| units * 10 + u128::from(digit - b'0')),
        )
    })
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
    fn anything_else_is_no_amount() {
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
