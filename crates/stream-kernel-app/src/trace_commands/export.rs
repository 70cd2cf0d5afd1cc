//! `trace export`: a trace in the format of another tool, written as it is read.

mod chrome;
mod otlp;
mod step;
#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::result_file;
use super::source::Records;
use crate::failure::Failure;
use chrome::Chrome;
use otlp::Otlp;
use step::Step;

/// How much of an input is held, in bytes of the format, but for one record. What is longer is written in parts.
const MAX_PART_BYTES: usize = 512 * 1024;

/// What the long help says of the formats.
const FORMATS: &str = "\
otlp: OTLP/JSON lines, as the OpenTelemetry Collector's file exporter writes
them. Each line is an object with `resourceSpans` and holds one trace, that of
one input: a span for each step, and the root span `input` around them. Ids
are made of the run id, the line and the time at which the input's first
record was entered: the same records have the same ids in every export,
whatever file they stand in, and two runs have different ones. Attributes have
the names of the record's fields (`line_no`, `msg_in.identity`). What a step
changed in the Context is an attribute with the new value (`ctx.tags.day`) and
an event `ctx_diff` with path, before and after. A failed step has an error
status and an `exception` event. The service is named after the scenario.

chrome: one object with `displayTimeUnit` and `traceEvents`, for
https://ui.perfetto.dev. Each run has a track, numbered as in the file (`pid`
and `tid`), on which time begins with the run: a complete event `line N` for
each input, and in it one for each step. `ts` and `dur` are microseconds with
three decimals. `args` holds what else the record says, under its names; the
step's own time is `args.t_enter`.

An input of more than 512 KiB in the format is written in parts: as several
lines, or as several events around its steps.";

/// Write a trace in the format of another tool.
#[derive(Debug, Args)]
#[command(after_long_help = FORMATS)]
pub(crate) struct Options {
    /// The trace; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: String,

    /// What to write.
    #[arg(long, value_enum)]
    format: FormatName,

    /// A file to write to, in place of standard output; it takes its name when it is complete.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Only this one of the trace's runs, counted from 1.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    run: Option<u64>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormatName {
    /// OTLP/JSON lines, for Jaeger and whatever else takes OpenTelemetry.
    Otlp,
    /// Chrome trace events, for Perfetto.
    Chrome,
}

/// Takes a trace step by step. Between the beginning and the end of an input come its steps.
trait Format {
    /// Begins the input that `step` is the first of.
    fn begin_input(&mut self, step: &Step<'_>) -> io::Result<()>;

    /// Takes the next step, the first one included.
    fn step(&mut self, step: &Step<'_>) -> io::Result<()>;

    /// Ends the input.
    fn end_input(&mut self) -> io::Result<()>;

    /// Ends the export.
    fn finish(&mut self) -> io::Result<()>;
}

pub(crate) fn run(options: &Options, out: &mut dyn Write) -> Result<u8, Failure> {
    let mut records = Records::open(&options.file, options.run)?;
    result_file::write_to(options.output.as_deref(), &options.file, out, |out, failed| {
        export(&mut records, options.format, out, failed)
    })?;
    records.finish().map(|()| 0)
}

/// Writes what the records tell; `failed` is what a failure to write is.
fn export(
    records: &mut Records,
    format: FormatName,
    out: &mut dyn Write,
    failed: fn(io::Error) -> Failure,
) -> Result<(), Failure> {
    let mut format: Box<dyn Format + '_> = match format {
        FormatName::Otlp => Box::new(Otlp::new(out)),
        FormatName::Chrome => Box::new(Chrome::new(out)),
    };
    let mut open_input = None;
    while let Some((run, record)) = records.next()? {
        let step = Step::new(run, &record).map_err(|why| records.wrong(why))?;
        let input = Some((run, record.line_no));
        if open_input != input {
            if open_input.is_some() {
                format.end_input().map_err(failed)?;
            }
            format.begin_input(&step).map_err(failed)?;
            open_input = input;
        }
        format.step(&step).map_err(failed)?;
    }
    format.end_input().and_then(|()| format.finish()).map_err(failed)
}
