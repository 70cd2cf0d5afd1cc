//! The commands that read traces: the same for every application on the kernel.

mod check;
mod diff;
mod export;
mod result_file;
pub(crate) mod run_heading;
mod show;
pub(crate) mod source;
mod stats;
mod view;
mod wrong_lines;

use std::io::{self, StdoutLock, Write};

use clap::Subcommand;
use stream_kernel_text::with_causes;
use stream_kernel_trace_reader::RECORD_SCHEMA;

use crate::failure::Failure;
use crate::progress::make_room_for_results;

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

/// Runs the command and returns the exit code.
pub(crate) fn run(command: &TraceCommand) -> Result<u8, Failure> {
    to_standard_output(|out| match command {
        TraceCommand::Show(options) => show::run(options, out),
        TraceCommand::Stats(options) => stats::run(options, out),
        TraceCommand::Diff(options) => answer(out, |out| diff::run(options, out)),
        TraceCommand::Check(options) => answer(out, |out| check::run(options, out)),
        TraceCommand::Export(options) => export::run(options, out),
        TraceCommand::View(options) => view::run(options, out),
        TraceCommand::Schema => out.write_all(RECORD_SCHEMA.as_bytes()).map(|()| 0).map_err(Failure::Print),
    })
}

/// Lets `command` write to standard output and returns its exit code. Who stops reading, as `head` does, has read enough.
pub(crate) fn to_standard_output(
    command: impl FnOnce(&mut dyn Write) -> Result<u8, Failure>,
) -> Result<u8, Failure> {
    let mut out = io::BufWriter::new(Results(io::stdout().lock()));
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

/// Lets `command`, whose exit code is an answer, find it even if nobody reads what it writes any more. That its results
/// cannot be written is neither answer, 0 or 1.
fn answer(
    out: &mut dyn Write,
    command: impl FnOnce(&mut dyn Write) -> Result<u8, Failure>,
) -> Result<u8, Failure> {
    let mut out = WhileRead(out);
    let answer = command(&mut out).and_then(|answer| out.flush().map_err(Failure::Print).map(|()| answer));
    match answer {
        Err(failure @ Failure::Print(_)) => {
            Err(Failure::Command { exit_code: 2, text: with_causes(&failure) })
        }
        answer => answer,
    }
}

/// Writes as long as somebody reads.
struct WhileRead<'a>(&'a mut dyn Write);

impl Write for WhileRead<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(bytes.len()),
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0.flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            flushed => flushed,
        }
    }
}

/// Standard output, with the terminal to itself.
struct Results<'a>(StdoutLock<'a>);

impl Write for Results<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        make_room_for_results();
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
