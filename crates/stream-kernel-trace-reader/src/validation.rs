//! Validation of a trace: every line by itself, their order, and that none is missing.

mod context_diff;
mod form;
mod input_flow;
mod key_order;
mod order;
mod run_names;
#[cfg(test)]
mod tests;

use std::io::BufRead;
use std::mem;

use crate::reading::{Digest, RunSplitter, TraceReader, WrongLine};
use form::TimeReader;
use order::RunOrder;
use stream_kernel_trace::TraceRecord;

/// A finding: a defect of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The number of the run, from 1; 0 before the first record.
    pub run: u64,
    /// The number of the trace's line, from 1.
    pub line_no: u64,
    /// A description, which quotes the trace unescaped.
    pub what: String,
}

/// Checks each record by itself, and keeps it for a [`Validator`].
///
/// It is a [`Digest`], so that several threads can do this; the validator then gets the results in order.
#[derive(Clone, Debug, Default)]
pub struct FormCheck {
    times: TimeReader,
}

/// A record that was checked by itself.
#[derive(Clone, Debug, Default)]
pub struct CheckedRecord {
    record: TraceRecord,
    /// Without their positions.
    findings: Vec<Finding>,
}

impl Digest for FormCheck {
    type Kept = CheckedRecord;

    fn digest<R: BufRead>(
        &mut self,
        reader: &TraceReader<R>,
        record: &mut TraceRecord,
        kept: &mut CheckedRecord,
    ) {
        mem::swap(&mut kept.record, record);
        kept.findings.clear();
        let mut report = Report { run: 0, line_no: 0, findings: &mut kept.findings };
        form::check(reader, &kept.record, &mut self.times, &mut report);
    }
}

/// Checks a trace line by line, in constant memory.
///
/// ```
/// use stream_kernel_trace_reader::reading::{TraceLine, TraceReader};
/// use stream_kernel_trace_reader::validation::Validator;
///
/// let trace = r#"{"trace_id":"run:2","scenario":"baseline","line_no":1,"step_index":0,"step_name":"parse","work_index":0,"t_enter":"2026-01-21T01:23:45.123456Z","t_exit":"2026-01-21T01:23:45.123599Z","duration_ms":0.143,"msg_in":{"type_name":"RawLine","identity":null,"hash":null},"msg_out":[],"msg_out_count":0,"ctx_before":null,"ctx_after":null,"ctx_diff":null,"status":"ok","error":null}
/// "#;
/// let (mut check, mut findings) = (Validator::default(), Vec::new());
/// let mut reader = TraceReader::new(trace.as_bytes());
/// while let Some(line) = reader.next_line()? {
///     match line {
///         TraceLine::Record(record) => check.record(&reader, *record, &mut findings),
///         TraceLine::Wrong(wrong) => check.wrong_line(&wrong, &mut findings),
///     }
/// }
/// check.finish(&mut findings);
/// assert_eq!(findings[0].what, "`trace_id` is `run:2`, which does not end in `:1`");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Validator {
    runs: RunSplitter,
    run: u64,
    form: FormCheck,
    order: RunOrder,
    records: u64,
    inputs: u64,
}

impl Validator {
    /// Returns a validator for a trace whose beginning may be missing: its first input need not be the first of its
    /// run, and may lack its first records.
    pub fn from_the_middle() -> Self {
        let mut order = RunOrder::default();
        order.doubt();
        Self { order, ..Self::default() }
    }

    /// Checks the present line of `reader`, which holds `record`, and appends its findings.
    pub fn record<R: BufRead>(
        &mut self,
        reader: &TraceReader<R>,
        mut record: TraceRecord,
        findings: &mut Vec<Finding>,
    ) {
        let mut checked = CheckedRecord::default();
        self.form.digest(reader, &mut record, &mut checked);
        self.checked(reader.line_no(), &mut checked, findings);
    }

    /// Checks the position of a record, on line `line_no` of the trace, and appends its findings and those found
    /// earlier. The content of `checked` is meaningless afterwards.
    pub fn checked(&mut self, line_no: u64, checked: &mut CheckedRecord, findings: &mut Vec<Finding>) {
        let CheckedRecord { record, findings: of_form } = checked;
        let run = self.runs.run_of_record(record);
        if run != self.run {
            self.order.end_run(&mut Report { run: self.run, line_no, findings });
            self.run = run;
        }
        findings.extend(of_form.drain(..).map(|finding| Finding { run, line_no, ..finding }));
        let mut report = Report { run, line_no, findings };
        self.records += 1;
        self.inputs += u64::from(self.order.check(record, &mut report));
    }

    /// Notes a line without a record: it is a finding, and its possible content is not reported missing.
    pub fn wrong_line(&mut self, wrong: &WrongLine, findings: &mut Vec<Finding>) {
        let mut report = Report { run: self.run, line_no: wrong.line_no, findings };
        report.add(wrong.why.clone());
        self.order.doubt();
    }

    /// Checks, at the end of the trace, that nothing is missing.
    pub fn finish(&mut self, findings: &mut Vec<Finding>) {
        self.order.end_run(&mut Report { run: self.run, line_no: 0, findings });
    }

    /// Returns the number of the present run, from 1; 0 before the first record.
    pub fn run(&self) -> u64 {
        self.run
    }

    /// Returns the last checked record of the present run.
    pub fn last_record(&self) -> Option<&TraceRecord> {
        self.order.last_record()
    }

    /// Returns the number of checked records.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Returns the number of their inputs.
    pub fn inputs(&self) -> u64 {
        self.inputs
    }
}

/// The list of findings, and the present position.
struct Report<'a> {
    run: u64,
    line_no: u64,
    findings: &'a mut Vec<Finding>,
}

impl Report<'_> {
    /// Reports a finding of the present line.
    fn add(&mut self, what: String) {
        self.add_at(self.line_no, what);
    }

    /// Reports a finding of an earlier line.
    fn add_at(&mut self, line_no: u64, what: String) {
        self.findings.push(Finding { run: self.run, line_no, what });
    }
}
