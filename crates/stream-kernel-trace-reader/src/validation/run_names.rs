//! The names that stay the same throughout a run: the scenario's, and that of each step.

use super::Report;
use stream_kernel_trace::TraceRecord;

/// How many steps of a pipeline have their names checked, from the first.
pub(super) const MAX_STEPS: usize = 1024;

/// The names of a run, as they were first seen. An empty one is not known.
#[derive(Debug, Default)]
pub(super) struct RunNames {
    scenario: String,
    /// By `step_index`.
    steps: Vec<String>,
}

impl RunNames {
    /// Reports the names of `record` that are not those of the run. If it `is_doubtful` whether this is the run still, its
    /// names count from here on.
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

/// Returns whether `name` contradicts what is known, and takes note of it if nothing is.
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
