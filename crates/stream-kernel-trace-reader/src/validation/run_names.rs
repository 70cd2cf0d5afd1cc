//! The names that stay the same throughout a run: the scenario's, and each step's.

use super::Report;
use stream_kernel_trace::TraceRecord;

/// The number of a pipeline's first steps whose names are checked.
pub(super) const MAX_STEPS: usize = 1024;

/// The names of a run, as first seen. An empty name is unknown.
#[derive(Debug, Default)]
pub(super) struct RunNames {
    scenario: String,
    /// By `step_index`.
    steps: Vec<String>,
}

impl RunNames {
    /// Reports the names of `record` that differ from the run's. If it `is_doubtful` whether the run is still the same,
    /// its names replace the known ones.
    pub(super) fn check(&mut self, record: &TraceRecord, is_doubtful: bool, report: &mut Report<'_>) {
        let TraceRecord { scenario, step_index, step_name, .. } = record;
        if is_other(&mut self.scenario, scenario, is_doubtful) {
            report.add(format!("`scenario` is `{scenario}`, but this run began with `{}`", self.scenario));
        }
        if *step_index >= MAX_STEPS {
            return;
        }
        if self.steps.len() <= *step_index {
            self.steps.resize_with(step_index + 1, String::new);
        }
        let known = &mut self.steps[*step_index];
        if is_other(known, step_name, is_doubtful) {
            report
                .add(format!("`step_name` is `{step_name}`, but step {step_index} of this run is `{known}`"));
        }
    }
}

/// Returns whether `name` contradicts the known name, and notes it if none is known.
fn is_other(known: &mut String, name: &str, is_doubtful: bool) -> bool {
    if known == name {
        return false;
    }
    let is_new = known.is_empty() || is_doubtful;
    if is_new {
        name.clone_into(known);
    }
    !is_new
}
