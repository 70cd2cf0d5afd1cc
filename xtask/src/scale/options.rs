//! The command line of `scale`.

use std::ffi::OsString;
use std::ops::RangeInclusive;

use crate::attempts::LINES_MAX;
use crate::failure::Failure;

/// The measurements, and the network for the predictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) lines: u64,
    pub(crate) rounds: u64,
    /// The latency between two processes.
    pub(crate) latency_us: u64,
    /// A link's rate.
    pub(crate) mbit_per_s: u64,
    /// The time for a worker to write or read 1,024 bytes of a packet.
    pub(crate) copy_ns_per_kib: u64,
}

const LINES: u64 = 1_000_000;

/// The median of fewer rounds is just one of them.
const ROUNDS_FOR_PAGE: u64 = 3;

/// A data centre's network: 10 Gbit/s, 50 µs to the next machine. Memory is copied at 6 GB/s.
pub(crate) const DEFAULTS: Options =
    Options { lines: LINES, rounds: 5, latency_us: 50, mbit_per_s: 10_000, copy_ns_per_kib: 170 };

impl Options {
    /// Returns why the figures must not go to the page; `None` if they may.
    pub(crate) fn unfit_for_page(&self) -> Option<String> {
        let network = |it: &Self| (it.latency_us, it.mbit_per_s, it.copy_ns_per_kib);
        if self.lines < LINES {
            Some(format!("{} lines were measured and it needs at least {LINES}", self.lines))
        } else if self.rounds < ROUNDS_FOR_PAGE {
            Some(format!("the number of rounds was {} and it needs at least {ROUNDS_FOR_PAGE}", self.rounds))
        } else if network(self) == network(&DEFAULTS) {
            None
        } else {
            Some("it shows another network".to_owned())
        }
    }

    /// Returns a link's rate.
    #[expect(clippy::cast_precision_loss, reason = "rates are far less than 2^52")]
    pub(crate) fn bytes_per_second(&self) -> f64 {
        self.mbit_per_s as f64 * 1e6 / 8.0
    }
}

/// Reads the command line.
pub(crate) fn parse(args: &[OsString]) -> Result<Options, Failure> {
    let mut options = DEFAULTS;
    for pair in args.chunks(2) {
        let flag = pair[0].to_string_lossy();
        let (field, range) = match &*flag {
            // Fewer lines would measure the start of programs.
            "--lines" => (&mut options.lines, 10_000..=LINES_MAX / 10),
            "--rounds" => (&mut options.rounds, 1..=1_000),
            "--latency-us" => (&mut options.latency_us, 0..=1_000_000),
            "--mbit-per-s" => (&mut options.mbit_per_s, 1..=1_000_000),
            "--copy-ns-per-kib" => (&mut options.copy_ns_per_kib, 0..=1_000_000),
            _ => return Err(Failure::usage(format!("unknown option `{flag}`"))),
        };
        let value =
            pair.get(1).ok_or_else(|| Failure::usage(format!("a value is missing after `{flag}`")))?;
        *field = number(&flag, &value.to_string_lossy(), range)?;
    }
    Ok(options)
}

fn number(flag: &str, text: &str, range: RangeInclusive<u64>) -> Result<u64, Failure> {
    text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
        let (least, most) = range.into_inner();
        Failure::usage(format!("`{flag} {text}` is not a whole number from {least} to {most}"))
    })
}

#[cfg(test)]
mod tests {
    use super::{DEFAULTS, Options, parse};
    use std::ffi::OsString;

    fn parsed(line: &str) -> Result<Options, String> {
        let args: Vec<_> = line.split_whitespace().map(OsString::from).collect();
        parse(&args).map_err(|failure| failure.to_string())
    }

    #[test]
    fn options_are_read_and_have_defaults() {
        assert_eq!(parsed(""), Ok(DEFAULTS));
        let all = "--lines 10000 --rounds 1000 --latency-us 0 --mbit-per-s 1000000 --copy-ns-per-kib 9";
        let options = Options {
            lines: 10_000,
            rounds: 1_000,
            latency_us: 0,
            mbit_per_s: 1_000_000,
            copy_ns_per_kib: 9,
        };
        assert_eq!(parsed(all), Ok(options));
    }

    #[test]
    fn wrong_options_are_named() {
        let cases = [
            ("--lines 9999", "`--lines 9999` is not a whole number from 10000 to 100000000"),
            ("--rounds 1001", "`--rounds 1001` is not a whole number from 1 to 1000"),
            ("--mbit-per-s 0", "`--mbit-per-s 0` is not a whole number from 1 to 1000000"),
            ("--latency-us", "a value is missing after `--latency-us`"),
            ("--workers 3", "unknown option `--workers`"),
        ];
        for (line, problem) in cases {
            assert_eq!(parsed(line), Err(problem.to_owned()), "{line}");
        }
    }

    #[test]
    fn the_page_shows_long_runs_on_its_own_network() {
        let cases = [
            ("", None),
            ("--lines 2000000 --rounds 3", None),
            ("--lines 999999", Some("999999 lines were measured and it needs at least 1000000")),
            ("--rounds 2", Some("the number of rounds was 2 and it needs at least 3")),
            ("--latency-us 51", Some("it shows another network")),
        ];
        for (line, why) in cases {
            assert_eq!(parsed(line).unwrap().unfit_for_page().as_deref(), why, "{line}");
        }
    }
}
