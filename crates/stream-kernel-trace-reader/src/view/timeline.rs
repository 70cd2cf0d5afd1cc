//! Inputs over time: their outcomes and how long they took, in a bounded number of equal spans.

use std::collections::BTreeMap;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::step::{class_of, middle_of_class};

/// The most spans; when time exceeds them, adjacent spans are merged in pairs.
const MAX_SPANS: usize = 240;

/// What became of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Accepted,
    Declined,
    Failed,
    Undecided,
}

/// Counts inputs by their beginning.
#[derive(Clone, Debug)]
pub(super) struct Timeline {
    /// The length of a span, in microseconds.
    span_us: u64,
    /// From the run's beginning.
    spans: Vec<Span>,
}

/// The inputs that began in a span.
#[derive(Clone, Debug, Default)]
struct Span {
    /// By [`Fate`].
    inputs: [u64; 4],
    /// How many took how long, from first to last, by [`class_of`]: at most 256 classes.
    classes: BTreeMap<u32, u64>,
    max_ns: u64,
}

impl Default for Timeline {
    fn default() -> Self {
        Self { span_us: 100, spans: Vec::new() }
    }
}

impl Timeline {
    /// Counts an input that began `since_start_us` microseconds after the run.
    pub(super) fn add(&mut self, since_start_us: u64, fate: Fate, elapsed_ns: u64) {
        while since_start_us / self.span_us >= MAX_SPANS as u64 {
            self.span_us *= 2;
            self.spans = self.spans.chunks(2).map(Span::merged).collect();
        }
        let position = usize::try_from(since_start_us / self.span_us).unwrap_or(MAX_SPANS - 1);
        if self.spans.len() <= position {
            self.spans.resize(position + 1, Span::default());
        }
        let span = &mut self.spans[position];
        span.inputs[fate as usize] += 1;
        *span.classes.entry(class_of(elapsed_ns)).or_default() += 1;
        span.max_ns = span.max_ns.max(elapsed_ns);
    }
}

impl Span {
    fn merged(spans: &[Self]) -> Self {
        let mut merged = Self::default();
        for span in spans {
            merged.inputs.iter_mut().zip(span.inputs).for_each(|(sum, inputs)| *sum += inputs);
            span.classes
                .iter()
                .for_each(|(class, count)| *merged.classes.entry(*class).or_default() += count);
            merged.max_ns = merged.max_ns.max(span.max_ns);
        }
        merged
    }

    /// Returns about half of them took no longer, in nanoseconds; 0 without inputs.
    fn median_ns(&self) -> u64 {
        let half = self.classes.values().sum::<u64>().div_ceil(2);
        let mut count = 0;
        let median = self.classes.iter().find(|(_, inputs)| {
            count += **inputs;
            count >= half
        });
        median.map_or(0, |(class, _)| middle_of_class(*class).min(self.max_ns))
    }
}

/// A list for each figure, with an element for each span: shorter than a list of objects.
impl Serialize for Timeline {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let counts =
            |fate: Fate| self.spans.iter().map(|span| span.inputs[fate as usize]).collect::<Vec<_>>();
        let figures = |figure: fn(&Span) -> u64| self.spans.iter().map(figure).collect::<Vec<_>>();
        let mut timeline = serializer.serialize_struct("Timeline", 7)?;
        timeline.serialize_field("span_us", &self.span_us)?;
        timeline.serialize_field("accepted", &counts(Fate::Accepted))?;
        timeline.serialize_field("declined", &counts(Fate::Declined))?;
        timeline.serialize_field("failed", &counts(Fate::Failed))?;
        timeline.serialize_field("undecided", &counts(Fate::Undecided))?;
        timeline.serialize_field("median_ns", &figures(Span::median_ns))?;
        timeline.serialize_field("max_ns", &figures(|span| span.max_ns))?;
        timeline.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(timeline: &mut Timeline, since_start_us: u64) {
        timeline.add(since_start_us, Fate::Accepted, 1_000);
    }

    #[test]
    fn spans_double_beyond_the_bound_and_lose_no_input() {
        let mut timeline = Timeline::default();
        for since_start_us in [0, 150, 23_999] {
            add(&mut timeline, since_start_us);
        }
        let inputs = |timeline: &Timeline, span: usize| timeline.spans[span].inputs[0];
        assert_eq!((timeline.span_us, timeline.spans.len()), (100, 240));
        add(&mut timeline, 24_000);
        assert_eq!((timeline.span_us, timeline.spans.len()), (200, 121));
        assert_eq!([0, 119, 120].map(|span| inputs(&timeline, span)), [2, 1, 1]);
        add(&mut timeline, u64::MAX / 4);
        assert!(timeline.spans.len() <= MAX_SPANS);
        assert_eq!(timeline.spans.iter().map(|span| span.inputs[0]).sum::<u64>(), 5);
    }

    #[test]
    fn merged_spans_have_the_figures_of_all_their_inputs() {
        let mut timeline = Timeline::default();
        // One stall among short ones moves the maximum, not the median.
        for (since_start_us, fate, elapsed_ns) in [
            (0, Fate::Accepted, 1_000),
            (1, Fate::Declined, 1_010),
            (150, Fate::Failed, 9_000_000),
            (151, Fate::Undecided, 990),
            (24_000, Fate::Declined, 5),
        ] {
            timeline.add(since_start_us, fate, elapsed_ns);
        }
        let told = serde_json::to_value(&timeline).unwrap();
        let first = |figure: &str| told[figure][0].as_u64().unwrap();
        assert_eq!(["accepted", "declined", "failed", "undecided"].map(first), [1; 4]);
        assert_eq!(first("max_ns"), 9_000_000);
        assert!((900..1_100).contains(&first("median_ns")), "{told}");
        assert_eq!(
            (&told["declined"][120], &told["max_ns"][120], &told["median_ns"][1]),
            (&1.into(), &5.into(), &0.into())
        );
    }
}
