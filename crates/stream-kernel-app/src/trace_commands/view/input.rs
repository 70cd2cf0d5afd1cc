//! One input's way through the steps, as far as the page shows it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use stream_kernel_text::grouped;
use stream_kernel_trace::reading::{ValueChange, message_identities, value_changes};
use stream_kernel_trace::{
    ContextSnapshot, MessageSignature, RecordedError, Status, TraceRecord, may_be_hidden,
};

use super::collector::micros;
use super::names::Names;
use super::sample::Size;
use crate::trace_commands::value_text::value_text;

/// At most so many steps of one input are shown.
pub(super) const MAX_SHOWN_RECORDS: usize = 64;
/// At most so many kinds that one step emitted are shown.
const MAX_SHOWN_KINDS: usize = 8;
/// At most so many values that one step changed are shown.
pub(super) const MAX_SHOWN_CHANGES: usize = 40;
/// At most so many failures of one input are shown.
pub(super) const MAX_SHOWN_ERRORS: usize = 8;
/// Identities, names, values and error messages are cut to so many characters: no less than what the recorder writes.
pub(super) const MAX_CHARS: usize = 300;
/// What a value costs on the page beside its text.
const VALUE_BYTES: usize = 5;

/// What is kept of an input.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) line_no: u64,
    pub(super) id: String,
    pub(super) start_us: i64,
    /// The time spent in its steps.
    pub(super) duration_ns: u64,
    pub(super) record_count: usize,
    pub(super) records: Vec<ShownRecord>,
    pub(super) errors: Vec<ShownError>,
    /// The number of its decision among those of the run.
    pub(super) decision: Option<usize>,
    /// Whether the trace shows its tags.
    pub(super) has_tags: bool,
    last_snapshot: Option<ContextSnapshot>,
}

/// One step of an input.
#[derive(Debug)]
pub(super) struct ShownRecord {
    pub(super) shape: RecordShape,
    pub(super) offset_us: u64,
    pub(super) duration_ns: u64,
    /// Before and after, as people read them and as far as they are there, of each value that the step changed; see
    /// [`RecordShape::changes`].
    pub(super) values: Vec<String>,
    unread_changes: Option<ContextSnapshot>,
}

/// What is mostly alike from input to input: the step, the kinds and what it changed, by the numbers of their names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub(super) struct RecordShape {
    step: usize,
    kind_in: usize,
    kinds_out: Vec<usize>,
    /// Where in the context the values are that the step changed, and what became of them.
    changes: Vec<(usize, ChangeKind)>,
}

/// What a step did to a value, and so which of before and after there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
enum ChangeKind {
    #[serde(rename = "+")]
    Added,
    #[serde(rename = "~")]
    Changed,
    #[serde(rename = "-")]
    Removed,
}

/// A failure of one of an input's steps.
#[derive(Debug, Serialize)]
pub(super) struct ShownError {
    record: usize,
    kind: String,
    message: String,
}

/// What became of an input.
#[derive(Debug, PartialEq)]
pub(super) struct Outcome {
    pub(super) label: String,
    pub(super) is_accepted: bool,
}

/// The tags that tell of a decision.
#[derive(Default, Deserialize)]
struct Tags<'a> {
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    accepted: Option<Cow<'a, str>>,
    #[serde(borrow)]
    reason: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    tags: Option<Tags<'a>>,
}

impl Input {
    /// Returns the input that begins with `record`, still without any record.
    pub(super) fn new(record: &TraceRecord) -> Self {
        Self {
            line_no: record.line_no,
            id: String::new(),
            start_us: micros(&record.t_enter),
            duration_ns: 0,
            record_count: 0,
            records: Vec::new(),
            errors: Vec::new(),
            decision: None,
            has_tags: false,
            last_snapshot: None,
        }
    }

