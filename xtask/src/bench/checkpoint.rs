//! Runs with a checkpoint: their cost, and the time until a run is resumed.

use std::fs::OpenOptions;
use std::io::Write;
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
/// The factor on the number of rounds: they differ from one another by more than the cost of a checkpoint.
const COST_ROUNDS: usize = 5;
/// In seconds.
const RESTART_WITHIN: Goal = Goal::AtMost(10.0, 5.0);

const RESTART: &str = "a finished run again, in seconds for 10,000,000 ids";
const RESUME: &str = "a run that was cut off, until it goes on, in seconds for 10,000,000 lines";
const IDS_OR_LINES: f64 = 1e7;

/// Lines appended to an input, so that a run has something to continue with.
const ATTEMPT: &[u8] = br#"{"id":"1","customer_id":"1","load_amount":"$1.00","time":"2000-01-01T00:00:00Z"}
"#;

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

/// Measures two times: until a run finds that nothing is left to do, for which it recognises the input by its content,
/// and until a run resumes, for which it decides the input again.
#[expect(clippy::cast_precision_loss, reason = "ids and lines are far fewer than 2^52")]
fn restart(programs: &Programs, scratch: &Scratch, options: &Options) -> Result<Findings, Failure> {
    let not_measured = |what| Comparison { what, goal: RESTART_WITHIN, outcome: Err(NOT_MEASURED) };
    if !options.large {
        return Ok(Findings {
            comparisons: vec![not_measured(RESTART), not_measured(RESUME)],
            figures: Vec::new(),
        });
    }
    let input = scratch.input(options.lines * 10)?;
    let finished = checkpointed("fund-load, finished before", programs, scratch, &input);
    let ids = distinct_ids(&finished, scratch, &input)?;
    // The last run has removed its files; they must be there before each round.
    finished.run(scratch)?;
    let again = Workload { makes: Vec::new(), ..finished.clone() };
    let [nothing_to_do] = interleaved(std::array::from_ref(&again), scratch, options.rounds)?;
    let [mut wall_ns, mut max_rss_bytes] = [const { Vec::new() }; 2];
    for round in 1..=options.rounds {
        crate::say(&format!("round {round} of {}: fund-load, with an attempt more", options.rounds));
        let file = OpenOptions::new().append(true).open(&input.path);
        file.and_then(|mut file| file.write_all(ATTEMPT))
            .map_err(|source| Failure::file("append to", &input.path, source))?;
        let usage = again.run(scratch)?;
        wall_ns.push(usage.wall.as_nanos() as f64);
        max_rss_bytes.push(usage.max_rss_bytes as f64);
    }
    finished.tidy()?;
    let resumed = (Series::new(wall_ns), Series::new(max_rss_bytes));
    let Samples { wall_ns, max_rss_bytes, .. } = nothing_to_do;
    let measured = [
        (RESTART, "fund-load, a finished run again", (wall_ns, max_rss_bytes), ids, "id"),
        (RESUME, "fund-load, a run that goes on", resumed, input.lines, "line"),
    ];
    let mut findings = Findings::default();
    for (what, name, (wall_ns, max_rss_bytes), count, one) in measured {
        let seconds = wall_ns.per(1e9 * count as f64 / IDS_OR_LINES);
        let outcome = Outcome {
            measured: format!("{} s", number(seconds.median())),
            against: format!("{count} {one}s"),
            value: seconds.clone(),
        };
        findings.comparisons.push(Comparison { outcome: Ok(outcome), ..not_measured(what) });
        findings.figures.push(Figure {
            part: Part::Checkpoint,
            name: name.to_owned(),
            value: Ok(wall_ns.per(count as f64)),
            unit: if one == "id" {
                "ns an id by the clock on the wall"
            } else {
                "ns a line by the clock on the wall"
            },
            remark: format!("{count} {one}s, {:.0} MiB", max_rss_bytes.median() / f64::from(1 << 20)),
        });
    }
    Ok(findings)
}

/// Returns a run of fund-load with a checkpoint; it begins with the first line unless an earlier run has left a
/// checkpoint.
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
