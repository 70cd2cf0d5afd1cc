//! The command line of `bench`.

use std::ffi::OsString;
use std::ops::RangeInclusive;

use crate::attempts::LINES_MAX;
use crate::failure::Failure;

/// The task of `bench`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Measure times and memory.
    Measure(Options),
    /// Count instructions, and compare with the recorded counts or record them.
    Instructions { record: bool },
}

/// How times and memory are measured.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// Only this part.
    pub(crate) only: Option<Part>,
    /// The number of runs of each program, in turn with the others.
    pub(crate) rounds: usize,
    /// The number of attempts in untraced runs.
    pub(crate) lines: u64,
    /// Whether ten times as many are measured, too.
    pub(crate) large: bool,
}

/// A part of the measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Untraced,
    Traced,
    Memory,
    Checkpoint,
    Start,
    Reading,
    Parts,
}

impl Part {
    /// All of them, in the order of measuring and showing.
    pub(crate) const ALL: [Self; 7] = [
        Self::Untraced,
        Self::Traced,
        Self::Memory,
        Self::Checkpoint,
        Self::Start,
        Self::Reading,
        Self::Parts,
    ];

    /// Returns its name on the command line and in tables.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Untraced => "untraced",
            Self::Traced => "traced",
            Self::Memory => "memory",
            Self::Checkpoint => "checkpoint",
            Self::Start => "start",
            Self::Reading => "reading",
            Self::Parts => "parts",
        }
    }
}

const LINES: u64 = 1_000_000;
const ROUNDS: usize = 5;
const ROUNDS_MAX: u64 = 1_000;

/// The median of fewer rounds is just one of them.
const ROUNDS_FOR_PAGE: usize = 3;

impl Options {
    /// Returns why the figures must not go to `docs/performance.md`; `None` if they may.
    pub(crate) fn unfit_for_page(&self) -> Option<String> {
        let Self { only, rounds, lines, large: _ } = *self;
        if let Some(part) = only {
            Some(format!("only the part `{}` was measured", part.name()))
        } else if lines < LINES {
            Some(format!("{lines} lines were measured and it needs at least {LINES}"))
        } else if rounds < ROUNDS_FOR_PAGE {
            Some(format!("the number of rounds was {rounds} and it needs at least {ROUNDS_FOR_PAGE}"))
        } else {
            None
        }
    }
}

/// Reads the command line.
pub(crate) fn parse(args: &[OsString]) -> Result<Task, Failure> {
    let mut options = Options { only: None, rounds: ROUNDS, lines: LINES, large: false };
    let (mut instructions, mut record) = (false, false);
    let mut words = args.iter().map(|arg| arg.to_string_lossy());
    while let Some(flag) = words.next() {
        let mut value =
            || words.next().ok_or_else(|| Failure::usage(format!("a value is missing after `{flag}`")));
        match &*flag {
            "--only" => options.only = Some(part(&value()?)?),
            "--rounds" => {
                options.rounds = usize::try_from(number(&flag, &value()?, 1..=ROUNDS_MAX)?).unwrap_or(ROUNDS);
            }
            // Fewer lines would measure the start of programs.
            "--lines" => options.lines = number(&flag, &value()?, 10_000..=LINES_MAX / 10)?,
            "--large" => options.large = true,
            "--instructions" => instructions = true,
            "--record" => record = true,
            _ => return Err(Failure::usage(format!("unknown option `{flag}`"))),
        }
    }
    match (instructions, record) {
        (true, _) => match args.iter().find(|arg| *arg != "--instructions" && *arg != "--record") {
            None => Ok(Task::Instructions { record }),
            Some(other) => Err(Failure::usage(format!(
                "`{}` does not go with `--instructions` (its workloads are fixed)",
                other.to_string_lossy()
            ))),
        },
        (false, true) => Err(Failure::usage("`--record` goes with `--instructions`")),
        (false, false) => Ok(Task::Measure(options)),
    }
}

fn part(name: &str) -> Result<Part, Failure> {
    Part::ALL.into_iter().find(|part| part.name() == name).ok_or_else(|| {
        let names = Part::ALL.map(|part| format!("`{}`", part.name())).join(", ");
        Failure::usage(format!("unknown part `{name}` (expected one of {names})"))
    })
}

fn number(flag: &str, text: &str, range: RangeInclusive<u64>) -> Result<u64, Failure> {
    text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
        let (least, most) = range.into_inner();
        Failure::usage(format!("`{flag} {text}` is not a whole number from {least} to {most}"))
    })
}

#[cfg(test)]
mod tests {
    use super::{Options, Part, Task, parse};
    use std::ffi::OsString;

    fn parsed(line: &str) -> Result<Task, String> {
        let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        parse(&args).map_err(|failure| failure.to_string())
    }

    #[test]
    fn options_are_read_and_have_defaults() {
        let options = Options { only: None, rounds: 5, lines: 1_000_000, large: false };
        assert_eq!(parsed(""), Ok(Task::Measure(options)));
        let options = Options { only: Some(Part::Traced), rounds: 3, lines: 10_000, large: true };
        assert_eq!(parsed("--only traced --rounds 3 --lines 10000 --large"), Ok(Task::Measure(options)));
        assert_eq!(parsed("--instructions --record"), Ok(Task::Instructions { record: true }));
    }

    #[test]
    fn the_page_shows_only_whole_and_long_runs() {
        let cases = [
            ("", None),
            ("--rounds 3 --large", None),
            ("--rounds 2", Some("the number of rounds was 2 and it needs at least 3")),
            ("--lines 1000000", None),
            ("--lines 999999", Some("999999 lines were measured and it needs at least 1000000")),
            ("--only traced", Some("only the part `traced` was measured")),
        ];
        for (line, why) in cases {
            let Ok(Task::Measure(options)) = parsed(line) else { panic!("{line}") };
            assert_eq!(options.unfit_for_page().as_deref(), why, "{line}");
        }
    }

    #[test]
    fn wrong_options_are_named() {
        let cases = [
            (
                "--only speed",
                "unknown part `speed` (expected one of `untraced`, `traced`, `memory`, `checkpoint`, `start`, `reading`, `parts`)",
            ),
            ("--rounds 0", "`--rounds 0` is not a whole number from 1 to 1000"),
            ("--rounds", "a value is missing after `--rounds`"),
            ("--lines 9999", "`--lines 9999` is not a whole number from 10000 to 100000000"),
            ("--record", "`--record` goes with `--instructions`"),
            ("--fast", "unknown option `--fast`"),
            (
                "--instructions --only traced",
                "`--only` does not go with `--instructions` (its workloads are fixed)",
            ),
            (
                "--rounds 3 --instructions --record",
                "`--rounds` does not go with `--instructions` (its workloads are fixed)",
            ),
            (
                "--instructions --lines 20000",
                "`--lines` does not go with `--instructions` (its workloads are fixed)",
            ),
            (
                "--instructions --large",
                "`--large` does not go with `--instructions` (its workloads are fixed)",
            ),
        ];
        for (line, problem) in cases {
            assert_eq!(parsed(line), Err(problem.to_owned()), "{line}");
        }
    }
}
