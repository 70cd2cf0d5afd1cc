//! `trace export`: a trace in the format of another tool, written as it is read.

#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use stream_kernel_text::grouped;
use stream_kernel_trace_reader::export::{CsvColumns, CsvExport, Export, ExportError, MAX_NOTE_COLUMNS};

use super::result_file;
use super::source::{Records, is_folder_of_parts, is_regular_file};
use crate::failure::Failure;
use crate::report::say;
use crate::telemetry::{Sending, Telemetry, send};

/// The part of the long help about formats.
const FORMATS: &str = "\
otlp: for Jaeger, Tempo, Phoenix and whatever else takes OpenTelemetry. Each
input is a trace: a span for each step, and a root span around them. The root
span is named after the outcome (`DECLINED DAILY_AMOUNT_LIMIT`), and has what
all steps noted as attributes (`fund_load.customer_id`), beside
`stream_kernel.line_no`; its name is `input` where the trace shows no tags,
and `ERROR STEP` after an error. A span of a step has what the step noted, and
an event for each value that it replaced. Only a failed step, and its root
span, have an error status. Ids are made of the run id, the line and the time
at which the input's first record was entered: the same records have the same
ids in every export, and two runs have different ones. The service is this
program; `service.instance.id` is another one for each run.

With `--to URL`, spans are sent to a receiver over OTLP/HTTP, as protobuf with
gzip; without a path in the URL, to `/v1/traces`. What may succeed later is
repeated within the time-out, of ten seconds by default. The exit code is 1 if anything was not taken. Without
`--to`, OTLP/JSON lines are written, as the OpenTelemetry Collector's file
exporter does: each an object with `resourceSpans`, that of one input.
The environment variables `OTEL_EXPORTER_OTLP_HEADERS`, `.._TIMEOUT`,
`.._COMPRESSION`, `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`, `OTEL_SERVICE_NAME` and
`OTEL_RESOURCE_ATTRIBUTES` are heeded.

chrome: one object with `displayTimeUnit` and `traceEvents`, for
https://ui.perfetto.dev. Each run has a track, numbered as in the file (`pid`
and `tid`), on which time begins with the run: a complete event `line N` for
each input, and in it one for each step. `ts` and `dur` are microseconds with
three decimals. `args` holds what else the record says, under its names; the
step's own time is `args.t_enter`.

speedscope: for https://www.speedscope.app, a profile for each run. Frames are
`input` and, in it, the names of the steps, so that \"left heavy\" adds up
where the time goes; a step that failed is a frame `NAME (error)`. Names beyond
1,024 are one frame.

csv: as RFC 4180 has it, with a row for each input: the number and name of its
run, its line, its beginning (`time`), the sum of its steps' durations, the
outcome, the reason, the first error, and a column for each note that its last
record shows (`tags_customer_id`, `metrics_amount_cents`). Control characters
are escaped. The trace is read twice, so it must be a file or a folder of
parts. Notes beyond 1,024 names are left out.

In otlp and chrome, an input of more than 512 KiB in the format is written in
parts: as several lines, or as several events around its steps.";

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

    /// A receiver to send to, in place of a file; only with `--format otlp`.
    #[arg(long, value_name = "URL", conflicts_with = "output")]
    to: Option<String>,

    /// The name of the service, in place of this program's; only with `--format otlp`.
    #[arg(long, value_name = "NAME")]
    service_name: Option<String>,

    /// Only this one of the trace's runs, counted from 1.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    run: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// Spans, for Jaeger and whatever else takes OpenTelemetry: JSON lines, or sent to a receiver.
    Otlp,
    /// Chrome trace events, for Perfetto.
    Chrome,
    /// speedscope's own format: which steps take the time.
    Speedscope,
    /// CSV, a row for each input: what was decided and noted.
    Csv,
}

pub(crate) fn run(options: &Options, telemetry: &Telemetry, out: &mut dyn Write) -> Result<u8, Failure> {
    let service_name = options.service_name.as_deref();
    let is_otlp = options.format == FormatName::Otlp;
    for (flag, is_given) in [("--to", options.to.is_some()), ("--service-name", service_name.is_some())] {
        if is_given && !is_otlp {
            return Err(Failure::usage(format!("`{flag}` is only for `--format otlp`")));
        }
    }
    if options.format == FormatName::Csv {
        return run_csv(options, out);
    }
    let mut records = Records::open(&options.file, options.run)?;
    if let Some(url) = &options.to {
        let sending = Sending { telemetry, url, service_name };
        send(&sending, |export, failed| write_all(&mut records, export, failed))?;
    } else {
        result_file::write_to(options.output.as_deref(), &[&options.file], out, |out, failed| {
            let export = match options.format {
                FormatName::Otlp => Export::otlp(telemetry.service(service_name), out),
                FormatName::Chrome => Export::chrome(out),
                FormatName::Speedscope => Export::speedscope(out),
                FormatName::Csv => unreachable!("it is written above, because the trace is read twice"),
            };
            write_all(&mut records, export, &failed)
        })?;
    }
    records.finish().map(|()| 0)
}

/// Writes all records; `failed` makes the failure of a write.
fn write_all(
    records: &mut Records,
    mut export: Export<'_>,
    failed: &dyn Fn(io::Error) -> Failure,
) -> Result<(), Failure> {
    while let Some((run, record)) = records.next()? {
        export.record(run, &record).map_err(|error| match error {
            ExportError::Record(why) => records.wrong(why),
            ExportError::Write(error) => failed(error),
        })?;
    }
    export.finish().map_err(failed)
}

/// Writes CSV. The first reading finds the columns.
fn run_csv(options: &Options, out: &mut dyn Write) -> Result<u8, Failure> {
    let name = &options.file;
    if !is_folder_of_parts(name) && !is_regular_file(name)? {
        let text = format!(
            "the trace `{name}` is not a regular file, and csv reads it twice (write it to one first)"
        );
        return Err(Failure::usage(text));
    }
    let mut columns = CsvColumns::default();
    let mut count: u64 = 0;
    let mut records = Records::open(name, options.run)?;
    // The second reading names them.
    records.wrong_lines.is_silent = true;
    while let Some((run, record)) = records.next()? {
        columns.record(run, &record);
        count += 1;
    }
    if columns.has_more() {
        let most = grouped(MAX_NOTE_COLUMNS as u64);
        say(format!("note: more than {most} different notes: the rest are left out"));
    }
    let mut records = Records::open(name, options.run)?;
    result_file::write_to(options.output.as_deref(), &[name], out, |out, failed| {
        let mut export = CsvExport::new(out, columns).map_err(failed)?;
        // What was appended in between may have other columns.
        while let Some((run, record)) = records.next()? {
            if count == 0 {
                break;
            }
            count -= 1;
            export.record(run, &record).map_err(failed)?;
        }
        export.finish().map_err(failed)
    })?;
    records.finish().map(|()| 0)
}
