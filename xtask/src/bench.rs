//! `bench`: the speed of everything, beside floors and peers in the same run, compared with the goals.
//!
//! `docs/performance.md` describes the measurements; a long enough run of all parts renews it.

mod checkpoint;
mod findings;
mod goal;
mod instructions;
pub(crate) mod machine;
mod memory;
mod options;
pub(crate) mod page;
mod parts;
pub(crate) mod programs;
mod reading;
mod report;
pub(crate) mod rounds;
pub(crate) mod scratch;
pub(crate) mod series;
mod start;
pub(crate) mod table;
mod traced;
mod untraced;
pub(crate) mod usage;

use std::ffi::OsString;

use crate::failure::Failure;
use findings::Findings;
use machine::Machine;
use options::{Options, Part, Task};
use programs::Programs;
use report::Report;
use scratch::Scratch;

/// Measures the parts in `args`.
pub(crate) fn bench(args: &[OsString]) -> Result<(), Failure> {
    match options::parse(args)? {
        Task::Instructions { record } => instructions::compare(record),
        Task::Measure(options) => measure(&options),
    }
}

fn measure(options: &Options) -> Result<(), Failure> {
    let scratch = Scratch::create()?;
    let programs = Programs::build()?;
    let mut findings = Findings::default();
    for part in Part::ALL {
        if options.only.is_none_or(|only| only == part) {
            crate::say(&format!("== {}", part.name()));
            findings.add(match part {
                Part::Untraced => untraced::measure(&programs, &scratch, options)?,
                Part::Traced => traced::measure(&programs, &scratch, options)?,
                Part::Memory => memory::measure(&programs, &scratch, options)?,
                Part::Checkpoint => checkpoint::measure(&programs, &scratch, options)?,
                Part::Start => start::measure(&programs, &scratch, options)?,
                Part::Reading => reading::measure(&programs, &scratch, options)?,
                Part::Parts => parts::measure(&scratch)?,
            });
        }
    }
    let report = Report { machine: Machine::describe()?, options, findings };
    crate::say(&report.markdown());
    report.write_json(&scratch)?;
    match options.unfit_for_page() {
        None => page::PERFORMANCE.renew(&report.markdown()),
        Some(why) => {
            crate::say(&format!("`docs/performance.md` was left alone, as {why}."));
            Ok(())
        }
    }
}
