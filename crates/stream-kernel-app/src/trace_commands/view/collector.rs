//! Gathers from the records, in one pass, what the page shows.

use jiff::Timestamp;
use stream_kernel_trace::TraceRecord;
use stream_kernel_trace::statistics::TooManySteps;

use super::input::Input;
use super::run_view::RunView;
use super::sample::Size;

/// At most so many runs are shown.
pub(super) const MAX_RUNS: usize = 10;
/// What the regular samples of all runs together hold at most: it keeps the page under some 10 MB.
pub(super) const MAX_SIZE: Size = Size { inputs: 20_000, records: 250_000, text_bytes: 7_000_000 };

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
    pub(super) fn take(&mut self, run: u64, record: TraceRecord) -> Result<(), TooManySteps> {
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
        let input = self.open.get_or_insert_with(|| Input::new(&record));
        input.take(record, &mut view.names);
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

    /// Ends the input whose records came last.
    fn finish_input(&mut self) {
        let (Some(input), Some(view)) = (self.open.take(), self.runs.last_mut()) else { return };
        if view.take_input(input, self.stride) {
            self.keep_bound();
        }
    }

    /// Doubles the stride if the samples have outgrown the bound. Once may not be enough, but then the next input that a
    /// sample takes doubles it again.
    fn keep_bound(&mut self) {
        let size = self.runs.iter().fold(Size::default(), |sum, view| sum + view.sample.size());
        if size.exceeds(MAX_SIZE) {
            self.stride = self.stride.saturating_mul(2);
            self.runs.iter_mut().for_each(|view| view.sample.thin(self.stride));
        }
    }

    /// Returns the runs, how many more the trace holds, and the stride of the sample.
    pub(super) fn into_parts(mut self) -> (Vec<RunView>, u64, u64) {
        self.finish_input();
        if let Some(last) = self.runs.last_mut() {
            last.finish();
        }
        (self.runs, self.runs_left_out, self.stride)
    }
}

/// Returns the microseconds since the Unix epoch; a time that is none counts as the epoch.
pub(super) fn micros(text: &str) -> i64 {
    text.parse::<Timestamp>().map_or(0, Timestamp::as_microsecond)
}
