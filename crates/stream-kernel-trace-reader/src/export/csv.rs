//! CSV according to RFC 4180: a row for each input, with its outcome and what its steps noted.

use std::collections::HashMap;
use std::io::{self, Write};
use std::mem;

use serde_json::value::RawValue;
use stream_kernel_text::escaped;
use stream_kernel_trace::{ContextSnapshot, TraceRecord, may_be_hidden};

use crate::json_leaves::Members;

/// The most columns of notes.
pub const MAX_NOTE_COLUMNS: usize = 1_024;

/// The columns that every trace has.
const COLUMNS: [&str; 12] = [
    "run",
    "run_id",
    "scenario",
    "line_no",
    "time",
    "duration_ms",
    "records",
    "status",
    "outcome",
    "reason",
    "error_step",
    "error",
];

/// The fields of a context that become columns: a map has one for each of its keys.
const FIELDS: [&str; 6] = ["received_at", "tags", "metrics", "notes", "flags", "errors"];

/// The columns of notes in a trace, which must be read once to find them.
///
/// ```
/// use stream_kernel_trace_reader::export::{CsvColumns, CsvExport};
/// # let example = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/example_record.json"));
/// # let record = serde_json::from_str(example)?;
///
/// let mut columns = CsvColumns::default();
/// columns.record(1, &record);
/// let mut lines = Vec::new();
/// let mut export = CsvExport::new(&mut lines, columns)?;
/// export.record(1, &record)?;
/// export.finish()?;
/// assert!(lines.starts_with(b"run,run_id,scenario,line_no,time,"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct CsvColumns {
    rows: Rows,
    /// By name, in the order in which they were found: the place in `FIELDS`.
    found: HashMap<String, (usize, usize)>,
    has_more: bool,
}

impl CsvColumns {
    /// Takes the next record of the trace, which belongs to run number `run`.
    pub fn record(&mut self, run: u64, record: &TraceRecord) {
        if let Some(row) = self.rows.push(run, record) {
            self.add(&row);
        }
    }

    /// Returns whether there are more than [`MAX_NOTE_COLUMNS`]; the export leaves out further ones.
    pub fn has_more(&self) -> bool {
        self.has_more
    }

    fn add(&mut self, row: &Row) {
        for Note { column, field, .. } in notes(row.notes.as_ref()) {
            let next = self.found.len();
            if !self.found.contains_key(&column) {
                if next == MAX_NOTE_COLUMNS {
                    self.has_more = true;
                    return;
                }
                self.found.insert(column, (field, next));
            }
        }
    }

    /// Returns the columns: field by field, in the order in which they were found.
    fn into_names(mut self) -> Vec<String> {
        if let Some(row) = self.rows.take() {
            self.add(&row);
        }
        let mut found: Vec<_> = self.found.into_iter().collect();
        found.sort_unstable_by_key(|(_, place)| *place);
        found.into_iter().map(|(name, _)| name).collect()
    }
}

/// Writes a trace as CSV.
#[derive(Debug)]
pub struct CsvExport<W> {
    out: W,
    rows: Rows,
    columns: HashMap<String, usize>,
    /// The cells of notes of one row, reused.
    cells: Vec<Option<String>>,
}

impl<W: Write> CsvExport<W> {
    /// Returns an export with these columns, and writes their names.
    ///
    /// # Errors
    ///
    /// The output failed.
    pub fn new(mut out: W, columns: CsvColumns) -> io::Result<Self> {
        let names = columns.into_names();
        let all = COLUMNS.into_iter().chain(names.iter().map(String::as_str));
        write_row(&mut out, all.map(Some))?;
        let cells = vec![None; names.len()];
        let columns = names.into_iter().zip(0..).collect();
        Ok(Self { out, rows: Rows::default(), columns, cells })
    }

    /// Writes the next record of the trace, which belongs to run number `run`.
    ///
    /// # Errors
    ///
    /// The output failed.
    pub fn record(&mut self, run: u64, record: &TraceRecord) -> io::Result<()> {
        match self.rows.push(run, record) {
            Some(row) => self.write(&row),
            None => Ok(()),
        }
    }

    /// Ends the export.
    ///
    /// # Errors
    ///
    /// The output failed.
    pub fn finish(mut self) -> io::Result<()> {
        match self.rows.take() {
            Some(row) => self.write(&row),
            None => Ok(()),
        }
    }

