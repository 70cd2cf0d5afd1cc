//! Money in whole cents, exactly: the spelling of amounts, and the Monday multiplier.

use super::attempt::{ASCII_WHITE_SPACE, all_digits};

/// An amount of money in cents.
///
/// The largest amount times the largest multiplier has 21 digits, so the model can sum without overflow.
pub type Cents = u128;

/// How many millionths make one; a multiplier has up to six decimals.
pub(super) const MILLION: u128 = 1_000_000;

/// Returns the cents of a trimmed `load_amount`, `None` if it is not an amount.
pub fn cents_of(text: &str) -> Option<Cents> {
    let text = text.strip_prefix("USD").unwrap_or(text);
    let text = text.strip_prefix('$').unwrap_or(text);
    let text = text.strip_prefix("USD").unwrap_or(text);
    let text = text.trim_start_matches(ASCII_WHITE_SPACE);
    let (dollars, cents) = text.split_once('.')?;
    let well_formed =
        all_digits(dollars) && (1..=15).contains(&dollars.len()) && all_digits(cents) && cents.len() == 2;
    if !well_formed {
        return None;
    }
    let dollars: Cents = dollars.parse().ok()?;
    let cents: Cents = cents.parse().ok()?;
    Some(dollars * 100 + cents)
}

/// Returns `amount` times a multiplier in millionths, rounded half up to the cent.
pub(super) fn multiplied(amount: Cents, millionths: u128) -> Cents {
    let exact = amount * millionths;
    if exact % MILLION >= MILLION / 2 { exact / MILLION + 1 } else { exact / MILLION }
}

/// Returns `limit` divided by a multiplier in millionths, rounded down to the cent.
pub(super) fn divided(limit: Cents, millionths: u128) -> Cents {
    limit * MILLION / millionths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_the_contract_spells_them() {
        let amounts = [
            ("0.00", 0),
            ("1.23", 123),
            ("$3318.47", 331_847),
            ("USD5.00", 500),
            ("USD$5.00", 500),
            ("$USD5.00", 500),
            ("USD$USD5.00", 500),
            ("USDUSD5.00", 500),
            ("$ \t\n\x0c\r5.00", 500),
            ("USD 000000000000001.00", 100),
            ("999999999999999.99", 99_999_999_999_999_999),
        ];
        for (text, cents) in amounts {
            assert_eq!(cents_of(text), Some(cents), "{text:?}");
        }
    }

    #[test]
    fn other_spellings_are_not_amounts() {
        let not_amounts = [
            "",
            "$",
            "5",
            "5.",
            "5.0",
            "5.000",
            ".50",
            "5,00",
            "1,000.00",
            "+5.00",
            "-5.00",
            "$-5.00",
            "5.00 USD",
            "5.00$",
            "usd5.00",
            "$$5.00",
            "USD $5.00",
            "$ USD5.00",
            "USDUSDUSD5.00",
            "$$USD5.00",
            "€5.00",
            "5.0a",
            "5 .00",
            "5. 00",
            "5.00.00",
            "1e3.00",
            "٥.٠٠",
            "1000000000000000.00",
            "0000000000000001.00",
            "$\u{b}5.00",
            "$\u{a0}5.00",
        ];
        for text in not_amounts {
            assert_eq!(cents_of(text), None, "{text:?}");
        }
    }

    #[test]
    fn amounts_round_half_up_and_limits_down() {
        assert_eq!(multiplied(1, 1_500_000), 2, "1.5 rounds up");
        assert_eq!(multiplied(1, 1_499_999), 1, "1.499999 rounds down");
        assert_eq!(multiplied(3, 1_500_000), 5, "4.5 rounds up, not to even");
        assert_eq!(multiplied(5, 1_500_000), 8, "7.5 rounds up");
        assert_eq!(multiplied(333, MILLION), 333);
        assert_eq!(multiplied(99_999_999_999_999_999, 1000 * MILLION), 99_999_999_999_999_999_000);
        assert_eq!(divided(500_000, 3 * MILLION), 166_666, "1666.666.. rounds down");
        assert_eq!(divided(500_000, 2 * MILLION), 250_000);
        assert_eq!(divided(1, 1_000_001), 0);
        assert_eq!(divided(99_999_999_999_999_999, MILLION), 99_999_999_999_999_999);
    }
}
