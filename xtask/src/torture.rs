//! `torture`: kills fund-load with a checkpoint again and again, until the hours are over or a result differs from an
//! undisturbed run.

mod round;

use std::ffi::OsString;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::{Duration, Instant};

use crate::cargo::{cargo, executables, root, run};
use crate::failure::Failure;
use round::{Programs, Round};

/// The longest permitted time.
const MAX_HOURS: f64 = 1_000.0;

#[derive(Debug, PartialEq)]
struct Options {
    hours: f64,
    seed: Option<u64>,
}

/// Plays rounds one after another, with consecutive seeds from the first on.
pub(crate) fn torture(args: &[OsString]) -> Result<(), Failure> {
    if args.first().is_some_and(|flag| flag == "--workers") {
        return workers(&args[1..]);
    }
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

/// Compares several workers with one in `cases` random cases, on all cores.
fn workers(args: &[OsString]) -> Result<(), Failure> {
    let (Some(cases), seed) = cases_and_seed(args)? else {
        return Err(Failure::usage("`--workers` is followed by a number of cases"));
    };
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    let first = seed.unwrap_or_else(|| RandomState::new().build_hasher().finish() >> 32);
    crate::say(&format!("torture: {cases} cases of several workers from seed {first}"));
    let ends = (0..=threads).map(|thread| first + cases * thread / threads).collect::<Vec<_>>();
    let package = ["test", "--release", "--quiet", "--package", "stream-kernel-timely", "--lib"];
    run(cargo(package).arg("--no-run"))?;
    let runs = ends.windows(2).map(|ends| {
        let mut command = cargo(package);
        command.args(["--", "--ignored", "--exact", "tests::several_workers_do_what_one_does_for_long"]);
        command.env("SEEDS", format!("{}..{}", ends[0], ends[1]));
        std::thread::spawn(move || run(&mut command))
    });
    let runs: Vec<_> = runs.collect();
    for done in runs.into_iter().map(std::thread::JoinHandle::join) {
        // A thread that only waits for a program does not panic.
        done.unwrap_or(Ok(()))?;
    }
    Ok(())
}

/// Reads the number of cases, and the seed if there is one.
fn cases_and_seed(args: &[OsString]) -> Result<(Option<u64>, Option<u64>), Failure> {
    let number = |arg: &OsString| {
        let text = arg.to_string_lossy();
        text.parse().map_err(|_| Failure::usage(format!("`{text}` is not a whole number")))
    };
    match args {
        [] => Ok((None, None)),
        [cases] => Ok((Some(number(cases)?), None)),
        [cases, flag, seed] if flag == "--seed" => Ok((Some(number(cases)?), Some(number(seed)?))),
        [_, other, ..] => Err(Failure::usage(format!("unknown option `{}`", other.to_string_lossy()))),
    }
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
    use super::{Options, cases_and_seed, parse};
    use std::ffi::OsString;

    fn parsed(line: &str) -> Result<Options, String> {
        let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        parse(&args).map_err(|failure| failure.to_string())
    }

    #[test]
    fn cases_are_counted_and_may_have_a_seed() {
        let read = |line: &str| {
            let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            cases_and_seed(&args).map_err(|failure| failure.to_string())
        };
        assert_eq!(read("1000000"), Ok((Some(1_000_000), None)));
        assert_eq!(read("10 --seed 7"), Ok((Some(10), Some(7))));
        assert_eq!(read(""), Ok((None, None)));
        assert_eq!(read("many"), Err("`many` is not a whole number".to_owned()));
        assert_eq!(read("10 --hours 7"), Err("unknown option `--hours`".to_owned()));
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
