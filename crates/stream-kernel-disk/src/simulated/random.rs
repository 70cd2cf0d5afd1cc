//! Random numbers from a seed.

/// A generator of random numbers (SplitMix64): the same seed gives the same numbers.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns a number.
    pub(super) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `bound`; 0 if that is 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.number() % (bound as u64).max(1)).unwrap_or(0)
    }

    /// Returns true half of the time.
    pub(super) fn coin(&mut self) -> bool {
        self.below(2) == 0
    }
}

/// The choice of unsynced changes that survive a power cut.
#[derive(Debug)]
pub(super) enum PowerCut {
    Nothing,
    All,
    Some(Random),
}

impl PowerCut {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        match random.below(6) {
            0 => Self::Nothing,
            1 => Self::All,
            _ => Self::Some(random),
        }
    }

    /// Returns whether the next change is kept.
    pub(super) fn keeps(&mut self) -> bool {
        match self {
            Self::Nothing => false,
            Self::All => true,
            Self::Some(random) => random.coin(),
        }
    }

    /// Returns the surviving bytes of a surviving write: all, a prefix, or a suffix.
    pub(super) fn kept_of(&mut self, len: usize) -> std::ops::Range<usize> {
        let Self::Some(random) = self else { return 0..len };
        match random.below(4) {
            0 => 0..random.below(len + 1),
            1 => random.below(len + 1)..len,
            _ => 0..len,
        }
    }
}
