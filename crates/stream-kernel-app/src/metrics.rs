//! Metrics of a run in Prometheus' text format.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabelSet, EncodeMetric, NoLabelSet, prometheus_text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use stream_kernel_run::{DURATION_BOUNDS_NS, Figures, LastCommit, StepDurations, SummaryRow};

/// The prefix of every metric's name.
pub(crate) const PREFIX: &str = "stream_kernel";

/// The labels of a metric without labels of its own.
const NONE: [(&str, &str); 0] = [];

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunState {
    Running,
    Complete,
    /// By a signal.
    Stopped,
    Failed,
}

impl RunState {
    const ALL: [Self; 4] = [Self::Running, Self::Complete, Self::Stopped, Self::Failed];

    fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Complete => "complete",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }
}

/// What is known of a run from its beginning.
#[derive(Clone, Debug)]
pub(crate) struct RunLabels {
    pub(crate) program: &'static str,
    pub(crate) version: &'static str,
    pub(crate) scenario: String,
    pub(crate) run_id: String,
    /// The digest of the configuration.
    pub(crate) configuration: String,
    /// In milliseconds since 1970.
    pub(crate) began_ms: u64,
}

/// All metrics of a run at a moment.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    pub(crate) labels: RunLabels,
    pub(crate) state: RunState,
    pub(crate) figures: Figures,
    /// The lines that earlier runs have taken.
    pub(crate) resumed_after: u64,
    pub(crate) last_commit: Option<LastCommit>,
    /// Without a trace, none.
    pub(crate) durations: Vec<StepDurations>,
}

impl Metrics {
    /// Returns the metrics as text.
    pub(crate) fn to_text(&self) -> String {
        let labels =
            [("program", self.labels.program.to_owned()), ("scenario", self.labels.scenario.clone())];
        let labels = labels.into_iter().map(|(name, value)| (name.into(), value.into()));
        let mut registry = Registry::with_prefix_and_labels(PREFIX, labels);
        registry.register_collector(Box::new(self.clone()));
        let mut text = String::new();
        match prometheus_text::encode(&mut text, &registry) {
            Ok(()) => text,
            Err(std::fmt::Error) => unreachable!("writing to a string never fails"),
        }
    }
}

impl Collector for Metrics {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let mut writer = Writer(encoder);
        let Self { labels, figures, .. } = self;
        writer.gauge("build_info", "The program's version", &[("version", labels.version)], 1_u64)?;
        let run = [("run_id", &*labels.run_id), ("configuration", &labels.configuration)];
        writer.gauge("run_info", "The run, and the digest of its configuration", &run, 1_u64)?;
        let began = seconds(labels.began_ms);
        writer.gauge("run_start_timestamp_seconds", "When the run began, since 1970", &NONE, began)?;
        let states = RunState::ALL.map(|state| ([("state", state.name())], u64::from(state == self.state)));
        writer.gauges("run_state", "1 for what the run is doing, or how it has ended", &states)?;
        writer.counter(
            "lines",
            "Lines taken, including those of earlier runs that this one continues",
            figures.report.inputs,
        )?;
        let resumed = self.resumed_after;
        writer.gauge("resumed_lines", "Lines that earlier runs have taken", &NONE, resumed)?;
        writer.counter("input_bytes", "Bytes of input taken", figures.position.bytes)?;
        let outcomes = outcomes(&figures.rows);
        let outcomes: Vec<_> = outcomes
            .iter()
            .map(|(outcome, reason, count)| ([("outcome", &**outcome), ("reason", &**reason)], *count))
            .collect();
        writer.counters("outcomes", "The application's counts, each with its group and name", &outcomes)?;
        writer.counter("abandoned_lines", "Lines for which a step has failed", figures.report.abandoned)?;
        let undeliverable = figures.report.undeliverable;
        writer.counter("dropped_messages", "Messages that no step takes", undeliverable)?;
        let dropped = figures.inputs_dropped;
        writer.counter("trace_inputs_dropped", "Inputs that the trace's sinks have dropped", dropped)?;
        let table = |size: fn(&stream_kernel_run::exec::TableSize) -> u64| -> Vec<_> {
            figures.tables.iter().map(|table| ([("table", table.name)], size(table))).collect()
        };
        writer.gauges("table_entries", "Entries that are remembered", &table(|table| table.entries))?;
        writer.gauges(
            "table_bytes",
            "About how many bytes entries and index take",
            &table(|table| table.bytes),
        )?;
        if let Some(LastCommit { line_no, at_ms }) = self.last_commit {
            writer.gauge("last_commit_line", "The last line that a commit covers", &NONE, line_no)?;
            let help = "When the last commit was begun, since 1970";
            writer.gauge("last_commit_timestamp_seconds", help, &NONE, seconds(at_ms))?;
        }
        writer.durations(&self.durations)
    }
}

/// Writes one metric after the other.
struct Writer<'a>(DescriptorEncoder<'a>);

type Done = Result<(), std::fmt::Error>;

