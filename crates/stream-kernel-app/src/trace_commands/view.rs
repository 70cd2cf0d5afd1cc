//! `trace view`: a page that shows a trace, in one file that opens offline.

mod page;
#[cfg(test)]
mod tests;

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use stream_kernel_text::escaped_json;
use stream_kernel_trace_reader::view::Collector;

use super::result_file;
use super::source::Records;
use crate::failure::Failure;

/// Write a page that shows a trace, in one file that opens offline.
#[derive(Debug, Args)]
#[command(
    after_long_help = "The page holds totals of everything and the steps of a sample of inputs: every one up to 7 MB of \
    JSON (some 4,000 inputs of eight steps), beyond that every second, fourth and so on, always with the 200 slowest of a \
    run and the first 200 with errors. Of an input it shows up to 64 steps and 8 errors, of a step up to 40 changes. Of \
    more than 10 runs it shows the first 10.\n\n\
    With --json the output is what the page is made of, one object: {file, stride, runs_left_out, runs: [{run, run_id, \
    scenario, inputs, records, errors, started, ended, span_us, undecided, failed, has_tags, has_changes, steps, decisions, \
    throughput, sample: [{line_no, id, start_us, duration_ns, record_count, records: [{step, kind_in, kinds_out, \
    offset_us, duration_ns, changes: [[path, before, after]]}], errors: [{record, kind, message}], decision}]}]}. A \
    `decision` is a place in `decisions`."
)]
pub(crate) struct Options {
    /// The trace, a file or a folder of parts; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: String,
    /// The page to write; `-` is standard output.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// Show only this run of those in the file, counted from 1.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    run: Option<u64>,
    /// Write the data of the page as JSON instead.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Options, out: &mut dyn Write) -> Result<u8, Failure> {
    let mut records = Records::open(&options.file, options.run)?;
    result_file::write_to(Some(&options.output), &options.file, out, |out, failed| {
        let mut collector = Collector::default();
        while let Some((run, record)) = records.next()? {
            collector.take(run, record).map_err(|error| records.wrong(error.to_string()))?;
        }
        let data = collector.into_json(&options.file).map_err(|error| failed(error.into()))?;
        let text = if options.json { escaped_json(&data).into_owned() + "\n" } else { page::html(&data) };
        out.write_all(text.as_bytes()).map_err(failed)
    })?;
    records.finish().map(|()| 0)
}
