//! The steps of the loop as a tracing library sees them, and the interface to record them.

use std::io;

/// The constant facts of a step, the same in every record.
#[derive(Debug)]
pub struct Step {
    /// Its position, from 0.
    pub index: usize,
    /// Its name.
    pub name: &'static str,
    /// The kind of message that it takes.
    pub takes: &'static str,
    /// The kind that it emits; the last step emits none.
    pub emits: Option<&'static str>,
}

/// fund-load's steps, in order, as a clean line goes through them.
pub static STEPS: [Step; 8] = [
    step(0, "parse_load_attempt", "RawLine", Some("LoadAttempt")),
    step(1, "compute_time_keys", "LoadAttempt", Some("AttemptWithKeys")),
    step(2, "idempotency_gate", "AttemptWithKeys", Some("IdempotencyClassifiedAttempt")),
    step(3, "compute_features", "IdempotencyClassifiedAttempt", Some("EnrichedAttempt")),
    step(4, "evaluate_policies", "EnrichedAttempt", Some("Decision")),
    step(5, "update_windows", "Decision", Some("Decision")),
    step(6, "format_output", "Decision", Some("OutputLine")),
    step(7, "write_output", "OutputLine", None),
];

const fn step(index: usize, name: &'static str, takes: &'static str, emits: Option<&'static str>) -> Step {
    Step { index, name, takes, emits }
}

/// The name of the run in records.
pub const RUN_ID: &str = "run";

/// The name of the scenario in records.
pub const SCENARIO: &str = "baseline";

/// Records steps, one record each, with a tracing library.
///
/// Each record holds the default contents of the kernel's: trace id, scenario, line number, the step's index and name,
/// the work index (always 0 here), the beginning, end and duration of the step, the kinds of its messages, and the
/// status.
pub trait StepRecorder {
    /// Notes that the next steps belong to line `line_no`.
    fn begin_line(&mut self, line_no: u64);

    /// Does the step's `work` and records it.
    fn record<T>(&mut self, step: &'static Step, work: impl FnOnce() -> T) -> T;

    /// Notes that the line is done.
    fn end_line(&mut self) {}

    /// Flushes the library and returns the number of records written.
    ///
    /// # Errors
    ///
    /// Returns the error of the file.
    fn finish(self) -> io::Result<u64>;
}

/// Records nothing and costs nothing.
#[derive(Clone, Copy, Debug)]
pub struct Untraced;

impl StepRecorder for Untraced {
    #[inline]
    fn begin_line(&mut self, _: u64) {}

    #[inline]
    fn record<T>(&mut self, _: &'static Step, work: impl FnOnce() -> T) -> T {
        work()
    }

    fn finish(self) -> io::Result<u64> {
        Ok(0)
    }
}
