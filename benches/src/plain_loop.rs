//! The decisions of fund-load's `baseline` on clean lines, as a plain loop without any framework.
//!
//! Equivalent: every decision, and every byte of the output. Left out: lines that are not clean, ids with leading
//! zeros, every setting, and hashing that withstands chosen ids. So the loop has less to do than fund-load.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::{self, BufRead, Write};

use foldhash::fast::RandomState;

use crate::attempt::{Attempt, UnknownLine};
use crate::steps::{STEPS, StepRecorder};

const DAILY_ATTEMPTS: u32 = 3;
const DAILY_CENTS: u64 = 500_000;
const WEEKLY_CENTS: u64 = 2_000_000;

/// Why the loop ended before the last line.
#[derive(Debug, thiserror::Error)]
pub enum LoopError {
    /// The input could not be read, or the output not be written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A line is not clean.
    #[error("line {line_no}: {cause} (only what `cargo xtask stream --kind clean` writes can be read)")]
    Line {
        /// Its number, from 1.
        line_no: u64,
        /// Its fault.
        cause: UnknownLine,
    },
}

/// The first attempt with an id.
#[derive(Clone, Copy, PartialEq, Eq)]
struct First {
    customer_id: u64,
    amount_cents: u64,
    second: i64,
}

#[derive(Clone, Copy, Default)]
struct DayWindow {
    attempts: u32,
    accepted_cents: u64,
}

#[derive(Default)]
struct State {
    ids: HashMap<u64, First, RandomState>,
    days: HashMap<(u64, i32), DayWindow, RandomState>,
    weeks: HashMap<(u64, i32), u64, RandomState>,
}

/// Writes a decision for each line of `input`, with each step recorded by `recorder`, and returns the number of lines.
///
/// # Errors
///
/// Returns the first error of the input or the output, or the first line that is not clean.
pub fn run(
    mut input: impl BufRead,
    mut output: impl Write,
    recorder: &mut impl StepRecorder,
) -> Result<u64, LoopError> {
    let [parse, keys, gate, features, policies, update, format, write] = &STEPS;
    let mut state = State::default();
    let (mut line, mut text, mut line_no) = (Vec::new(), Vec::new(), 0);
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            return Ok(line_no);
        }
        line_no += 1;
        recorder.begin_line(line_no);
        let attempt = recorder
            .record(parse, || Attempt::read(&line))
            .map_err(|cause| LoopError::Line { line_no, cause })?;
        let (day, week) = recorder.record(keys, || day_and_week(attempt.second));
        let is_first = recorder.record(gate, || state.is_first(&attempt));
        // The baseline has the Monday multiplier and the prime gate off.
        let cents = recorder.record(features, || attempt.amount_cents);
        let windows = recorder.record(policies, || {
            is_first.then(|| state.windows(attempt.customer_id, day, week)).map(|(day, week)| {
                let is_accepted = day.attempts < DAILY_ATTEMPTS
                    && day.accepted_cents + cents <= DAILY_CENTS
                    && *week + cents <= WEEKLY_CENTS;
                (day, week, is_accepted)
            })
        });
        let is_accepted = recorder.record(update, || match windows {
            None => false,
            Some((day, week, is_accepted)) => {
                let accepted_cents = if is_accepted { cents } else { 0 };
                day.attempts += 1;
                day.accepted_cents += accepted_cents;
                *week += accepted_cents;
                is_accepted
            }
        });
        recorder.record(format, || {
            text.clear();
            let Attempt { id, customer_id, .. } = attempt;
            writeln!(text, r#"{{"id":"{id}","customer_id":"{customer_id}","accepted":{is_accepted}}}"#)
        })?;
        recorder.record(write, || output.write_all(&text))?;
        recorder.end_line();
    }
}

impl State {
    fn is_first(&mut self, attempt: &Attempt) -> bool {
        match self.ids.entry(attempt.id) {
            // Replays and conflicts are declined alike: the reason is not in the output.
            Entry::Occupied(_) => false,
            Entry::Vacant(vacant) => {
                let Attempt { customer_id, amount_cents, second, .. } = *attempt;
                vacant.insert(First { customer_id, amount_cents, second });
                true
            }
        }
    }

    /// Returns the customer's day and week, each looked up once.
    fn windows(&mut self, customer_id: u64, day: i32, week: i32) -> (&mut DayWindow, &mut u64) {
        (self.days.entry((customer_id, day)).or_default(), self.weeks.entry((customer_id, week)).or_default())
    }
}

/// Returns the day, counted from 1970, and the Monday up to it.
fn day_and_week(second: i64) -> (i32, i32) {
    // The years of clean lines have four digits.
    let day = i32::try_from(second.div_euclid(86_400)).unwrap_or(i32::MAX);
    // 1970-01-01 was a Thursday.
    (day, day - (day + 3).rem_euclid(7))
}

#[cfg(test)]
mod tests {
    use std::io;

    use fund_load::FundLoad;
    use stream_kernel_run::{Job, LineReader};

    use super::{STEPS, StepRecorder, run};
    use crate::steps::{Step, Untraced};

    const LINES: &str = include_str!("../../fixtures/clean.ndjson");

    #[test]
    fn the_loop_decides_every_clean_line_as_fund_load_does() {
        let mut expected = Vec::new();
        let job = Job::<FundLoad>::prepare(Job::<FundLoad>::loader()).unwrap();
        let mut fund_load = job.start("run", None);
        let mut lines = LineReader::new(LINES.as_bytes(), 1_000);
        while let Some(line) = lines.next_line().unwrap() {
            fund_load.take(line, lines.bytes_read()).unwrap();
            expected.extend_from_slice(fund_load.written());
        }

        let mut output = Vec::new();
        let count = run(LINES.as_bytes(), &mut output, &mut Untraced).unwrap();
        assert_eq!(count, 1_000);
        assert_eq!(String::from_utf8(output), String::from_utf8(expected));
    }

    #[test]
    fn each_step_is_recorded_once_a_line_and_in_order() {
        struct Names(Vec<&'static str>);
        impl StepRecorder for Names {
            fn begin_line(&mut self, _: u64) {}
            fn record<T>(&mut self, step: &'static Step, work: impl FnOnce() -> T) -> T {
                self.0.push(step.name);
                work()
            }
            fn finish(self) -> io::Result<u64> {
                Ok(0)
            }
        }
        let mut names = Names(Vec::new());
        let first = LINES.lines().next().unwrap();
        run(first.as_bytes(), io::sink(), &mut names).unwrap();
        assert_eq!(names.0, STEPS.each_ref().map(|step| step.name));
    }

    #[test]
    fn a_line_that_is_not_clean_ends_the_loop_by_its_number() {
        let input = format!("{}\n[]\n", LINES.lines().next().unwrap());
        let error = run(input.as_bytes(), io::sink(), &mut Untraced).unwrap_err();
        assert!(error.to_string().starts_with("line 2: "), "{error}");
    }
}
