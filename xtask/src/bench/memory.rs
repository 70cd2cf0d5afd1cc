//! The growth with the input: memory for ids and customers, and with it the time for an attempt.

use std::fs;
use std::process::Command;

use super::findings::{Comparison, Figure, Findings, Outcome, number};
use super::goal::Goal;
use super::options::{Options, Part};
use super::programs::{Programs, fund_load, peer};
use super::rounds::{Samples, Workload, interleaved};
use super::scratch::{Input, Scratch};
use super::series::Series;
use crate::failure::Failure;

/// Enough lines to have everything but the state in memory.
const FEW_LINES: u64 = 1_000;

pub(crate) const NOT_MEASURED: &str = "not measured without `--large`";

const TIME: &str = "ten times the lines, per attempt";
const MEMORY: &str = "memory per distinct id, all state counted, in bytes";

#[expect(clippy::cast_precision_loss, reason = "lines and ids are far fewer than 2^52")]
pub(crate) fn measure(
    programs: &Programs,
    scratch: &Scratch,
    options: &Options,
) -> Result<Findings, Failure> {
    let (few, base) = (scratch.input(FEW_LINES)?, scratch.input(options.lines)?);
    let large = if options.large { Some(scratch.input(options.lines * 10)?) } else { None };
    let many = large.as_ref().unwrap_or(&base);
    let output = scratch.path("decisions.ndjson");
    let ours = |name, input| fund_load(name, &programs.fund_load, input, &output, None);
    let loops = |name, input| peer(name, &programs.plain_loop, input, &output, None);
    let ids = distinct_ids(&ours("fund-load", many), scratch, many)?;
    let workloads = [
        ours("fund-load, few lines", &few),
        ours("fund-load, base", &base),
        ours("fund-load, many lines", many),
        loops("plain loop, few lines", &few),
        loops("plain loop, base", &base),
        loops("plain loop, many lines", many),
    ];
    let samples = interleaved(&workloads, scratch, options.rounds)?;
    let per_id = |few: &Samples, many: &Samples| many.max_rss_bytes.minus(&few.max_rss_bytes).per(ids as f64);
    let per_line = |samples: &Samples, input: &Input| samples.cpu_ns.per(input.lines as f64);
    let [our_few, our_base, our_many, loop_few, loop_base, loop_many] = &samples;
    let (our_bytes, loop_bytes) = (per_id(our_few, our_many), per_id(loop_few, loop_many));
    let (our_base, our_many) = (per_line(our_base, &base), per_line(our_many, many));
    let mut time = Comparison::of(TIME, Goal::AtMost(1.4, 1.2), &our_many, ("base", &our_base));
    let mut memory = memory_comparison(&our_bytes, &loop_bytes);
    if large.is_none() {
        time.outcome = Err(NOT_MEASURED);
        memory.outcome = Err(NOT_MEASURED);
    }
    let figure = |name: &str, lines, value, unit| Figure {
        part: Part::Memory,
        name: name.to_owned(),
        value,
        unit,
        remark: format!("{lines} lines"),
    };
    let if_large = |value: Series| if large.is_some() { Ok(value) } else { Err(NOT_MEASURED) };
    let (loop_base, loop_many) = (per_line(loop_base, &base), per_line(loop_many, many));
    let ten_times = options.lines * 10;
    let figures = vec![
        figure("fund-load, memory", many.lines, Ok(our_bytes), "bytes an id"),
        figure("the plain loop, memory", many.lines, Ok(loop_bytes), "bytes an id"),
        figure("fund-load, time", base.lines, Ok(our_base), "ns an attempt"),
        figure("the plain loop, time", base.lines, Ok(loop_base), "ns an attempt"),
        figure("fund-load, time", ten_times, if_large(our_many), "ns an attempt"),
        figure("the plain loop, time", ten_times, if_large(loop_many), "ns an attempt"),
    ];
    Ok(Findings { comparisons: vec![time, memory], figures })
}

fn memory_comparison(ours: &Series, plain_loop: &Series) -> Comparison {
    let outcome = Outcome {
        measured: format!("{} bytes", number(ours.median())),
        against: format!("loop: {} bytes", number(plain_loop.median())),
        value: ours.clone(),
    };
    Comparison { what: MEMORY, goal: Goal::AtMost(60.0, 48.0), outcome: Ok(outcome) }
}

/// Returns the number of distinct ids in the input, from the summary of a run: all lines except duplicates.
pub(crate) fn distinct_ids(workload: &Workload, scratch: &Scratch, input: &Input) -> Result<u64, Failure> {
    workload.run(scratch)?;
    workload.tidy()?;
    let log = scratch.path("stderr.txt");
    let summary = fs::read_to_string(&log).map_err(|source| Failure::file("read", &log, source))?;
    duplicates(&summary).and_then(|duplicates| input.lines.checked_sub(duplicates)).ok_or_else(|| {
        let mut command = Command::new(&workload.program);
        Failure::output(command.args(&workload.args), "a summary that tells how many ids came twice")
    })
}

/// Returns the number of duplicate lines in a run's summary; `None` if it cannot be read.
///
/// An unlisted reason did not occur, but the row of all declined lines is always there.
fn duplicates(summary: &str) -> Option<u64> {
    let (mut declined, mut duplicates) = (None, 0);
    for row in summary.lines() {
        let Some((label, count)) = row.trim().split_once(char::is_whitespace) else { continue };
        let count = || count.trim().replace(',', "").parse::<u64>().ok();
        match label {
            "declined" => declined = Some(count()?),
            "ID_DUPLICATE_REPLAY" | "ID_DUPLICATE_CONFLICT" => duplicates += count()?,
            _ => {}
        }
    }
    declined.is_some_and(|declined| duplicates <= declined).then_some(duplicates)
}

#[cfg(test)]
mod tests {
    use super::duplicates;

    #[test]
    fn duplicates_are_the_sum_of_both_their_rows() {
        let both = "  declined   2,000\n    ID_DUPLICATE_REPLAY    1,234\n    ID_DUPLICATE_CONFLICT    6\n";
        assert_eq!(duplicates(&format!("fund-load: 9,000 lines in 1 s\n{both}")), Some(1240));
        assert_eq!(duplicates("  declined    7\n    DAILY_AMOUNT_LIMIT      7\n"), Some(0));
    }

    #[test]
    fn unreadable_values_are_not_taken_for_none() {
        let cases = [
            "",
            "    ID_DUPLICATE_REPLAY    7\n",
            "  declined    many\n",
            "  declined    7\n    ID_DUPLICATE_REPLAY    some\n",
            "  declined    7\n    ID_DUPLICATE_REPLAY    8\n",
        ];
        for summary in cases {
            assert_eq!(duplicates(summary), None, "{summary:?}");
        }
    }
}
