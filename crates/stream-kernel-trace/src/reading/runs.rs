//! Where one run in a trace ends and the next begins.

use crate::TraceRecord;

/// Tells the runs apart that were appended to one trace: one begins where the run id changes or `line_no` goes back.
///
/// ```
/// use stream_kernel_trace::reading::RunSplitter;
///
/// let mut runs = RunSplitter::default();
/// assert_eq!(["a 1", "a 1", "a 2", "a 1", "b 2"].map(|record| {
///     let (run_id, line_no) = record.split_once(' ').unwrap();
///     runs.run_of(run_id, line_no.parse().unwrap())
/// }), [1, 1, 1, 2, 3]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct RunSplitter {
    run: u64,
    run_id: String,
    line_no: u64,
}

impl RunSplitter {
    /// Returns the number of the run, from 1, that the next record belongs to.
    pub fn run_of(&mut self, run_id: &str, line_no: u64) -> u64 {
        if self.run == 0 || run_id != self.run_id || line_no < self.line_no {
            self.run += 1;
            run_id.clone_into(&mut self.run_id);
        }
        self.line_no = line_no;
        self.run
    }

    /// Returns the number of the run, from 1, that `record` belongs to; it must be the next record of the trace.
    pub fn run_of_record(&mut self, record: &TraceRecord) -> u64 {
        self.run_of(record.run_id(), record.line_no)
    }
}