impl Writer<'_> {
    fn counter(&mut self, name: &str, help: &str, value: u64) -> Done {
        let encoder = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        ConstCounter::new(value).encode(encoder)
    }

    fn counters<L: EncodeLabelSet>(&mut self, name: &str, help: &str, values: &[(L, u64)]) -> Done {
        if values.is_empty() {
            return Ok(());
        }
        let mut encoder = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        values
            .iter()
            .try_for_each(|(labels, value)| ConstCounter::new(*value).encode(encoder.encode_family(labels)?))
    }

    fn gauge<L: EncodeLabelSet, N>(&mut self, name: &str, help: &str, labels: &L, value: N) -> Done
    where
        ConstGauge<N>: EncodeMetric,
    {
        let mut encoder = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        ConstGauge::new(value).encode(encoder.encode_family(labels)?)
    }

    fn gauges<L: EncodeLabelSet>(&mut self, name: &str, help: &str, values: &[(L, u64)]) -> Done {
        if values.is_empty() {
            return Ok(());
        }
        let mut encoder = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        values
            .iter()
            .try_for_each(|(labels, value)| ConstGauge::new(*value).encode(encoder.encode_family(labels)?))
    }

    fn durations(&mut self, steps: &[StepDurations]) -> Done {
        if steps.is_empty() {
            return Ok(());
        }
        let (name, help) =
            ("step_duration_seconds", "How long steps of this process took, as the trace has it");
        let mut encoder = self.0.encode_descriptor(name, help, None, MetricType::Histogram)?;
        for StepDurations { step, counts, sum_ns, .. } in steps {
            let bounds = DURATION_BOUNDS_NS.iter().map(|bound| from_nanos(*bound)).chain([f64::INFINITY]);
            let buckets: Vec<(f64, u64)> = bounds.zip(counts.iter().copied()).collect();
            let labels = [("step", &**step)];
            let mut encoder = encoder.encode_family(&labels)?;
            encoder.encode_histogram::<NoLabelSet>(
                from_nanos(*sum_ns),
                counts.iter().sum(),
                &buckets,
                None,
            )?;
        }
        Ok(())
    }
}

/// Returns the counts of the summary that are not broken down further, each with its outermost label and the labels
/// below that. The part of a count that its breakdown leaves out has the labels of that count.
fn outcomes(rows: &[SummaryRow]) -> Vec<(String, String, u64)> {
    let mut outcomes = Vec::new();
    let mut within: Vec<&str> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        within.truncate(row.level);
        within.push(&row.label);
        let below = rows[at + 1..].iter().take_while(|below| below.level > row.level);
        let below: Vec<u64> =
            below.filter(|below| below.level == row.level + 1).map(|row| row.count).collect();
        let rest = row.count.saturating_sub(below.iter().sum());
        if below.is_empty() || rest > 0 {
            outcomes.push((within[0].to_owned(), within[1..].join(": "), rest));
        }
    }
    outcomes
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 285,000 years after 1970")]
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1e3
}

#[expect(clippy::cast_precision_loss, reason = "a sum of more than 104 days loses nanoseconds")]
fn from_nanos(ns: u64) -> f64 {
    ns as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use stream_kernel_run::exec::{RunReport, TableSize};
    use stream_kernel_run::{Meter, Position};

    use super::*;

    fn row(level: usize, label: &str, count: u64) -> SummaryRow {
        SummaryRow { label: label.into(), count, level }
    }

    #[test]
    fn every_metric_is_there_with_its_labels() {
        let mut durations = Meter::new(&["parse".to_owned()]).durations();
        (durations[0].counts[1], durations[0].counts[18], durations[0].sum_ns) = (2, 1, 10_000_000_900);
        let metrics = Metrics {
            labels: RunLabels {
                program: "fund-load",
                version: "1.2.3",
                scenario: "a \"quoted\" one\\\n".into(),
                run_id: "nightly".into(),
                configuration: "sha256:00".into(),
                began_ms: 1_700_000_000_123,
            },
            state: RunState::Running,
            figures: Figures {
                position: Position { line_no: 10, bytes: 1_000 },
                report: RunReport { inputs: 10, abandoned: 1, undeliverable: 2 },
                rows: vec![row(0, "accepted", 7), row(0, "declined", 2), row(1, "A", 2)],
                tables: vec![TableSize { name: "ids", entries: 9, bytes: 500 }],
                inputs_dropped: 3,
            },
            resumed_after: 4,
            last_commit: Some(LastCommit { line_no: 8, at_ms: 1_700_000_001_000 }),
            durations,
        };
        insta::assert_snapshot!(metrics.to_text());
    }

    #[test]
    fn each_count_is_in_one_outcome() {
        let rows = [
            row(0, "accepted", 7),
            row(0, "declined", 6),
            row(1, "A", 2),
            row(1, "B", 3),
            row(2, "b", 3),
            row(0, "noted", 0),
        ];
        let shown: Vec<String> = outcomes(&rows).iter().map(|row| format!("{row:?}")).collect();
        insta::assert_snapshot!(shown.join("\n"));
    }
}
