//! `build`: everything that can be built. `run`: fund-load itself, built to be there soon.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::cargo::{cargo, executables, run as run_command};
use crate::failure::Failure;

/// Builds all crates, programs, tests, examples and benchmarks; `args` go to cargo.
pub(crate) fn build(args: &[OsString]) -> Result<(), Failure> {
    run_command(cargo(["build", "--workspace", "--all-targets"]).args(args))
}

/// Builds fund-load as soon as it can be had, and becomes it, in the caller's working directory.
///
/// Returns only when it fails: signals and the exit code are then fund-load's own.
pub(crate) fn run(args: &[OsString]) -> Result<(), Failure> {
    let args = match args {
        [dashes, rest @ ..] if dashes == "--" => rest,
        all => all,
    };
    let (features, with_stores) = features(args);
    crate::say(&format!(
        "building fund-load to be there soon, not to be fast, {with_stores}; the optimised program: `cargo install --path crates/fund-load`"
    ));
    let build = ["build", "--profile", "quick", "--package", "fund-load", "--bin", "fund-load"];
    let [fund_load] = executables(&[&build[..], features].concat(), ["fund-load"])?;
    let mut command = Command::new(fund_load);
    let source = command.args(args).exec();
    Err(Failure::start(&command, source))
}

/// Returns the features with which fund-load is to be built for such arguments, and what to say of them.
///
/// Stores of configuration bring clients and TLS along, which take longer to build than all else.
fn features(args: &[OsString]) -> (&'static [&'static str], &'static str) {
    // Whatever the store: only a URL names one.
    if args.iter().any(|arg| arg.to_string_lossy().contains("://")) {
        (&[], "with stores of configuration")
    } else {
        (
            &["--no-default-features", "--features", "cli"],
            "without stores of configuration (a URL in the arguments adds them)",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::features;

    #[test]
    fn stores_are_built_in_if_an_argument_names_one() {
        let are_built_in =
            |args: &[&str]| features(&args.iter().map(Into::into).collect::<Vec<_>>()).0.is_empty();
        assert!(are_built_in(&["run", "--config", "etcd://127.0.0.1/fund-load/"]));
        assert!(are_built_in(&["check", "--config=rediss://u:p@h/0?hash=x"]));
        assert!(are_built_in(&["config", "diff", "a.yaml", "postgres://h/db?table=t"]));
        assert!(!are_built_in(&["run", "--config", "etcd.yaml", "--set", "scenario.name=redis:"]));
        assert!(!are_built_in(&[]));
    }
}
