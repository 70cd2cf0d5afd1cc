//! Reports for people on standard error.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use stream_kernel_run::config::SinkKind;
use stream_kernel_run::exec::RunReport;
use stream_kernel_run::parts::parts_folder;
use stream_kernel_run::{Application, Job, LineAdapters, SummaryRow};
use stream_kernel_text::{Column, aligned, counted, escaped, grouped};

use crate::progress::above_bar;
use crate::telemetry::Exported;

/// Writes a line to standard error. If that fails, nobody could read about it.
pub(crate) fn say(line: impl Display) {
    above_bar(|| drop(writeln!(io::stderr().lock(), "{line}")));
}

/// The results of a run, for its summary.
pub(crate) struct Summary {
    pub(crate) program: &'static str,
    pub(crate) run_id: String,
    /// Whether a signal has ended it before its last line.
    pub(crate) is_stopped: bool,
    pub(crate) elapsed: Duration,
    pub(crate) report: RunReport,
    /// The number of lines that earlier runs have taken.
    pub(crate) resumed_after: u64,
    /// The rules in force: label, and words.
    pub(crate) rules: Vec<(&'static str, String)>,
    /// The number of bytes without LF at the end of the input, left for the next run.
    pub(crate) bytes_left: u64,
    pub(crate) rows: Vec<SummaryRow>,
    /// The path of the output, if it is complete.
    pub(crate) output: Option<String>,
    /// The file of the records, or standard output.
    pub(crate) trace: Option<String>,
    /// What became of the records at a receiver.
    pub(crate) exported: Option<Exported>,
    /// The digest of the configuration.
    pub(crate) configuration: String,
}

impl Summary {
    /// Returns the summary of a run that has not begun.
    pub(crate) fn of<A: Application>(job: &Job<A>, run_id: &str) -> Self {
        let config = job.config();
        let has_parts = config.adapters.output_sink().settings.parts;
        let place = |path: &Path| {
            if has_parts { parts_folder(path).display().to_string() } else { path.display().to_string() }
        };
        let traces = config.runtime.tracing.all_sinks().filter_map(|(_, sink)| match sink.kind {
            SinkKind::Jsonl => sink.jsonl_file().map(|(path, _)| place(path)),
            SinkKind::Stdout => Some("standard output".to_owned()),
            SinkKind::Otlp => None,
        });
        let traces: Vec<_> = traces.collect();
        let trace = (!traces.is_empty()).then(|| traces.join(", "));
        let output = place(&config.adapters.output_sink().settings.path);
        Self {
            program: A::ABOUT.name,
            run_id: run_id.to_owned(),
            is_stopped: false,
            elapsed: Duration::ZERO,
            report: RunReport::default(),
            resumed_after: 0,
            rules: A::rules(config),
            bytes_left: 0,
            rows: Vec::new(),
            output: Some(output),
            trace,
            exported: None,
            configuration: job.effective().digest(),
        }
    }

    /// Returns the summary as lines of text, with aligned counts.
    pub(crate) fn render(&self) -> String {
        let RunReport { inputs, abandoned, undeliverable } = self.report;
        let seconds = self.elapsed.as_secs_f64();
        let mut rows = self.rows.clone();
        for (label, count) in [("abandoned", abandoned), ("undeliverable messages dropped", undeliverable)] {
            if count > 0 {
                rows.push(SummaryRow { label: label.to_owned(), count, level: 0 });
            }
        }
        let rate = rate(inputs - self.resumed_after.min(inputs), seconds)
            .map(|rate| format!(", {} lines/s", grouped(rate)))
            .unwrap_or_default();
        let mut text = format!("{}: {} in {seconds:.3} s{rate}", self.program, counted(inputs, "line"));
        for (label, words) in &self.rules {
            text += &format!("\n  {label}: {}", escaped(words));
        }
        let rows: Vec<_> = rows.iter().map(cells).collect();
        text.extend(aligned(&rows, [Column::Left("\n  "), Column::Right("  ")], usize::MAX));
        if self.bytes_left > 0 {
            let bytes = counted(self.bytes_left, "byte");
            text +=
                &format!("\n  left for the next run: {bytes} at the end of the input, without a line end");
        }
        let places = [
            ("output", self.output.as_ref()),
            ("trace", self.trace.as_ref()),
            ("otlp", self.exported.as_ref().map(|exported| &exported.text)),
            ("configuration", Some(&self.configuration)),
        ];
        for (label, place) in places {
            let Some(place) = place else { continue };
            text += &format!("\n  {label}: {}", escaped(place));
        }
        text
    }
}

/// Returns a row's label, indented, and its count.
fn cells(row: &SummaryRow) -> [String; 2] {
    let label = format!("{}{}", "  ".repeat(row.level), escaped(&row.label));
    [label, format!("{:>13}", grouped(row.count))]
}

/// Returns the rate per second.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate for people"
)]
pub(crate) fn rate(inputs: u64, seconds: f64) -> Option<u64> {
    // Over less than a millisecond, a rate is meaningless.
    (seconds >= 0.001).then(|| (inputs as f64 / seconds) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(level: usize, label: &str, count: u64) -> SummaryRow {
        SummaryRow { label: label.into(), count, level }
    }

    #[test]
    fn the_summary_aligns_counts_and_names_losses() {
        let summary = Summary {
            program: "fund-load",
            run_id: "run".into(),
            is_stopped: false,
            elapsed: Duration::from_millis(1_500),
            resumed_after: 0,
            bytes_left: 1_040,
            report: RunReport { inputs: 1_234_567, abandoned: 2, undeliverable: 0 },
            rules: vec![("limits", "3 attempts a day".into())],
            rows: vec![row(0, "accepted", 1_000_000), row(0, "declined", 7), row(1, "DAILY_AMOUNT_LIMIT", 7)],
            output: Some("decisions.ndjson".into()),
            trace: None,
            exported: None,
            configuration: "sha256:0".into(),
        };
        insta::assert_snapshot!(summary.render(), @"
        fund-load: 1,234,567 lines in 1.500 s, 823,044 lines/s
          limits: 3 attempts a day
          accepted                  1,000,000
          declined                          7
            DAILY_AMOUNT_LIMIT              7
          abandoned                         2
          left for the next run: 1,040 bytes at the end of the input, without a line end
          output: decisions.ndjson
          configuration: sha256:0
        ");
    }
}
