//! `SplitMix64`, ten lines of our own: the fixtures' bytes must not depend on the version of a crate.

/// A stream of pseudo-random numbers that depends on its seed alone.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number from 0 up to, but not including, `end`; 0 if `end` is 0.
    ///
    /// Its bias is below `end` / 2^64, invisible in any fixture.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        scaled(self.next(), end)
    }

    /// Like [`below`](Self::below), but favours small numbers: a quarter of `end` gets half of the draws.
    pub(crate) fn skewed_below(&mut self, end: u64) -> u64 {
        let uniform = self.next();
        scaled(scaled(uniform, uniform), end)
    }

    /// Returns an index into a slice of `len` elements.
    #[expect(clippy::cast_possible_truncation, reason = "the index is less than `len`")]
    pub(crate) fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    pub(crate) fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most - least + 1)
    }

    /// Returns true once in `times` draws, on average.
    pub(crate) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

/// Returns `end` times `fraction` / 2^64, rounded down.
fn scaled(fraction: u64, end: u64) -> u64 {
    ((u128::from(fraction) * u128::from(end)) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_numbers_are_those_of_the_published_algorithm() {
        let mut random = Random::new(1_234_567);
        let drawn = [random.next(), random.next(), random.next()];
        assert_eq!(drawn, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn draws_stay_in_their_range_and_reach_both_ends() {
        let mut random = Random::new(1);
        let drawn: Vec<u64> = (0..1000).map(|_| random.between(3, 5)).collect();
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&3), Some(&5)));

        let small = (0..1000).filter(|_| random.skewed_below(100) < 25).count();
        assert!(
            (450..550).contains(&small),
            "a quarter of the range gets half of the draws, not {small} in 1000"
        );
    }
}
