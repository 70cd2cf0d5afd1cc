//! Findings by run, for people and for machines.

use std::io::{self, Write};

use serde_json::json;
use stream_kernel_text::{counted, escaped};
use stream_kernel_trace_reader::reading::TornTail;
use stream_kernel_trace_reader::validation::{Finding, Validator};

use crate::trace_commands::run_heading::run_heading;
use crate::trace_commands::write_json_line;

/// The most findings of a run that people are shown; the others are counted.
pub(super) const MAX_SHOWN: usize = 100;

/// Prints findings. For people they wait for the end of their run, when it is known whether it needs a heading.
pub(super) struct FindingsPrinter<'a> {
    name: &'a str,
    only_run: Option<u64>,
    is_json: bool,
    out: &'a mut dyn Write,
    /// The current run, from 1.
    run: u64,
    /// Lines for people, at most [`MAX_SHOWN`].
    held_back: Vec<String>,
    /// The current run, once one of its records was seen.
    heading: Option<String>,
    /// The number of findings in the current run.
    in_run: u64,
    in_all: u64,
}

impl<'a> FindingsPrinter<'a> {
    pub(super) fn new(name: &'a str, only_run: Option<u64>, is_json: bool, out: &'a mut dyn Write) -> Self {
        let held_back = Vec::new();
        Self { name, only_run, is_json, out, run: 1, held_back, heading: None, in_run: 0, in_all: 0 }
    }

    /// Takes the findings of `check` so far.
    pub(super) fn take(&mut self, findings: &mut Vec<Finding>, check: &Validator) -> io::Result<()> {
        for finding in findings.drain(..) {
            // Findings before the first record are told with the first run.
            let of_run = finding.run.max(1);
            self.enter(of_run)?;
            if self.only_run.is_none_or(|only| only == of_run) {
                self.add(&finding)?;
            }
        }
        self.enter(check.run())?;
        if let (None, Some(record)) = (&self.heading, check.last_record()) {
            self.heading = Some(run_heading(self.run, Some((record.run_id(), &record.scenario))));
        }
        Ok(())
    }

    pub(super) fn finish(&mut self, check: &Validator) -> io::Result<()> {
        self.end_run(check.run() > 1)?;
        self.out.flush()
    }

    /// Prints the cut, of a record or a frame, and the totals, and returns the number of findings.
    pub(super) fn sum_up(self, check: &Validator, cut: Option<(TornTail, &str)>) -> io::Result<u64> {
        let (records, inputs, runs) = (check.records(), check.inputs(), check.run());
        if self.is_json {
            let cut =
                cut.map(|(cut, _)| json!({"line": cut.line_no, "offset": cut.offset, "bytes": cut.bytes}));
            let summary = json!({
                "records": records, "inputs": inputs, "runs": runs, "findings": self.in_all, "cut": cut,
            });
            write_json_line(self.out, &summary)?;
            return Ok(self.in_all);
        }
        let name = escaped(self.name);
        if let Some((TornTail { line_no, bytes, .. }, what)) = cut {
            let bytes = counted(bytes, "byte");
            writeln!(self.out, "{name}: cut {bytes} of a torn {what}, line {line_no}")?;
        }
        let verdict = if self.in_all == 0 { "sound".to_owned() } else { counted(self.in_all, "finding") };
        let [records, inputs, runs] =
            [(records, "record"), (inputs, "input"), (runs, "run")].map(|(count, one)| counted(count, one));
        writeln!(self.out, "{name}: {verdict}; {records} of {inputs} in {runs}")?;
        Ok(self.in_all)
    }

    fn add(&mut self, Finding { run, line_no, what }: &Finding) -> io::Result<()> {
        self.in_run += 1;
        self.in_all += 1;
        if self.is_json {
            let finding = json!({"run": run.max(&1), "line": line_no, "what": what});
            return write_json_line(self.out, &finding);
        }
        if self.held_back.len() < MAX_SHOWN {
            let name = escaped(self.name);
            self.held_back.push(format!("{name}:{line_no}: {}", escaped(what)));
        }
        Ok(())
    }

    fn enter(&mut self, run: u64) -> io::Result<()> {
        if run > self.run {
            self.end_run(true)?;
            self.run = run;
            self.heading = None;
        }
        Ok(())
    }

    fn end_run(&mut self, is_one_of_several: bool) -> io::Result<()> {
        if is_one_of_several && self.only_run.is_none() && !self.held_back.is_empty() {
            let heading = self.heading.take().unwrap_or_else(|| run_heading(self.run, None));
            writeln!(self.out, "{heading}")?;
        }
        for line in std::mem::take(&mut self.held_back) {
            writeln!(self.out, "{line}")?;
        }
        let more = std::mem::take(&mut self.in_run).saturating_sub(MAX_SHOWN as u64);
        if more > 0 && !self.is_json {
            writeln!(self.out, "... and {}", counted(more, "more finding"))?;
        }
        Ok(())
    }
}
