//! The sampled inputs as the page reads them: column by column, and what they have in common once.

use std::collections::HashMap;
use std::hash::Hash;

use serde::Serialize;

use super::input::{Input, RecordShape, ShownError};

/// The records of an input, in turn.
pub(super) type Way = Vec<RecordShape>;

/// The inputs, column by column: in rows, keys would outweigh values.
#[derive(Debug, Default, Serialize)]
pub(super) struct SampleJson {
    line_no: Vec<u64>,
    id: Vec<String>,
    /// From the beginning of the run.
    start_us: Vec<i64>,
    duration_ns: Vec<u64>,
    decision: Vec<Option<usize>>,
    record_count: Vec<usize>,
    /// The number of the way that the input took.
    shape: Vec<usize>,
    /// For each input, offset in microseconds and duration in nanoseconds of each record in turn.
    times: Vec<Vec<u64>>,
    /// For each input, the numbers of the values that its steps changed, in the order of the changes in its shape: before
    /// and after, as far as they are there.
    values: Vec<Vec<usize>>,
    /// `[input, [failure, ...]]` of each input with failures.
    errors: Vec<(usize, Vec<ShownError>)>,
}

impl SampleJson {
    /// Adds an input.
    pub(super) fn push(
        &mut self,
        input: Input,
        run_start_us: i64,
        shapes: &mut Numbered<Way>,
        texts: &mut Numbered<String>,
    ) {
        if input.has_failed() {
            self.errors.push((self.line_no.len(), input.errors));
        }
        self.line_no.push(input.line_no);
        self.id.push(input.id);
        self.start_us.push(input.start_us.saturating_sub(run_start_us));
        self.duration_ns.push(input.duration_ns);
        self.decision.push(input.decision);
        self.record_count.push(input.record_count);
        let (mut way, mut times, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for record in input.records {
            way.push(record.shape);
            times.extend([record.offset_us, record.duration_ns]);
            values.extend(record.values.into_iter().map(|value| texts.number_of(value)));
        }
        self.shape.push(shapes.number_of(way));
        self.times.push(times);
        self.values.push(values);
    }
}

/// What mostly comes again and again, each kept once.
pub(super) struct Numbered<T>(HashMap<T, usize>);

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: Eq + Hash> Numbered<T> {
    fn number_of(&mut self, one: T) -> usize {
        let next = self.0.len();
        *self.0.entry(one).or_insert(next)
    }

    /// Returns them in the order of their numbers.
    pub(super) fn into_vec(self) -> Vec<T> {
        let mut all: Vec<_> = self.0.into_iter().collect();
        all.sort_unstable_by_key(|(_, number)| *number);
        all.into_iter().map(|(one, _)| one).collect()
    }
}
