//! The order of a run's records, input by input.

use std::mem;

use super::Report;
use super::context_diff::is_same;
use super::input_flow::InputFlow;
use super::run_names::RunNames;
use stream_kernel_trace::{Status, TraceRecord};

#[derive(Debug, Default)]
pub(super) struct RunOrder {
    /// The previous record; `None` before the run's first.
    previous: Option<Previous>,
    /// The first step of this run's inputs.
    entry: Option<usize>,
    names: RunNames,
    flow: InputFlow,
    /// A line just before held no record: the next records may belong to anything.
    is_after_doubt: bool,
}

#[derive(Debug, Default)]
struct Previous {
    at: u64,
    record: TraceRecord,
    /// A missing record of the present input was reported: consequences of that are not.
    is_doubtful: bool,
}

impl RunOrder {
    /// Reports the findings in the position of `record`, and returns whether an input begins with it. The record is
    /// swapped with the previous one.
    pub(super) fn check(&mut self, record: &mut TraceRecord, report: &mut Report<'_>) -> bool {
        let begins = self.previous.as_ref().is_none_or(|previous| previous.record.line_no != record.line_no);
        let is_after_doubt = mem::take(&mut self.is_after_doubt);
        if begins {
            self.end_input(report);
            if !is_after_doubt {
                self.check_beginning(record, report);
            }
        }
        self.names.check(record, is_after_doubt, report);
        let mut is_doubtful = is_after_doubt;
        if let Some(previous) = &self.previous {
            // With several workers, inputs may be recorded at the same time.
            if !begins && record.t_enter < previous.record.t_exit {
                report.add(format!(
                    "`t_enter` `{}` is before `t_exit` `{}` of the record before, line {}",
                    record.t_enter, previous.record.t_exit, previous.at
                ));
            }
            if !begins {
                is_doubtful |= previous.is_doubtful || previous.check_next(record, report);
            }
        }
        if begins && !is_doubtful && record.work_index != 0 {
            report.add(format!("`work_index` is {} where 0 is due", record.work_index));
        }
        let is_missed = !self.flow.take(&record.msg_in.type_name, record.step_index) && !begins;
        if is_missed && !is_doubtful {
            report.add(format!(
                "takes a `{}` that no earlier step of input {} has emitted (is a record missing?)",
                record.msg_in.type_name, record.line_no
            ));
        }
        is_doubtful |= is_missed;
        if !begins && !is_doubtful {
            is_doubtful =
                self.previous.as_ref().is_some_and(|previous| previous.check_context(record, report));
        }
        for message in &record.msg_out {
            self.flow.emit(&message.type_name, record.step_index, report);
        }
        let previous = self.previous.get_or_insert_default();
        mem::swap(&mut previous.record, record);
        (previous.at, previous.is_doubtful) = (report.line_no, is_doubtful);
        begins
    }

    /// Returns the run's last record.
    pub(super) fn last_record(&self) -> Option<&TraceRecord> {
        self.previous.as_ref().map(|previous| &previous.record)
    }

    /// Notes a line without a record.
    pub(super) fn doubt(&mut self) {
        self.is_after_doubt = true;
        if let Some(previous) = &mut self.previous {
            previous.is_doubtful = true;
        }
    }

    /// Reports the missing records of the run, and begins a new one.
    pub(super) fn end_run(&mut self, report: &mut Report<'_>) {
        self.end_input(report);
        self.flow.end_run(report);
        // The doubt remains: the lines that caused it may belong to the run that begins.
        *self = Self { is_after_doubt: self.is_after_doubt, ..Self::default() };
    }

    /// Reports the missing records of the input that ended. A failed one may end anywhere.
    fn end_input(&mut self, report: &mut Report<'_>) {
        match &self.previous {
            Some(previous) if !previous.failed() && !previous.is_doubtful => {
                self.flow.end_input(previous.record.line_no, previous.at, report);
            }
            _ => self.flow.abandon_input(),
        }
    }

    fn check_beginning(&mut self, record: &TraceRecord, report: &mut Report<'_>) {
        let due = self.previous.as_ref().map_or(1, |previous| previous.record.line_no.saturating_add(1));
        if record.line_no > due {
            let last = record.line_no - 1;
            let missing =
                if due == last { format!("input {due}") } else { format!("inputs {due} to {last}") };
            report.add(format!("{missing} left no record in this run"));
        }
        let entry = self.entry.replace(record.step_index);
        if let Some(entry) = entry.filter(|entry| *entry != record.step_index) {
            report.add(format!(
                "input {} begins at `step_index` {}, the one before at {entry} (is a record missing?)",
                record.line_no, record.step_index
            ));
        }
    }
}

impl Previous {
    fn failed(&self) -> bool {
        self.record.status == Status::Error
    }

    /// Reports the findings in the position of `record` after this one of the same input, and returns whether its step
    /// is out of place.
    fn check_next(&self, record: &TraceRecord, report: &mut Report<'_>) -> bool {
        if self.failed() {
            report.add(format!("input {} goes on after the error in line {}", self.record.line_no, self.at));
            return true;
        }
        if record.step_index < self.record.step_index {
            report.add(format!(
                "`step_index` goes back from {} to {} within input {}",
                self.record.step_index, record.step_index, self.record.line_no
            ));
            return true;
        }
        let same_step = record.step_index == self.record.step_index;
        let due = if same_step { self.record.work_index.saturating_add(1) } else { 0 };
        if record.work_index != due {
            report.add(format!(
                "`work_index` is {} where {due} is due (is a record missing?)",
                record.work_index
            ));
            return true;
        }
        false
    }

    /// Reports if `record`, the next of the same input, does not begin with the context at this one's end, and returns
    /// whether it does not: only a step changes the context.
    fn check_context(&self, record: &TraceRecord, report: &mut Report<'_>) -> bool {
        let (Some(after), Some(before)) = (&self.record.ctx_after, &record.ctx_before) else { return false };
        if is_same(after.as_json(), before.as_json()) {
            return false;
        }
        report.add(format!(
            "`ctx_before` is not `ctx_after` of the record before, line {} (is a record missing?)",
            self.at
        ));
        true
    }
}
