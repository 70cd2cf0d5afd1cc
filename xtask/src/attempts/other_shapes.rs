//! Clean streams of other shapes, which show whether a program is fast on one kind of input alone.

use super::attempt::{Attempt, SPAN_SECONDS};
use super::random::Random;

/// The default daily limit, in cents.
const DAILY_LIMIT: u64 = 500_000;

/// Returns `lines` attempts of 50,000 customers whose ids come from twice as many numbers as there are lines, so that
/// a fifth of them repeats an earlier one, with amounts up to just over the daily limit.
pub(crate) fn spread(seed: u64, lines: u64) -> impl Iterator<Item = Attempt> {
    let mut random = Random::new(seed);
    (0..lines).map(move |at| Attempt {
        id: 1 + random.below(2 * lines),
        customer_id: 1 + random.below(50_000),
        amount_cents: random.between(1, DAILY_LIMIT + 10_000),
        second: second(at, lines),
    })
}

/// Returns `lines` attempts of 200 customers, with ids in ascending order and small amounts: most are declined because
/// the customer has made too many that day.
pub(crate) fn crowded(seed: u64, lines: u64) -> impl Iterator<Item = Attempt> {
    let mut random = Random::new(seed);
    (0..lines).map(move |at| Attempt {
        id: 1_000_000 + at,
        customer_id: 1 + random.below(200),
        amount_cents: random.between(100, 50_000),
        second: second(at, lines),
    })
}

/// Returns the second of the attempt at a position: they are evenly spread over the whole time.
fn second(at: u64, lines: u64) -> u64 {
    at * SPAN_SECONDS / lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const LINES: u64 = 10_000;

    #[test]
    fn a_spread_stream_repeats_a_fifth_of_its_ids() {
        let attempts: Vec<_> = spread(1, LINES).collect();
        let ids: HashSet<_> = attempts.iter().map(|attempt| attempt.id).collect();
        let customers: HashSet<_> = attempts.iter().map(|attempt| attempt.customer_id).collect();
        assert!((7_600..8_200).contains(&ids.len()), "{} ids", ids.len());
        assert!(customers.len() > 8_000, "{} customers", customers.len());
        assert!(attempts.iter().any(|attempt| attempt.amount_cents > DAILY_LIMIT));
        assert!(attempts.is_sorted_by_key(|attempt| attempt.second));
    }

    #[test]
    fn a_crowded_stream_has_few_customers_and_no_id_twice() {
        let attempts: Vec<_> = crowded(1, LINES).collect();
        let customers: HashSet<_> = attempts.iter().map(|attempt| attempt.customer_id).collect();
        assert_eq!(customers.len(), 200);
        assert!(attempts.is_sorted_by(|one, next| one.id < next.id));
        assert!(attempts.iter().all(|attempt| attempt.second < SPAN_SECONDS));
    }

    #[test]
    fn the_seed_alone_decides_the_attempts() {
        for shape in [|seed| spread(seed, 100).collect::<Vec<_>>(), |seed| crowded(seed, 100).collect()] {
            assert_eq!(shape(7), shape(7));
            assert_ne!(shape(7), shape(8));
        }
    }
}
