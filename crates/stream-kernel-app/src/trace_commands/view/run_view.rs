//! What the page tells of one run: totals of everything, and a sample of inputs.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::histogram::{Bucket, DurationHistogram};
use super::input::{Input, Outcome, RecordShape, cut};
use super::names::Names;
use super::sample::Sample;
use super::throughput::Throughput;
use stream_kernel_trace::{Status, TraceRecord};

/// At most so many steps are told apart.
const MAX_STEPS: usize = 200;
/// At most so many decisions are told apart; all further ones count as one.
const MAX_DECISIONS: usize = 64;

/// One run, while its records come in.
#[derive(Debug, Default)]
pub(super) struct RunView {
    run: u64,
    run_id: String,
    scenario: String,
    started: String,
    ended: String,
    start_us: i64,
    end_us: i64,
    inputs: u64,
    records: u64,
    errors: u64,
    undecided: u64,
    decisions: Vec<Decision>,
    steps: BTreeMap<usize, StepTotals>,
    steps_left_out: u64,
    throughput: Throughput,
    pub(super) names: Names,
    pub(super) sample: Sample,
}

#[derive(Debug, Serialize)]
struct Decision {
    label: String,
    accepted: bool,
    count: u64,
}

#[derive(Debug, Default)]
struct StepTotals {
    name: usize,
    messages_out: u64,
    errors: u64,
    durations: DurationHistogram,
}

impl RunView {
    /// Returns the run that begins with `record`, at `start_us`.
    pub(super) fn new(run: u64, record: &TraceRecord, start_us: i64) -> Self {
        let (run_id, scenario, started) = (cut(record.run_id()), cut(&record.scenario), cut(&record.t_enter));
        Self { run, run_id, scenario, started, start_us, ..Self::default() }
    }

    /// Counts one record.
    pub(super) fn count_record(&mut self, record: &TraceRecord, exit_us: i64, duration_ns: u64) {
        self.records += 1;
        if exit_us >= self.end_us {
            self.end_us = exit_us;
            self.ended = cut(&record.t_exit);
        }
        let is_error = record.status == Status::Error;
        self.errors += u64::from(is_error);
        if self.steps.len() == MAX_STEPS && !self.steps.contains_key(&record.step_index) {
            self.steps_left_out += 1;
            return;
        }
        let names = &mut self.names;
        let step = self.steps.entry(record.step_index).or_insert_with(|| StepTotals {
            name: names.number_of(&record.step_name),
            ..StepTotals::default()
        });
        step.messages_out += record.msg_out.len() as u64;
        step.errors += u64::from(is_error);
        step.durations.add(duration_ns);
    }

    /// Counts an input that has all its records, and returns its ordinal, from 0.
    pub(super) fn count_input(&mut self, input: &mut Input) -> u64 {
        let since_start = input.start_us.saturating_sub(self.start_us);
        self.throughput.add(u64::try_from(since_start).unwrap_or(0));
        match input.settle() {
            Some(outcome) => input.decision = Some(self.count_decision(outcome)),
            None => self.undecided += 1,
        }
        self.inputs += 1;
        self.inputs - 1
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

    /// Returns the run in the form that the page reads.
    pub(super) fn into_json(self) -> RunJson {
        let step = |(index, step): (usize, StepTotals)| {
            let durations = &step.durations;
            StepJson {
                index,
                name: self.names.as_slice()[step.name].clone(),
                records: durations.count(),
                messages_out: step.messages_out,
                errors: step.errors,
                total_ns: durations.total_ns(),
                p50_ns: durations.percentile_ns(50),
                p90_ns: durations.percentile_ns(90),
                p99_ns: durations.percentile_ns(99),
                max_ns: durations.max_ns(),
                buckets: durations.buckets(),
            }
        };
        let steps = self.steps.into_iter().map(step).collect();
        let mut columns = SampleJson::default();
        let mut shapes = Shapes::default();
        self.sample.into_inputs().for_each(|input| columns.push(input, self.start_us, &mut shapes));
        RunJson {
            run: self.run,
            run_id: self.run_id,
            scenario: self.scenario,
            inputs: self.inputs,
            records: self.records,
            errors: self.errors,
            started: self.started,
            ended: self.ended,
            span_us: self.end_us.saturating_sub(self.start_us).max(0),
            decisions: self.decisions,
            undecided: self.undecided,
            steps,
            steps_left_out: self.steps_left_out,
            throughput: self.throughput,
            names: self.names.as_slice().to_vec(),
            shapes: shapes.shapes,
            sample: columns,
        }
    }
}

/// One run, as the page reads it.
#[derive(Debug, Serialize)]
pub(super) struct RunJson {
    run: u64,
    run_id: String,
    scenario: String,
    inputs: u64,
    records: u64,
    errors: u64,
    started: String,
    ended: String,
    span_us: i64,
    decisions: Vec<Decision>,
    /// How many inputs the trace tells no decision of.
    undecided: u64,
    steps: Vec<StepJson>,
    /// How many records are of steps beyond those that are told apart.
    steps_left_out: u64,
    throughput: Throughput,
    names: Vec<String>,
    /// `[[step, kind in, [kinds out]], ...]`: the ways that inputs took.
    shapes: Vec<Vec<(usize, usize, Vec<usize>)>>,
    sample: SampleJson,
}

#[derive(Debug, Serialize)]
struct StepJson {
    index: usize,
    name: String,
    records: u64,
    messages_out: u64,
    errors: u64,
    total_ns: u64,
    p50_ns: u64,
    p90_ns: u64,
    p99_ns: u64,
    max_ns: u64,
    buckets: Vec<Bucket>,
}

/// The sampled inputs, column by column: in rows, keys would outweigh values.
#[derive(Debug, Default, Serialize)]
struct SampleJson {
    line_no: Vec<u64>,
    id: Vec<String>,
    /// From the beginning of the run.
    start_us: Vec<i64>,
    duration_ns: Vec<u64>,
    decision: Vec<Option<usize>>,
    record_count: Vec<usize>,
    shape: Vec<usize>,
    /// For each input, offset in microseconds and duration in nanoseconds of each record in turn.
    times: Vec<Vec<u64>>,
    /// `[input, record, message]` of each input with errors: the first of them.
    errors: Vec<(usize, usize, String)>,
}

impl SampleJson {
    fn push(&mut self, input: Input, run_start_us: i64, shapes: &mut Shapes) {
        if let Some((record, message)) = input.error {
            self.errors.push((self.line_no.len(), record, message));
        }
        self.line_no.push(input.line_no);
        self.id.push(input.id);
        self.start_us.push(input.start_us.saturating_sub(run_start_us));
        self.duration_ns.push(input.duration_ns);
        self.decision.push(input.decision);
        self.record_count.push(input.record_count);
        let times = input.records.iter().flat_map(|record| [record.offset_us, record.duration_ns]);
        self.times.push(times.collect());
        self.shape.push(shapes.number_of(input.records.into_iter().map(|record| record.shape).collect()));
    }
}

/// Ways through the steps, each kept once.
#[derive(Default)]
struct Shapes {
    numbers: HashMap<Vec<RecordShape>, usize>,
    shapes: Vec<Vec<(usize, usize, Vec<usize>)>>,
}

impl Shapes {
    fn number_of(&mut self, way: Vec<RecordShape>) -> usize {
        let next = self.shapes.len();
        let number = *self.numbers.entry(way.clone()).or_insert(next);
        if number == next {
            let columns = |record: RecordShape| (record.step_index, record.kind_in, record.kinds_out);
            self.shapes.push(way.into_iter().map(columns).collect());
        }
        number
    }
}
