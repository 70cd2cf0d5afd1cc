//! The first attempt with an id.

use stream_kernel_exec::{Encode, Value};

use crate::domain::{Attempt, Cents, DigitId, Moment};

/// The first attempt with an id, with which later ones are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstAttempt {
    /// The customer.
    pub customer_id: DigitId,
    /// The amount.
    pub amount: Cents,
    /// The time.
    pub time: Moment,
    /// The line.
    pub line_no: u64,
}

impl From<&Attempt> for FirstAttempt {
    fn from(attempt: &Attempt) -> Self {
        let Attempt { line_no, customer_id, amount, time, .. } = *attempt;
        Self { customer_id, amount, time, line_no }
    }
}

/// An attempt in 28 bytes, without padding.
#[derive(Clone, Copy, Default)]
#[repr(Rust, packed(4))]
pub struct Piece {
    customer_id: DigitId,
    /// The seconds in the upper 40 bits, for the years 1 to 9999; below them, bits 32 to 55 of the line's number.
    seconds_and_line: i64,
    /// The lower 32 bits of the line's number.
    line_low: u32,
    /// At most $42,949,672.95.
    cents: u32,
    nanos: u32,
}

const LINE_HIGH_BITS: u32 = 24;

impl FirstAttempt {
    #[expect(clippy::cast_possible_truncation, reason = "the upper half stands elsewhere")]
    fn piece(&self) -> Option<Piece> {
        let line_high =
            i64::try_from(self.line_no >> u32::BITS).ok().filter(|high| high >> LINE_HIGH_BITS == 0)?;
        Some(Piece {
            customer_id: self.customer_id,
            seconds_and_line: self.time.seconds.checked_mul(1 << LINE_HIGH_BITS)? | line_high,
            line_low: self.line_no as u32,
            cents: u32::try_from(self.amount.0).ok()?,
            nanos: self.time.nanos,
        })
    }
}

impl Value for FirstAttempt {
    type Piece = Piece;

    #[inline]
    fn pieces(&self) -> Option<impl Iterator<Item = Piece>> {
        self.piece().map(std::iter::once)
    }

    #[inline]
    fn from_pieces(mut pieces: impl Iterator<Item = Piece>) -> Self {
        let Piece { customer_id, seconds_and_line, line_low, cents, nanos } =
            pieces.next().unwrap_or_default();
        let line_high = (seconds_and_line & ((1 << LINE_HIGH_BITS) - 1)).cast_unsigned();
        Self {
            customer_id,
            amount: Cents(cents.into()),
            time: Moment { seconds: seconds_and_line >> LINE_HIGH_BITS, nanos },
            line_no: line_high << u32::BITS | u64::from(line_low),
        }
    }
}

/// Written as a 1 and its piece, if it has one; otherwise as a 0 and all fields.
impl Encode for FirstAttempt {
    fn encode(&self, to: &mut Vec<u8>) {
        if let Some(Piece { customer_id, seconds_and_line, line_low, cents, nanos }) = self.piece() {
            to.push(1);
            ((customer_id, seconds_and_line), (line_low, (cents, nanos))).encode(to);
        } else {
            to.push(0);
            let Self { customer_id, amount, time: Moment { seconds, nanos }, line_no } = *self;
            ((customer_id, amount.0), ((seconds, nanos), line_no)).encode(to);
        }
    }

    fn decode(from: &mut &[u8]) -> Option<Self> {
        if u8::decode(from)? == 1 {
            let ((customer_id, seconds_and_line), (line_low, (cents, nanos))) = Encode::decode(from)?;
            let piece = Piece { customer_id, seconds_and_line, line_low, cents, nanos };
            return Some(Self::from_pieces(std::iter::once(piece)));
        }
        let ((customer_id, cents), ((seconds, nanos), line_no)) = Encode::decode(from)?;
        Some(Self { customer_id, amount: Cents(cents), time: Moment { seconds, nanos }, line_no })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Attempts at the bounds of every field, with and without a piece, come back unchanged.
    #[test]
    fn attempts_come_back_at_every_bound() {
        let customers = ["0", "9999999999999999999", "007"].map(|text| DigitId::parse(text).unwrap());
        let amounts = [0, 1, u32::MAX.into(), u128::from(u32::MAX) + 1, 99_999_999_999_999_999];
        let seconds = [-62_135_596_800, -1, 0, 253_402_300_799];
        let lines = [1, u64::from(u32::MAX), u64::from(u32::MAX) + 1, (1 << 56) - 1, 1 << 56, u64::MAX];
        for customer_id in customers {
            for amount in amounts.map(Cents) {
                for (seconds, nanos) in seconds.into_iter().flat_map(|at| [(at, 0), (at, 999_999_999)]) {
                    for line_no in lines {
                        let time = Moment { seconds, nanos };
                        let first = FirstAttempt { customer_id, amount, time, line_no };
                        if let Some(pieces) = first.pieces() {
                            assert_eq!(FirstAttempt::from_pieces(pieces), first);
                        }
                        let mut bytes = Vec::new();
                        first.encode(&mut bytes);
                        assert_eq!(FirstAttempt::decode(&mut bytes.as_slice()), Some(first));
                        assert_eq!(FirstAttempt::decode(&mut &bytes[..bytes.len() - 1]), None);
                        let has_piece = amount.0 <= u32::MAX.into() && line_no < 1 << 56;
                        assert_eq!(first.piece().is_some(), has_piece, "{first:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn an_impossible_customer_is_rejected() {
        let mut bytes = vec![1];
        bytes.extend([0xff; 28]);
        assert_eq!(FirstAttempt::decode(&mut bytes.as_slice()), None);
    }
}
