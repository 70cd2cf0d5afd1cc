//! Collects the page's data from the records, in one pass.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;
use stream_kernel_trace::TraceRecord;

use super::input::Input;
use super::run_view::RunView;
use super::wording::Wording;
use crate::statistics::TooManySteps;

/// The most runs that are shown.
pub(super) const MAX_RUNS: usize = 10;
/// The most bytes of JSON of all runs' regular samples together: it keeps the page below about 10 MB.
pub(super) const MAX_SAMPLE_BYTES: usize = 7_000_000;

/// Takes records in the order of the trace. Its size is bounded by the samples.
///
/// ```
/// use stream_kernel_trace_reader::view::{Collector, Wording};
/// # let example = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/example_record.json"));
/// # let record = serde_json::from_str(example)?;
///
/// let mut collector = Collector::new(Wording::default());
/// collector.take(1, record)?;
/// let view: serde_json::Value = serde_json::from_str(&collector.into_json("trace.jsonl")?)?;
/// assert_eq!(view["runs"][0]["sample"][0]["id"], "GET /");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Collector {
    runs: Vec<RunView>,
    runs_left_out: u64,
    last_run: u64,
    open: Option<Input>,
    /// The number of doublings of the stride: every 2^this-th input is in the sample, in all runs.
    doublings: u32,
    max_sample_bytes: usize,
    wording: Wording,
    /// Lines that the sample has in any case, for each run.
    chosen: Vec<BTreeSet<u64>>,
}

/// What is known of a trace.
#[derive(Serialize)]
pub(super) struct View<'a> {
    file: &'a str,
    /// The distance between the inputs in the sample.
    stride: u64,
    runs_left_out: u64,
    runs: &'a [RunView],
}

impl Collector {
    /// Returns a collector for a trace of the application with these words.
    pub fn new(wording: Wording) -> Self {
        Self {
            runs: Vec::new(),
            runs_left_out: 0,
            last_run: 0,
            open: None,
            doublings: 0,
            max_sample_bytes: MAX_SAMPLE_BYTES,
            wording,
            chosen: Vec::new(),
        }
    }

    /// Returns a collector for one of two traces: its regular samples take half as many bytes. They have the `chosen`
    /// lines of each run in any case.
    pub(super) fn of_pair(wording: Wording, chosen: Vec<BTreeSet<u64>>) -> Self {
        Self { max_sample_bytes: MAX_SAMPLE_BYTES / 2, chosen, ..Self::new(wording) }
    }

    /// Doubles the stride, as if a long run had gone before.
    #[cfg(test)]
    pub(super) fn double_stride_for_test(&mut self, times: u32) {
        self.doublings = times;
    }

    /// Takes the next record, which belongs to run number `run`.
    ///
    /// # Errors
    ///
    /// Returns [`TooManySteps`] if the record's step is one too many.
    pub fn take(&mut self, run: u64, record: TraceRecord) -> Result<(), TooManySteps> {
        let is_new_run = run != self.last_run;
        if is_new_run || self.open.as_ref().is_some_and(|input| input.line_no != record.line_no) {
            self.finish_input();
        }
        self.last_run = run;
        if is_new_run {
            self.begin_run(run, &record);
        }
        let Some(view) = self.runs.last_mut().filter(|_| self.runs_left_out == 0) else { return Ok(()) };
        view.count_record(&record)?;
        let start_us = view.start_us;
        self.open.get_or_insert_with(|| Input::new(&record, start_us)).take(record, start_us);
        Ok(())
    }

    fn begin_run(&mut self, run: u64, record: &TraceRecord) {
        if let Some(before) = self.runs.last_mut() {
            before.finish();
        }
        if self.runs.len() == MAX_RUNS {
            self.runs_left_out += 1;
        } else {
            self.runs.push(RunView::new(run, record));
        }
    }

    /// Ends the input of the last records.
    fn finish_input(&mut self) {
        let chosen = self.runs.len().checked_sub(1).and_then(|position| self.chosen.get(position));
        let (Some(input), Some(view)) = (self.open.take(), self.runs.last_mut()) else { return };
        let is_chosen = chosen.is_some_and(|lines| lines.contains(&input.line_no));
        if view.take_input(input, 1 << self.doublings, is_chosen, self.wording) {
            self.keep_bound();
        }
    }

    /// Doubles the stride if the samples have outgrown the bound. If once is not enough, the next sampled input doubles
    /// it again.
    fn keep_bound(&mut self) {
        if self.runs.iter().map(|view| view.sample.bytes()).sum::<usize>() > self.max_sample_bytes {
            self.doublings += 1;
            self.runs.iter_mut().for_each(|view| view.sample.thin(1 << self.doublings));
        }
    }

    /// Returns the page's data of the trace in `file`, as one JSON object.
    ///
    /// # Errors
    ///
    /// The data cannot be written as JSON.
    pub fn into_json(mut self, file: &str) -> serde_json::Result<String> {
        serde_json::to_string(&self.finish(file))
    }

    /// Ends the last run, and returns what is known of the trace in `file`.
    pub(super) fn finish<'a>(&'a mut self, file: &'a str) -> View<'a> {
        self.finish_input();
        if let Some(last) = self.runs.last_mut() {
            last.finish();
        }
        View { file, stride: 1 << self.doublings, runs_left_out: self.runs_left_out, runs: &self.runs }
    }
}

/// Returns the microseconds since the Unix epoch; an invalid time counts as the epoch.
pub(super) fn micros(text: &str) -> i64 {
    text.parse::<Timestamp>().map_or(0, Timestamp::as_microsecond)
}
