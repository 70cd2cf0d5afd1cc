//! Measured values, round by round.

/// One value a round, at least one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series(Vec<f64>);

impl Series {
    /// Returns the series of `values`; an empty one becomes a single NaN.
    pub(crate) fn new(values: Vec<f64>) -> Self {
        Self(if values.is_empty() { vec![f64::NAN] } else { values })
    }

    /// Returns the median; for an even number of values, the mean of the middle two.
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) }
    }

    /// Returns the least and the greatest value.
    pub(crate) fn spread(&self) -> (f64, f64) {
        self.0.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, greatest), value| {
            (least.min(*value), greatest.max(*value))
        })
    }

    /// Returns the series with each value divided by `divisor`.
    pub(crate) fn per(&self, divisor: f64) -> Self {
        Self(self.0.iter().map(|value| value / divisor).collect())
    }

    /// Returns the differences to `other`, each within its round.
    pub(crate) fn minus(&self, other: &Self) -> Self {
        self.within_rounds(other, |one, other| one - other)
    }

    /// Returns the ratios to `other`, each within its round: a slowdown of a whole round cancels out.
    pub(crate) fn over(&self, other: &Self) -> Self {
        self.within_rounds(other, |one, other| one / other)
    }

    fn within_rounds(&self, other: &Self, combine: impl Fn(f64, f64) -> f64) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(one, other)| combine(*one, *other)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Series;

    fn series<const N: usize>(values: [f64; N]) -> Series {
        Series::new(values.to_vec())
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "halves of small whole numbers are exact")]
    fn the_median_is_in_the_middle_whatever_the_order() {
        assert_eq!(series([3.0, 1.0, 2.0]).median(), 2.0);
        assert_eq!(series([4.0, 1.0, 2.0, 100.0]).median(), 3.0);
        assert_eq!(series([7.0]).median(), 7.0);
        assert!(series([]).median().is_nan());
    }

    #[test]
    fn the_spread_is_from_the_least_to_the_greatest() {
        assert_eq!(series([3.0, 1.0, 2.0]).spread(), (1.0, 3.0));
    }

    #[test]
    fn rounds_are_compared_one_by_one() {
        let (traced, untraced) = (series([30.0, 60.0]), series([10.0, 20.0]));
        assert_eq!(traced.minus(&untraced), series([20.0, 40.0]));
        assert_eq!(
            traced.over(&untraced),
            series([3.0, 3.0]),
            "a round that is twice as slow changes nothing"
        );
        assert_eq!(traced.per(10.0), series([3.0, 6.0]));
    }
}
