//! `trace view`: a page that shows a trace, in one file that opens offline.

mod collector;
mod histogram;
mod input;
mod names;
mod page;
mod run_view;
mod sample;
mod throughput;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use self::collector::Collector;
use super::source::Records;
use crate::adapters::{STANDARD_STREAM, is_standard_stream};
use crate::failure::Failure;
use crate::output::{LineOutput, OutputFile, partial_path};
use crate::path_checks::are_same;

/// What `trace view` takes.
#[derive(Debug, Args)]
#[command(
    after_long_help = "The page holds totals of everything and the steps of a sample of inputs: every one up to \
    20,000, beyond that every second, fourth and so on, always with the 200 slowest of a run and the first 200 with \
    errors. Of more than 10 runs it shows the first 10.\n\n\
    With --json the output is what the page is made of, one object: {file, stride, runs_left_out, runs: [{run, run_id, \
    scenario, inputs, records, errors, started, ended, span_us, decisions, undecided, steps, steps_left_out, throughput, \
    names, shapes, sample}]}. The columns of `sample` stand side by side, one entry an input."
)]
pub(crate) struct Options {
    /// The trace; `-` is standard input.
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
    check_paths(options)?;
    let collector = collect(options)?;
    let data = page::data(&options.file, collector).map_err(|error| Failure::Print(error.into()))?;
    let text = if options.json { data + "\n" } else { page::html(&data) };
    if is_standard_stream(&options.output) {
        out.write_all(text.as_bytes()).map_err(Failure::Print)?;
        return Ok(0);
    }
    let mut output = OutputFile::open(&options.output)?;
    let partial = output.partial().map(Path::to_owned);
    let written = output.write_line(text.as_bytes()).and_then(|()| output.complete());
    if let (Err(_), Some(partial)) = (&written, partial) {
        // What is left of a page helps nobody; that it stays is no second failure.
        let _ = fs::remove_file(partial);
    }
    written.map_err(Failure::WriteOutput)?;
    Ok(0)
}

/// Refuses an output that would take the trace's place, or follow a link out of sight.
fn check_paths(Options { file, output, .. }: &Options) -> Result<(), Failure> {
    if is_standard_stream(output) {
        return Ok(());
    }
    let shown = output.display();
    if output.is_symlink() {
        return Err(Failure::Usage(format!(
            "the output `{shown}` is a symbolic link (name the file that it leads to)"
        )));
    }
    let is_input = |path: &Path| file != STANDARD_STREAM && are_same(path, Path::new(file));
    if is_input(output) || is_input(&partial_path(output)) {
        return Err(Failure::Usage(format!(
            "the output `{shown}` is the same file as the trace (name another file)"
        )));
    }
    Ok(())
}

fn collect(Options { file, run, .. }: &Options) -> Result<Collector, Failure> {
    let mut records = Records::open(file, *run)?;
    let mut collector = Collector::default();
    let mut is_empty = true;
    while let Some((run, record)) = records.next()? {
        collector.take(run, &record);
        is_empty = false;
    }
    collector.finish_input();
    match run {
        Some(run) if is_empty => {
            Err(Failure::Usage(format!("`{file}` holds no run {run} (leave --run out to see all)")))
        }
        _ => Ok(collector),
    }
}

#[cfg(test)]
mod tests;
