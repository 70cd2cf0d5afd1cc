//! `trace export`: a trace in the format of another tool, written as it is read.

#[cfg(test)]
mod tests;

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use stream_kernel_trace_reader::export::{Export, ExportError};

use super::result_file;
use super::source::Records;
use crate::failure::Failure;

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
    /// The trace, a file or a folder of parts; `-` is standard input.
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

pub(crate) fn run(options: &Options, out: &mut dyn Write) -> Result<u8, Failure> {
    let mut records = Records::open(&options.file, options.run)?;
    result_file::write_to(options.output.as_deref(), &options.file, out, |out, failed| {
        let mut export = match options.format {
            FormatName::Otlp => Export::otlp(out),
            FormatName::Chrome => Export::chrome(out),
        };
        while let Some((run, record)) = records.next()? {
            export.record(run, &record).map_err(|error| match error {
                ExportError::Record(why) => records.wrong(why),
                ExportError::Write(error) => failed(error),
            })?;
        }
        export.finish().map_err(failed)
    })?;
    records.finish().map(|()| 0)
}
