//! What the first attempt with an id said.

use stream_kernel_exec::{Encode, Value};

use crate::domain::{Attempt, Cents, DigitId, Moment};

/// What the first attempt with an id said: all that later ones are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstAttempt {
    /// Whose account.
    pub customer_id: DigitId,
    /// How much.
    pub amount: Cents,
    /// When.
    pub time: Moment,
    /// On which line.
    pub line_no: u64,
}

impl From<&Attempt> for FirstAttempt {
    fn from(attempt: &Attempt) -> Self {
        let Attempt { line_no, customer_id, amount, time, .. } = *attempt;
        Self { customer_id, amount, time, line_no }
    }
}

/// An attempt in 28 bytes: the customer in two words; in the next three the seconds, whose 40 bits hold the years 1 to 9999, and 56 bits of
/// the line's number; 32 bits of the amount ($42,949,672.95 at most); the fraction of the second.
type Piece = [u32; 7];

const LINE_HIGH_BITS: u32 = 24;

impl FirstAttempt {
    fn piece(&self) -> Option<Piece> {
        let line_high =
            i64::try_from(self.line_no >> u32::BITS).ok().filter(|high| high >> LINE_HIGH_BITS == 0)?;
        let seconds = self.time.seconds.checked_mul(1 << LINE_HIGH_BITS)?;
        let [customer_low, customer_high] = words(self.customer_id.place());
        let [time_low, time_high] = words((seconds | line_high).cast_unsigned());
        let [line_low, _] = words(self.line_no);
        let cents = u32::try_from(self.amount.0).ok()?;
        Some([customer_low, customer_high, time_low, time_high, line_low, cents, self.time.nanos])
    }

    fn of_piece([customer_low, customer_high, time_low, time_high, line_low, cents, nanos]: Piece) -> Self {
        let time = number(time_low, time_high).cast_signed();
        let line_high = (time & ((1 << LINE_HIGH_BITS) - 1)).cast_unsigned();
        Self {
            // A piece is made of an attempt alone, whose customer has a place.
            customer_id: DigitId::at_place(number(customer_low, customer_high)).unwrap_or_default(),
            amount: Cents(cents.into()),
            time: Moment { seconds: time >> LINE_HIGH_BITS, nanos },
            line_no: line_high << u32::BITS | u64::from(line_low),
        }
    }
}

/// Returns the lower and the upper half.
#[expect(clippy::cast_possible_truncation, reason = "the other half is the other word")]
fn words(number: u64) -> [u32; 2] {
    [number as u32, (number >> u32::BITS) as u32]
}

fn number(low: u32, high: u32) -> u64 {
    u64::from(high) << u32::BITS | u64::from(low)
}

impl Value for FirstAttempt {
    type Piece = Piece;

    #[inline]
    fn pieces(&self) -> Option<impl Iterator<Item = Piece>> {
        self.piece().map(std::iter::once)
    }

    #[inline]
    fn from_pieces(mut pieces: impl Iterator<Item = Piece>) -> Self {
        Self::of_piece(pieces.next().unwrap_or_default())
    }
}

/// Written as its piece, if it has one, behind a 1; else in full behind a 0.
impl Encode for FirstAttempt {
    fn encode(&self, to: &mut Vec<u8>) {
        if let Some(piece) = self.piece() {
            to.push(1);
            for word in piece {
                word.encode(to);
            }
            return;
        }
        to.push(0);
        self.customer_id.encode(to);
        self.amount.0.encode(to);
        (self.time.seconds, self.time.nanos).encode(to);
        self.line_no.encode(to);
    }

    fn decode(from: &mut &[u8]) -> Option<Self> {
        if u8::decode(from)? == 1 {
            let mut piece = Piece::default();
            for word in &mut piece {
                *word = u32::decode(from)?;
            }
            // Of an impossible customer nothing can have been written.
            DigitId::at_place(number(piece[0], piece[1]))?;
            return Some(Self::of_piece(piece));
        }
        let (customer_id, amount) = (DigitId::decode(from)?, Cents(u128::decode(from)?));
        let (seconds, nanos) = Encode::decode(from)?;
        Some(Self { customer_id, amount, time: Moment { seconds, nanos }, line_no: u64::decode(from)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Attempts at the bounds of every field, those that have no piece among them, come back as they were.
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
