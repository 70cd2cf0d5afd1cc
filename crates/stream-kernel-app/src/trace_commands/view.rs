//! `trace view`: a page that shows a trace, in one file that opens offline.

mod page;
#[cfg(test)]
mod tests;

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use stream_kernel_text::escaped_json;
use stream_kernel_trace_reader::comparison::{Comparison, Sides};
use stream_kernel_trace_reader::view::{Collector, Pair, Wording};

use super::diff::{open, placed, run_choice};
use super::result_file;
use super::source::Records;
use crate::failure::Failure;

/// Write a page that shows a trace, or two side by side, in one file that opens offline.
#[derive(Debug, Args)]
#[command(after_long_help = PAGE)]
pub(crate) struct Options {
    /// The trace, a file or a folder of parts; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: String,
    /// A second trace, to show what changed. Both are read twice, so they must be regular files or folders of parts.
    #[arg(value_name = "OTHER")]
    other: Option<String>,
    /// The page to write; `-` is standard output.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// Show only this run of those in the file, counted from 1; of two traces, run N of the one and M of the other
    /// (`N:M`).
    #[arg(long, value_name = "N[:M]", value_parser = run_choice)]
    run: Option<Sides<u64>>,
    /// Write the data of the page as JSON instead.
    #[arg(long)]
    json: bool,
}

/// The long help about the page.
const PAGE: &str = "\
The page holds totals of everything and the steps of a sample of inputs: every one up to 7 MB of JSON (some 3,000 \
inputs of eight steps), beyond that every second, fourth and so on, always with the 200 slowest of a run, from first \
step to last, and the first 200 with errors; of each of these up to 2 MB. Of an input it shows up to 64 steps, 8 \
errors and 64 KiB of changes, of a step up to 40 changes. Of more than 10 runs it shows the first 10.

With two traces, the k-th run of the one is shown beside the k-th run of the other. The samples have half the bytes \
each, and always the first 200 inputs of a run whose decision flipped, and the first 200 that were declined for \
another reason. The name of the scenario is not compared.

A link to `PAGE#line=N` opens the page at an input, `PAGE#run=K&line=N` at one of its K-th run.

With --json the output is what the page is made of, one object: {file, stride, runs_left_out, runs: [{run, run_id, \
scenario, inputs, records, errors, started, ended, span_us, undecided, failed, has_tags, has_changes, steps, \
decisions, failures: {listed: [{step, kind, message, count, line_no}], left_out}, timeline: {span_us, accepted, \
declined, failed, undecided, median_ns, max_ns}, sample: [{line_no, id, start_us, duration_ns, elapsed_ns, \
record_count, explanation, records: [{step, kind_in, kinds_out, offset_us, duration_ns, changes: [[path, before, \
after]]}], errors: [{record, kind, message}], decision}]}]}. A `decision` is a place in `decisions`; `duration_ns` is \
the time in the steps, `elapsed_ns` the time from first to last; a list in `timeline` has an element for each span. Of \
two traces: {a, b, changes: [{same, first: {line_no, step_name}, moved, tags, flipped, other_reason, decisions: [{a, \
b, inputs}]}]}, where `a` and `b` are such objects and `changes` has an element for each pair of runs.";

pub(crate) fn run(options: &Options, wording: Wording, out: &mut dyn Write) -> Result<u8, Failure> {
    match &options.other {
        Some(other) => run_pair(options, Sides { a: &options.file, b: other }, wording, out),
        None => run_one(options, wording, out),
    }
}

fn run_one(options: &Options, wording: Wording, out: &mut dyn Write) -> Result<u8, Failure> {
    let only_run = match options.run {
        Some(Sides { a, b }) if a != b => {
            return Err(Failure::usage("`--run N:M` is for two traces (choose one run with `--run N`)"));
        }
        run => run.map(|run| run.a),
    };
    let mut records = Records::open(&options.file, only_run)?;
    result_file::write_to(Some(&options.output), &[&options.file], out, |out, failed| {
        let collector = collect(&mut records, Collector::new(wording))?;
        let data = collector.into_json(&options.file).map_err(|error| failed(error.into()))?;
        write(options, &data, out).map_err(failed)
    })?;
    records.finish().map(|()| 0)
}

/// Writes the page of two traces. The first reading finds what changed, the second one collects it.
fn run_pair(
    options: &Options,
    files: Sides<&str>,
    wording: Wording,
    out: &mut dyn Write,
) -> Result<u8, Failure> {
    let only = |side: fn(Sides<u64>) -> u64| options.run.map(side);
    let (mut a, mut b) = (open(files.a, only(|runs| runs.a))?, open(files.b, only(|runs| runs.b))?);
    result_file::write_to(Some(&options.output), &[files.a, files.b], out, |out, failed| {
        let pair = compared(&mut a, &mut b, only(|runs| runs.a))?;
        let mut again =
            Sides { a: open(files.a, only(|runs| runs.a))?, b: open(files.b, only(|runs| runs.b))? };
        // The first reading has named them.
        again.a.wrong_lines.is_silent = true;
        again.b.wrong_lines.is_silent = true;
        let Sides { a, b } = pair.collectors(wording);
        let collectors = Sides { a: collect(&mut again.a, a)?, b: collect(&mut again.b, b)? };
        let data = pair.into_json(files, collectors).map_err(|error| failed(error.into()))?;
        write(options, &data, out).map_err(failed)
    })?;
    a.finish()?;
    b.finish().map(|()| 0)
}

/// Compares the traces, as if the chosen run of both had the number `as_run`.
fn compared(a: &mut Records, b: &mut Records, as_run: Option<u64>) -> Result<Pair, Failure> {
    let mut pair = Pair::default();
    let mut comparison = Comparison::new(placed(a, as_run), placed(b, as_run)).ignoring_scenario();
    // All runs are read, shown or not: any of them may have wrong lines.
    while let Some(difference) = comparison.next_run(|changed| {
        pair.add_changed(&changed);
        Ok::<(), Failure>(())
    })? {
        pair.end_run(difference);
    }
    Ok(pair)
}

fn collect(records: &mut Records, mut collector: Collector) -> Result<Collector, Failure> {
    while let Some((run, record)) = records.next()? {
        collector.take(run, record).map_err(|error| records.wrong(error.to_string()))?;
    }
    Ok(collector)
}

fn write(options: &Options, data: &str, out: &mut dyn Write) -> std::io::Result<()> {
    let text = if options.json { escaped_json(data).into_owned() + "\n" } else { page::html(data) };
    out.write_all(text.as_bytes())
}
