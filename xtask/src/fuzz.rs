//! `fuzz`: random bytes for everything that reads input, until a check fails.

use std::ffi::OsString;
use std::fs;
use std::process::Stdio;

use crate::cargo::{cargo, root, run};
use crate::failure::Failure;

/// The targets, each a file in `fuzz/fuzz_targets`.
const TARGETS: [&str; 6] = ["line", "amount", "time", "configuration", "trace_reader", "checkpoint"];

/// The default time for a target: as long as a contributor may wait for all of them.
const SECONDS: u64 = 60;
/// The time as a part of `check`.
const SECONDS_IN_CHECK: u64 = 5;
const SECONDS_MAX: u64 = 7 * 24 * 60 * 60;

/// A target that takes more memory retains too much.
const MEMORY_MAX_MIB: u64 = 512;

/// Runs the targets in `args`, and stops at the first failure.
pub(crate) fn fuzz(args: &[OsString]) -> Result<(), Failure> {
    let Options { target, seconds } = parse(args)?;
    if !is_installed() {
        return Err(Failure::NoFuzzer);
    }
    let mut all = TARGETS.into_iter().filter(|name| target.is_none_or(|target| target == *name));
    all.try_for_each(|target| run_target(target, seconds))
}

/// Runs each target for a moment, where that is possible.
pub(crate) fn check() -> Result<(), Failure> {
    if is_installed() {
        return TARGETS.into_iter().try_for_each(|target| run_target(target, SECONDS_IN_CHECK));
    }
    crate::say(&format!("this step is left out: {}", Failure::NoFuzzer));
    Ok(())
}

/// The targets to run, and the time for each.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    target: Option<&'static str>,
    seconds: u64,
}

fn parse(args: &[OsString]) -> Result<Options, Failure> {
    let mut options = Options { target: None, seconds: SECONDS };
    let mut args = args.iter();
    while let Some(flag) = args.next() {
        let flag = flag.to_str().unwrap_or_default();
        let value = args.next().and_then(|value| value.to_str());
        match (flag, value) {
            ("--target", Some(value)) => {
                let target = TARGETS.into_iter().find(|target| *target == value);
                let known = || format!("unknown target `{value}` (one of {})", TARGETS.join(", "));
                options.target = Some(target.ok_or_else(|| Failure::usage(known()))?);
            }
            ("--seconds", Some(value)) => {
                let seconds = value.parse().ok().filter(|seconds| (1..=SECONDS_MAX).contains(seconds));
                let range = || format!("`--seconds` takes 1 to {SECONDS_MAX}, not `{value}`");
                options.seconds = seconds.ok_or_else(|| Failure::usage(range()))?;
            }
            _ => return Err(Failure::usage("`fuzz` takes `--target T` and `--seconds S`")),
        }
    }
    Ok(options)
}

/// Returns whether there are a nightly compiler and cargo-fuzz.
fn is_installed() -> bool {
    let mut command = cargo(["+nightly", "fuzz", "--version"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn run_target(target: &str, seconds: u64) -> Result<(), Failure> {
    let [corpus, seeds] = ["corpus", "seeds"].map(|folder| format!("fuzz/{folder}/{target}"));
    let found = root().join(&corpus);
    fs::create_dir_all(&found).map_err(|source| Failure::file("create", &found, source))?;
    crate::say(&format!("== fuzz {target}: {seconds} s"));
    // Our crates have no unsafe code: a sanitizer would halve the speed and find little.
    let mut command =
        cargo(["+nightly", "fuzz", "run", "--sanitizer", "none", target, &corpus, &seeds, "--"]);
    run(command.args([
        format!("-max_total_time={seconds}"),
        format!("-rss_limit_mb={MEMORY_MAX_MIB}"),
        "-print_final_stats=1".to_owned(),
    ]))
}

#[cfg(test)]
mod tests {
    use super::{Options, SECONDS, SECONDS_MAX, TARGETS, parse, root};
    use std::ffi::OsString;
    use std::fs;

    fn parsed(args: &[&str]) -> Result<Options, String> {
        let args: Vec<_> = args.iter().map(OsString::from).collect();
        parse(&args).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_target_and_a_time_may_be_given() {
        assert_eq!(parsed(&[]), Ok(Options { target: None, seconds: SECONDS }));
        let longest = SECONDS_MAX.to_string();
        let both = Options { target: Some("line"), seconds: SECONDS_MAX };
        assert_eq!(parsed(&["--seconds", &longest, "--target", "line"]), Ok(both));
        let beyond = (SECONDS_MAX + 1).to_string();
        for wrong in [
            &["--target"][..],
            &["--target", "lines"],
            &["--seconds", "0"],
            &["--seconds", &beyond],
            &["line"],
        ] {
            assert!(parsed(wrong).is_err(), "{wrong:?}");
        }
    }

    /// An unlisted target would never run.
    #[test]
    fn the_listed_targets_exist_and_have_seeds() {
        for folder in ["fuzz_targets", "seeds"] {
            let names = fs::read_dir(root().join("fuzz").join(folder)).unwrap();
            let mut names: Vec<_> =
                names.map(|entry| entry.unwrap().path().file_stem().unwrap().to_owned()).collect();
            names.sort();
            let mut targets = TARGETS;
            targets.sort_unstable();
            assert_eq!(names, targets, "in `fuzz/{folder}`");
        }
    }
}
