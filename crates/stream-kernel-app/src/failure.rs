//! Why the program ends without success, and its exit code.

mod of_runs;

use std::io;

use stream_kernel_run::config::Mistakes;
use stream_kernel_text::{counted, grouped};
use stream_kernel_trace_reader::reading::WrongLine;

/// Why the program ends without success. Its `Display` is for people; causes follow from `source`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Configuration(Mistakes),
    /// The error names the output.
    #[error(transparent)]
    WriteOutput(io::Error),
    #[error("the trace `{name}` cannot be read")]
    ReadTrace {
        name: String,
        #[source]
        cause: io::Error,
    },
    #[error("`{name}`, {wrong} (is it a trace? `trace check` names everything that is wrong)")]
    WrongTrace { name: String, wrong: WrongLine },
    #[error("`{name}` has no run {run} (it holds {})", counted(*runs, "run"))]
    NoSuchRun { name: String, run: u64, runs: u64 },
    /// Its lines were named when they were read.
    #[error("`{name}` has {}, left out here (`trace check` names everything that is wrong)", wrong_lines(*count))]
    WrongLines { name: String, count: u64 },
    /// A run, or a command of the application's own, that says it in its own words.
    #[error("{text}")]
    Command { exit_code: u8, text: String },
    #[error("signals cannot be taken over")]
    Signals(#[source] io::Error),
    #[error("the report cannot be written to standard output")]
    Print(#[source] io::Error),
}

fn wrong_lines(count: u64) -> String {
    if count == 1 {
        "a line that is no record".to_owned()
    } else {
        format!("{} lines that are no records", grouped(count))
    }
}

impl Failure {
    /// Returns the exit code: 2 for usage and configuration, 1 for everything that goes wrong in a run.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Command { exit_code, .. } => *exit_code,
            Self::Usage(_)
            | Self::Configuration(_)
            | Self::ReadTrace { .. }
            | Self::WrongTrace { .. }
            | Self::NoSuchRun { .. }
            | Self::WrongLines { .. } => 2,
            Self::WriteOutput(_) | Self::Signals(_) | Self::Print(_) => 1,
        }
    }
}
