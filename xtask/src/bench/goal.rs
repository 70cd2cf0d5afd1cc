//! Goals for measured ratios.

use super::series::Series;

/// The upper bound of a ratio or an amount.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Goal {
    /// At most the first; ideally at most the second.
    AtMost(f64, f64),
    /// 1, within the noise.
    NoDifference,
}

impl Goal {
    /// Returns the goal and the one beyond it in words.
    pub(crate) fn words(self) -> [String; 2] {
        match self {
            Self::AtMost(goal, stretch) => [goal.to_string(), stretch.to_string()],
            Self::NoDifference => ["no difference".to_owned(), String::new()],
        }
    }

    /// Returns the verdict on `measured`: `stretch`, `goal` or `missed`.
    pub(crate) fn verdict(self, measured: &Series) -> &'static str {
        let median = measured.median();
        match self {
            Self::AtMost(_, stretch) if median <= stretch => "stretch",
            Self::AtMost(goal, _) if median <= goal => "goal",
            Self::NoDifference => {
                let (least, greatest) = measured.spread();
                if (least..=greatest).contains(&1.0) { "goal" } else { "missed" }
            }
            Self::AtMost(..) => "missed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Goal, Series};

    #[test]
    fn the_median_decides_and_the_bound_itself_is_reached() {
        let verdict = |median| Goal::AtMost(1.5, 1.25).verdict(&Series::new(vec![0.1, median, 9.0]));
        assert_eq!([1.25, 1.26, 1.5, 1.51].map(verdict), ["stretch", "goal", "goal", "missed"]);
        assert_eq!(verdict(f64::NAN), "missed");
    }

    #[test]
    fn rounds_in_both_directions_are_no_difference() {
        let verdict = |values: [f64; 2]| Goal::NoDifference.verdict(&Series::new(values.to_vec()));
        assert_eq!(verdict([0.99, 1.02]), "goal");
        assert_eq!(verdict([1.01, 1.02]), "missed");
    }
}
