//! The commands that read traces: the same for every application on the kernel.

mod check;
mod diff;
pub(crate) mod escape;
mod export;
mod schema;
mod show;
pub(crate) mod source;
mod stats;
mod view;

use std::io::{self, Write};

use clap::Subcommand;

use crate::failure::Failure;

/// Reading traces.
#[derive(Debug, Subcommand)]
pub(crate) enum TraceCommand {
    /// Show what happened to each input, step by step.
    Show(show::Options),
    /// Count messages and measure times, step by step.
    Stats(stats::Options),
    /// Find where two traces part.
    Diff(diff::Options),
    /// Check every line, the order and the completeness of a trace.
    Check(check::Options),
    /// Write a trace in the format of another tool.
    Export(export::Options),
    /// Write a page that shows a trace, in one file that opens offline.
    View(view::Options),
    /// Print the JSON Schema of a record.
    Schema,
}

/// Runs the command and returns the exit code.
pub(crate) fn run(command: &TraceCommand) -> Result<u8, Failure> {
    to_standard_output(|out| match command {
        TraceCommand::Show(options) => show::run(options, out),
        TraceCommand::Stats(options) => stats::run(options, out),
        TraceCommand::Diff(options) => diff::run(options, out),
        TraceCommand::Check(options) => check::run(options, out),
        TraceCommand::Export(options) => export::run(options, out),
        TraceCommand::View(options) => view::run(options, out),
        TraceCommand::Schema => schema::run(out),
    })
}

/// Lets `command` write to standard output and returns its exit code. Who stops reading, as `head` does, has read enough.
pub(crate) fn to_standard_output(
    command: impl FnOnce(&mut dyn Write) -> Result<u8, Failure>,
) -> Result<u8, Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let done = command(&mut out);
    let flushed = out.flush();
    match done {
        Err(Failure::Print(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(0),
        Ok(exit_code) => match flushed {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Print(error)),
            _ => Ok(exit_code),
        },
        failed => failed,
    }
}
