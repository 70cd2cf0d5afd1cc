//! `torture`: fund-load with a checkpoint is killed again and again, until the hours are over or it comes to something else than undisturbed.

mod round;

use std::ffi::OsString;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::{Duration, Instant};

use crate::cargo::{executables, root};
use crate::failure::Failure;
use round::{Programs, Round};

/// The longest time that can be asked for.
const MAX_HOURS: f64 = 1_000.0;

#[derive(Debug, PartialEq)]
struct Options {
    hours: f64,
    seed: Option<u64>,
}

/// Plays one round after another, each from a seed of its own: of the first, and one more each.
pub(crate) fn torture(args: &[OsString]) -> Result<(), Failure> {
    let options = parse(args)?;
    let packages =
        ["build", "--release", "--package", "fund-load", "--package", "stream-kernel-tests", "--bins"];
    let [fund_load, killed_run] = executables(&packages, ["fund-load", "killed-run"])?;
    let programs = Programs { fund_load, killed_run };
    let folder = root().join("target").join("torture");
    let first_seed = options.seed.unwrap_or_else(|| RandomState::new().build_hasher().finish() >> 32);
    crate::say(&format!("torture: {} hours from seed {first_seed}, in {}", options.hours, folder.display()));

    #[expect(clippy::disallowed_methods, reason = "it is asked for by the hour")]
    let now = Instant::now;
    let (begin, duration) = (now(), Duration::from_secs_f64(options.hours * 3_600.0));
    let (mut kills, mut rounds) = (0, 0);
    for seed in first_seed.. {
        kills += Round::new(seed, &programs, &folder)?.play()?;
        rounds += 1;
        let elapsed = now().duration_since(begin);
        if rounds % 10 == 0 || elapsed >= duration {
            crate::say(&format!("torture: {rounds} rounds, {kills} kills in {} s", elapsed.as_secs()));
        }
        if elapsed >= duration {
            break;
        }
    }
    Ok(())
}

fn parse(args: &[OsString]) -> Result<Options, Failure> {
    let (mut hours, mut seed) = (None, None);
    for pair in args.chunks(2) {
        let [flag, value] = pair else {
            return Err(Failure::usage(format!("a value is missing after `{}`", pair[0].display())));
        };
        let (flag, value) = (flag.to_string_lossy(), value.to_string_lossy());
        let wrong = |expected: &str| Failure::usage(format!("`{flag} {value}` is not {expected}"));
        match flag.as_ref() {
            "--hours" => {
                let number = value.parse().ok().filter(|hours| (0.0..=MAX_HOURS).contains(hours));
                hours = Some(number.ok_or_else(|| wrong("a number of hours from 0 to 1000"))?);
            }
            "--seed" => {
                seed = Some(value.parse().map_err(|_| wrong("a whole number"))?);
            }
            other => return Err(Failure::usage(format!("unknown option `{other}`"))),
        }
    }
    let hours = hours.ok_or_else(|| Failure::usage("`--hours` is missing"))?;
    Ok(Options { hours, seed })
}

#[cfg(test)]
mod tests {
    use super::{Options, parse};
    use std::ffi::OsString;

    fn parsed(line: &str) -> Result<Options, String> {
        let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        parse(&args).map_err(|failure| failure.to_string())
    }

    #[test]
    fn hours_may_be_fractions_and_wrong_options_are_named() {
        assert_eq!(parsed("--hours 0.25 --seed 7"), Ok(Options { hours: 0.25, seed: Some(7) }));
        assert_eq!(parsed("--hours 1000"), Ok(Options { hours: 1_000.0, seed: None }));
        let cases = [
            ("--seed 1", "`--hours` is missing"),
            ("--hours", "a value is missing after `--hours`"),
            ("--hours 1000.1", "`--hours 1000.1` is not a number of hours from 0 to 1000"),
            ("--hours NaN", "`--hours NaN` is not a number of hours from 0 to 1000"),
            ("--hours 1 --seed -1", "`--seed -1` is not a whole number"),
            ("--days 1", "unknown option `--days`"),
        ];
        for (line, problem) in cases {
            assert_eq!(parsed(line), Err(problem.to_owned()), "{line}");
        }
    }
}
