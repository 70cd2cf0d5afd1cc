//! Numbers in a context's metrics.

use crate::json::{push_integer, push_wide_integer};

/// A number in a context's metrics: any integer or floating-point number of Rust becomes one.
///
/// ```
/// use stream_kernel_trace::Number;
///
/// assert_eq!(Number::from(7_usize), Number::Unsigned(7));
/// assert_eq!(Number::from(-7_isize), Number::Signed(-7));
/// // An `f32` is not rounded: it becomes the `f64` of the same value.
/// assert_eq!(Number::from(0.1_f32), Number::Float(0.100_000_001_490_116_12));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// An unsigned integer.
    Unsigned(u128),
    /// An integer.
    Signed(i128),
    /// A floating-point number; NaN and infinities are shown as `null`, because JSON has neither.
    Float(f64),
}

impl Number {
    pub(crate) fn write_json(self, out: &mut Vec<u8>) {
        match self {
            Self::Unsigned(value) => push_wide_integer(out, value),
            Self::Signed(value) => push_integer(out, value),
            Self::Float(value) if value.is_finite() => out.extend_from_slice(format!("{value:?}").as_bytes()),
            Self::Float(_) => out.extend_from_slice(b"null"),
        }
    }
}

impl Default for Number {
    fn default() -> Self {
        Self::Unsigned(0)
    }
}

macro_rules! number_from {
    ($($type:ty => $variant:ident),+) => {
        $(impl From<$type> for Number {
            fn from(value: $type) -> Self {
                Self::$variant(value.into())
            }
        })+
    };
}

number_from!(u8 => Unsigned, u16 => Unsigned, u32 => Unsigned, u64 => Unsigned, u128 => Unsigned);
number_from!(i8 => Signed, i16 => Signed, i32 => Signed, i64 => Signed, i128 => Signed, f32 => Float, f64 => Float);

impl From<usize> for Number {
    fn from(value: usize) -> Self {
        Self::Unsigned(value as u128)
    }
}

impl From<isize> for Number {
    fn from(value: isize) -> Self {
        Self::Signed(value as i128)
    }
}