    fn write(&mut self, row: &Row) -> io::Result<()> {
        let notes = notes(row.notes.as_ref());
        let (outcome, reason) = row.outcome(&notes);
        self.cells.fill(None);
        for Note { column, text, .. } in notes {
            if let Some(at) = self.columns.get(&column) {
                self.cells[*at] = Some(text);
            }
        }
        let ms = format!("{}.{:06}", row.duration_ns / 1_000_000, row.duration_ns % 1_000_000);
        let (error_step, error) = row.error.clone().unzip();
        let fixed = [
            Some(row.run.to_string()),
            Some(row.run_id.clone()),
            Some(row.scenario.clone()),
            Some(row.line_no.to_string()),
            Some(row.time.clone()),
            Some(ms),
            Some(row.records.to_string()),
            Some(if row.error.is_some() { "error" } else { "ok" }.to_owned()),
            outcome.map(str::to_owned),
            reason,
            error_step,
            error,
        ];
        write_row(&mut self.out, fixed.iter().chain(&self.cells).map(Option::as_deref))
    }
}

/// One input, as far as it has been read.
#[derive(Debug, Default)]
struct Row {
    run: u64,
    run_id: String,
    scenario: String,
    line_no: u64,
    time: String,
    /// The sum of the durations of its steps.
    duration_ns: u64,
    records: u64,
    /// The first failed step, and its message.
    error: Option<(String, String)>,
    notes: Option<ContextSnapshot>,
}

impl Row {
    /// Returns the decision and its reason, as far as the notes tell.
    fn outcome(&self, notes: &[Note]) -> (Option<&'static str>, Option<String>) {
        let tag = |wanted: &str| notes.iter().find(|note| note.column == wanted).map(|note| &*note.text);
        let outcome = match tag("tags_accepted") {
            // An input that was abandoned has decided nothing, whatever its steps noted before.
            _ if self.error.is_some() => Some("error"),
            Some(accepted) if may_be_hidden(accepted) => Some("hidden"),
            Some(accepted) => Some(if accepted == "true" { "accepted" } else { "declined" }),
            None => None,
        };
        (outcome, tag("tags_reason").map(str::to_owned))
    }
}

/// Groups records by input.
#[derive(Debug, Default)]
struct Rows(Option<Row>);

impl Rows {
    /// Takes the next record, and returns the input before, if it begins another one.
    fn push(&mut self, run: u64, record: &TraceRecord) -> Option<Row> {
        let is_same = |row: &Row| (row.run, row.line_no) == (run, record.line_no);
        let before = if self.0.as_ref().is_some_and(is_same) { None } else { self.0.take() };
        let row = self.0.get_or_insert_with(|| Row {
            run,
            run_id: record.run_id().to_owned(),
            scenario: record.scenario.clone(),
            line_no: record.line_no,
            time: record.t_enter.clone(),
            ..Row::default()
        });
        row.records += 1;
        row.duration_ns = row.duration_ns.saturating_add(record.duration_ns());
        if let (None, Some(error)) = (&row.error, &record.error) {
            row.error = Some((error.step_name.clone(), error.message.clone()));
        }
        if record.ctx_after.is_some() {
            row.notes.clone_from(&record.ctx_after);
        }
        before
    }

    fn take(&mut self) -> Option<Row> {
        mem::take(&mut self.0)
    }
}

/// A value that a step noted.
struct Note {
    column: String,
    /// Its field's place in `FIELDS`.
    field: usize,
    text: String,
}

/// Returns each note in a context. Anything of another form is left out.
fn notes(context: Option<&ContextSnapshot>) -> Vec<Note> {
    let parsed = context.and_then(|context| serde_json::from_str::<Members<'_>>(context.as_json()).ok());
    let mut notes = Vec::new();
    for (name, value) in parsed.map(|Members(fields)| fields).unwrap_or_default() {
        let Some(field) = FIELDS.iter().position(|known| *known == name) else { continue };
        match serde_json::from_str::<Members<'_>>(value.get()) {
            Ok(Members(members)) => notes.extend(members.into_iter().map(|(key, value)| Note {
                column: format!("{name}_{key}"),
                field,
                text: text(value),
            })),
            Err(_) if matches!(value.get(), "[]" | "null") => {}
            Err(_) => notes.push(Note { column: name.into_owned(), field, text: text(value) }),
        }
    }
    notes
}

