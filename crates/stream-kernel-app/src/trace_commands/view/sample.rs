//! Which inputs of a run are kept in full.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::input::Input;

/// So many of the slowest are kept.
pub(super) const MAX_SLOWEST: usize = 200;
/// So many of those with errors are kept: the first.
pub(super) const MAX_FAILED: usize = 200;

/// The slowest inputs of a run, those with errors, and of the others every so many-th.
#[derive(Debug, Default)]
pub(super) struct Sample {
    slowest: BTreeMap<(u64, Reverse<u64>), Input>,
    failed: BTreeMap<u64, Input>,
    regular: BTreeMap<u64, Input>,
    regular_records: usize,
}

impl Sample {
    /// Offers the run's input number `ordinal`, from 0, and returns whether the regular sample has grown.
    pub(super) fn offer(&mut self, stride: u64, ordinal: u64, input: Input) -> bool {
        self.slowest.insert((input.duration_ns, Reverse(ordinal)), input);
        if self.slowest.len() <= MAX_SLOWEST {
            return false;
        }
        // Who is no longer among the slowest may still belong to the others.
        let Some(((_, Reverse(ordinal)), input)) = self.slowest.pop_first() else { return false };
        if input.error.is_some() && self.failed.len() < MAX_FAILED {
            self.failed.insert(ordinal, input);
            return false;
        }
        let is_regular = ordinal.is_multiple_of(stride);
        if is_regular {
            self.regular_records += input.records.len();
            self.regular.insert(ordinal, input);
        }
        is_regular
    }

    /// Drops what a larger stride leaves out.
    pub(super) fn thin(&mut self, stride: u64) {
        self.regular.retain(|ordinal, _| ordinal.is_multiple_of(stride));
        self.regular_records = self.regular.values().map(|input| input.records.len()).sum();
    }

    /// Returns how many inputs the regular sample holds, and how many records.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.regular.len(), self.regular_records)
    }

    /// Returns the inputs in the order of the run.
    pub(super) fn into_inputs(self) -> impl Iterator<Item = Input> {
        let slowest = self.slowest.into_iter().map(|((_, Reverse(ordinal)), input)| (ordinal, input));
        let all: BTreeMap<u64, Input> = slowest.chain(self.failed).chain(self.regular).collect();
        all.into_values()
    }
}
