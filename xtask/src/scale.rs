//! `scale`: what workers cost apart from each other, and what runs on more processes than this machine has processors would take.
//!
//! `docs/scaling.md` says what the model is made of, and is renewed by a run that is long enough.

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

/// Measures and predicts what `args` ask for.
pub(crate) fn scale(args: &[OsString]) -> Result<(), Failure> {
    let options = options::parse(args)?;
    let runs = Runs::prepare(options)?;
    runs.check_same_output()?;
    let mut rounds = Vec::new();
    // The first round brings programs and inputs into memory.
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
