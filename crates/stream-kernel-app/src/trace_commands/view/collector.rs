//! Gathers from the records, in one pass, what the page shows.

use jiff::Timestamp;
use stream_kernel_trace::TraceRecord;

use super::input::Input;
use super::run_view::RunView;

/// At most so many runs are shown.
pub(super) const MAX_RUNS: usize = 10;
/// The regular samples of all runs together hold at most so many inputs, with at most so many records.
pub(super) const MAX_INPUTS: usize = 20_000;
const MAX_RECORDS: usize = 250_000;

/// Takes records in the order of the trace. Its size is bounded by what it samples.
#[derive(Debug)]
pub(super) struct Collector {
    runs: Vec<RunView>,
    runs_left_out: u64,
    last_run: u64,
    open: Option<Input>,
    /// Every so many-th input is kept, in all runs alike.
    stride: u64,
}

impl Default for Collector {
    fn default() -> Self {
        Self { runs: Vec::new(), runs_left_out: 0, last_run: 0, open: None, stride: 1 }
    }
}

impl Collector {
    /// Takes the next record, which belongs to `run`.
    pub(super) fn take(&mut self, run: u64, record: &TraceRecord) {
        let is_new_run = run != self.last_run;
        if is_new_run || self.open.as_ref().is_some_and(|input| input.line_no != record.line_no) {
            self.finish_input();
        }
        self.last_run = run;
        if is_new_run && self.runs.len() == MAX_RUNS {
            self.runs_left_out += 1;
        }
        if self.runs_left_out > 0 {
            return;
        }
        let enter_us = micros(&record.t_enter);
        if is_new_run {
            self.runs.push(RunView::new(run, record, enter_us));
        }
        let Some(view) = self.runs.last_mut() else { return };
        let duration_ns = nanos(record.duration_ms);
        view.count_record(record, micros(&record.t_exit), duration_ns);
        let input = self.open.get_or_insert_with(|| Input::new(record, enter_us));
        input.take(record, enter_us, duration_ns, &mut view.names);
    }

    /// Ends the input whose records came last.
    pub(super) fn finish_input(&mut self) {
        let (Some(mut input), Some(view)) = (self.open.take(), self.runs.last_mut()) else { return };
        let ordinal = view.count_input(&mut input);
        if view.sample.offer(self.stride, ordinal, input) {
            self.keep_bound();
        }
    }

    fn keep_bound(&mut self) {
        let sizes = self.runs.iter().map(|view| view.sample.size());
        let (inputs, records) = sizes.fold((0, 0), |sum, size| (sum.0 + size.0, sum.1 + size.1));
        if inputs > MAX_INPUTS || records > MAX_RECORDS {
            self.stride *= 2;
            self.runs.iter_mut().for_each(|view| view.sample.thin(self.stride));
        }
    }

    /// Returns the runs, how many more the trace holds, and the stride of the sample.
    pub(super) fn into_parts(self) -> (Vec<RunView>, u64, u64) {
        (self.runs, self.runs_left_out, self.stride)
    }
}

/// Returns the microseconds since the Unix epoch; a time that is none counts as the epoch.
fn micros(text: &str) -> i64 {
    text.parse::<Timestamp>().map_or(0, Timestamp::as_microsecond)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float cast saturates")]
fn nanos(millis: f64) -> u64 {
    (millis * 1e6).round() as u64
}
