//! Collects the page's data from the records, in one pass.

use jiff::Timestamp;
use serde::Serialize;
use stream_kernel_trace::TraceRecord;

use super::input::Input;
use super::run_view::RunView;
use crate::statistics::TooManySteps;

/// The most runs that are shown.
pub(super) const MAX_RUNS: usize = 10;
/// The most bytes of JSON of all runs' regular samples together: it keeps the page below about 10 MB.
pub(super) const MAX_SAMPLE_BYTES: usize = 7_000_000;

/// Takes records in the order of the trace. Its size is bounded by the samples.
///
/// ```
/// use stream_kernel_trace_reader::view::Collector;
/// # let example = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/example_record.json"));
/// # let record = serde_json::from_str(example)?;
///
/// let mut collector = Collector::default();
/// collector.take(1, record)?;
/// let view: serde_json::Value = serde_json::from_str(&collector.into_json("trace.jsonl")?)?;
/// assert_eq!(view["runs"][0]["sample"][0]["id"], "GET /");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct Collector {
    runs: Vec<RunView>,
    runs_left_out: u64,
    last_run: u64,
    open: Option<Input>,
    /// The number of doublings of the stride: every 2^this-th input is in the sample, in all runs.
    doublings: u32,
}

impl Collector {
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
        let (Some(input), Some(view)) = (self.open.take(), self.runs.last_mut()) else { return };
        if view.take_input(input, 1 << self.doublings) {
            self.keep_bound();
        }
    }

    /// Doubles the stride if the samples have outgrown the bound. If once is not enough, the next sampled input doubles
    /// it again.
    fn keep_bound(&mut self) {
        if self.runs.iter().map(|view| view.sample.bytes()).sum::<usize>() > MAX_SAMPLE_BYTES {
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
        #[derive(Serialize)]
        struct View<'a> {
            file: &'a str,
            /// The distance between the inputs in the sample.
            stride: u64,
            runs_left_out: u64,
            runs: &'a [RunView],
        }
        self.finish_input();
        if let Some(last) = self.runs.last_mut() {
            last.finish();
        }
        let Self { runs, runs_left_out, doublings, .. } = self;
        serde_json::to_string(&View { file, stride: 1 << doublings, runs_left_out, runs: &runs })
    }
}

/// Returns the microseconds since the Unix epoch; an invalid time counts as the epoch.
pub(super) fn micros(text: &str) -> i64 {
    text.parse::<Timestamp>().map_or(0, Timestamp::as_microsecond)
}
