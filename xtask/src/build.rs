//! `build`: everything that can be built. `run`: fund-load itself, as a user would have it.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::cargo::{cargo, executables, run as run_command};
use crate::failure::Failure;

/// Builds all crates, programs, tests, examples and benchmarks; `args` go to cargo.
pub(crate) fn build(args: &[OsString]) -> Result<(), Failure> {
    run_command(cargo(["build", "--workspace", "--all-targets"]).args(args))
}

/// Builds fund-load with optimisations and becomes it, in the caller's working directory.
///
/// Returns only when it fails: signals and the exit code are then fund-load's own.
pub(crate) fn run(args: &[OsString]) -> Result<(), Failure> {
    let args = match args {
        [dashes, rest @ ..] if dashes == "--" => rest,
        all => all,
    };
    let [fund_load] =
        executables(&["--release", "--package", "fund-load", "--bin", "fund-load"], ["fund-load"])?;
    let mut command = Command::new(fund_load);
    let source = command.args(args).exec();
    Err(Failure::start(&command, source))
}
