//! Findings, run by run, for people and for machines.

use std::io::Write;

use serde_json::json;
use stream_kernel_text::{counted, escaped};
use stream_kernel_trace::TraceRecord;
use stream_kernel_trace_reader::reading::TornTail;
use stream_kernel_trace_reader::validation::{Finding, Validator};

use crate::failure::Failure;
use crate::trace_commands::run_heading::run_heading;
use crate::trace_commands::write_json_line;

/// How many findings of a run people are shown; the others are counted.
pub(super) const MAX_SHOWN: usize = 100;

/// Prints findings. For people they are held back to the end of their run, when it is known whether it needs a heading.
pub(super) struct FindingsPrinter<'a> {
    name: &'a str,
    only_run: Option<u64>,
    is_json: bool,
    out: &'a mut dyn Write,
    /// The present run, from 1.
    run: u64,
    /// Lines for people, at most [`MAX_SHOWN`].
    held_back: Vec<String>,
    /// Of the present run, once a record of it was seen.
    heading: Option<String>,
    /// How many findings the present run has.
    in_run: u64,
    in_all: u64,
}

impl<'a> FindingsPrinter<'a> {
    pub(super) fn new(name: &'a str, only_run: Option<u64>, is_json: bool, out: &'a mut dyn Write) -> Self {
        let held_back = Vec::new();
        Self { name, only_run, is_json, out, run: 1, held_back, heading: None, in_run: 0, in_all: 0 }
    }

    /// Takes the findings up to here, where the trace is in `run`.
    pub(super) fn take(&mut self, findings: &mut Vec<Finding>, run: u64) -> Result<(), Failure> {
        for finding in findings.drain(..) {
            // What stands before the first record is told with the first run.
            let of_run = finding.run.max(1);
            self.enter(of_run)?;
            if self.only_run.is_none_or(|only| only == of_run) {
                self.add(&finding)?;
            }
        }
        self.enter(run)
    }

    /// Takes the names of the present run from `record`, which is of it.
    pub(super) fn name_run(&mut self, record: &TraceRecord) {
        let heading = || run_heading(self.run, Some((record.run_id(), &record.scenario)));
        self.heading.get_or_insert_with(heading);
    }

    /// Prints the rest of the findings.
    pub(super) fn finish(&mut self, check: &Validator) -> Result<(), Failure> {
        self.end_run(check.run() > 1)?;
        self.out.flush().map_err(Failure::Print)
    }

    /// Prints what was cut and what was checked, and returns how many findings there are.
    pub(super) fn sum_up(mut self, check: &Validator, cut: Option<TornTail>) -> Result<u64, Failure> {
        let (records, inputs, runs) = (check.records(), check.inputs(), check.run());
        if self.is_json {
            let cut = cut.map(|cut| json!({"line": cut.line_no, "offset": cut.offset, "bytes": cut.bytes}));
            let summary = json!({
                "records": records, "inputs": inputs, "runs": runs, "findings": self.in_all, "cut": cut,
            });
            write_json_line(self.out, &summary).map_err(Failure::Print)?;
            return Ok(self.in_all);
        }
        let name = escaped(self.name);
        if let Some(TornTail { line_no, bytes, .. }) = cut {
            self.print(&format!(
                "{name}: cut {} of a torn record, line {line_no}\n",
                counted(bytes, "byte")
            ))?;
        }
        let verdict = if self.in_all == 0 { "sound".to_owned() } else { counted(self.in_all, "finding") };
        let [records, inputs, runs] =
            [(records, "record"), (inputs, "input"), (runs, "run")].map(|(count, one)| counted(count, one));
        self.print(&format!("{name}: {verdict}; {records} of {inputs} in {runs}\n"))?;
        Ok(self.in_all)
    }

    fn add(&mut self, Finding { run, line_no, what }: &Finding) -> Result<(), Failure> {
        self.in_run += 1;
        self.in_all += 1;
        if self.is_json {
            let finding = json!({"run": run.max(&1), "line": line_no, "what": what});
            return write_json_line(self.out, &finding).map_err(Failure::Print);
        }
        if self.held_back.len() < MAX_SHOWN {
            let name = escaped(self.name);
            self.held_back.push(format!("{name}:{line_no}: {}\n", escaped(what)));
        }
        Ok(())
    }

    fn enter(&mut self, run: u64) -> Result<(), Failure> {
        if run > self.run {
            self.end_run(true)?;
            self.run = run;
            self.heading = None;
        }
        Ok(())
    }

    fn end_run(&mut self, is_one_of_several: bool) -> Result<(), Failure> {
        if is_one_of_several && self.only_run.is_none() && !self.held_back.is_empty() {
            let heading = self.heading.take().unwrap_or_else(|| run_heading(self.run, None));
            self.print(&format!("{heading}\n"))?;
        }
        for line in std::mem::take(&mut self.held_back) {
            self.print(&line)?;
        }
        let more = std::mem::take(&mut self.in_run).saturating_sub(MAX_SHOWN as u64);
        if more > 0 && !self.is_json {
            self.print(&format!("... and {}\n", counted(more, "more finding")))?;
        }
        Ok(())
    }

    fn print(&mut self, text: &str) -> Result<(), Failure> {
        self.out.write_all(text.as_bytes()).map_err(Failure::Print)
    }
}
