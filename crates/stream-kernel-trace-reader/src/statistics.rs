//! Statistics of a run's steps, counts and durations, in constant memory.

mod step;

use jiff::Timestamp;

use stream_kernel_trace::TraceRecord;

use crate::reading::StepRecord;
pub use step::{StepFigures, StepStatistics};

/// The most steps of one run.
pub const MAX_STEPS: usize = 1024;

/// In quantiles, longer times count as this, in nanoseconds: one hour. Maximum and total stay exact.
pub const MAX_QUANTILE_NS: u64 = 3_600_000_000_000;

/// More than [`MAX_STEPS`] steps in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {MAX_STEPS} steps in one run (is it a trace of one pipeline?)")]
pub struct TooManySteps;

/// The statistics of one run.
///
/// ```
/// use stream_kernel_trace::TraceRecord;
/// use stream_kernel_trace_reader::statistics::RunStatistics;
///
/// let line = r#"{"trace_id":"run:1","scenario":"baseline","line_no":1,"step_index":0,"step_name":"parse","work_index":0,"t_enter":"2026-01-21T01:23:45.000000Z","t_exit":"2026-01-21T01:23:45.000500Z","duration_ms":0.5,"msg_in":{"type_name":"RawLine","identity":null,"hash":null},"msg_out":[],"msg_out_count":0,"ctx_before":null,"ctx_after":null,"ctx_diff":null,"status":"ok","error":null}"#;
/// let record: TraceRecord = serde_json::from_str(line)?;
/// let mut statistics = RunStatistics::default();
/// statistics.add(&record)?;
/// assert_eq!(statistics.inputs(), 1);
/// assert_eq!(statistics.wall_seconds(), Some(0.0005));
/// assert_eq!(statistics.steps()[0].figures().max_ns, 500_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct RunStatistics {
    /// By position and name.
    steps: Vec<StepStatistics>,
    records: u64,
    inputs: u64,
    line_no: Option<u64>,
    first_enter: String,
    last_exit: String,
}

impl RunStatistics {
    /// Counts a record, which must be the next of the run.
    ///
    /// # Errors
    ///
    /// Returns [`TooManySteps`] if the record's step is one too many.
    pub fn add(&mut self, record: &TraceRecord) -> Result<(), TooManySteps> {
        self.add_step(&record.into())
    }

    /// Counts the known fields of a record.
    ///
    /// # Errors
    ///
    /// Returns [`TooManySteps`] if the record's step is one too many.
    pub fn add_step(&mut self, record: &StepRecord<'_>) -> Result<(), TooManySteps> {
        let key = (record.step_index, record.step_name);
        let at = match self
            .steps
            .binary_search_by(|step| (step.counts.step_index, &*step.counts.step_name).cmp(&key))
        {
            Ok(at) => at,
            Err(_) if self.steps.len() == MAX_STEPS => return Err(TooManySteps),
            Err(at) => {
                self.steps.insert(at, StepStatistics::new(record));
                at
            }
        };
        self.steps[at].add(record);
        if self.records == 0 {
            record.t_enter.clone_into(&mut self.first_enter);
        }
        record.t_exit.clone_into(&mut self.last_exit);
        self.records += 1;
        if self.line_no.replace(record.line_no) != Some(record.line_no) {
            self.inputs += 1;
        }
        Ok(())
    }

    /// Returns the steps, in the order of the pipeline.
    pub fn steps(&self) -> &[StepStatistics] {
        &self.steps
    }

    /// Returns the number of records.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Returns the number of inputs.
    pub fn inputs(&self) -> u64 {
        self.inputs
    }

    /// Returns the total time of all steps, in nanoseconds.
    pub fn total_ns(&self) -> u64 {
        self.steps.iter().fold(0, |sum, step| sum.saturating_add(step.counts.total_ns))
    }

    /// Returns the microseconds between the first `t_enter` and the last `t_exit`; `None` if one is not a time or time
    /// goes back.
    pub fn wall_micros(&self) -> Option<u64> {
        let first: Timestamp = self.first_enter.parse().ok()?;
        let last: Timestamp = self.last_exit.parse().ok()?;
        u64::try_from(last.as_microsecond() - first.as_microsecond()).ok()
    }

