//! `mutants`: small bugs in the code that decides, retains or compares, one at a time; a test has to notice each.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::areas::{self, AREAS, Area};
use crate::cargo::{cargo, has_subcommand, root};
use crate::failure::Failure;

/// The test runs for a bug, until one notices it: the fastest first.
struct Stage {
    name: &'static str,
    /// The arguments of cargo-mutants.
    args: &'static [&'static str],
}

/// cargo-mutants would measure how long the tests of the bug's own crate take; others would then end as "caught by a
/// timeout".
const NO_BASELINE: &str = "--baseline=skip";
/// In seconds: several times the duration of any stage without a bug, on two cores.
const TIMEOUT: &str = "--timeout=900";

const STAGES: [Stage; 3] = [
    // Without other packages, cargo-mutants takes the one with the bug, and measures the duration of its tests.
    Stage { name: "the crate's own tests", args: &["--", "--tests"] },
    Stage {
        name: "what drives it within one process",
        args: &[
            NO_BASELINE,
            TIMEOUT,
            "--test-package=stream-kernel-exec",
            "--test-package=stream-kernel-run",
            "--test-package=stream-kernel-app",
            "--test-package=stream-kernel-tests",
            "--",
            "--tests",
            "--",
            "--skip=program::",
            "--skip=kills::",
            // Of the model and of the workspace, not of the program.
            "--skip=model::",
            "--skip=properties::",
            "--skip=layering::",
        ],
    },
    Stage {
        name: "programs",
        args: &[
            NO_BASELINE,
            TIMEOUT,
            "--test-package=stream-kernel-tests",
            "--",
            "--test=it",
            "--",
            "program::",
            "kills::",
            // The program has another name here.
            "--skip=help_and_version",
        ],
    },
];

/// Tries the bugs of the areas in `args`, without those listed in `.cargo/mutants.toml`.
pub(crate) fn mutants(args: &[OsString]) -> Result<(), Failure> {
    let Options { area, shard } = parse(args)?;
    if !has_subcommand("mutants") {
        return Err(Failure::NoMutants);
    }
    let mut survivors = Vec::new();
    for area in AREAS.iter().filter(|each| area.is_none_or(|area| area.name == each.name)) {
        survivors.extend(survivors_of(area, shard.as_deref())?);
    }
    if survivors.is_empty() { Ok(()) } else { Err(Failure::Survivors { mutants: survivors }) }
}

#[derive(Debug, Default)]
struct Options {
    area: Option<&'static Area>,
    /// `K/N`, in cargo-mutants' form: part K of N, counted from 0.
    shard: Option<String>,
}

fn parse(args: &[OsString]) -> Result<Options, Failure> {
    let mut options = Options::default();
    let mut args = args.iter();
    while let Some(flag) = args.next() {
        let flag = flag.to_str().unwrap_or_default();
        let value = args.next().and_then(|value| value.to_str());
        match (flag, value) {
            ("--area", Some(value)) => {
                let unknown = || format!("unknown area `{value}` (one of {})", areas::names());
                options.area = Some(areas::named(value).ok_or_else(|| Failure::usage(unknown()))?);
            }
            ("--shard", Some(value)) => {
                if !is_shard(value) {
                    let what = format!("`--shard` takes K/N with K from 0 to N - 1, not `{value}`");
                    return Err(Failure::usage(what));
                }
                options.shard = Some(value.to_owned());
            }
            _ => return Err(Failure::usage("`mutants` takes `--area A` and `--shard K/N`")),
        }
    }
    Ok(options)
}

fn is_shard(text: &str) -> bool {
    let numbers = text.split_once('/').map(|(index, count)| (index.parse::<u32>(), count.parse::<u32>()));
    matches!(numbers, Some((Ok(index), Ok(count))) if index < count)
}

/// Returns the mutants of `area` that no test notices.
fn survivors_of(area: &Area, shard: Option<&str>) -> Result<Vec<String>, Failure> {
    let folder = root().join("target").join("mutants").join(area.name);
    let mut files = Vec::new();
    for path in area.paths {
        files.extend([
            "--file".to_owned(),
            if is_file(path) { (*path).to_owned() } else { format!("{path}/**") },
        ]);
    }
    let mut mutants = files.clone();
    if let Some(shard) = shard {
        // Round robin: each part is a sample of the whole area.
        mutants.extend(["--sharding", "round-robin", "--shard", shard].map(str::to_owned));
    }
    let mut missed: Option<Vec<String>> = None;
    for (number, stage) in STAGES.iter().enumerate() {
        let mut outcomes = examine(&folder.join(number.to_string()), &mutants, stage.args)?;
        // cargo-mutants tries each field that can be left out of a struct, whatever the expressions say.
        outcomes.missed.retain(|mutant| missed.as_ref().is_none_or(|missed| missed.contains(mutant)));
        crate::say(&format!("{}, {}: {}", area.name, stage.name, outcomes.told()));
        if outcomes.missed.is_empty() {
            return Ok(Vec::new());
        }
        let expressions = outcomes.missed.iter().flat_map(|mutant| ["--re".to_owned(), exactly(mutant)]);
        mutants = files.iter().cloned().chain(expressions).collect();
        missed = Some(outcomes.missed);
    }
    Ok(missed.unwrap_or_default())
}

