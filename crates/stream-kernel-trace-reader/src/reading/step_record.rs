//! The fields of a record that statistics need.

use std::io::BufRead;

use stream_kernel_trace::{Status, TraceRecord};

use super::{Digest, TraceReader};

/// A record's data about its step, without messages and snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StepRecord<'r> {
    /// The name of the run.
    pub run_id: &'r str,
    /// The name of the scenario.
    pub scenario: &'r str,
    /// The input's line, from 1.
    pub line_no: u64,
    /// The step's position in the pipeline, from 0.
    pub step_index: usize,
    /// The step's name.
    pub step_name: &'r str,
    /// The message's index among those that the step handled for this input, from 0.
    pub work_index: u32,
    /// The time at which the step took the message.
    pub t_enter: &'r str,
    /// The time at which the step finished the message.
    pub t_exit: &'r str,
    /// The duration, in nanoseconds.
    pub duration_ns: u64,
    /// The number of emitted messages.
    pub msgs_out: usize,
    /// Whether it failed.
    pub is_error: bool,
}

impl<'r> From<&'r TraceRecord> for StepRecord<'r> {
    fn from(record: &'r TraceRecord) -> Self {
        let &TraceRecord { ref scenario, line_no, step_index, ref step_name, work_index, .. } = record;
        Self {
            run_id: record.run_id(),
            scenario,
            line_no,
            step_index,
            step_name,
            work_index,
            t_enter: &record.t_enter,
            t_exit: &record.t_exit,
            duration_ns: record.duration_ns(),
            msgs_out: record.msg_out.len(),
            is_error: record.status == Status::Error,
        }
    }
}

/// A digest with at least the fields of a [`StepRecord`].
pub trait AsStep {
    /// Returns these fields.
    fn as_step(&self) -> StepRecord<'_>;
}

impl AsStep for TraceRecord {
    fn as_step(&self) -> StepRecord<'_> {
        self.into()
    }
}

/// The owned form of a [`StepRecord`], with reusable memory.
#[derive(Clone, Debug, Default)]
pub struct StepRecordBuf {
    /// Run id, scenario, name of the step, and the two times, concatenated.
    texts: String,
    /// The end of each of them but the last.
    ends: [usize; 4],
    line_no: u64,
    step_index: usize,
    work_index: u32,
    duration_ns: u64,
    msgs_out: usize,
    is_error: bool,
}

impl StepRecordBuf {
    /// Replaces its content by `record`.
    pub fn set(&mut self, record: &StepRecord<'_>) {
        let StepRecord { line_no, step_index, work_index, duration_ns, msgs_out, is_error, .. } = *record;
        let mut texts = std::mem::take(&mut self.texts);
        texts.clear();
        let firsts = [record.run_id, record.scenario, record.step_name, record.t_enter];
        let ends = firsts.map(|text| {
            texts.push_str(text);
            texts.len()
        });
        texts.push_str(record.t_exit);
        *self = Self { texts, ends, line_no, step_index, work_index, duration_ns, msgs_out, is_error };
    }
}

impl AsStep for StepRecordBuf {
    fn as_step(&self) -> StepRecord<'_> {
        let Self { line_no, step_index, work_index, duration_ns, msgs_out, is_error, .. } = *self;
        let [run_id, scenario, step_name, t_enter] = self.ends;
        StepRecord {
            run_id: &self.texts[..run_id],
            scenario: &self.texts[run_id..scenario],
            line_no,
            step_index,
            step_name: &self.texts[scenario..step_name],
            work_index,
            t_enter: &self.texts[step_name..t_enter],
            t_exit: &self.texts[t_enter..],
            duration_ns,
            msgs_out,
            is_error,
        }
    }
}

/// Keeps what statistics need of each record.
#[derive(Clone, Copy, Debug, Default)]
pub struct Steps;

impl Digest for Steps {
    type Kept = StepRecordBuf;

    fn digest<R: BufRead>(&mut self, _: &TraceReader<R>, record: &mut TraceRecord, kept: &mut StepRecordBuf) {
        kept.set(&StepRecord::from(&*record));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owned_form_keeps_nothing_of_its_previous_content() {
        let one: TraceRecord = serde_json::from_str(include_str!("../example_record.json")).unwrap();
        let other = TraceRecord {
            trace_id: "é:x:2".to_owned(),
            scenario: String::new(),
            line_no: 2,
            step_index: 3,
            step_name: "named".to_owned(),
            work_index: 4,
            t_exit: String::new(),
            duration_ms: 5.0,
            msg_out: Vec::new(),
            status: Status::Error,
            ..one.clone()
        };
        let mut owned = StepRecordBuf::default();
        for record in [&one, &other, &one] {
            owned.set(&record.into());
            assert_eq!(owned.as_step(), record.into());
        }
        assert_eq!(StepRecord::from(&other).run_id, "é:x");
    }
}