/// Returns a text as it is, and any other value as JSON.
fn text(value: &RawValue) -> String {
    serde_json::from_str(value.get()).unwrap_or_else(|_| value.get().to_owned())
}

/// Writes a row; a cell without a value has no quotes, an empty text has some.
fn write_row<'a>(out: &mut impl Write, cells: impl Iterator<Item = Option<&'a str>>) -> io::Result<()> {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            out.write_all(b",")?;
        }
        if let Some(cell) = cell {
            write_cell(out, &escaped(cell).to_string())?;
        }
    }
    out.write_all(b"\r\n")
}

fn write_cell(out: &mut impl Write, text: &str) -> io::Result<()> {
    let needs_quotes = text.is_empty() || text.contains([',', '"']) || text.trim() != text;
    if needs_quotes {
        write!(out, "\"{}\"", text.replace('"', "\"\""))
    } else {
        out.write_all(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn record(line_no: u64, context: &Value) -> TraceRecord {
        let mut record: TraceRecord = serde_json::from_str(include_str!("../example_record.json")).unwrap();
        (record.line_no, record.duration_ms) = (line_no, 1.5);
        record.ctx_after = (!context.is_null()).then(|| serde_json::from_value(context.clone()).unwrap());
        record
    }

    /// Returns the rows of these records, without the first columns.
    fn csv(records: &[TraceRecord]) -> String {
        let mut columns = CsvColumns::default();
        for record in records {
            columns.record(1, record);
        }
        let mut out = Vec::new();
        let mut export = CsvExport::new(&mut out, columns).unwrap();
        for record in records {
            export.record(1, record).unwrap();
        }
        export.finish().unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.ends_with("\r\n"));
        let without_first = |row: &str| row.splitn(6, ',').nth(5).unwrap().to_owned();
        text.split_terminator("\r\n").map(without_first).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn notes_are_columns_field_by_field() {
        let rows = csv(&[
            record(1, &json!({"flags": {"late": true}, "tags": {"accepted": "true"}})),
            record(2, &json!({"tags": {"id": "7"}})),
            record(
                2,
                &json!({"tags": {"id": "7", "accepted": "false", "reason": "R"}, "metrics": {"cents": 18_446_744_073_709_551_615_u64}}),
            ),
            record(3, &Value::Null),
        ]);
        insta::assert_snapshot!(rows, @"
        duration_ms,records,status,outcome,reason,error_step,error,tags_accepted,tags_id,tags_reason,metrics_cents,flags_late
        1.500000,1,ok,accepted,,,,true,,,,true
        3.000000,2,ok,declined,R,,,false,7,R,18446744073709551615,
        1.500000,1,ok,,,,,,,,,
        ");
    }

    #[test]
    fn cells_are_quoted_and_steer_nothing() {
        let rows = csv(&[record(
            1,
            &json!({"tags": {"a": "x,y", "b": "say \"hi\"", "c": "", "d": " ", "e": "1\r\n2\u{202e}"}, "notes": ["n", "m"]}),
        )]);
        let expected = r#"1.500000,1,ok,,,,,"x,y","say ""hi""",""," ",1\r\n2\u{202e},"[""n"",""m""]""#;
        assert_eq!(rows.lines().nth(1), Some(expected));
    }

    #[test]
    fn a_failed_input_has_the_first_error() {
        let mut failed = record(1, &Value::Null);
        let error = json!({"type": "Disk", "message": "full", "where": "write_output", "stack": null});
        failed.error = serde_json::from_value(error).unwrap();
        let rows = csv(&[record(1, &Value::Null), failed]);
        assert!(rows.ends_with("3.000000,2,error,error,,write_output,full"), "{rows}");
    }

    #[test]
    fn columns_have_a_bound() {
        for (count, has_more) in [(MAX_NOTE_COLUMNS, false), (MAX_NOTE_COLUMNS + 1, true)] {
            let tags: serde_json::Map<_, _> = (0..count).map(|at| (format!("t{at}"), json!("x"))).collect();
            let mut columns = CsvColumns::default();
            columns.record(1, &record(1, &json!({"tags": tags})));
            columns.record(1, &record(2, &Value::Null));
            assert_eq!(columns.has_more(), has_more);
            assert_eq!(columns.into_names().len(), MAX_NOTE_COLUMNS);
        }
    }
}