fn is_file(path: &str) -> bool {
    Path::new(path).extension().is_some()
}

/// The results for some mutants.
#[derive(Debug, PartialEq, Eq)]
struct Outcomes {
    total: u64,
    caught: u64,
    timed_out: u64,
    /// Those that do not compile.
    unviable: u64,
    missed: Vec<String>,
}

impl Outcomes {
    fn told(&self) -> String {
        let Self { total, caught, timed_out, unviable, missed } = self;
        let missed = missed.len();
        format!(
            "{total} mutants, {caught} caught, {timed_out} caught by a timeout, {unviable} do not compile, {missed} missed"
        )
    }
}

/// Runs cargo-mutants and returns its results; all its files go to `folder`.
fn examine(folder: &Path, mutants: &[String], tests: &[&str]) -> Result<Outcomes, Failure> {
    /// Its exit codes when mutants were missed, and when some took too long.
    const MISSED: i32 = 2;
    const TIMED_OUT: i32 = 3;
    fs::create_dir_all(folder).map_err(|source| Failure::file("create", folder, source))?;
    let mut command = cargo(["mutants", "--colors=never", "--output"]);
    command.arg(folder).args(mutants).args(tests);
    let status = command.status().map_err(|source| Failure::start(&command, source))?;
    if !matches!(status.code(), Some(0 | MISSED | TIMED_OUT)) {
        return Err(Failure::command(&command, status));
    }
    let read = |name: &str| {
        let path: PathBuf = folder.join("mutants.out").join(name);
        fs::read_to_string(&path).map_err(|source| Failure::file("read", &path, source))
    };
    let counts: serde_json::Value = serde_json::from_str(&read("outcomes.json")?)
        .map_err(|_| Failure::output(&command, "its outcomes as JSON"))?;
    let count = |name: &str| {
        counts[name].as_u64().ok_or_else(|| Failure::output(&command, format!("how many are `{name}`")))
    };
    Ok(Outcomes {
        total: count("total_mutants")?,
        caught: count("caught")?,
        timed_out: count("timeout")?,
        unviable: count("unviable")?,
        missed: read("missed.txt")?.lines().map(str::to_owned).collect(),
    })
}

/// Returns the regular expression that matches exactly this text.
fn exactly(text: &str) -> String {
    let mut regex = String::from("^");
    for char in text.chars() {
        // Only these: a backslash before another character can give it a meaning.
        if r"\.+*?()|[]{}^$".contains(char) {
            regex.push('\\');
        }
        regex.push(char);
    }
    regex + "$"
}

#[cfg(test)]
mod tests {
    use super::{exactly, parse};
    use std::ffi::OsString;

    fn parsed(args: &[&str]) -> Result<(Option<&'static str>, Option<String>), String> {
        let args: Vec<_> = args.iter().map(OsString::from).collect();
        let options = parse(&args).map_err(|failure| failure.to_string())?;
        Ok((options.area.map(|area| area.name), options.shard))
    }

    #[test]
    fn an_area_and_a_part_of_it_may_be_given() {
        assert_eq!(parsed(&[]), Ok((None, None)));
        let both = Ok((Some("diff"), Some("3/4".to_owned())));
        assert_eq!(parsed(&["--shard", "3/4", "--area", "diff"]), both);
        for wrong in [&["--area"][..], &["--area", "all"], &["--shard", "4/4"], &["--shard", "1"], &["diff"]]
        {
            assert!(parsed(wrong).is_err(), "{wrong:?}");
        }
    }

    /// A mutant that does not match would not be tried, and its survival would go unnoticed.
    #[test]
    fn the_name_of_a_mutant_is_matched_literally() {
        let name = "src/a.rs:7:9: replace <impl A for B<'_>>::f -> Option<u8> with Some(0)";
        let regex = r"^src/a\.rs:7:9: replace <impl A for B<'_>>::f -> Option<u8> with Some\(0\)$";
        assert_eq!(exactly(name), regex);
        assert_eq!(exactly("replace += with *= in [a] && {b}"), r"^replace \+= with \*= in \[a\] && \{b\}$");
    }
}
