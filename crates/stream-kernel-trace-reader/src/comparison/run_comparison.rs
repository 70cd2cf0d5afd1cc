//! Comparison of a run, input by input.

use std::mem;

use super::alignment::{Pair, align};
use super::fields::{differing_fields, is_same};
use super::outcome::{ACCEPTED, Outcome};
use super::{ChangedDecision, DecisionCount, FirstDifference, MovedStep, PlacedRecord, RunDifference, Sides};

/// The number of steps, tags and decisions with counts of their own; further ones count as [`OTHER_NAMES`].
const MAX_NAMES: usize = 1_000;

/// The common name of everything after the first [`MAX_NAMES`] names.
const OTHER_NAMES: &str = "(others)";

/// The results for a run so far.
pub(super) struct RunComparison {
    ignores_scenario: bool,
    found: RunDifference,
    /// The outcomes of the present input, as far as they are known.
    present: Sides<Outcome>,
}

impl RunComparison {
    pub(super) fn new(run: u64, ignores_scenario: bool) -> Self {
        let found = RunDifference { run, ..RunDifference::default() };
        Self { ignores_scenario, found, present: Sides::default() }
    }

    /// Adds records of the present input, all or the next part of them.
    pub(super) fn compare_part(&mut self, a: &[PlacedRecord], b: &[PlacedRecord]) {
        self.present.a.update(a);
        self.present.b.update(b);
        for pair in align(a, b) {
            self.compare_records(pair);
        }
    }

    pub(super) fn finish(mut self) -> RunDifference {
        self.found.same = self.found.first.is_none() && self.found.moved.is_none();
        // Accepted ones first, then reasons by name: the order of the data would be arbitrary.
        let rank = |count: &DecisionCount| (count.decision != ACCEPTED, count.decision.clone());
        self.found.decisions.sort_by_key(rank);
        self.found
    }

    fn compare_records(&mut self, (a, b): Pair<'_>) {
        let Some(PlacedRecord { record: either, .. }) = a.or(b) else { return };
        let both = a.zip(b).map(|(a, b)| (&a.record, &b.record));
        if let Some((a, b)) = both
            && a.step_index != b.step_index
        {
            self.found.moved.get_or_insert_with(|| MovedStep {
                step_name: either.step_name.clone(),
                step_index: Sides { a: a.step_index, b: b.step_index },
            });
        }
        let is_same = both.is_some_and(|(a, b)| is_same(a, b, self.ignores_scenario));
        let counts = count_of(&mut self.found.steps, &either.step_name, |counts| &mut counts.step_name);
        *match (a, b) {
            _ if is_same => &mut counts.same,
            (Some(_), Some(_)) => &mut counts.differing,
            (Some(_), None) => &mut counts.only_in_a,
            (None, _) => &mut counts.only_in_b,
        } += 1;
        if is_same || self.found.first.is_some() {
            return;
        }
        let fields = both.map(|(a, b)| differing_fields(a, b, self.ignores_scenario));
        self.found.first = Some(FirstDifference {
            line_no: either.line_no,
            step_name: either.step_name.clone(),
            work_index: either.work_index,
            file_line: Sides { a: a.map(|placed| placed.file_line), b: b.map(|placed| placed.file_line) },
            fields: fields.unwrap_or_default(),
        });
    }

    /// Counts the outcomes of the present input, on line `line_no`, and returns its decision if that changed.
    pub(super) fn end_input(&mut self, line_no: u64) -> Option<ChangedDecision> {
        let Sides { a, b } = mem::take(&mut self.present);
        let found = &mut self.found;
        found.inputs.a += u64::from(a.has_begun);
        found.inputs.b += u64::from(b.has_begun);
        found.has_tags |= a.tags.is_some() || b.tags.is_some();
        let decisions = Sides { a: a.decision(), b: b.decision() };
        if let Some(decision) = &decisions.a {
            count_of(&mut found.decisions, decision, |count| &mut count.decision).a += 1;
        }
        if let Some(decision) = &decisions.b {
            count_of(&mut found.decisions, decision, |count| &mut count.decision).b += 1;
        }
        self.compare_tags(&a, &b);
        let (decision_a, decision_b) = decisions.a.zip(decisions.b)?;
        if decision_a == decision_b {
            return None;
        }
        let flipped = (decision_a == ACCEPTED) != (decision_b == ACCEPTED);
        *(if flipped { &mut self.found.flipped } else { &mut self.found.other_reason }) += 1;
        let id = a.id().or(b.id()).map(str::to_owned);
        Some(ChangedDecision { run: self.found.run, line_no, id, a: decision_a, b: decision_b, flipped })
    }

    fn compare_tags(&mut self, a: &Outcome, b: &Outcome) {
        let (Some(tags_of_a), Some(tags_of_b)) = (&a.tags, &b.tags) else { return };
        if tags_of_a == tags_of_b {
            return;
        }
        let differing = tags_of_a.iter().filter(|(tag, value)| b.tag(tag) != Some(value));
        let only_in_b = tags_of_b.iter().filter(|(tag, _)| a.tag(tag).is_none());
        for (tag, _) in differing.chain(only_in_b) {
            count_of(&mut self.found.tags, tag, |count| &mut count.tag).inputs += 1;
        }
    }
}

/// Returns the count of `name`, a new one at the end if it has none yet. `name_of` returns the name of a count.
fn count_of<'c, C: Default>(
    counts: &'c mut Vec<C>,
    name: &str,
    name_of: fn(&mut C) -> &mut String,
) -> &'c mut C {
    let find = |counts: &mut [C], name| counts.iter_mut().position(|count| name_of(count) == name);
    let is_one_too_many = counts.len() >= MAX_NAMES && find(counts, name).is_none();
    let name = if is_one_too_many { OTHER_NAMES } else { name };
    let at = find(counts, name).unwrap_or_else(|| {
        let mut count = C::default();
        name.clone_into(name_of(&mut count));
        counts.push(count);
        counts.len() - 1
    });
    &mut counts[at]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::TagCount;

    #[test]
    fn names_beyond_the_bound_are_counted_together() {
        let mut counts: Vec<TagCount> = Vec::new();
        let mut add = |name: &str| count_of(&mut counts, name, |count| &mut count.tag).inputs += 1;
        for name in 0..MAX_NAMES + 2 {
            add(&name.to_string());
        }
        add("7");
        let counts: Vec<_> = counts.into_iter().map(|count| (count.tag, count.inputs)).collect();
        assert_eq!(counts.len(), MAX_NAMES + 1);
        assert_eq!(counts[7], ("7".to_owned(), 2));
        assert_eq!(counts[MAX_NAMES - 1], ((MAX_NAMES - 1).to_string(), 1));
        assert_eq!(counts[MAX_NAMES], (OTHER_NAMES.to_owned(), 2));
    }
}
