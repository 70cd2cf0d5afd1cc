//! Comparison of two traces, record by record, without times and run ids, in constant memory.

mod alignment;
mod fields;
mod input_window;
mod outcome;
mod run_comparison;
mod run_difference;

use serde::Serialize;

pub use fields::FieldDifference;
pub use input_window::PlacedRecord;
pub use run_difference::{
    ChangedDecision, DecisionCount, FirstDifference, MovedStep, RunDifference, StepCounts, TagCount,
};

use alignment::settled;
use input_window::{InputWindow, Place};
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
/// The records of a run are matched by line, step and work index, so that a missing record leaves the others matched.
/// Times and the names of the runs are ignored. Of each trace at most 10,000 records of one input are held, and no
/// further one once they take 64 MiB; in larger inputs, counterparts are found in windows of this size.
///
/// ```
/// use std::convert::Infallible;
/// use stream_kernel_trace_reader::comparison::{Comparison, PlacedRecord};
/// # let example = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/example_record.json"));
/// # let record = |line_no, kind| {
/// #     let record = example.replace(r#""line_no":1"#, &format!(r#""line_no":{line_no}"#)).replace("Line", kind);
/// #     serde_json::from_str(&record).unwrap()
/// # };
///
/// let place = |file_line, record| Ok::<_, Infallible>(PlacedRecord { run: 1, file_line, record });
/// let a = [place(1, record(1, "Line")), place(2, record(2, "Line"))];
/// let b = [place(1, record(1, "Line")), place(2, record(2, "Row"))];
/// let mut comparison = Comparison::new(a.into_iter(), b.into_iter());
/// let run = comparison.next_run(|_decision| Ok(()))?.unwrap();
/// let first = run.first.unwrap();
/// assert_eq!((first.line_no, first.fields[0].path.as_str()), (2, "msg_in.type_name"));
/// assert!(!comparison.has_next_run()?);
/// # Ok::<(), Infallible>(())
/// ```
#[derive(Debug)]
pub struct Comparison<I> {
    a: InputWindow<I>,
    b: InputWindow<I>,
    ignores_scenario: bool,
}

impl<I: Iterator<Item = Result<PlacedRecord, E>>, E> Comparison<I> {
    /// Returns the comparison of the traces whose records are `a` and `b`, in the order of the traces.
    pub fn new(a: I, b: I) -> Self {
        Self { a: InputWindow::new(a), b: InputWindow::new(b), ignores_scenario: false }
    }

    /// Ignores the scenario's name as well, so that runs of two configurations can be the same.
    pub fn ignoring_scenario(mut self) -> Self {
        self.ignores_scenario = true;
        self
    }

    /// Returns whether one of the traces has a further run.
    ///
    /// # Errors
    ///
    /// The first error from one of the two iterators.
    pub fn has_next_run(&mut self) -> Result<bool, E> {
        Ok(self.next_places()? != [None, None])
    }

    /// Compares the next run and returns the difference; `None` if neither trace has a further run. Each changed
    /// decision is passed to `on_changed` as it is found, so that their number is not bounded.
    ///
    /// # Errors
    ///
    /// The first error from one of the two iterators or from `on_changed`.
    pub fn next_run(
        &mut self,
        mut on_changed: impl FnMut(ChangedDecision) -> Result<(), E>,
    ) -> Result<Option<RunDifference>, E> {
        let Some(Place { run, .. }) = self.next_places()?.into_iter().flatten().min() else {
            return Ok(None);
        };
        let mut comparison = RunComparison::new(run, self.ignores_scenario);
        while let Some(place) =
            self.next_places()?.into_iter().flatten().min().filter(|place| place.run == run)
        {
            let is_all = Sides { a: self.a.fill(place)?, b: self.b.fill(place)? };
            let (a, b) = (self.a.held(), self.b.held());
            let settled = settled(a, b, is_all);
            comparison.compare_part(&a[..settled.a], &b[..settled.b]);
            self.a.release(settled.a);
            self.b.release(settled.b);
            if is_all.a
                && is_all.b
                && let Some(changed) = comparison.end_input(place.line_no)
            {
                on_changed(changed)?;
            }
        }
        Ok(Some(comparison.finish()))
    }

    fn next_places(&mut self) -> Result<[Option<Place>; 2], E> {
        Ok([self.a.next_place()?, self.b.next_place()?])
    }
}

#[cfg(test)]
mod tests;
