//! Comparing a run, input by input.

use super::alignment::align;
use super::fields::{LeftOut, differing_fields, is_same};
use super::outcome::Outcome;
use super::tally::Tally;
use super::{
    ChangedDecision, DecisionCount, FirstDifference, MovedStep, PlacedRecord, RunDifference, Sides,
    StepCounts, TagCount,
};

/// What was found of a run so far.
#[derive(Default)]
pub(super) struct RunComparison {
    run: u64,
    left_out: LeftOut,
    inputs: Sides<u64>,
    first: Option<FirstDifference>,
    moved: Option<MovedStep>,
    steps: Tally<StepCounts>,
    has_tags: bool,
    tags: Tally<u64>,
    decisions: Tally<(bool, Sides<u64>)>,
    flipped: u64,
    other_reason: u64,
    /// How the input ends whose records are being compared, as far as they are known.
    present: Sides<Option<Outcome>>,
}

impl RunComparison {
    pub(super) fn new(run: u64, left_out: LeftOut) -> Self {
        Self { run, left_out, ..Self::default() }
    }

    /// Takes in records of the present input, all or the next part of them.
    pub(super) fn compare_part(&mut self, a: &[PlacedRecord], b: &[PlacedRecord]) {
        for (outcome, records) in [(&mut self.present.a, a), (&mut self.present.b, b)] {
            if !records.is_empty() {
                outcome.get_or_insert_default().update(records);
            }
        }
        for (of_a, of_b) in align(a, b) {
            self.compare_records(of_a, of_b);
        }
    }

    pub(super) fn finish(self) -> RunDifference {
        let mut decisions: Vec<_> = self.decisions.into_iter().collect();
        // Accepted ones first, reasons by name: the order of the data would be an accident.
        decisions.sort_by(|(name, (accepted, _)), (other, (other_accepted, _))| {
            (!accepted, name).cmp(&(!other_accepted, other))
        });
        RunDifference {
            run: self.run,
            same: self.first.is_none() && self.moved.is_none(),
            inputs: self.inputs,
            first: self.first,
            moved: self.moved,
            steps: (self.steps.into_iter())
                .map(|(step_name, counts)| StepCounts { step_name, ..counts })
                .collect(),
            has_tags: self.has_tags,
            tags: self.tags.into_iter().map(|(tag, inputs)| TagCount { tag, inputs }).collect(),
            decisions: (decisions.into_iter())
                .map(|(decision, (_, Sides { a, b }))| DecisionCount { decision, a, b })
                .collect(),
            flipped: self.flipped,
            other_reason: self.other_reason,
        }
    }

    fn compare_records(&mut self, a: Option<&PlacedRecord>, b: Option<&PlacedRecord>) {
        let Some(PlacedRecord { record: either, .. }) = a.or(b) else { return };
        if let (Some(PlacedRecord { record: a, .. }), Some(PlacedRecord { record: b, .. })) = (a, b)
            && a.step_index != b.step_index
        {
            self.moved.get_or_insert_with(|| MovedStep {
                step_name: either.step_name.clone(),
                step_index: Sides { a: a.step_index, b: b.step_index },
            });
        }
        let counts = self.steps.of(&either.step_name);
        let fields = match (a, b) {
            (Some(a), Some(b)) if is_same(&a.record, &b.record, self.left_out) => {
                counts.same += 1;
                return;
            }
            (Some(a), Some(b)) => {
                counts.differing += 1;
                if self.first.is_some() {
                    return;
                }
                differing_fields(&a.record, &b.record, self.left_out)
            }
            (Some(_), None) => {
                counts.only_in_a += 1;
                Vec::new()
            }
            _ => {
                counts.only_in_b += 1;
                Vec::new()
            }
        };
        let file_line = Sides { a: a.map(|placed| placed.file_line), b: b.map(|placed| placed.file_line) };
        self.first.get_or_insert_with(|| FirstDifference {
            line_no: either.line_no,
            step_name: either.step_name.clone(),
            work_index: either.work_index,
            file_line,
            fields,
        });
    }

    /// Counts how the present input, that of line `line_no`, ended, and returns its decision if that changed.
    pub(super) fn end_input(&mut self, line_no: u64) -> Option<ChangedDecision> {
        let outcomes = std::mem::take(&mut self.present);
        let decided = |outcome: &Option<Outcome>| outcome.as_ref().and_then(Outcome::decision);
        let (in_a, in_b) = (decided(&outcomes.a), decided(&outcomes.b));
        self.inputs.a += u64::from(outcomes.a.is_some());
        self.inputs.b += u64::from(outcomes.b.is_some());
        for (decided, counts_of_a, counts_of_b) in [(&in_a, 1, 0), (&in_b, 0, 1)] {
            if let Some((is_accepted, decision)) = decided {
                let (accepts, counts) = self.decisions.of(decision);
                (*accepts, counts.a, counts.b) =
                    (*is_accepted, counts.a + counts_of_a, counts.b + counts_of_b);
            }
        }
        let has_tags =
            |outcome: &Option<Outcome>| outcome.as_ref().is_some_and(|outcome| outcome.tags.is_some());
        self.has_tags |= has_tags(&outcomes.a) || has_tags(&outcomes.b);
        let (a, b) = outcomes.a.zip(outcomes.b)?;
        self.compare_tags(&a, &b);
        let ((a_accepts, decision_a), (b_accepts, decision_b)) = in_a.zip(in_b)?;
        if decision_a == decision_b {
            return None;
        }
        let flipped = a_accepts != b_accepts;
        *(if flipped { &mut self.flipped } else { &mut self.other_reason }) += 1;
        let id = a.id().or(b.id()).map(str::to_owned);
        Some(ChangedDecision { run: self.run, line_no, id, a: decision_a, b: decision_b, flipped })
    }

    fn compare_tags(&mut self, a: &Outcome, b: &Outcome) {
        let (Some(tags_of_a), Some(tags_of_b)) = (&a.tags, &b.tags) else { return };
        if tags_of_a == tags_of_b {
            return;
        }
        for (tag, value) in tags_of_a {
            if b.tag(tag) != Some(value) {
                *self.tags.of(tag) += 1;
            }
        }
        for (tag, _) in tags_of_b {
            if a.tag(tag).is_none() {
                *self.tags.of(tag) += 1;
            }
        }
    }
}
