//! Comparing a run, input by input.

use super::alignment::align;
use super::fields::is_same;
use super::outcome::Outcome;
use super::tally::Tally;
use super::{
    ChangedDecision, ChangedDecisions, DecisionCount, FirstDifference, PlacedRecord, RunDifference, Sides,
    StepCounts, TagCount, differing_fields,
};

/// What was found of a run so far.
pub(super) struct RunComparison {
    run: u64,
    inputs: Sides<u64>,
    first: Option<FirstDifference>,
    steps: Tally<StepCounts>,
    tags: Tally<u64>,
    decisions: Tally<(bool, Sides<u64>)>,
    flipped: ChangedDecisions,
    other_reason: ChangedDecisions,
    /// The line of the input whose records are being compared, and how it ends as far as they are known.
    present: Option<(u64, Sides<Option<Outcome>>)>,
}

impl RunComparison {
    pub(super) fn new(run: u64) -> Self {
        Self {
            run,
            inputs: Sides::default(),
            first: None,
            steps: Tally::default(),
            tags: Tally::default(),
            decisions: Tally::default(),
            flipped: ChangedDecisions::default(),
            other_reason: ChangedDecisions::default(),
            present: None,
        }
    }

    /// Takes in records of the input of line `line_no`, all or the next part of them; lines must come in order.
    pub(super) fn compare_part(&mut self, line_no: u64, a: &[PlacedRecord], b: &[PlacedRecord]) {
        if self.present.as_ref().is_none_or(|&(present, _)| present != line_no) {
            self.close_input();
        }
        let (_, outcomes) = self.present.get_or_insert_with(|| (line_no, Sides::default()));
        for (outcome, records) in [(&mut outcomes.a, a), (&mut outcomes.b, b)] {
            if !records.is_empty() {
                outcome.get_or_insert_default().update(records);
            }
        }
        for (of_a, of_b) in align(a, b) {
            self.compare_records(of_a, of_b);
        }
    }

    pub(super) fn finish(mut self) -> RunDifference {
        self.close_input();
        let mut decisions: Vec<_> = self.decisions.into_iter().collect();
        // Accepted ones first, reasons by name: the order of the data would be an accident.
        decisions.sort_by(|(name, (accepted, _)), (other, (other_accepted, _))| {
            (!accepted, name).cmp(&(!other_accepted, other))
        });
        RunDifference {
            run: self.run,
            same: self.first.is_none(),
            inputs: self.inputs,
            first: self.first,
            steps: (self.steps.into_iter())
                .map(|(step_name, counts)| StepCounts { step_name, ..counts })
                .collect(),
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
        let counts = self.steps.of(&either.step_name);
        let fields = match (a, b) {
            (Some(a), Some(b)) if is_same(&a.record, &b.record) => {
                counts.same += 1;
                return;
            }
            (Some(a), Some(b)) => {
                counts.differing += 1;
                if self.first.is_some() {
                    return;
                }
                differing_fields(&a.record, &b.record)
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

    /// Counts how the present input ended.
    fn close_input(&mut self) {
        let Some((line_no, outcomes)) = self.present.take() else { return };
        let decided = |outcome: &Option<Outcome>| outcome.as_ref().and_then(Outcome::decision);
        let (in_a, in_b) = (decided(&outcomes.a), decided(&outcomes.b));
        self.inputs.a += u64::from(outcomes.a.is_some());
        self.inputs.b += u64::from(outcomes.b.is_some());
        if let Some((is_accepted, decision)) = &in_a {
            let counts = self.decisions.of(decision);
            counts.0 = *is_accepted;
            counts.1.a += 1;
        }
        if let Some((is_accepted, decision)) = &in_b {
            let counts = self.decisions.of(decision);
            counts.0 = *is_accepted;
            counts.1.b += 1;
        }
        let (Some(a), Some(b)) = (outcomes.a, outcomes.b) else { return };
        self.compare_tags(&a, &b);
        if let (Some((a_accepts, decision_a)), Some((b_accepts, decision_b))) = (in_a, in_b)
            && decision_a != decision_b
        {
            let changed = if a_accepts == b_accepts { &mut self.other_reason } else { &mut self.flipped };
            let id = a.id().or(b.id()).map(str::to_owned);
            changed.add(|| ChangedDecision { line_no, id, a: decision_a, b: decision_b });
        }
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
