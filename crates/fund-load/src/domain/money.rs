//! Money in whole cents, and exact multipliers.

use std::borrow::Cow;
use std::fmt;
use std::ops::Add;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use stream_kernel_run::config::decimal;
use stream_kernel_text::grouped;

/// An amount of money in whole cents; never negative.
///
/// An amount on a line has at most 17 digits of cents, and a multiplier is at most 1,000: a sum overflows 128 bits
/// after 3e18 amounts, more than any input has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cents(pub u128);

const CENTS_PLACES: u8 = 2;
const MAX_SETTING: &str = "999999999999999.99";

/// A factor from 1 to 1,000 with up to six decimals, kept exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Multiplier(u64);

const MULTIPLIER_PLACES: u8 = 6;
const ONE: u64 = 1_000_000;

impl Add for Cents {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Cents {
    /// Returns the amount times `multiplier`, rounded half up to the cent.
    ///
    /// ```
    /// # use fund_load::domain::{Cents, Multiplier};
    /// let multiplier = Multiplier::from_millionths(1_500_000).unwrap();
    /// assert_eq!(Cents(333).times(multiplier), Cents(500)); // 499.5
    /// ```
    pub fn times(self, multiplier: Multiplier) -> Self {
        // Dividing 128 bits takes dozens of instructions, and the multiplier is one on most days.
        if multiplier == Multiplier::ONE {
            return self;
        }
        let millionths = self.0 * u128::from(multiplier.0);
        Self((millionths + u128::from(ONE / 2)) / u128::from(ONE))
    }

    /// Returns the amount divided by `divisor`, rounded down to the cent.
    ///
    /// ```
    /// # use fund_load::domain::{Cents, Multiplier};
    /// let divisor = Multiplier::from_millionths(3_000_000).unwrap();
    /// assert_eq!(Cents(500_000).divided_by(divisor), Cents(166_666));
    /// ```
    pub fn divided_by(self, divisor: Multiplier) -> Self {
        if divisor == Multiplier::ONE {
            return self;
        }
        Self(self.0 * u128::from(ONE) / u128::from(divisor.0))
    }
}

/// Writes the amount as people do, `$1,234.50`.
impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}.{:02}", grouped(self.0 / 100), self.0 % 100)
    }
}

impl Multiplier {
    /// The factor that changes nothing.
    pub const ONE: Self = Self(ONE);

    /// Returns the factor of this many millionths; `None` unless it is between 1 and 1,000.
    pub fn from_millionths(millionths: u64) -> Option<Self> {
        (ONE..=1_000 * ONE).contains(&millionths).then_some(Self(millionths))
    }

    /// Returns the factor in millionths.
    pub const fn millionths(self) -> u64 {
        self.0
    }
}

impl Serialize for Cents {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let cents = u64::try_from(self.0).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&decimal::format(cents, CENTS_PLACES))
    }
}

impl<'de> Deserialize<'de> for Cents {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        decimal::parse(&text, CENTS_PLACES).map(|cents| Self(cents.into())).map_err(D::Error::custom)
    }
}

impl JsonSchema for Cents {
    fn schema_name() -> Cow<'static, str> {
        "Money".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        decimal::schema(CENTS_PLACES, "0.00", MAX_SETTING)
    }

    fn inline_schema() -> bool {
        true
    }
}

impl Serialize for Multiplier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&decimal::format(self.0, MULTIPLIER_PLACES))
    }
}

impl<'de> Deserialize<'de> for Multiplier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let millionths = decimal::parse(&text, MULTIPLIER_PLACES).map_err(D::Error::custom)?;
        Self::from_millionths(millionths).ok_or_else(|| D::Error::custom("a multiplier is 1 to 1000"))
    }
}

impl JsonSchema for Multiplier {
    fn schema_name() -> Cow<'static, str> {
        "Multiplier".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        decimal::schema(MULTIPLIER_PLACES, "1.000000", "1000.000000")
    }

    fn inline_schema() -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn multiplier(millionths: u64) -> Multiplier {
        Multiplier::from_millionths(millionths).unwrap()
    }

    #[test]
    fn an_amount_is_written_with_its_thousands_apart() {
        let texts = [0, 9, 99_999, 100_000, 123_456_789].map(|cents| Cents(cents).to_string());
        assert_eq!(texts, ["$0.00", "$0.09", "$999.99", "$1,000.00", "$1,234,567.89"]);
    }

    #[test]
    fn multiplying_rounds_half_up_to_the_cent() {
        for (cents, millionths, product) in [
            (1, 1_499_999, 1),
            (1, 1_500_000, 2),
            (3, 1_500_000, 5),
            (0, 1_000_000_000, 0),
            (100, 1_000_001, 100),
        ] {
            assert_eq!(Cents(cents).times(multiplier(millionths)), Cents(product), "{cents} x {millionths}");
        }
    }

    #[test]
    fn the_largest_amount_times_the_largest_multiplier_is_exact() {
        let largest = Cents(99_999_999_999_999_999);
        assert_eq!(largest.times(multiplier(1_000_000_000)), Cents(99_999_999_999_999_999_000));
    }

    #[test]
    fn dividing_rounds_down_and_by_one_changes_nothing() {
        assert_eq!(Cents(500_000).divided_by(Multiplier::ONE), Cents(500_000));
        assert_eq!(Cents(1).divided_by(multiplier(1_000_001)), Cents(0));
        assert_eq!(
            Cents(99_999_999_999_999_999).divided_by(multiplier(3_000_000)),
            Cents(33_333_333_333_333_333)
        );
    }

    #[test]
    fn a_multiplier_is_one_to_a_thousand() {
        assert_eq!(Multiplier::from_millionths(999_999), None);
        assert!(Multiplier::from_millionths(1_000_000).is_some());
        assert!(Multiplier::from_millionths(1_000_000_000).is_some());
        assert_eq!(Multiplier::from_millionths(1_000_000_001), None);
    }
}
