//! `trace stats`: what the steps of each run have done, and how long it took.

mod table;
#[cfg(test)]
mod tests;

use std::io::Write;

use clap::Args;
use serde_json::json;
use stream_kernel_trace_reader::reading::{AsStep, StepRecord, StepRecordBuf, Steps};
use stream_kernel_trace_reader::statistics::{RunStatistics, StepFigures};

use super::run_heading::run_heading;
use super::source::Records;
use super::write_json_line;
use crate::failure::Failure;

/// Count messages and measure times, step by step.
///
/// Quantiles are exact to three significant digits. A step's share is its part of the time of all steps. The rates are over
/// the time from the first step's beginning to the last one's end.
#[derive(Debug, Args)]
#[command(after_long_help = "\
With --json, each run is an object on a line of its own:
  run                         the number of the run in the file, from 1
  run_id, scenario            its names
  records, inputs             how many there are
  wall_s                      the seconds from beginning to end, or null
  records_per_s,
  inputs_per_s                the rates, or null
  total_ns                    the time of all steps in nanoseconds
  steps                       step by step: step_index, step_name, msgs_in,
                              msgs_out, errors, p50_ns, p90_ns, p99_ns,
                              max_ns, total_ns and share (0 to 1)")]
pub(crate) struct Options {
    /// The trace, a file or a folder of parts; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: String,
    /// Count the run N only, from 1.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    run: Option<u64>,
    /// Print a JSON object a run.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Options, out: &mut dyn Write) -> Result<u8, Failure> {
    let mut records = Records::keeping(Steps, &options.file, options.run)?;
    let mut record = StepRecordBuf::default();
    let mut present: Option<Counted> = None;
    let mut has_several = false;
    while let Some(run) = records.next_into(&mut record)? {
        let record = record.as_step();
        if let Some(ended) = present.take_if(|present| present.run != run) {
            has_several = true;
            ended.print(options, has_several, out)?;
        }
        let counted = present.get_or_insert_with(|| Counted::new(run, &record));
        counted.statistics.add_step(&record).map_err(|error| records.wrong(error.to_string()))?;
    }
    if let Some(last) = present {
        last.print(options, has_several, out)?;
    }
    records.finish().map(|()| 0)
}

/// A run and its statistics.
struct Counted {
    run: u64,
    run_id: String,
    scenario: String,
    statistics: RunStatistics,
}

impl Counted {
    fn new(run: u64, first: &StepRecord<'_>) -> Self {
        Self {
            run,
            run_id: first.run_id.to_owned(),
            scenario: first.scenario.to_owned(),
            statistics: RunStatistics::default(),
        }
    }

    fn print(&self, options: &Options, has_heading: bool, out: &mut dyn Write) -> Result<(), Failure> {
        if options.json {
            return write_json_line(out, &self.json()).map_err(Failure::Print);
        }
        let mut text = table::rendered(&self.statistics);
        if has_heading {
            let separator = if self.run > 1 { "\n" } else { "" };
            let heading = run_heading(self.run, Some((&self.run_id, &self.scenario)));
            text = format!("{separator}{heading}\n{text}");
        }
        out.write_all(text.as_bytes()).map_err(Failure::Print)
    }

    fn json(&self) -> serde_json::Value {
        let total_ns = self.statistics.total_ns();
        let seconds = self.statistics.wall_seconds();
        let steps: Vec<_> =
            self.statistics.steps().iter().map(|step| step_json(&step.figures(), total_ns)).collect();
        json!({
            "run": self.run,
            "run_id": self.run_id,
            "scenario": self.scenario,
            "records": self.statistics.records(),
            "inputs": self.statistics.inputs(),
            "wall_s": seconds,
            "records_per_s": per_second(self.statistics.records(), seconds),
            "inputs_per_s": per_second(self.statistics.inputs(), seconds),
            "total_ns": total_ns,
            "steps": steps,
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate needs no more digits")]
fn per_second(count: u64, seconds: Option<f64>) -> Option<f64> {
    seconds.filter(|seconds| *seconds > 0.0).map(|seconds| count as f64 / seconds)
}

fn step_json(step: &StepFigures, total_ns: u64) -> serde_json::Value {
    let mut json = json!(step);
    json["share"] = share(step, total_ns).into();
    json
}

/// Returns the step's part, 0 to 1, of the time of all steps.
#[expect(clippy::cast_precision_loss, reason = "a share needs no more digits")]
fn share(step: &StepFigures, total_ns: u64) -> f64 {
    if total_ns == 0 { 0.0 } else { step.total_ns as f64 / total_ns as f64 }
}
