//! Untraced runs: fund-load beside the plain loop, a copy of bytes, and itself without a recorder.

use std::fs;
use std::path::PathBuf;

use super::findings::{Comparison, Figure, Findings};
use super::goal::Goal;
use super::options::{Options, Part};
use super::programs::{Programs, Trace, build_without_recorder, fund_load, peer};
use super::rounds::{Samples, interleaved};
use super::scratch::{Input, Scratch, is_same, remove, size};
use super::series::Series;
use crate::failure::Failure;

/// The kinds of stream beside the clean one: the worst of all counts.
const OTHER_SHAPES: [&str; 2] = ["spread", "crowded"];

const UNIT: &str = "ns an attempt";
const OFF: &str = "tracing off, against a build without the recorder";

/// The part of the lines with which what a run remembers has its place in the processor's caches.
const FEW: u64 = 10;

/// A pipeline that is not strict has no chain: its steps go through the runner for all orders.
const WITHOUT_CHAIN: [&str; 2] = ["--set", "runtime.strict=false"];

pub(crate) fn measure(
    programs: &Programs,
    scratch: &Scratch,
    options: &Options,
) -> Result<Findings, Failure> {
    let input = scratch.input(options.lines)?;
    let few = scratch.input(options.lines / FEW)?;
    let others = OTHER_SHAPES.map(|kind| scratch.input_of(kind, options.lines));
    let [spread, crowded] = others;
    let (spread, crowded) = (spread?, crowded?);
    for input in [&input, &spread, &crowded] {
        check_same_decisions(programs, scratch, input)?;
    }
    let without_recorder = program_without_recorder(scratch)?;
    let output = scratch.path("decisions.ndjson");
    let other_build = without_recorder.as_ref().unwrap_or(&programs.fund_load);
    let workloads = [
        peer("copy_lines", &programs.copy_lines, &input, &output, None),
        peer("plain_loop", &programs.plain_loop, &input, &output, None),
        fund_load("fund-load", &programs.fund_load, &input, &output, None),
        fund_load("fund-load without recorder", other_build, &input, &output, None),
        fund_load("fund-load without chain", &programs.fund_load, &input, &output, None).with(&WITHOUT_CHAIN),
        peer("plain_loop, few lines", &programs.plain_loop, &few, &output, None),
        fund_load("fund-load, few lines", &programs.fund_load, &few, &output, None),
        peer("plain_loop, spread", &programs.plain_loop, &spread, &output, None),
        fund_load("fund-load, spread", &programs.fund_load, &spread, &output, None),
        peer("plain_loop, crowded", &programs.plain_loop, &crowded, &output, None),
        fund_load("fund-load, crowded", &programs.fund_load, &crowded, &output, None),
    ];
    let samples = interleaved(&workloads, scratch, options.rounds)?;
    let [all @ .., few_loop, few_ours, spread_loop, spread_ours, crowded_loop, crowded_ours] = &samples;
    let [bytes, plain_loop, ours, without, without_chain] =
        all.each_ref().map(|samples| per_line(samples, &input));
    let [few_loop, few_ours] = [few_loop, few_ours].map(|samples| per_line(samples, &few));
    let [spread_loop, spread_ours] = [spread_loop, spread_ours].map(|samples| per_line(samples, &spread));
    let [crowded_loop, crowded_ours] =
        [crowded_loop, crowded_ours].map(|samples| per_line(samples, &crowded));
    let mut off = Comparison::of(OFF, Goal::NoDifference, &ours, ("without", &without));
    if without_recorder.is_none() {
        off.outcome = Err("there is no such build");
    }
    let against_loop = |what, goal, ours: &Series, plain_loop: &Series| {
        Comparison::of(what, goal, ours, ("loop", plain_loop))
    };
    let comparisons = vec![
        against_loop(
            "untraced, against the plain serde_json loop",
            Goal::AtMost(0.5, 0.4),
            &ours,
            &plain_loop,
        ),
        against_loop("the same, ids at random", Goal::AtMost(0.5, 0.4), &spread_ours, &spread_loop),
        against_loop("the same, few customers", Goal::AtMost(0.5, 0.4), &crowded_ours, &crowded_loop),
        against_loop("the same, a tenth of the lines", Goal::AtMost(0.6, 0.5), &few_ours, &few_loop),
        against_loop(
            "the same, without the chain of steps",
            Goal::AtMost(0.75, 0.65),
            &without_chain,
            &plain_loop,
        ),
        off,
    ];
    let figure = |name: &str, value: Series, samples: &Samples| Figure {
        part: Part::Untraced,
        name: name.to_owned(),
        value: Ok(value),
        unit: UNIT,
        remark: format!("{:.0} ns by the clock on the wall", per_line_wall(samples, &input)),
    };
    let mut figures = vec![
        figure("read and write the lines alone", bytes, &samples[0]),
        figure("the plain loop: serde_json, three foldhash maps", plain_loop, &samples[1]),
        figure("fund-load, tracing off", ours, &samples[2]),
        figure("fund-load, tracing off, without the chain of its steps", without_chain, &samples[4]),
    ];
    if without_recorder.is_some() {
        figures.push(figure("fund-load, built without the recorder", without, &samples[3]));
    }
    Ok(Findings { comparisons, figures })
}

#[expect(clippy::cast_precision_loss, reason = "lines are far fewer than 2^52")]
fn per_line(samples: &Samples, input: &Input) -> Series {
    samples.cpu_ns.per(input.lines as f64)
}

#[expect(clippy::cast_precision_loss, reason = "lines are far fewer than 2^52")]
fn per_line_wall(samples: &Samples, input: &Input) -> f64 {
    samples.wall_ns.median() / input.lines as f64
}

/// Fails unless the plain loop decides every line as fund-load does: otherwise it is not a reference.
fn check_same_decisions(programs: &Programs, scratch: &Scratch, input: &Input) -> Result<(), Failure> {
    let [ours, other] = ["decisions.ndjson", "decisions-plain.ndjson"].map(|name| scratch.path(name));
    fund_load("fund-load", &programs.fund_load, input, &ours, None).run(scratch)?;
    peer("plain_loop", &programs.plain_loop, input, &other, None).run(scratch)?;
    if !is_same(&ours, &other)? {
        return Err(Failure::Unequal { one: ours, other });
    }
    remove(&ours)?;
    remove(&other)
}

/// Returns fund-load built without the recorder; `None` if the build has one after all.
fn program_without_recorder(scratch: &Scratch) -> Result<Option<PathBuf>, Failure> {
    let program = build_without_recorder(scratch)?;
    let (input, trace) = (scratch.input(1)?, scratch.path("no-trace.jsonl"));
    fs::write(&trace, "").map_err(|source| Failure::file("create", &trace, source))?;
    let traced = Trace { path: &trace, settings: &[] };
    let workload = fund_load(
        "fund-load without recorder",
        &program,
        &input,
        &scratch.path("decisions.ndjson"),
        Some(&traced),
    );
    workload.run(scratch)?;
    let has_recorder = size(&trace)? > 0;
    workload.tidy()?;
    Ok((!has_recorder).then_some(program))
}
