//! `scale`: the cost of workers measured separately, and predictions for more processes than this machine has
//! processors.
//!
//! `docs/scaling.md` explains the model; a long enough run renews it.

mod model;
mod options;
mod report;
mod runs;
mod simulated;

use std::ffi::OsString;

use crate::bench::machine::Machine;
use crate::bench::page::SCALING;
use crate::failure::Failure;
use report::Report;
use runs::Runs;

/// Measures and predicts the runs in `args`.
pub(crate) fn scale(args: &[OsString]) -> Result<(), Failure> {
    let options = options::parse(args)?;
    let runs = Runs::prepare(options)?;
    runs.check_same_output()?;
    let mut rounds = Vec::new();
    // The warm-up round brings programs and inputs into memory.
    for round in 0..=options.rounds {
        crate::say(&format!("round {round} of {}", options.rounds));
        let done = runs.round()?;
        if round > 0 {
            rounds.push(done);
        }
    }
    let report = Report { options, rounds }.markdown(&Machine::describe()?.sentence());
    crate::say(&report);
    match options.unfit_for_page() {
        None => SCALING.renew(&report),
        Some(why) => {
            crate::say(&format!("`docs/scaling.md` was left alone, as {why}."));
            Ok(())
        }
    }
}
