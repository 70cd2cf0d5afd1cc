//! Failures of the program, and their exit codes.

mod of_runs;

use std::io;

use stream_kernel_run::config::Mistakes;
use stream_kernel_text::counted;
use stream_kernel_trace_reader::reading::WrongLine;

/// Why the program fails. Its `Display` is for people; causes follow from `source`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0}")]
    Configuration(Mistakes),
    /// The error names the output.
    #[error(transparent)]
    WriteOutput(io::Error),
    #[error("signals cannot be taken over")]
    Signals(#[source] io::Error),
    #[error("the report cannot be written to standard output")]
    Print(#[source] io::Error),
    /// Any other failure, in words for people.
    #[error("{text}")]
    Told { exit_code: u8, text: String },
}

impl Failure {
    pub(crate) fn told(exit_code: u8, text: impl Into<String>) -> Self {
        Self::Told { exit_code, text: text.into() }
    }

    /// Returns the failure of a command with wrong usage.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::told(2, text)
    }

    /// Returns a function that turns an error of reading the trace `name` into a failure.
    pub(crate) fn unreadable(name: &str) -> impl Fn(io::Error) -> Self {
        move |cause| Self::told(2, format!("the trace `{name}` cannot be read: {cause}"))
    }

    /// Returns the failure of a file that is not a trace.
    pub(crate) fn no_trace(name: &str, wrong: &WrongLine) -> Self {
        let hint = "is it a trace? `trace check` names everything that is wrong";
        Self::told(2, format!("`{name}`, {wrong} ({hint})"))
    }

    /// Returns the failure of a trace that has only `runs` runs.
    pub(crate) fn no_such_run(name: &str, run: u64, runs: u64) -> Self {
        Self::told(2, format!("`{name}` has no run {run} (it holds {})", counted(runs, "run")))
    }

    /// Returns the exit code: 2 for usage and configuration, 1 for every failure of a run.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Told { exit_code, .. } => *exit_code,
            Self::Configuration(_) => 2,
            Self::WriteOutput(_) | Self::Signals(_) | Self::Print(_) => 1,
        }
    }
}
