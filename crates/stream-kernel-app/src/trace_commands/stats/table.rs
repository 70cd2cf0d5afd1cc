//! Statistics as a table for people.

use stream_kernel_trace::statistics::{RunStatistics, StepStatistics};

use super::share;
use crate::report::{grouped, rate};
use crate::trace_commands::escape::escaped;

const COLUMNS: usize = 11;
const HEADINGS: [&str; COLUMNS] =
    ["", "step", "in", "out", "errors", "p50", "p90", "p99", "max", "total", "share"];
/// The one column that is aligned to the left.
const STEP_NAME: usize = 1;

/// Returns the statistics as lines of text: counts and rates, then a line a step.
pub(super) fn rendered(statistics: &RunStatistics) -> String {
    let mut rows = vec![HEADINGS.map(str::to_owned)];
    let total_ns = statistics.total_ns();
    rows.extend(statistics.steps().iter().map(|step| row(step, total_ns)));
    let widths: [usize; COLUMNS] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    let mut text = counts(statistics) + "\n";
    for row in &rows {
        let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, width))| match column {
            STEP_NAME => format!("{cell:width$}"),
            _ => format!("{cell:>width$}"),
        });
        text += &cells.collect::<Vec<_>>().join("  ");
        text.push('\n');
    }
    text
}

fn counts(statistics: &RunStatistics) -> String {
    let (records, inputs) = (statistics.records(), statistics.inputs());
    let counted = |count, one: &str| format!("{} {one}{}", grouped(count), if count == 1 { "" } else { "s" });
    let mut text = format!("{} of {}", counted(records, "record"), counted(inputs, "input"));
    if let Some(seconds) = statistics.wall_seconds() {
        text += &format!(" in {seconds:.3} s");
        if let (Some(records), Some(inputs)) = (rate(records, seconds), rate(inputs, seconds)) {
            text += &format!(": {} records/s, {} inputs/s", grouped(records), grouped(inputs));
        }
    }
    text
}

fn row(step: &StepStatistics, total_ns: u64) -> [String; COLUMNS] {
    [
        step.step_index().to_string(),
        escaped(step.step_name()).to_string(),
        grouped(step.msgs_in()),
        grouped(step.msgs_out()),
        grouped(step.errors()),
        duration(step.quantile_ns(0.5)),
        duration(step.quantile_ns(0.9)),
        duration(step.quantile_ns(0.99)),
        duration(step.max_ns()),
        duration(step.total_ns()),
        format!("{:.1} %", share(step, total_ns) * 100.0),
    ]
}

/// Returns the time to three significant digits, whole seconds apart: `1.43 µs`.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn duration(nanos: u64) -> String {
    if nanos < 1000 {
        return format!("{nanos} ns");
    }
    let mut value = nanos as f64 / 1e3;
    let mut unit = "µs";
    for larger in ["ms", "s"] {
        // What would be rounded to 1000 is one of the next unit.
        if value >= 999.5 {
            (value, unit) = (value / 1e3, larger);
        }
    }
    let decimals = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn times_have_three_digits() {
        let nanos = [
            0,
            999,
            1_000,
            9_994,
            9_996,
            99_940,
            99_960,
            999_400,
            999_600,
            12_345_678,
            999_600_000,
            71_234_000_000_000,
        ];
        let shown = nanos.map(duration);
        assert_eq!(
            shown,
            [
                "0 ns", "999 ns", "1.00 µs", "9.99 µs", "10.0 µs", "99.9 µs", "100 µs", "999 µs", "1.00 ms",
                "12.3 ms", "1.00 s", "71234 s"
            ]
        );
    }
}
