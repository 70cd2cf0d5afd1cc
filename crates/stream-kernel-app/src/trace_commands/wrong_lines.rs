//! Lines of a trace without a record: a few are named on standard error, all are counted.

use std::mem;

use stream_kernel_text::{escaped, grouped};
use stream_kernel_trace_reader::reading::WrongLine;

use crate::failure::Failure;
use crate::report::say;

/// The most wrong lines of a trace that are named; the others are counted.
pub(super) const MAX_NAMED: usize = 10;

/// The wrong lines of a trace, or of one of its runs. The records around them stay valid.
#[derive(Default)]
pub(crate) struct WrongLines {
    name: String,
    only_run: Option<u64>,
    /// The faults were reported before.
    pub(crate) is_silent: bool,
    /// The first of those since the last record; the next record tells their run.
    waiting: Vec<WrongLine>,
    waiting_count: u64,
    named: usize,
    count: u64,
}

impl WrongLines {
    /// Counts the wrong lines of the trace `name`, or with `only_run` of that run.
    pub(super) fn new(name: &str, only_run: Option<u64>) -> Self {
        Self { name: name.to_owned(), only_run, ..Self::default() }
    }

    pub(super) fn add(&mut self, wrong: WrongLine) {
        self.waiting_count += 1;
        if self.waiting.len() < MAX_NAMED {
            self.waiting.push(wrong);
        }
    }

    /// Names and counts the wrong lines since the last record, which are in `run`; `None` if they lie before a run's
    /// first record: a line that was torn when one run was killed and continued by the next belongs to neither.
    pub(super) fn settle(&mut self, run: Option<u64>) {
        let (waiting, waiting_count) = (mem::take(&mut self.waiting), mem::take(&mut self.waiting_count));
        if self.only_run.is_some() && self.only_run != run {
            return;
        }
        self.count += waiting_count;
        for wrong in waiting {
            if self.named < MAX_NAMED && !self.is_silent {
                self.named += 1;
                say(escaped(&format!("error: `{}`, {wrong}", self.name)));
            }
        }
    }

    /// Fails if there are any. Call it for a file without records, which is then not a trace.
    pub(super) fn fail_without_record(&self) -> Result<(), Failure> {
        self.waiting.first().map_or(Ok(()), |first| Err(Failure::no_trace(&self.name, first)))
    }

    /// Returns whether some wait for the next record.
    pub(super) fn are_waiting(&self) -> bool {
        self.waiting_count > 0
    }

    pub(super) fn finish(&self) -> Result<(), Failure> {
        let lines = match self.count {
            0 => return Ok(()),
            1 => "a line that is not a record".to_owned(),
            count => format!("{} lines that are not records", grouped(count)),
        };
        let hint = "`trace check` names everything that is wrong";
        Err(Failure::told(2, format!("`{}` has {lines}, left out here ({hint})", self.name)))
    }

    pub(super) fn note(&self, text: &str) {
        if !self.is_silent {
            say(format!("note: `{}` {text}", escaped(&self.name)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the count for this many wrong lines before each record, of this run, and this many at the end.
    fn counted(only_run: Option<u64>, before_records: &[(u64, u64)], in_the_end: u64) -> u64 {
        let mut wrong_lines = WrongLines { is_silent: true, ..WrongLines::new("trace", only_run) };
        let add = |wrong_lines: &mut WrongLines, count| {
            for line_no in 0..count {
                wrong_lines.add(WrongLine { line_no, why: "no record".to_owned() });
            }
        };
        let mut present = 0;
        for (count, run) in before_records {
            add(&mut wrong_lines, *count);
            wrong_lines.settle(Some(*run).filter(|run| *run == present));
            present = *run;
        }
        add(&mut wrong_lines, in_the_end);
        wrong_lines.settle(Some(present));
        assert_eq!(wrong_lines.finish().is_err(), wrong_lines.count > 0);
        wrong_lines.count
    }

    #[test]
    fn wrong_lines_count_to_the_run_around_them() {
        let before_records = [(1, 1), (2, 1), (4, 2), (8, 2)];
        let of = |only_run| counted(only_run, &before_records, 16);
        assert_eq!([None, Some(1), Some(2), Some(3)].map(of), [31, 2, 24, 0]);
    }

    #[test]
    fn no_more_are_held_than_are_named() {
        let mut wrong_lines = WrongLines::new("trace", None);
        for line_no in 1..=MAX_NAMED as u64 + 1 {
            wrong_lines.add(WrongLine { line_no, why: "no record".to_owned() });
            assert_eq!(wrong_lines.waiting.len() as u64, line_no.min(MAX_NAMED as u64));
        }
        assert_eq!(wrong_lines.waiting_count, MAX_NAMED as u64 + 1);
    }
}
