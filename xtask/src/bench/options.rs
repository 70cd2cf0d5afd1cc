//! The command line of `bench`.

use std::ffi::OsString;
use std::ops::RangeInclusive;

use crate::attempts::LINES_MAX;
use crate::failure::Failure;

/// What `bench` is to do.
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
    /// This part alone.
    pub(crate) only: Option<Part>,
    /// How often each program runs, in turn with the others.
    pub(crate) rounds: usize,
    /// How many attempts the untraced runs take in.
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
    Reading,
    Parts,
}

impl Part {
    /// All of them, in the order in which they are measured and shown.
    pub(crate) const ALL: [Self; 5] =
        [Self::Untraced, Self::Traced, Self::Memory, Self::Reading, Self::Parts];

    /// Returns its name on the command line and in tables.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Untraced => "untraced",
            Self::Traced => "traced",
            Self::Memory => "memory",
            Self::Reading => "reading",
            Self::Parts => "parts",
        }
    }
}

const LINES: u64 = 1_000_000;
const ROUNDS: usize = 5;
const ROUNDS_MAX: u64 = 1_000;

/// Reads the command line.
pub(crate) fn parse(args: &[OsString]) -> Result<Task, Failure> {
    let mut options = Options { only: None, rounds: ROUNDS, lines: LINES, large: false };
    let (mut instructions, mut record) = (false, false);
    let mut args = args.iter().map(|arg| arg.to_string_lossy());
    while let Some(flag) = args.next() {
        let mut value =
            || args.next().ok_or_else(|| Failure::usage(format!("a value is missing after `{flag}`")));
        match &*flag {
            "--only" => options.only = Some(part(&value()?)?),
            "--rounds" => {
                options.rounds = usize::try_from(number(&flag, &value()?, 1..=ROUNDS_MAX)?).unwrap_or(ROUNDS);
            }
            // Fewer lines measure how long programs take to start.
            "--lines" => options.lines = number(&flag, &value()?, 10_000..=LINES_MAX / 10)?,
            "--large" => options.large = true,
            "--instructions" => instructions = true,
            "--record" => record = true,
            _ => return Err(Failure::usage(format!("unknown option `{flag}`"))),
        }
    }
    match (instructions, record) {
        (true, _) => Ok(Task::Instructions { record }),
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
    fn wrong_options_are_named() {
        let cases = [
            (
                "--only speed",
                "unknown part `speed` (expected one of `untraced`, `traced`, `memory`, `reading`, `parts`)",
            ),
            ("--rounds 0", "`--rounds 0` is not a whole number from 1 to 1000"),
            ("--rounds", "a value is missing after `--rounds`"),
            ("--lines 9999", "`--lines 9999` is not a whole number from 10000 to 100000000"),
            ("--record", "`--record` goes with `--instructions`"),
            ("--fast", "unknown option `--fast`"),
        ];
        for (line, problem) in cases {
            assert_eq!(parsed(line), Err(problem.to_owned()), "{line}");
        }
    }
}
