//! What grows with the input: the memory that ids and customers take, and with it the time that an attempt takes.

use std::fs;

use super::findings::{Comparison, Figure, Findings, Outcome, number};
use super::goal::Goal;
use super::options::{Options, Part};
use super::programs::{Programs, fund_load, peer};
use super::rounds::{Samples, interleaved};
use super::scratch::{Input, Scratch};
use super::series::Series;
use crate::failure::Failure;

/// Lines enough to have everything but the state in memory.
const FEW_LINES: u64 = 1_000;

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
        time.outcome = Err("not measured without `--large`");
        memory.outcome = Err("not measured without `--large`");
    }
    let figure = |name: &str, input: &Input, value: Series, unit| Figure {
        part: Part::Memory,
        name: name.to_owned(),
        value,
        unit,
        remark: format!("{} lines", input.lines),
    };
    let mut figures = vec![
        figure("fund-load, memory", many, our_bytes, "bytes an id"),
        figure("the plain loop, memory", many, loop_bytes, "bytes an id"),
        figure("fund-load, time", &base, our_base, "ns an attempt"),
        figure("the plain loop, time", &base, per_line(loop_base, &base), "ns an attempt"),
    ];
    if large.is_some() {
        figures.push(figure("fund-load, time", many, our_many, "ns an attempt"));
        figures.push(figure("the plain loop, time", many, per_line(loop_many, many), "ns an attempt"));
    }
    Ok(Findings { comparisons: vec![time, memory], figures })
}

fn memory_comparison(ours: &Series, plain_loop: &Series) -> Comparison {
    let outcome = Outcome {
        measured: format!("{} bytes", number(ours.median())),
        against: format!("loop: {} bytes", number(plain_loop.median())),
        value: ours.clone(),
    };
    Comparison { what: MEMORY, goal: Goal::AtMost(70.0, 40.0), outcome: Ok(outcome) }
}

/// Returns how many ids the input has, as the summary of a run tells it: all lines but those whose id was there before.
fn distinct_ids(
    workload: &super::rounds::Workload,
    scratch: &Scratch,
    input: &Input,
) -> Result<u64, Failure> {
    workload.run(scratch)?;
    workload.tidy()?;
    let log = scratch.path("stderr.txt");
    let summary = fs::read_to_string(&log).map_err(|source| Failure::file("read", &log, source))?;
    Ok(input.lines - counted(&summary, "ID_DUPLICATE_REPLAY") - counted(&summary, "ID_DUPLICATE_CONFLICT"))
}

/// Returns the number beside `label` in a run's summary; what is not listed did not happen.
fn counted(summary: &str, label: &str) -> u64 {
    let mut rows = summary.lines().filter_map(|line| line.trim().split_once(char::is_whitespace));
    let number = rows.find(|(name, _)| *name == label).map_or("0", |(_, number)| number.trim());
    number.replace(',', "").parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn a_count_is_read_from_its_row_of_the_summary() {
        let summary = "fund-load: 9 lines in 1 s\n  declined    7\n    ID_DUPLICATE_REPLAY      1,234\n";
        assert_eq!(counted(summary, "ID_DUPLICATE_REPLAY"), 1234);
        assert_eq!(counted(summary, "ID_DUPLICATE_CONFLICT"), 0);
    }
}
