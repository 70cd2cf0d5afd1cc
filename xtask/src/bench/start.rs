//! The start of a program: a run over a single line, from its start to its end.

use super::findings::{Comparison, Figure, Findings, Outcome, number};
use super::goal::Goal;
use super::options::{Options, Part};
use super::programs::{Programs, fund_load};
use super::rounds::interleaved;
use super::scratch::Scratch;
use crate::cargo::root;
use crate::failure::Failure;

/// In milliseconds, without sources over the network.
const WITHIN: Goal = Goal::AtMost(10.0, 5.0);

/// Such a run is so short that a few of them say little.
const ROUNDS_FOR_ONE: usize = 10;

pub(crate) fn measure(
    programs: &Programs,
    scratch: &Scratch,
    options: &Options,
) -> Result<Findings, Failure> {
    let input = scratch.input(1)?;
    let output = scratch.path("decisions.ndjson");
    let mut run = fund_load("fund-load, a single line", &programs.fund_load, &input, &output, None);
    let configuration = root().join("fixtures").join("baseline.yaml");
    run.args.extend(["--config".into(), configuration.into()]);
    let [samples] = interleaved(&[run], scratch, options.rounds * ROUNDS_FOR_ONE)?;
    let milliseconds = samples.wall_ns.per(1e6);
    let outcome = Outcome {
        measured: format!("{} ms", number(milliseconds.median())),
        against: "by the clock on the wall".to_owned(),
        value: milliseconds.clone(),
    };
    let figure = Figure {
        part: Part::Start,
        name: "fund-load, a run over a single line".to_owned(),
        value: Ok(milliseconds),
        unit: "ms by the clock on the wall",
        remark: "with a configuration file, from the process's start to its end".to_owned(),
    };
    let what = "from the start to the end of a run over a single line, in milliseconds";
    Ok(Findings {
        comparisons: vec![Comparison { what, goal: WITHIN, outcome: Ok(outcome) }],
        figures: vec![figure],
    })
}
