//! What the page tells of one run: totals of everything, and a sample of inputs.

use serde::Serialize;
use stream_kernel_trace::TraceRecord;

use super::collector::micros;
use super::input::{Input, Outcome, cut};
use super::sample::Sample;
use super::step::StepJson;
use super::throughput::Throughput;
use crate::statistics::{RunStatistics, StepStatistics, TooManySteps};

/// At most so many decisions are told apart; all further ones count as one.
pub(super) const MAX_DECISIONS: usize = 64;

/// One run, while its records come in; it is written once it has ended.
#[derive(Debug, Default, Serialize)]
pub(super) struct RunView {
    #[serde(flatten)]
    totals: Totals,
    #[serde(skip)]
    pub(super) start_us: i64,
    decisions: Vec<Decision>,
    /// Taken apart into the totals when the run is over: what it holds is large.
    #[serde(skip)]
    statistics: RunStatistics,
    throughput: Throughput,
    pub(super) sample: Sample,
}

/// What counts every input and every record of the run.
#[derive(Debug, Default, Serialize)]
struct Totals {
    run: u64,
    run_id: String,
    scenario: String,
    inputs: u64,
    records: u64,
    errors: u64,
    started: String,
    ended: String,
    span_us: i64,
    /// How many inputs the trace tells no decision of, though none of their steps failed.
    undecided: u64,
    /// How many inputs have a step that failed. They count as that alone, whatever was decided before.
    failed: u64,
    /// Whether the trace shows tags, of which `accepted` tells of a decision.
    has_tags: bool,
    /// Whether the trace tells what the steps changed in the context.
    has_changes: bool,
    steps: Vec<StepJson>,
}

#[derive(Debug, Serialize)]
struct Decision {
    label: String,
    accepted: bool,
    count: u64,
}

impl RunView {
    /// Returns the run that begins with `record`.
    pub(super) fn new(run: u64, record: &TraceRecord) -> Self {
        let [run_id, scenario, started] =
            [record.run_id(), &record.scenario, &record.t_enter].map(|text| cut(text.to_owned()));
        let totals = Totals { run, run_id, scenario, started, ..Totals::default() };
        Self { totals, start_us: micros(&record.t_enter), ..Self::default() }
    }

    /// Counts one record.
    ///
    /// # Errors
    ///
    /// Returns [`TooManySteps`] for one step more than can be counted.
    pub(super) fn count_record(&mut self, record: &TraceRecord) -> Result<(), TooManySteps> {
        self.totals.ended.clone_from(&record.t_exit);
        self.totals.has_changes |= record.ctx_diff.is_some();
        self.statistics.add(record)
    }

    /// Takes an input that has all its records, and returns whether the regular sample has grown.
    pub(super) fn take_input(&mut self, mut input: Input, stride: u64) -> bool {
        self.throughput.add(u64::try_from(input.start_us).unwrap_or(0));
        match input.settle() {
            _ if input.has_failed() => self.totals.failed += 1,
            Some(outcome) => input.decision = Some(self.count_decision(outcome)),
            None => self.totals.undecided += 1,
        }
        self.totals.has_tags |= input.has_tags;
        let ordinal = self.totals.inputs;
        self.totals.inputs += 1;
        self.sample.offer(stride, ordinal, &input)
    }

    fn count_decision(&mut self, Outcome { label, is_accepted: accepted }: Outcome) -> usize {
        let known =
            self.decisions.iter().position(|known| known.label == label && known.accepted == accepted);
        let number = known.unwrap_or(self.decisions.len()).min(MAX_DECISIONS);
        if number == self.decisions.len() {
            let label = if number == MAX_DECISIONS { "(other)".to_owned() } else { label };
            self.decisions.push(Decision { label, accepted, count: 0 });
        }
        self.decisions[number].count += 1;
        number
    }

    /// Ends the run.
    pub(super) fn finish(&mut self) {
        let statistics = std::mem::take(&mut self.statistics);
        let totals = &mut self.totals;
        totals.records = statistics.records();
        totals.errors = statistics.steps().iter().map(StepStatistics::errors).sum();
        totals.steps = statistics.steps().iter().map(StepJson::from).collect();
        totals.span_us = micros(&totals.ended).saturating_sub(self.start_us).max(0);
        totals.ended = cut(std::mem::take(&mut totals.ended));
    }
}
