//! Runs with a checkpoint: what it costs to be able to go on, and how long it takes until a run does.

use std::path::Path;

use super::findings::{Comparison, Figure, Findings, Outcome, number};
use super::goal::Goal;
use super::memory::{NOT_MEASURED, distinct_ids};
use super::options::{Options, Part};
use super::programs::{Programs, fund_load};
use super::rounds::{Samples, Workload, interleaved};
use super::scratch::{Input, Scratch};
use super::series::Series;
use crate::failure::Failure;

/// At most 3 % more than a run without.
const COST: Goal = Goal::AtMost(1.03, 1.01);
/// So many rounds for each that is asked for: they differ from one another by more than a checkpoint costs.
const COST_ROUNDS: usize = 5;
/// In seconds.
const RESTART_WITHIN: Goal = Goal::AtMost(10.0, 5.0);

const RESTART: &str = "a finished run again, in seconds for 10,000,000 ids";
const IDS: f64 = 1e7;

pub(crate) fn measure(
    programs: &Programs,
    scratch: &Scratch,
    options: &Options,
) -> Result<Findings, Failure> {
    let mut findings = cost(programs, scratch, options)?;
    findings.add(restart(programs, scratch, options)?);
    Ok(findings)
}

#[expect(clippy::cast_precision_loss, reason = "lines are far fewer than 2^52")]
fn cost(programs: &Programs, scratch: &Scratch, options: &Options) -> Result<Findings, Failure> {
    let input = scratch.input(options.lines)?;
    let output = scratch.path("decisions.ndjson");
    let workloads = [
        fund_load("fund-load", &programs.fund_load, &input, &output, None),
        checkpointed("fund-load with a checkpoint", programs, scratch, &input),
    ];
    let samples = interleaved(&workloads, scratch, options.rounds * COST_ROUNDS)?;
    let cpu = samples.each_ref().map(|samples| samples.cpu_ns.per(input.lines as f64));
    let wall = samples.each_ref().map(|samples| samples.wall_ns.per(input.lines as f64));
    let compare =
        |what, [without, with]: &[Series; 2]| Comparison::of(what, COST, with, ("without", without));
    let comparisons = vec![
        compare("a checkpoint at the default cadence, processor time", &cpu),
        compare("the same, by the clock on the wall", &wall),
    ];
    let names = ["fund-load, without a checkpoint", "fund-load, with one at the default cadence"];
    let figures = names.into_iter().zip(cpu).zip(wall).map(|((name, cpu), wall)| Figure {
        part: Part::Checkpoint,
        name: name.to_owned(),
        value: Ok(cpu),
        unit: "ns an attempt",
        remark: format!("{:.0} ns by the clock on the wall", wall.median()),
    });
    Ok(Findings { comparisons, figures: figures.collect() })
}

/// Measures how long it takes to find that a finished run has nothing left to do: all that it remembers is restored, and the input is
/// known again by its content.
#[expect(clippy::cast_precision_loss, reason = "ids are far fewer than 2^52")]
fn restart(programs: &Programs, scratch: &Scratch, options: &Options) -> Result<Findings, Failure> {
    let not_measured = Comparison { what: RESTART, goal: RESTART_WITHIN, outcome: Err(NOT_MEASURED) };
    if !options.large {
        return Ok(Findings { comparisons: vec![not_measured], figures: Vec::new() });
    }
    let input = scratch.input(options.lines * 10)?;
    let finished = checkpointed("fund-load, finished before", programs, scratch, &input);
    let ids = distinct_ids(&finished, scratch, &input)?;
    // That has tidied up; what it made has to be there before each round.
    finished.run(scratch)?;
    let again = Workload { makes: Vec::new(), ..finished.clone() };
    let [samples] = interleaved(&[again], scratch, options.rounds)?;
    finished.tidy()?;
    let Samples { wall_ns, max_rss_bytes, .. } = samples;
    let seconds = wall_ns.per(1e9 * ids as f64 / IDS);
    let outcome = Outcome {
        measured: format!("{} s", number(seconds.median())),
        against: format!("{ids} ids"),
        value: seconds.clone(),
    };
    let figure = Figure {
        part: Part::Checkpoint,
        name: "fund-load, a finished run again".to_owned(),
        value: Ok(wall_ns.per(ids as f64)),
        unit: "ns an id by the clock on the wall",
        remark: format!("{ids} ids, {:.0} MiB", max_rss_bytes.median() / f64::from(1 << 20)),
    };
    Ok(Findings {
        comparisons: vec![Comparison { outcome: Ok(outcome), ..not_measured }],
        figures: vec![figure],
    })
}

/// Returns a run of fund-load with a checkpoint, which begins with the first line unless a run before has left its own.
fn checkpointed(name: &'static str, programs: &Programs, scratch: &Scratch, input: &Input) -> Workload {
    let (output, dir) = (scratch.path("decisions.ndjson"), scratch.path("run.ckpt"));
    let mut workload = fund_load(name, &programs.fund_load, input, &output, None);
    workload.args.extend(["--set".into(), setting(&dir).into()]);
    workload.makes.insert(0, dir);
    workload
}

fn setting(dir: &Path) -> String {
    format!("runtime.checkpoint.dir={}", dir.display())
}