    /// Returns the seconds between the first `t_enter` and the last `t_exit`; `None` if one is not a time or time goes
    /// back.
    #[expect(clippy::cast_precision_loss, reason = "microseconds stay exact for 285 years")]
    pub fn wall_seconds(&self) -> Option<f64> {
        self.wall_micros().map(|micros| micros as f64 / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(line_no: u64, step: (usize, &str), millis: f64) -> TraceRecord {
        serde_json::from_value(serde_json::json!({
            "trace_id": format!("run:{line_no}"), "scenario": "s", "line_no": line_no, "step_index": step.0,
            "step_name": step.1, "work_index": 0, "t_enter": format!("2026-01-21T00:00:{line_no:02}.000000Z"),
            "t_exit": format!("2026-01-21T00:00:{line_no:02}.500000Z"), "duration_ms": millis,
            "msg_in": {"type_name": "In"}, "msg_out": [{"type_name": "Out"}, {"type_name": "Out"}],
            "msg_out_count": 2, "status": "ok",
        }))
        .unwrap()
    }

    fn statistics_of(records: impl IntoIterator<Item = TraceRecord>) -> RunStatistics {
        let mut statistics = RunStatistics::default();
        for record in records {
            statistics.add(&record).unwrap();
        }
        statistics
    }

    #[test]
    fn quantiles_have_three_digits_and_extremes_all() {
        let statistics =
            statistics_of((1..=1000_u32).map(|millis| record(1, (0, "a"), f64::from(millis) + 0.000_001)));
        let step = &statistics.steps()[0];
        let figures = step.figures();
        for (found, millis) in [(figures.p50_ns, 500), (figures.p90_ns, 900), (figures.p99_ns, 990)] {
            let expected = millis * 1_000_000;
            assert!(found.abs_diff(expected) <= expected / 1000, "{found}, not {expected}");
        }
        assert_eq!((figures.max_ns, figures.total_ns), (1_000_000_001, 500_500_001_000));
        assert_eq!((figures.msgs_in, figures.msgs_out, figures.errors), (1000, 2000, 0));
        let (shortest, longest) = (step.durations_ns().next(), step.durations_ns().last());
        assert!(
            shortest.is_some_and(|(ns, count)| ns.abs_diff(1_000_000) <= 1_000 && count == 1),
            "{shortest:?}"
        );
        assert_eq!(longest.map(|(ns, _)| ns), Some(1_000_000_001));
        assert_eq!(step.durations_ns().map(|(_, count)| count).sum::<u64>(), 1000);
    }

    #[test]
    fn a_time_beyond_the_quantiles_bound_is_the_maximum() {
        let figures = |millis| statistics_of([record(1, (0, "a"), millis)]).steps()[0].figures();
        assert!(figures(7_200_000.0).p50_ns >= MAX_QUANTILE_NS);
        assert_eq!(figures(7_200_000.0).max_ns, 2 * MAX_QUANTILE_NS);
        assert_eq!(figures(-1.0).max_ns, 0);
    }

    #[test]
    fn inputs_are_counted_by_line_and_steps_are_ordered() {
        let statistics = statistics_of([
            record(1, (0, "a"), 1.0),
            record(1, (2, "c"), 1.0),
            record(3, (0, "a"), 1.0),
            record(3, (1, "b"), 1.0),
        ]);
        assert_eq!((statistics.records(), statistics.inputs()), (4, 2));
        assert_eq!(statistics.wall_seconds(), Some(2.5));
        let names: Vec<_> = statistics.steps().iter().map(|step| step.figures().step_name).collect();
        assert_eq!(names, ["a", "b", "c"]);
    }

    #[test]
    fn a_step_beyond_the_bound_is_refused() {
        let mut statistics = statistics_of((0..MAX_STEPS).map(|index| record(1, (index, "a"), 1.0)));
        assert_eq!(statistics.add(&record(1, (0, "a"), 1.0)), Ok(()));
        assert_eq!(statistics.add(&record(1, (MAX_STEPS, "a"), 1.0)), Err(TooManySteps));
    }
}
