//! `stream`: inputs of any length for benchmarks, written in constant memory.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::attempts::{Attempt, CleanStream, DirtyStream, LINES_MAX, crowded, spread};
use crate::failure::Failure;

/// What the lines are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Typical attempts.
    Clean,
    /// Many customers, ids at random.
    Spread,
    /// Few customers with many attempts.
    Crowded,
    /// Typical attempts with bad lines among them.
    Dirty,
}

impl Kind {
    /// All of them, by their names.
    const NAMES: [(&str, Self); 4] = [
        ("clean", Self::Clean),
        ("spread", Self::Spread),
        ("crowded", Self::Crowded),
        ("dirty", Self::Dirty),
    ];
}

#[derive(Debug, PartialEq, Eq)]
struct Options {
    kind: Kind,
    lines: u64,
    seed: u64,
    output: PathBuf,
}

/// Writes the stream that `args` describe.
pub(crate) fn stream(args: &[OsString]) -> Result<(), Failure> {
    let options = parse(args)?;
    let path = options.output.as_path();
    let writer: Box<dyn Write> = if path == Path::new("-") {
        Box::new(std::io::stdout().lock())
    } else {
        Box::new(File::create(path).map_err(|source| Failure::file("create", path, source))?)
    };
    write_lines(&options, BufWriter::new(writer)).map_err(|source| Failure::file("write", path, source))
}

fn write_lines(options: &Options, mut writer: impl Write) -> std::io::Result<()> {
    let &Options { kind, lines, seed, .. } = options;
    let attempts: Box<dyn Iterator<Item = Attempt>> = match kind {
        Kind::Clean => Box::new(CleanStream::new(seed, lines)),
        Kind::Spread => Box::new(spread(seed, lines)),
        Kind::Crowded => Box::new(crowded(seed, lines)),
        Kind::Dirty => {
            for line in DirtyStream::new(seed, lines) {
                writer.write_all(&line)?;
                writer.write_all(b"\n")?;
            }
            return writer.flush();
        }
    };
    for attempt in attempts {
        writeln!(writer, "{attempt}")?;
    }
    writer.flush()
}

fn parse(args: &[OsString]) -> Result<Options, Failure> {
    let (mut kind, mut lines, mut seed, mut output) = (None, None, None, None);
    for pair in args.chunks(2) {
        let [flag, value] = pair else {
            return Err(Failure::usage(format!("a value is missing after `{}`", pair[0].display())));
        };
        let text = value.to_string_lossy();
        match flag.to_string_lossy().as_ref() {
            "--kind" => kind = Some(text.into_owned()),
            "--lines" => lines = Some(number(&text, "--lines", 1..=LINES_MAX)?),
            "--seed" => seed = Some(number(&text, "--seed", 0..=u64::MAX)?),
            "--output" => output = Some(PathBuf::from(value)),
            other => return Err(Failure::usage(format!("unknown option `{other}`"))),
        }
    }
    let kind = kind.ok_or_else(|| missing("--kind"))?;
    let found = Kind::NAMES.iter().find(|(name, _)| *name == kind);
    let (_, kind) = found.ok_or_else(|| {
        let names = Kind::NAMES.map(|(name, _)| format!("`{name}`")).join(", ");
        Failure::usage(format!("unknown kind `{kind}` (expected one of {names})"))
    })?;
    Ok(Options {
        kind: *kind,
        lines: lines.ok_or_else(|| missing("--lines"))?,
        seed: seed.unwrap_or(1),
        output: output.ok_or_else(|| missing("--output"))?,
    })
}

fn missing(flag: &str) -> Failure {
    Failure::usage(format!("`{flag}` is missing"))
}

fn number(text: &str, flag: &str, range: std::ops::RangeInclusive<u64>) -> Result<u64, Failure> {
    text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
        let (least, most) = range.into_inner();
        Failure::usage(format!("`{flag} {text}` is not a whole number from {least} to {most}"))
    })
}

#[cfg(test)]
mod tests {
    use super::{Kind, Options, parse, write_lines};
    use crate::attempts::LINES_MAX;
    use std::ffi::OsString;

    fn parsed(line: &str) -> Result<Options, String> {
        let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        parse(&args).map_err(|failure| failure.to_string())
    }

    #[test]
    fn options_are_read_in_any_order_and_the_seed_may_be_left_out() {
        let expected = Options { kind: Kind::Dirty, lines: 9, seed: 1, output: "o".into() };
        assert_eq!(parsed("--output o --lines 9 --kind dirty"), Ok(expected));
    }

    #[test]
    fn wrong_options_are_named() {
        let cases = [
            (
                "--kind odd --lines 1 --output o",
                "unknown kind `odd` (expected one of `clean`, `spread`, `crowded`, `dirty`)",
            ),
            ("--kind clean --output o", "`--lines` is missing"),
            ("--kind clean --lines", "a value is missing after `--lines`"),
            ("--lines 0", "`--lines 0` is not a whole number from 1 to 1000000000"),
            ("--size 1", "unknown option `--size`"),
        ];
        for (line, problem) in cases {
            assert_eq!(parsed(line), Err(problem.to_owned()), "{line}");
        }
        assert!(parsed(&format!("--kind clean --output o --lines {LINES_MAX}")).is_ok());
        assert!(parsed(&format!("--kind clean --output o --lines {}", LINES_MAX + 1)).is_err());
    }

    #[test]
    fn a_stream_has_the_requested_lines_and_depends_on_the_seed() {
        let written = |kind, seed| {
            let mut bytes = Vec::new();
            write_lines(&Options { kind, lines: 500, seed, output: "-".into() }, &mut bytes).unwrap();
            bytes
        };
        for (_, kind) in Kind::NAMES {
            let bytes = written(kind, 7);
            assert_eq!(bytes.split_inclusive(|byte| *byte == b'\n').count(), 500);
            assert_eq!(bytes, written(kind, 7));
            assert_ne!(bytes, written(kind, 8));
        }
    }
}
