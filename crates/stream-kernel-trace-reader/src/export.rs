//! Traces in the formats of other tools, written record by record.

mod chrome;
mod csv;
mod otlp;
mod speedscope;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use stream_kernel_trace::{Timestamp, TraceRecord};

use crate::reading::{ValueChange, value_changes};
use chrome::Chrome;
use otlp::Otlp;
use speedscope::Speedscope;

pub use csv::{CsvColumns, CsvExport, MAX_NOTE_COLUMNS};

/// The bound on held content of an input, in bytes of the format, not counting one record. Longer inputs are written in
/// parts.
const MAX_PART_BYTES: usize = 512 * 1024;

/// Writes a trace in the format of another tool.
///
/// ```
/// use stream_kernel_trace_reader::export::Export;
/// # let example = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/example_record.json"));
/// # let record = serde_json::from_str(example)?;
///
/// let mut lines = Vec::new();
/// let mut export = Export::otlp(&mut lines);
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
struct Step<'a> {
    /// The number of the run, from 1.
    run: u64,
    record: &'a TraceRecord,
    /// Its beginning, in nanoseconds since the Unix epoch, to the microsecond.
    begin_ns: u64,
    /// Its duration, to the nanosecond.
    duration_ns: u64,
    changes: Vec<ValueChange>,
}

impl<'a> Step<'a> {
    /// Returns the step, or the error in its record.
    fn new(run: u64, record: &'a TraceRecord) -> Result<Self, String> {
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

impl<'w> Export<'w> {
    /// Returns an export as OTLP/JSON lines, as the OpenTelemetry Collector's file exporter writes them.
    pub fn otlp(out: impl Write + 'w) -> Self {
        Self { format: Box::new(Otlp::new(out)), open_input: None }
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