    /// Takes the input's next record.
    pub(super) fn take(&mut self, record: TraceRecord, names: &mut Names) {
        let duration_ns = record.duration_ns();
        if record.status == Status::Error && self.errors.len() < MAX_SHOWN_ERRORS {
            self.errors.push(ShownError::new(self.record_count, record.error.as_ref()));
        }
        if self.id.is_empty()
            && let Some(identity) = message_identities(&record, self.record_count == 0).next()
        {
            self.id = cut(identity);
        }
        if self.records.len() < MAX_SHOWN_RECORDS {
            let offset_us = micros(&record.t_enter).saturating_sub(self.start_us);
            self.records.push(ShownRecord {
                shape: RecordShape::new(&record, names),
                offset_us: u64::try_from(offset_us).unwrap_or(0),
                duration_ns,
                values: Vec::new(),
                unread_changes: record.ctx_diff,
            });
        }
        if record.ctx_after.is_some() {
            self.last_snapshot = record.ctx_after;
        }
        self.record_count += 1;
        self.duration_ns = self.duration_ns.saturating_add(duration_ns);
    }

    /// Returns whether one of its steps has failed.
    pub(super) fn has_failed(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Returns what became of the input, once it has all its records; `None` if the trace does not tell.
    pub(super) fn settle(&mut self) -> Option<Outcome> {
        let snapshot = self.last_snapshot.take()?;
        let tags = serde_json::from_str::<Fields<'_>>(snapshot.as_json()).ok()?.tags?;
        self.has_tags = true;
        if let Some(id) = tags.id.filter(|id| !id.is_empty()) {
            self.id = cut(&id);
        }
        let accepted = tags.accepted?;
        let is_accepted = accepted == "true";
        let label = match tags.reason {
            _ if may_be_hidden(&accepted) => "hidden".to_owned(),
            Some(reason) => cut(&reason),
            None if is_accepted => "accepted".to_owned(),
            None => "declined".to_owned(),
        };
        Some(Outcome { label, is_accepted })
    }

    /// Reads what the steps changed in the context.
    pub(super) fn read_changes(&mut self, names: &mut Names) {
        self.records.iter_mut().for_each(|record| record.read_changes(names));
    }

    /// Returns what it takes up.
    pub(super) fn size(&self) -> Size {
        let values = self.records.iter().flat_map(|record| &record.values);
        let text_bytes = values.map(|value| VALUE_BYTES + value.len()).sum();
        Size { inputs: 1, records: self.records.len(), text_bytes }
    }
}

impl ShownRecord {
    fn read_changes(&mut self, names: &mut Names) {
        let Some(diff) = self.unread_changes.take() else { return };
        // What is no object is shown as it is.
        let whole = |diff: &ContextSnapshot| ValueChange {
            path: "ctx_diff".to_owned(),
            before: None,
            after: Some(diff.as_json().to_owned()),
        };
        let changes = value_changes(&diff).unwrap_or_else(|_| vec![whole(&diff)]);
        let left_out = changes.len().saturating_sub(MAX_SHOWN_CHANGES);
        for ValueChange { path, before, after } in changes.into_iter().take(MAX_SHOWN_CHANGES) {
            let kind = match (&before, &after) {
                (None, _) => ChangeKind::Added,
                (Some(_), Some(_)) => ChangeKind::Changed,
                (Some(_), None) => ChangeKind::Removed,
            };
            self.shape.changes.push((names.number_of(&path), kind));
            self.values.extend([before, after].into_iter().flatten().map(|value| cut(&value_text(&value))));
        }
        if left_out > 0 {
            self.shape.changes.push((names.number_of("…"), ChangeKind::Added));
            self.values.push(format!("{} more", grouped(left_out as u64)));
        }
    }
}

impl RecordShape {
    fn new(record: &TraceRecord, names: &mut Names) -> Self {
        let mut kind = |message: &MessageSignature| names.number_of(&message.type_name);
        let kind_in = kind(&record.msg_in);
        let kinds_out = record.msg_out.iter().take(MAX_SHOWN_KINDS).map(kind).collect();
        Self { step: names.number_of(&record.step_name), kind_in, kinds_out, changes: Vec::new() }
    }
}

impl ShownError {
    fn new(record: usize, error: Option<&RecordedError>) -> Self {
        let text =
            |part: fn(&RecordedError) -> &str| error.map_or_else(String::new, |error| cut(part(error)));
        Self { record, kind: text(|error| &error.type_name), message: text(|error| &error.message) }
    }
}

/// Returns `text`, cut to what the page shows.
pub(super) fn cut(text: &str) -> String {
    // As many bytes as the limit has characters always fit: no counting on the usual path.
    if text.len() <= MAX_CHARS {
        return text.to_owned();
    }
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
