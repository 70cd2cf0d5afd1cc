//! Traces in the formats of other tools, written record by record.

mod chrome;
mod csv;
mod otlp_json;
mod span_export;
mod speedscope;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use stream_kernel_trace::{Timestamp, TraceRecord};

use crate::reading::{ValueChange, value_changes};
use crate::spans::{Resource, Service, Span};
use chrome::Chrome;
use otlp_json::OtlpJson;
use span_export::SpanExport;
use speedscope::Speedscope;

pub use csv::{CsvColumns, CsvExport, MAX_NOTE_COLUMNS};

/// The bound on held content of an input, in bytes of the format, not counting one record. Longer inputs are written in
/// parts.
const MAX_PART_BYTES: usize = 512 * 1024;

/// Writes a trace in the format of another tool.
///
/// ```
/// use stream_kernel_trace_reader::export::Export;
/// use stream_kernel_trace_reader::spans::Service;
/// # let example = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/example_record.json"));
/// # let record = serde_json::from_str(example)?;
///
/// let mut lines = Vec::new();
/// let service = Service::new("fund-load", "1.0.0", |_| None);
/// let mut export = Export::otlp(service, &mut lines);
/// export.record(1, &record)?;
/// export.finish()?;
/// assert!(lines.starts_with(br#"{"resourceSpans":[{"resource":"#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Export<'w> {
    format: Box<dyn Format + 'w>,
    /// The run and the line of the input whose records are being written.
    open_input: Option<(u64, u64)>,
}

/// The error of exporting a record.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The record has an invalid time, or a `ctx_diff` in another form.
    #[error("{0}")]
    Record(String),
    /// The output failed.
    #[error(transparent)]
    Write(#[from] io::Error),
}

/// A record with its times as numbers and its context's changes taken apart.
pub(crate) struct Step<'a> {
    /// The number of the run, from 1.
    pub(crate) run: u64,
    pub(crate) record: &'a TraceRecord,
    /// Its beginning, in nanoseconds since the Unix epoch, to the microsecond.
    pub(crate) begin_ns: u64,
    /// Its duration, to the nanosecond.
    pub(crate) duration_ns: u64,
    pub(crate) changes: Vec<ValueChange>,
}

impl<'a> Step<'a> {
    /// Returns the step, or the error in its record.
    pub(crate) fn new(run: u64, record: &'a TraceRecord) -> Result<Self, String> {
        let begin: Timestamp = record.t_enter.parse().map_err(|error| format!("`t_enter`: {error}"))?;
        let changes = record.ctx_diff.as_ref().map(value_changes).transpose();
        Ok(Self {
            run,
            record,
            begin_ns: begin.as_nanos(),
            duration_ns: record.duration_ns(),
            changes: changes.map_err(|error| format!("`ctx_diff`: {error}"))?.unwrap_or_default(),
        })
    }
}

/// A receiver of a trace, step by step.
trait Format {
    /// Takes the next step. The first step, and each first one after an input's end, begins an input.
    fn step(&mut self, step: &Step<'_>) -> io::Result<()>;

    /// Ends the input, if one has begun.
    fn end_input(&mut self) -> io::Result<()>;

    /// Ends the export.
    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A receiver of spans: those of an input come one after the other, and its root span last.
pub trait SpanReceiver {
    /// Begins a run, to which all spans belong until the next one begins.
    ///
    /// # Errors
    ///
    /// The receiver failed; so do all others.
    fn begin_run(&mut self, resource: Resource) -> io::Result<()>;

    /// Takes the next span.
    ///
    /// # Errors
    ///
    /// As for [`begin_run`](Self::begin_run).
    fn span(&mut self, span: Span) -> io::Result<()>;

    /// Ends the input: its root span was the last one.
    ///
    /// # Errors
    ///
    /// As for [`begin_run`](Self::begin_run).
    fn end_input(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Ends the export.
    ///
    /// # Errors
    ///
    /// As for [`begin_run`](Self::begin_run).
    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> Export<'w> {
    /// Returns an export as OTLP/JSON lines, as the OpenTelemetry Collector's file exporter writes them.
    pub fn otlp(service: Service, out: impl Write + 'w) -> Self {
        Self::spans(service, OtlpJson::new(out))
    }

    /// Returns an export of spans.
    pub fn spans(service: Service, receiver: impl SpanReceiver + 'w) -> Self {
        Self { format: Box::new(SpanExport::new(service, receiver)), open_input: None }
    }

    /// Returns an export as Chrome trace events, for Perfetto.
    pub fn chrome(out: impl Write + 'w) -> Self {
        Self { format: Box::new(Chrome::new(out)), open_input: None }
    }

    /// Returns an export in speedscope's own format.
    pub fn speedscope(out: impl Write + 'w) -> Self {
        Self { format: Box::new(Speedscope::new(out)), open_input: None }
    }

    /// Writes the next record of the trace, which belongs to run number `run`.
    ///
    /// # Errors
    ///
    /// The record cannot be exported, or the output failed.
    pub fn record(&mut self, run: u64, record: &TraceRecord) -> Result<(), ExportError> {
        let step = Step::new(run, record).map_err(ExportError::Record)?;
        let input = Some((run, record.line_no));
        if self.open_input != input {
            self.format.end_input()?;
            self.open_input = input;
        }
        Ok(self.format.step(&step)?)
    }

    /// Ends the input, before another one begins or the export ends.
    ///
    /// # Errors
    ///
    /// The output failed.
    pub fn end_input(&mut self) -> io::Result<()> {
        self.open_input = None;
        self.format.end_input()
    }

    /// Ends the export.
    ///
    /// # Errors
    ///
    /// The output failed.
    pub fn finish(mut self) -> io::Result<()> {
        self.format.end_input()?;
        self.format.finish()
    }
}
