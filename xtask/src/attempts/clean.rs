//! A clean stream: typical attempts, most of them within every limit.

use super::attempt::{Attempt, SPAN_SECONDS};
use super::random::Random;

/// The most lines that a stream can have.
pub(crate) const LINES_MAX: u64 = 1_000_000_000;

/// The number of attempts that are remembered, so that one of them can be repeated.
const RECENT_MAX: usize = 64;

/// Returns the fixture of a clean stream.
pub(crate) fn fixture() -> Vec<u8> {
    CleanStream::new(2024, 1000).flat_map(|attempt| format!("{attempt}\n").into_bytes()).collect()
}

/// Yields attempts over six weeks, in constant memory.
///
/// Ids are distinct, except that one attempt in a hundred repeats an earlier one, as a client's retry would.
pub(crate) struct CleanStream {
    random: Random,
    ids: Permutation,
    customers: u64,
    lines: u64,
    next: u64,
    recent: Vec<Attempt>,
}

impl CleanStream {
    /// Returns the stream of `seed` with `lines` attempts, at most [`LINES_MAX`].
    pub(crate) fn new(seed: u64, lines: u64) -> Self {
        let lines = lines.min(LINES_MAX);
        let mut random = Random::new(seed);
        Self {
            ids: Permutation::new(lines, random.next()),
            // A few attempts for each customer, however long the stream.
            customers: lines / 5 + 10,
            random,
            lines,
            next: 0,
            recent: Vec::with_capacity(RECENT_MAX),
        }
    }

    fn fresh(&mut self) -> Attempt {
        // Evenly spread, at a random time in the attempt's own share.
        let begin = self.next * SPAN_SECONDS / self.lines;
        let end = (self.next + 1) * SPAN_SECONDS / self.lines;
        Attempt {
            id: 1 + self.ids.apply(self.next),
            customer_id: 1 + self.random.skewed_below(self.customers),
            amount_cents: self.amount_cents(),
            second: begin + self.random.below(end - begin),
        }
    }

    /// Returns a small, a medium or, now and then, an amount near the daily limit.
    fn amount_cents(&mut self) -> u64 {
        let dollars = match self.random.below(20) {
            0..14 => self.random.between(5, 900),
            14..19 => self.random.between(900, 3000),
            _ => self.random.between(3000, 5400),
        };
        dollars * 100 + self.random.below(100)
    }

    /// Adds `attempt` to the recent ones; replaces a random one once there are many.
    fn remember(&mut self, attempt: Attempt) {
        if self.recent.len() < RECENT_MAX {
            self.recent.push(attempt);
        } else {
            let index = self.random.index(RECENT_MAX);
            self.recent[index] = attempt;
        }
    }

    /// Returns an earlier attempt: unchanged, or with another amount.
    fn again(&mut self) -> Attempt {
        let index = self.random.index(self.recent.len());
        let earlier = self.recent[index];
        if self.random.once_in(2) {
            earlier
        } else {
            Attempt { amount_cents: earlier.amount_cents + 100, ..earlier }
        }
    }
}

impl Iterator for CleanStream {
    type Item = Attempt;

    fn next(&mut self) -> Option<Attempt> {
        if self.next == self.lines {
            return None;
        }
        let attempt = if !self.recent.is_empty() && self.random.once_in(100) {
            self.again()
        } else {
            let fresh = self.fresh();
            self.remember(fresh);
            fresh
        };
        self.next += 1;
        Some(attempt)
    }
}

/// A permutation that makes 0, 1, 2, ... look random, without duplicates.
struct Permutation {
    bits: u32,
    offset: u64,
}

impl Permutation {
    /// Returns a permutation of at least 64 times `count` numbers, so that few of them are used.
    fn new(count: u64, offset: u64) -> Self {
        let bits = (count * 64).next_power_of_two().trailing_zeros();
        Self { bits, offset }
    }

    fn apply(&self, number: u64) -> u64 {
        let mask = (1 << self.bits) - 1;
        // Adding, multiplying by an odd number and xor with the upper half can each be undone, modulo 2^bits.
        let mut mixed = number.wrapping_add(self.offset) & mask;
        for _ in 0..3 {
            mixed = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) & mask;
            mixed ^= mixed >> self.bits.div_ceil(2);
        }
        mixed
    }
}

#[cfg(test)]
mod tests {
    use super::{CleanStream, Permutation, fixture};
    use std::collections::HashSet;

    #[test]
    fn the_seed_alone_decides_the_attempts() {
        let attempts = |seed| CleanStream::new(seed, 200).collect::<Vec<_>>();
        assert_eq!(attempts(7), attempts(7));
        assert_ne!(attempts(7), attempts(8));
    }

    #[test]
    fn every_line_of_the_fixture_is_well_formed() {
        for line in String::from_utf8(fixture()).unwrap().lines() {
            let attempt: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| attempt[key].as_str().unwrap_or_else(|| panic!("`{key}` in {line}"));
            let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let (dollars, cents) = text("load_amount").strip_prefix('$').unwrap().split_once('.').unwrap();

            assert_eq!(attempt.as_object().unwrap().len(), 4, "{line}");
            assert!(digits(text("id")) && digits(text("customer_id")), "{line}");
            assert!(digits(dollars) && digits(cents) && cents.len() == 2, "{line}");
            assert!(text("time").starts_with("2024-0") && text("time").len() == 20, "{line}");
            assert!((80..100).contains(&line.len()), "about 90 bytes: {line}");
        }
    }

    #[test]
    fn few_ids_come_twice_and_a_customer_comes_often() {
        let attempts: Vec<_> = CleanStream::new(1, 10_000).collect();
        let ids: HashSet<_> = attempts.iter().map(|attempt| attempt.id).collect();
        let customers: HashSet<_> = attempts.iter().map(|attempt| attempt.customer_id).collect();

        assert_eq!(attempts.len(), 10_000);
        assert!((9_850..9_950).contains(&ids.len()), "{} ids", ids.len());
        assert!((1_000..2_010).contains(&customers.len()), "{} customers", customers.len());
    }

    #[test]
    fn a_stream_of_one_line_has_one() {
        assert_eq!(CleanStream::new(1, 1).count(), 1);
    }

    #[test]
    fn no_two_numbers_have_the_same_permutation() {
        for count in [1, 2, 3, 64] {
            let permutation = Permutation::new(count, 12345);
            let all = 1 << permutation.bits;
            let images: HashSet<_> = (0..all).map(|number| permutation.apply(number)).collect();
            assert_eq!(images.len() as u64, all, "{count}");
            assert!(images.iter().all(|image| *image < all), "{count}");
        }
    }
}
