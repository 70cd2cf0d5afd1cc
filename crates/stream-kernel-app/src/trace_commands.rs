//! The commands that read traces, the same for every application on the kernel.

mod check;
mod diff;
mod export;
pub(crate) mod result_file;
mod rotated;
pub(crate) mod run_heading;
mod show;
pub(crate) mod source;
mod stats;
mod view;
mod wrong_lines;

use std::io::{self, StdoutLock, Write};

use clap::Subcommand;
use serde::Serialize;
use stream_kernel_text::with_causes;
use stream_kernel_trace_reader::view::Wording;
use stream_kernel_trace_reader::{RECORD_SCHEMA, write_json};

use crate::failure::Failure;
use crate::progress::make_room_for_results;
use crate::telemetry::Telemetry;

/// Reading traces. What each command does, the documentation of its options says.
#[derive(Debug, Subcommand)]
pub(crate) enum TraceCommand {
    Show(show::Options),
    Stats(stats::Options),
    Diff(diff::Options),
    Check(check::Options),
    Export(export::Options),
    View(view::Options),
    /// Print the JSON Schema of a record.
    Schema,
}

pub(crate) fn run(command: &TraceCommand, telemetry: &Telemetry, wording: Wording) -> Result<u8, Failure> {
    match command {
        TraceCommand::Show(options) => to_standard_output(|out| show::run(options, out)),
        TraceCommand::Stats(options) => to_standard_output(|out| stats::run(options, out)),
        TraceCommand::Diff(options) => answer(|out| diff::run(options, out)),
        TraceCommand::Check(options) => answer(|out| check::run(options, out)),
        TraceCommand::Export(options) => to_standard_output(|out| export::run(options, telemetry, out)),
        TraceCommand::View(options) => to_standard_output(|out| view::run(options, wording, out)),
        TraceCommand::Schema => print(RECORD_SCHEMA),
    }
}

pub(crate) fn print(text: &str) -> Result<u8, Failure> {
    to_standard_output(|out| out.write_all(text.as_bytes()).map(|()| 0).map_err(Failure::Print))
}

/// Lets `command` write to standard output and returns its exit code. A reader that stops, as `head` does, has read
/// enough.
pub(crate) fn to_standard_output(
    command: impl FnOnce(&mut dyn Write) -> Result<u8, Failure>,
) -> Result<u8, Failure> {
    write_out(Results { stdout: io::stdout().lock(), goes_on_unread: false }, command)
}

/// Lets `command`, whose exit code is an answer, find the answer even if nobody reads its output any more. A failed
/// write of results is neither answer, 0 or 1.
fn answer(command: impl FnOnce(&mut dyn Write) -> Result<u8, Failure>) -> Result<u8, Failure> {
    match write_out(Results { stdout: io::stdout().lock(), goes_on_unread: true }, command) {
        Err(failure @ Failure::Print(_)) => Err(Failure::told(2, with_causes(&failure))),
        answer => answer,
    }
}

fn write_out(
    results: Results<'_>,
    command: impl FnOnce(&mut dyn Write) -> Result<u8, Failure>,
) -> Result<u8, Failure> {
    let mut out = io::BufWriter::new(results);
    match (command(&mut out), out.flush()) {
        (Err(Failure::Print(error)), _) if is_unread(&error) => Ok(0),
        (Ok(_), Err(error)) if !is_unread(&error) => Err(Failure::Print(error)),
        (ended, _) => ended,
    }
}

/// Returns whether the error means that nobody reads the output.
fn is_unread(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

/// Standard output, with the terminal to itself.
struct Results<'a> {
    stdout: StdoutLock<'a>,
    /// A write succeeds even if nobody reads it.
    goes_on_unread: bool,
}

impl Write for Results<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        make_room_for_results();
        match self.stdout.write(bytes) {
            Err(error) if self.goes_on_unread && is_unread(&error) => Ok(bytes.len()),
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.stdout.flush() {
            Err(error) if self.goes_on_unread && is_unread(&error) => Ok(()),
            flushed => flushed,
        }
    }
}

fn write_json_line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    write_json(&mut *out, value)?;
    writeln!(out)
}
