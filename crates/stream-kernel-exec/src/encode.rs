//! Keys and values as bytes, for snapshots and for other workers.

/// A type that can be written as bytes and read back. The bytes tell their own length and are the same on every
/// machine.
///
/// ```
/// use stream_kernel_exec::Encode;
///
/// let mut bytes = Vec::new();
/// (7_u32, "seven".to_owned()).encode(&mut bytes);
/// let mut rest = bytes.as_slice();
/// assert_eq!(<(u32, String)>::decode(&mut rest), Some((7, "seven".to_owned())));
/// assert!(rest.is_empty());
/// ```
pub trait Encode: Sized {
    /// Appends this value's bytes to `to`.
    fn encode(&self, to: &mut Vec<u8>);

    /// Takes one value off the front of `from`; `None` if `from` does not begin with one.
    fn decode(from: &mut &[u8]) -> Option<Self>;
}

macro_rules! encode_numbers {
    ($($number:ty),+) => {$(
        impl Encode for $number {
            fn encode(&self, to: &mut Vec<u8>) {
                to.extend_from_slice(&self.to_le_bytes());
            }

            fn decode(from: &mut &[u8]) -> Option<Self> {
                let (bytes, rest) = from.split_first_chunk()?;
                *from = rest;
                Some(Self::from_le_bytes(*bytes))
            }
        }
    )+};
}

encode_numbers!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128);

impl Encode for () {
    fn encode(&self, _: &mut Vec<u8>) {}

    fn decode(_: &mut &[u8]) -> Option<Self> {
        Some(())
    }
}

impl Encode for bool {
    fn encode(&self, to: &mut Vec<u8>) {
        u8::from(*self).encode(to);
    }

    fn decode(from: &mut &[u8]) -> Option<Self> {
        match u8::decode(from)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Encode for Vec<u8> {
    fn encode(&self, to: &mut Vec<u8>) {
        (self.len() as u64).encode(to);
        to.extend_from_slice(self);
    }

    fn decode(from: &mut &[u8]) -> Option<Self> {
        let len = usize::try_from(u64::decode(from)?).ok()?;
        let (bytes, rest) = from.split_at_checked(len)?;
        *from = rest;
        Some(bytes.to_vec())
    }
}

impl Encode for String {
    fn encode(&self, to: &mut Vec<u8>) {
        (self.len() as u64).encode(to);
        to.extend_from_slice(self.as_bytes());
    }

    fn decode(from: &mut &[u8]) -> Option<Self> {
        Self::from_utf8(Vec::decode(from)?).ok()
    }
}

impl<T: Encode> Encode for Option<T> {
    fn encode(&self, to: &mut Vec<u8>) {
        self.is_some().encode(to);
        if let Some(inner) = self {
            inner.encode(to);
        }
    }

    fn decode(from: &mut &[u8]) -> Option<Self> {
        if bool::decode(from)? { T::decode(from).map(Some) } else { Some(None) }
    }
}

impl<A: Encode, B: Encode> Encode for (A, B) {
    fn encode(&self, to: &mut Vec<u8>) {
        self.0.encode(to);
        self.1.encode(to);
    }

    fn decode(from: &mut &[u8]) -> Option<Self> {
        Some((A::decode(from)?, B::decode(from)?))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::Encode;

    fn check<T: Encode + PartialEq + Debug>(value: &T) {
        let mut bytes = Vec::new();
        value.encode(&mut bytes);
        for len in 0..bytes.len() {
            assert_eq!(T::decode(&mut &bytes[..len]), None, "{value:?} cut at {len}");
        }
        bytes.push(0xee);
        let mut rest = bytes.as_slice();
        assert_eq!(T::decode(&mut rest).as_ref(), Some(value));
        assert_eq!(rest, [0xee], "{value:?} ends where it ends");
    }

    #[test]
    fn values_come_back_and_cut_ones_do_not() {
        check(&(u64::MAX, -1_i32));
        check(&(i128::MIN, u128::MAX));
        check(&((7_u8, true), ("tëxt".to_owned(), vec![1_u8, 2])));
        check(&(Some(3_u16), None::<i64>));
        check(&(String::new(), ()));
    }

    #[test]
    fn bytes_of_nothing_valid_are_rejected() {
        assert_eq!(bool::decode(&mut &[2][..]), None);
        assert_eq!(String::decode(&mut &[1, 0, 0, 0, 0, 0, 0, 0, 0xff][..]), None);
        assert_eq!(Vec::<u8>::decode(&mut &[0xff; 9][..]), None, "a length beyond the bytes");
    }
}
