//! The page's data of one step of a run: the figures of `trace stats`, and the distribution of its durations.

use crate::statistics::{StepFigures, StepStatistics};
use serde::Serialize;

use super::input::cut;

/// The number of classes for each doubling of the duration in the plot.
const CLASSES_PER_DOUBLING: f64 = 4.0;

/// One step, as the page reads it.
#[derive(Debug, Serialize)]
pub(super) struct StepJson {
    #[serde(flatten)]
    figures: StepFigures,
    /// `[k, count]`: `count` durations from 2^(k/4) to less than 2^((k+1)/4) nanoseconds. At most 168, as quantiles end
    /// at an hour.
    classes: Vec<(u32, u64)>,
}

impl From<&StepStatistics> for StepJson {
    fn from(step: &StepStatistics) -> Self {
        let figures = step.figures();
        let figures = StepFigures { step_name: cut(figures.step_name), ..figures };
        Self { figures, classes: classes_of(step.durations_ns()) }
    }
}

/// Groups durations, from the shortest, into classes. The source histogram has thousands of classes, whose widths
/// reflect its memory layout rather than the durations.
fn classes_of(durations: impl Iterator<Item = (u64, u64)>) -> Vec<(u32, u64)> {
    let mut classes: Vec<(u32, u64)> = Vec::new();
    for (duration_ns, count) in durations {
        let class = class_of(duration_ns);
        match classes.last_mut() {
            Some((last, counted)) if *last == class => *counted += count,
            _ => classes.push((class, count)),
        }
    }
    classes
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a logarithm of at least 0, of which the whole part is wanted"
)]
pub(super) fn class_of(duration_ns: u64) -> u32 {
    ((duration_ns.max(1) as f64).log2() * CLASSES_PER_DOUBLING) as u32
}

/// Returns a duration in the middle of a class, in nanoseconds.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a power of two, of which the whole part is wanted"
)]
pub(super) fn middle_of_class(class: u32) -> u64 {
    ((f64::from(class) + 0.5) / CLASSES_PER_DOUBLING).exp2() as u64
}

#[cfg(test)]
mod tests {
    use crate::statistics::MAX_QUANTILE_NS;

    use super::*;

    #[test]
    fn four_classes_make_a_doubling_and_an_hour_is_in_the_last() {
        let durations = [(0, 2), (1, 1), (2, 5), (1_000, 3), (1_023, 4), (1_024, 1)];
        assert_eq!(classes_of(durations.into_iter()), [(0, 3), (4, 5), (39, 7), (40, 1)]);
        assert_eq!(class_of(MAX_QUANTILE_NS), 166);
    }
}
