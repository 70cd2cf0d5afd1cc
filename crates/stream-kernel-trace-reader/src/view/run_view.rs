//! The page's data of one run: totals of everything, and a sample of inputs.

use serde::Serialize;
use stream_kernel_trace::{Status, TraceRecord};

use super::collector::micros;
use super::failures::Failures;
use super::input::{Decision, Input, cut};
use super::sample::{Offer, Sample};
use super::step::StepJson;
use super::timeline::{Fate, Timeline};
use super::wording::Wording;
use crate::statistics::{RunStatistics, TooManySteps};

/// The most decisions with counts of their own; all further ones count as one.
pub(super) const MAX_DECISIONS: usize = 64;

/// One run, while its records arrive; it is written once it has ended. Its counts are of every input and record.
#[derive(Debug, Default, Serialize)]
pub(super) struct RunView {
    run: u64,
    run_id: String,
    scenario: String,
    inputs: u64,
    records: u64,
    errors: u64,
    started: String,
    ended: String,
    span_us: i64,
    /// The number of inputs without a decision in the trace, though none of their steps failed.
    undecided: u64,
    /// The number of inputs with a failed step. They count only here, whatever the decision before.
    failed: u64,
    /// Whether the trace shows tags; `accepted` among them tells the decision.
    has_tags: bool,
    /// Whether the trace shows the steps' changes to the context.
    has_changes: bool,
    steps: Vec<StepJson>,
    decisions: Vec<Decision>,
    failures: Failures,
    timeline: Timeline,
    pub(super) sample: Sample,
    #[serde(skip)]
    pub(super) start_us: i64,
    /// Converted when the run is over: its content is large.
    #[serde(skip)]
    statistics: RunStatistics,
}

impl RunView {
    pub(super) fn new(run: u64, record: &TraceRecord) -> Self {
        let [run_id, scenario, started] =
            [record.run_id(), &record.scenario, &record.t_enter].map(|text| cut(text.to_owned()));
        Self { run, run_id, scenario, started, start_us: micros(&record.t_enter), ..Self::default() }
    }

    pub(super) fn count_record(&mut self, record: &TraceRecord) -> Result<(), TooManySteps> {
        self.ended.clone_from(&record.t_exit);
        self.has_changes |= record.ctx_diff.is_some();
        if record.status == Status::Error {
            self.failures.add(record);
        }
        self.statistics.add(record)
    }

    /// Takes a complete input, and returns whether the regular sample has grown. The sample has it in any case if it
    /// `is_chosen`.
    pub(super) fn take_input(
        &mut self,
        mut input: Input,
        stride: u64,
        is_chosen: bool,
        wording: Wording,
    ) -> bool {
        let fate = match input.settle() {
            _ if input.has_failed() => {
                self.failed += 1;
                Fate::Failed
            }
            Some(decision) => {
                let fate = if decision.accepted { Fate::Accepted } else { Fate::Declined };
                input.decision = Some(self.count_decision(decision));
                fate
            }
            None => {
                self.undecided += 1;
                Fate::Undecided
            }
        };
        self.timeline.add(u64::try_from(input.start_us).unwrap_or(0), fate, input.elapsed_ns);
        self.has_tags |= input.has_tags;
        let ordinal = self.inputs;
        self.inputs += 1;
        self.sample.offer(&Offer { ordinal, input: &input, stride, is_chosen, wording })
    }

    fn count_decision(&mut self, decision: Decision) -> usize {
        let is_same = |known: &Decision| known.label == decision.label && known.accepted == decision.accepted;
        let known = self.decisions.iter().position(is_same);
        let number = known.unwrap_or(self.decisions.len()).min(MAX_DECISIONS);
        match self.decisions.get_mut(number) {
            Some(known) => known.count += 1,
            None if number == MAX_DECISIONS => {
                self.decisions.push(Decision { label: "(other)".to_owned(), ..decision });
            }
            None => self.decisions.push(decision),
        }
        number
    }

    pub(super) fn finish(&mut self) {
        let statistics = std::mem::take(&mut self.statistics);
        self.records = statistics.records();
        self.errors = statistics.steps().iter().map(|step| step.figures().errors).sum();
        self.steps = statistics.steps().iter().map(StepJson::from).collect();
        self.span_us = micros(&self.ended).saturating_sub(self.start_us).max(0);
        self.ended = cut(std::mem::take(&mut self.ended));
    }
}
