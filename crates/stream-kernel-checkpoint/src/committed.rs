//! Contents of a commit: the progress of a run.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::input_prefix::InputPrefix;
use crate::prefix::PrefixDigest;
use crate::snapshot::MAX_BLOCK_BYTES;

/// The most bytes of a path, as JSON text.
pub const MAX_PATH_BYTES: usize = 1024;
/// The most bytes of a program's name, and of its version, as JSON text.
pub const MAX_PROGRAM_BYTES: usize = 64;
/// The most bytes of the configuration's digest, as JSON text.
pub const MAX_CONFIGURATION_BYTES: usize = 128;
/// The most totals.
pub const MAX_TOTALS: usize = 32;
/// The most bytes of a total's name, as JSON text.
pub const MAX_TOTAL_NAME_BYTES: usize = 40;

/// The progress of a run at the end of a line; by default, nothing. Its texts are bounded, so that it always fits into
/// a slot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Committed {
    /// The program that ran.
    pub program: Program,
    /// Its configuration.
    pub configuration: CommittedConfiguration,
    /// The input read.
    pub input: CommittedInput,
    /// The number of physical lines read.
    pub lines: u64,
    /// The output written.
    pub output: CommittedOutput,
    /// The trace, if there is one.
    pub trace: Option<CommittedTrace>,
    /// The program's summary, row by row.
    pub totals: Vec<Total>,
    /// The point from which a resumed run decides lines again.
    pub replay: ReplayFrom,
    /// The time of this commit, in milliseconds since 1970.
    pub committed_at_ms: u64,
    /// Whether the run has read all of its input. The output then has its final name, or is about to get it.
    pub complete: bool,
}

/// A program, as far as its state depends on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The configuration of a run, whose text is kept in a file of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CommittedConfiguration {
    /// The digest by which people know it, as the program writes it.
    pub digest: String,
    /// The number of bytes in its text.
    pub bytes: u64,
    /// The hash of its text.
    pub hash: PrefixDigest,
}

/// The progress in an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CommittedInput {
    /// Its path, for people: the input is recognised by its content.
    pub path: String,
    /// The number of bytes read.
    pub bytes: u64,
    /// The hash of these bytes.
    pub prefix: PrefixDigest,
    /// Whether the last line read ended in LF.
    pub ends_in_lf: bool,
}

impl Default for CommittedInput {
    fn default() -> Self {
        InputPrefix::new().committed(String::new())
    }
}

/// The progress in the output.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommittedOutput {
    /// Its path when it is complete.
    pub path: String,
    /// Its path until then.
    pub partial: String,
    /// The number of bytes written.
    pub bytes: u64,
    /// The hash of the bytes since the [snapshot](Committed::replay), which a resumed run must get when it decides
    /// again.
    pub since_snapshot: PrefixDigest,
    /// Whether it certainly has its final name: then a file under the partial name is another run's.
    pub is_named: bool,
}

/// The progress in the trace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommittedTrace {
    /// Its path.
    pub path: String,
    /// The number of bytes in the file, including those from before the run.
    pub bytes: u64,
    /// The time of its last record in nanoseconds since 1970, 0 without one: records of a resumed run are not earlier.
    pub last_time_ns: u64,
    /// The last line whose records are among these bytes, if the trace could not be written further and the run went on
    /// without it.
    pub ends_after_line: Option<u64>,
}

/// The point of a commit's snapshot: the end of a line. Without a snapshot all is zero: the run's beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplayFrom {
    /// The number of physical lines read up to it.
    pub lines: u64,
    /// The beginning of the next line in the input: after the LF of the last one, even if that was appended after the
    /// snapshot.
    pub input_bytes: u64,
    /// The number of bytes of output.
    pub output_bytes: u64,
    /// The number of lines that were abandoned.
    pub abandoned: u64,
    /// The number of messages that were undeliverable.
    pub undeliverable: u64,
}

/// A row of the summary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Total {
    /// Its name.
    pub name: String,
    /// Its value.
    pub count: u64,
    /// Its depth below the other rows.
    pub level: usize,
}

/// Data that does not fit into a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutOfBounds {
    /// A text.
    #[error("{what} has {bytes} bytes as JSON text, more than the {max} that a checkpoint has room for")]
    TextTooLong {
        /// Its name.
        what: &'static str,
        /// Its length.
        bytes: usize,
        /// The greatest length.
        max: usize,
    },
    /// A record of a snapshot.
    #[error(
        "a record of {bytes} bytes is longer than the {MAX_BLOCK_BYTES} that a block of a snapshot has room for"
    )]
    RecordTooLong {
        /// Its length.
        bytes: usize,
    },
    /// There are too many totals.
    #[error("{count} totals are more than the {MAX_TOTALS} that a checkpoint has room for")]
    TooManyTotals {
        /// Their number.
        count: usize,
    },
}

impl ReplayFrom {
    /// Returns the part of a commit that may change only with a new snapshot.
    pub(crate) fn lines_and_output(&self) -> (u64, u64) {
        (self.lines, self.output_bytes)
    }

    /// Returns whether the point is not after the commit.
    pub(crate) fn is_within(&self, committed: &Committed) -> bool {
        self.lines <= committed.lines && self.output_bytes <= committed.output.bytes
    }
}

impl Committed {
    /// Returns where the output was at this commit, or is to be soon.
    pub fn output_place(&self) -> &Path {
        let CommittedOutput { path, partial, .. } = &self.output;
        Path::new(if self.complete { path } else { partial })
    }

    /// Returns the first part that does not fit into a slot.
    pub(crate) fn check_bounds(&self) -> Result<(), OutOfBounds> {
        let texts = [
            ("the program's name", &self.program.name, MAX_PROGRAM_BYTES),
            ("the program's version", &self.program.version, MAX_PROGRAM_BYTES),
            ("the configuration's digest", &self.configuration.digest, MAX_CONFIGURATION_BYTES),
            ("the input's path", &self.input.path, MAX_PATH_BYTES),
            ("the output's path", &self.output.path, MAX_PATH_BYTES),
            ("the output's partial path", &self.output.partial, MAX_PATH_BYTES),
        ];
        let trace = self.trace.iter().map(|trace| ("the trace's path", &trace.path, MAX_PATH_BYTES));
        let totals =
            self.totals.iter().map(|total| ("the name of a total", &total.name, MAX_TOTAL_NAME_BYTES));
        for (what, text, max) in texts.into_iter().chain(trace).chain(totals) {
            let bytes = json_bytes(text);
            if bytes > max {
                return Err(OutOfBounds::TextTooLong { what, bytes, max });
            }
        }
        match self.totals.len() {
            count if count > MAX_TOTALS => Err(OutOfBounds::TooManyTotals { count }),
            _ => Ok(()),
        }
    }
}

/// Returns the length of a text between its quotes in JSON, to which [`MAX_PATH_BYTES`] and the other bounds apply.
pub fn json_bytes(text: &str) -> usize {
    text.bytes()
        .map(|byte| match byte {
            b'"' | b'\\' | 0x08 | 0x09 | 0x0a | 0x0c | 0x0d => 2,
            0..0x20 => 6,
            _ => 1,
        })
        .sum()
}

#[cfg(test)]
pub(crate) mod tests;
