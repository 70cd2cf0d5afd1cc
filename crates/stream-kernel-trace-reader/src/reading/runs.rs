//! Boundaries between the runs of a trace.

use stream_kernel_trace::TraceRecord;

use super::StepRecord;

/// Detects the runs in a trace with several of them.
///
/// A run begins where the run id changes, where `line_no` goes back, or where the first record of the present run
/// appears again: the same line, step and work index, but another time. The last rule separates runs of a single line:
/// within a run, the steps of an input come in the order of the pipeline, so none begins twice. With the same time it
/// would be a duplicate of the record.
///
/// ```
/// use stream_kernel_trace_reader::reading::RunSplitter;
/// # use stream_kernel_trace::TraceRecord;
/// # let example = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/example_record.json"));
/// # let one: TraceRecord = serde_json::from_str(example).unwrap();
/// # let trace_id = |run_id, line_no| format!("{run_id}:{line_no}");
/// # let record = |run_id, line_no, step_index| TraceRecord { trace_id: trace_id(run_id, line_no), line_no, step_index, ..one.clone() };
///
/// let mut runs = RunSplitter::default();
/// let records = [record("a", 1, 0), record("a", 1, 1), record("a", 2, 0), record("a", 1, 0), record("b", 2, 0)];
/// assert_eq!(records.map(|record| runs.run_of_record(&record)), [1, 1, 1, 2, 3]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct RunSplitter {
    run: u64,
    run_id: String,
    /// The line of the previous record.
    line_no: u64,
    /// Line, step and work index of the present run's first record.
    first: (u64, usize, u32),
    /// The `t_enter` of that record.
    first_enter: String,
}

impl RunSplitter {
    /// Returns the number of the run, from 1, of `record`, which must be the next record of the trace.
    pub fn run_of_record(&mut self, record: &TraceRecord) -> u64 {
        self.run_of(&record.into())
    }

    /// Returns the same from the known fields of a record.
    pub fn run_of(&mut self, record: &StepRecord<'_>) -> u64 {
        let place = (record.line_no, record.step_index, record.work_index);
        let first_comes_again = place == self.first && record.t_enter != self.first_enter;
        let is_of_run = record.run_id == self.run_id && record.line_no >= self.line_no && !first_comes_again;
        if self.run == 0 || !is_of_run {
            self.run += 1;
            record.run_id.clone_into(&mut self.run_id);
            self.first = place;
            record.t_enter.clone_into(&mut self.first_enter);
        }
        self.line_no = record.line_no;
        self.run
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the run of each record; a record is its line, its step, its work index and the second of its beginning.
    fn check<const N: usize>(records: [(u64, usize, u32, u32); N]) -> [u64; N] {
        let mut runs = RunSplitter::default();
        records.map(|(line_no, step_index, work_index, second)| {
            let record = serde_json::json!({
                "trace_id": format!("run:{line_no}"), "scenario": "s", "line_no": line_no, "step_index": step_index,
                "step_name": "a", "work_index": work_index, "t_enter": format!("2026-01-21T00:00:{second:02}.000000Z"),
                "t_exit": "", "duration_ms": 0.1, "msg_in": {"type_name": "In", "identity": null, "hash": null},
                "msg_out": [], "msg_out_count": 0, "ctx_before": null, "ctx_after": null, "ctx_diff": null,
                "status": "ok", "error": null,
            });
            runs.run_of_record(&serde_json::from_value(record).unwrap())
        })
    }

    #[test]
    fn runs_of_one_line_are_told_apart() {
        assert_eq!(check([(1, 0, 0, 0), (1, 1, 0, 1), (1, 0, 0, 2), (1, 1, 0, 3)]), [1, 1, 2, 2]);
        // A pipeline of one step, or one whose first step fails each time.
        assert_eq!(check([(1, 0, 0, 0), (1, 0, 0, 1), (1, 0, 0, 2)]), [1, 2, 3]);
        // The clock was set back in between.
        assert_eq!(check([(1, 0, 0, 5), (1, 0, 0, 0)]), [1, 2]);
        // A pipeline whose first step is unknown, and skipped.
        assert_eq!(check([(1, 1, 0, 0), (1, 2, 0, 1), (1, 1, 0, 2)]), [1, 1, 2]);
    }

    #[test]
    fn runs_of_one_line_and_of_several_are_told_apart() {
        assert_eq!(check([(1, 0, 0, 0), (1, 0, 0, 1), (2, 0, 0, 2), (1, 0, 0, 3)]), [1, 2, 2, 3]);
    }

    #[test]
    fn several_messages_at_a_step_are_of_one_run() {
        assert_eq!(check([(1, 0, 0, 0), (1, 1, 0, 1), (1, 1, 1, 2), (1, 1, 2, 3)]), [1; 4]);
    }

    #[test]
    fn records_out_of_order_begin_no_run() {
        // A duplicate: of the first record, and of a later one.
        assert_eq!(check([(1, 0, 0, 0), (1, 0, 0, 0), (1, 1, 0, 1), (1, 1, 0, 1)]), [1; 4]);
        // Steps in the wrong order, of the first line and of another.
        assert_eq!(check([(1, 1, 0, 1), (1, 0, 0, 0), (2, 0, 0, 2), (2, 1, 0, 3), (2, 0, 0, 4)]), [1; 5]);
    }
}
