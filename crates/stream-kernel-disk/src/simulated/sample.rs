//! Samples of sweeps: of many points at which something may go wrong, those that a test visits.

/// In the environment of a test, with the value `all`, it has every sample leave nothing out.
const SWEEPS: &str = "SWEEPS";

/// Returns whether tests are to leave nothing out: whether `SWEEPS=all` is in the environment.
pub fn is_exhaustive() -> bool {
    #[expect(clippy::disallowed_methods, reason = "a switch of tests, and of no run")]
    let value = std::env::var_os(SWEEPS);
    value.is_some_and(|value| value == "all")
}

/// Returns `count` of the numbers from 0 to one less than `all`, in order: the first, the last, and others evenly
/// between them. Returns all if there are no more, and if [`is_exhaustive`].
pub fn sample(all: u64, count: u64) -> impl Iterator<Item = u64> {
    spread(all, if is_exhaustive() { all } else { count })
}

fn spread(all: u64, count: u64) -> impl Iterator<Item = u64> {
    let count = count.min(all);
    let (last, gaps) = (all.saturating_sub(1), count.saturating_sub(1).max(1));
    let at = move |number| u128::from(number) * u128::from(last) / u128::from(gaps);
    (0..count).map(move |number| u64::try_from(at(number)).unwrap_or(last))
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn the_ends_are_in_a_sample_and_nothing_twice() {
        let spread = |all, count| spread(all, count).collect::<Vec<_>>();
        assert_eq!(spread(0, 5), [0; 0]);
        assert_eq!(spread(5, 0), [0; 0]);
        assert_eq!(spread(5, 1), [0]);
        assert_eq!(spread(5, 2), [0, 4]);
        assert_eq!(spread(10, 4), [0, 3, 6, 9]);
        assert_eq!(spread(3, 2), [0, 2]);
        for count in [3, 4, u64::MAX] {
            assert_eq!(spread(3, count), [0, 1, 2]);
        }
        for (all, count) in [(100, 99), (100, 37), (1_000_003, 12)] {
            let sample = spread(all, count);
            assert!(sample.is_sorted_by(|one, next| one < next), "{count} of {all}");
            assert_eq!(
                (sample.len() as u64, sample.first(), sample.last()),
                (count, Some(&0), Some(&(all - 1)))
            );
        }
    }
}
