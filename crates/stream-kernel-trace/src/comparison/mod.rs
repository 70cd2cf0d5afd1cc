//! Where two traces part: record by record, times and run ids left out, in constant memory.

mod alignment;
mod fields;
mod input_parts;
mod outcome;
mod run_comparison;
mod run_difference;
mod tally;

use serde::Serialize;

pub use fields::{FieldDifference, differing_fields};
pub use input_parts::{MAX_PART_RECORDS, PlacedRecord};
pub use run_difference::{
    ChangedDecision, ChangedDecisions, DecisionCount, FirstDifference, MAX_LISTED, RunDifference, StepCounts,
    TagCount,
};
pub use tally::{MAX_NAMES, OTHER_NAMES};

use input_parts::InputParts;
use run_comparison::RunComparison;

/// One value for each of the two traces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sides<T> {
    /// Of the first trace.
    pub a: T,
    /// Of the second trace.
    pub b: T,
}

/// Compares two traces, the k-th run of one with the k-th run of the other.
///
/// The records of a run are matched by line, step and work index, so that one that is missing leaves the others matched.
/// What differs by nature is left out: times, and the names of the runs. At most [`MAX_PART_RECORDS`] records of one
/// input are held; an input with more is compared part by part.
///
/// ```
/// use std::convert::Infallible;
/// use stream_kernel_trace::comparison::{Comparison, PlacedRecord};
/// # let record = |line_no: u64, kind: &str| serde_json::from_value(serde_json::json!({
/// #     "trace_id": format!("run:{line_no}"), "scenario": "s", "line_no": line_no, "step_index": 0, "step_name": "parse",
/// #     "work_index": 0, "t_enter": "", "t_exit": "", "duration_ms": 0.1,
/// #     "msg_in": {"type_name": kind, "identity": null, "hash": null}, "msg_out": [], "msg_out_count": 0,
/// #     "ctx_before": null, "ctx_after": null, "ctx_diff": null, "status": "ok", "error": null})).unwrap();
///
/// let place = |file_line, record| Ok::<_, Infallible>(PlacedRecord { run: 1, file_line, record });
/// let a = [place(1, record(1, "Line")), place(2, record(2, "Line"))];
/// let b = [place(1, record(1, "Line")), place(2, record(2, "Row"))];
/// let mut comparison = Comparison::new(a.into_iter(), b.into_iter());
/// let run = comparison.next_run()?.unwrap();
/// let first = run.first.unwrap();
/// assert_eq!((first.line_no, first.fields[0].path.as_str()), (2, "msg_in.type_name"));
/// assert!(comparison.next_run()?.is_none());
/// # Ok::<(), Infallible>(())
/// ```
#[derive(Debug)]
pub struct Comparison<A, B> {
    a: InputParts<A>,
    b: InputParts<B>,
}

impl<A, B, E> Comparison<A, B>
where
    A: Iterator<Item = Result<PlacedRecord, E>>,
    B: Iterator<Item = Result<PlacedRecord, E>>,
{
    /// Returns the comparison of the traces whose records are `a` and `b`, in the order of the traces.
    pub fn new(a: A, b: B) -> Self {
        Self { a: InputParts::new(a), b: InputParts::new(b) }
    }

    /// Compares the next run and returns how it differs; `None` if neither trace has a further one.
    ///
    /// # Errors
    ///
    /// The first error that one of the two iterators returns.
    pub fn next_run(&mut self) -> Result<Option<RunDifference>, E> {
        let Some(run) = self.next_places()?.into_iter().flatten().map(|(run, _)| run).min() else {
            return Ok(None);
        };
        let mut comparison = RunComparison::new(run);
        loop {
            let [a, b] = self.next_places()?.map(|place| place.filter(|&(of_run, _)| of_run == run));
            let Some(place @ (_, line_no)) = a.into_iter().chain(b).min() else { break };
            let in_a = if a == Some(place) { self.a.take_part()? } else { Vec::new() };
            let in_b = if b == Some(place) { self.b.take_part()? } else { Vec::new() };
            comparison.compare_part(line_no, &in_a, &in_b);
        }
        Ok(Some(comparison.finish()))
    }

    /// Returns the run and the line of the next record of each trace.
    fn next_places(&mut self) -> Result<[Option<(u64, u64)>; 2], E> {
        Ok([self.a.next_place()?, self.b.next_place()?])
    }
}

#[cfg(test)]
mod tests;
