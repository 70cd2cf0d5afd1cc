//! What a line does to the stores: with the line itself it says all that there is to say.

use std::ops::{BitOr, BitOrAssign};

/// What a line has done to the stores, in a byte.
///
/// To what, and with how much, is a question of what stands in the line and of the configuration. Whether it did depends on all lines before
/// it, and on the policies; that is what has to be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Effects(u8);

impl Effects {
    /// It did nothing: it holds no attempt.
    pub(super) const NONE: Self = Self(0);
    /// Its attempt's id was looked up, and remembered if it was new.
    pub(super) const LOOKED_UP: Self = Self(1);
    /// It counts as one of its customer's on its day.
    pub(super) const COUNTED: Self = Self(1 << 1);
    /// Its effective amount counts as accepted.
    pub(super) const ACCEPTED: Self = Self(1 << 2);
    /// It counts as one of its day's that were accepted and whose id is prime.
    pub(super) const PRIME: Self = Self(1 << 3);

    /// Returns what a byte says, `None` if no line does that: nothing counts unless its id was looked up.
    pub(super) fn of_byte(byte: u8) -> Option<Self> {
        let effects = Self(byte);
        let needs = [
            (Self::COUNTED, Self::LOOKED_UP),
            (Self::ACCEPTED, Self::COUNTED),
            (Self::PRIME, Self::LOOKED_UP),
        ];
        let are_possible = byte < Self::PRIME.0 << 1
            && needs.into_iter().all(|(effect, needed)| !effects.include(effect) || effects.include(needed));
        are_possible.then_some(effects)
    }

    /// Returns the byte that says so.
    pub(super) fn byte(self) -> u8 {
        self.0
    }

    /// Returns whether all of `others` are among them.
    pub(super) fn include(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }
}

impl BitOr for Effects {
    type Output = Self;

    fn bitor(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }
}

impl BitOrAssign for Effects {
    fn bitor_assign(&mut self, others: Self) {
        *self = *self | others;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 16 bytes that could be written down, a line can do what these seven say.
    #[test]
    fn what_no_line_does_is_refused() {
        let counted = Effects::LOOKED_UP | Effects::COUNTED;
        let accepted = counted | Effects::ACCEPTED;
        let possible = [Effects::LOOKED_UP, counted, accepted];
        let primes = possible.map(|effects| effects | Effects::PRIME);
        for byte in 0..=u8::MAX {
            let effects = Effects::of_byte(byte);
            let mut expected = [Effects::NONE].iter().chain(&possible).chain(&primes);
            assert_eq!(effects, expected.find(|effects| effects.byte() == byte).copied(), "{byte:#b}");
        }
    }

    #[test]
    fn effects_include_themselves_and_what_they_are_made_of() {
        let both = Effects::LOOKED_UP | Effects::COUNTED;
        assert!(both.include(both) && both.include(Effects::COUNTED) && both.include(Effects::NONE));
        assert_eq!(both | Effects::LOOKED_UP, both, "what was noted stays noted");
        assert!(!Effects::LOOKED_UP.include(both));
        assert!(!Effects::NONE.include(Effects::PRIME));
    }
}
