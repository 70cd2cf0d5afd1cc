//! Statistics as a table for people.

use stream_kernel_text::{Column, aligned, counted, duration, escaped, grouped};
use stream_kernel_trace_reader::statistics::{RunStatistics, StepFigures};

use super::share;
use crate::report::rate;

const COLUMNS: usize = 11;
const HEADINGS: [&str; COLUMNS] =
    ["", "step", "in", "out", "errors", "p50", "p90", "p99", "max", "total", "share"];

/// Returns the statistics as lines of text: counts and rates, then a line per step.
pub(super) fn rendered(statistics: &RunStatistics) -> String {
    let mut rows = vec![HEADINGS.map(str::to_owned)];
    let total_ns = statistics.total_ns();
    rows.extend(statistics.steps().iter().map(|step| row(&step.figures(), total_ns)));
    let mut columns = [Column::Right("  "); COLUMNS];
    columns[..2].copy_from_slice(&[Column::Right(""), Column::Left("  ")]);
    aligned(&rows, columns, usize::MAX).fold(counts(statistics) + "\n", |text, line| text + &line + "\n")
}

fn counts(statistics: &RunStatistics) -> String {
    let (records, inputs) = (statistics.records(), statistics.inputs());
    let mut text = format!("{} of {}", counted(records, "record"), counted(inputs, "input"));
    if let (Some(micros), Some(seconds)) = (statistics.wall_micros(), statistics.wall_seconds()) {
        text += &format!(" in {}", duration(micros.saturating_mul(1_000)));
        if let (Some(records), Some(inputs)) = (rate(records, seconds), rate(inputs, seconds)) {
            text += &format!(": {} records/s, {} inputs/s", grouped(records), grouped(inputs));
        }
    }
    text
}

fn row(step: &StepFigures, total_ns: u64) -> [String; COLUMNS] {
    [
        step.step_index.to_string(),
        escaped(&step.step_name).to_string(),
        grouped(step.msgs_in),
        grouped(step.msgs_out),
        grouped(step.errors),
        duration(step.p50_ns),
        duration(step.p90_ns),
        duration(step.p99_ns),
        duration(step.max_ns),
        duration(step.total_ns),
        format!("{:.1} %", share(step, total_ns) * 100.0),
    ]
}
