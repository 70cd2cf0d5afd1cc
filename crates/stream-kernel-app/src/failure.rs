//! Why the program ends without success, and its exit code.

use std::io;
use std::path::PathBuf;

use stream_kernel_config::Mistakes;
use stream_kernel_exec::StepFailure;
use stream_kernel_sinks::OpenError;
use stream_kernel_text::{counted, grouped};
use stream_kernel_trace::reading::WrongLine;

use crate::checkpointed::CheckpointFailure;
use crate::checkpointed::command::told;

/// Why the program ends without success. Its `Display` is for people; causes follow from `source`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Configuration(Mistakes),
    #[error("the input `{}` cannot be opened{}", path.display(), hint_at_missing(cause))]
    OpenInput {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    /// The cause names the input.
    #[error("after line {lines}")]
    ReadInput {
        lines: u64,
        #[source]
        cause: io::Error,
    },
    #[error("the output `{}` cannot be opened", path.display())]
    OpenOutput {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("`{}` is being written by another run (wait until that ends, or stop it)", path.display())]
    OutputInUse { path: PathBuf },
    /// The error names the output.
    #[error(transparent)]
    WriteOutput(io::Error),
    #[error(transparent)]
    OpenTrace(#[from] OpenError),
    #[error(transparent)]
    Step(#[from] StepFailure),
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
    /// A command of the application's own says it in its own words.
    #[error("{text}")]
    Command { exit_code: u8, text: String },
    #[error("{}", told(.0))]
    Checkpointed(CheckpointFailure),
    #[error("signals cannot be taken over")]
    Signals(#[source] io::Error),
    #[error("the report cannot be written to standard output")]
    Print(#[source] io::Error),
}

fn hint_at_missing(cause: &io::Error) -> &'static str {
    if cause.kind() == io::ErrorKind::NotFound {
        " (name it with --input FILE, or - for standard input)"
    } else {
        ""
    }
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
            Self::Checkpointed(failure) if failure.is_refusal() => 2,
            Self::Usage(_)
            | Self::Configuration(_)
            | Self::OutputInUse { .. }
            | Self::ReadTrace { .. }
            | Self::WrongTrace { .. }
            | Self::NoSuchRun { .. }
            | Self::WrongLines { .. } => 2,
            Self::OpenInput { .. }
            | Self::ReadInput { .. }
            | Self::OpenOutput { .. }
            | Self::WriteOutput(_)
            | Self::OpenTrace(_)
            | Self::Step(_)
            | Self::Checkpointed(_)
            | Self::Signals(_)
            | Self::Print(_) => 1,
        }
    }
}
