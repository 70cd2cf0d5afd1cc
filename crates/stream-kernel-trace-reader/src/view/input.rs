//! One input's way through the steps, as the page shows it.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use stream_kernel_text::grouped;
use stream_kernel_trace::{ContextSnapshot, RecordedError, Status, TraceRecord, may_be_hidden};

use super::collector::micros;
use super::wording::Wording;
use crate::reading::{ValueChange, message_identities, shown_changes, tags};
use crate::value_text;

/// The most steps that are shown for one input.
pub(super) const MAX_SHOWN_RECORDS: usize = 64;
/// The most emitted kinds that are shown for one step.
const MAX_SHOWN_KINDS: usize = 8;
/// The most changed values that are shown for one step.
pub(super) const MAX_SHOWN_CHANGES: usize = 40;
/// The most bytes of changed values that are shown for one input.
pub(super) const MAX_CHANGES_BYTES: usize = 64 * 1024;
/// The most sentences that explain one input.
const MAX_SENTENCES: usize = 8;
/// The most failures that are shown for one input.
pub(super) const MAX_SHOWN_ERRORS: usize = 8;
/// The most characters of identities, names, values and error messages: no less than the recorder writes.
pub(super) const MAX_CHARS: usize = 300;

/// The retained data of an input.
#[derive(Debug, Default)]
pub(super) struct Input {
    pub(super) line_no: u64,
    id: String,
    /// Since the beginning of the run.
    pub(super) start_us: i64,
    /// The time spent in its steps.
    duration_ns: u64,
    /// From the beginning of its first step to the end of its last.
    pub(super) elapsed_ns: u64,
    record_count: usize,
    records: Vec<ShownRecord>,
    errors: Vec<ShownError>,
    /// The index of its decision among the run's.
    pub(super) decision: Option<usize>,
    /// Whether the trace shows its tags.
    pub(super) has_tags: bool,
    last_snapshot: Option<ContextSnapshot>,
}

#[derive(Debug)]
struct ShownRecord {
    step: String,
    kind_in: String,
    kinds_out: Vec<String>,
    /// Since the beginning of the input.
    offset_us: i64,
    duration_ns: u64,
    /// The step's changes to the context; parsed only if they are written.
    changes: Option<ContextSnapshot>,
}

#[derive(Debug, Serialize)]
pub(super) struct ShownError {
    record: usize,
    pub(super) kind: String,
    pub(super) message: String,
}

/// An input, as the page reads it.
#[derive(Serialize)]
struct InputJson<'a> {
    line_no: u64,
    id: &'a str,
    start_us: i64,
    duration_ns: u64,
    elapsed_ns: u64,
    record_count: usize,
    explanation: Vec<String>,
    records: Vec<RecordJson<'a>>,
    errors: &'a [ShownError],
    decision: Option<usize>,
}

#[derive(Serialize)]
struct RecordJson<'a> {
    step: &'a str,
    kind_in: &'a str,
    kinds_out: &'a [String],
    offset_us: i64,
    duration_ns: u64,
    changes: Vec<ShownChange>,
}

/// The path of a value, and the value before and after, in the form for people; `None` for a missing value.
type ShownChange = (String, Option<String>, Option<String>);

/// The outcome of inputs, and their number.
#[derive(Debug, Serialize)]
pub(super) struct Decision {
    pub(super) label: String,
    pub(super) accepted: bool,
    pub(super) count: u64,
}

impl Input {
    /// Returns the input that begins with `record`, still without any record, in a run that began at `run_start_us`.
    pub(super) fn new(record: &TraceRecord, run_start_us: i64) -> Self {
        let start_us = micros(&record.t_enter).saturating_sub(run_start_us);
        Self { line_no: record.line_no, start_us, ..Self::default() }
    }

    pub(super) fn take(&mut self, record: TraceRecord, run_start_us: i64) {
        let duration_ns = record.duration_ns();
        let since_start_us = micros(&record.t_enter).saturating_sub(run_start_us);
        let offset_us = since_start_us.saturating_sub(self.start_us).max(0);
        // Beginnings are known to the microsecond only, but no step begins before the one before it has ended.
        let begins_at_ns = self.elapsed_ns.max(offset_us.unsigned_abs().saturating_mul(1_000));
        self.elapsed_ns = begins_at_ns.saturating_add(duration_ns);
        if record.status == Status::Error && self.errors.len() < MAX_SHOWN_ERRORS {
            self.errors.push(ShownError::new(self.record_count, record.error.as_ref()));
        }
        if self.id.is_empty()
            && let Some(identity) = message_identities(&record, self.record_count == 0).next()
        {
            self.id = cut(identity.to_owned());
        }
        if self.records.len() < MAX_SHOWN_RECORDS {
            let kinds_out = record.msg_out.into_iter().take(MAX_SHOWN_KINDS);
            self.records.push(ShownRecord {
                step: cut(record.step_name),
                kind_in: cut(record.msg_in.type_name),
                kinds_out: kinds_out.map(|message| cut(message.type_name)).collect(),
                offset_us,
                duration_ns,
                changes: record.ctx_diff,
            });
        }
        if record.ctx_after.is_some() {
            self.last_snapshot = record.ctx_after;
        }
        self.record_count += 1;
        self.duration_ns = self.duration_ns.saturating_add(duration_ns);
    }

    pub(super) fn has_failed(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Returns the outcome of the input, once it has all its records; `None` if the trace does not tell.
    pub(super) fn settle(&mut self) -> Option<Decision> {
        let tags = tags(self.last_snapshot.as_ref()?)?;
        let tag = |name: &str| tags.iter().find(|(tag, _)| tag == name).map(|(_, value)| value.as_str());
        self.has_tags = true;
        if let Some(id) = tag("id").filter(|id| !id.is_empty()) {
            self.id = cut(id.to_owned());
        }
        let accepted = tag("accepted")?;
        let is_accepted = accepted == "true";
        let label = match tag("reason") {
            _ if may_be_hidden(accepted) => "hidden".to_owned(),
            Some(reason) => cut(reason.to_owned()),
            None if is_accepted => "accepted".to_owned(),
            None => "declined".to_owned(),
        };
        Some(Decision { label, accepted: is_accepted, count: 1 })
    }

    /// Returns the input as JSON, in the words of its application.
    pub(super) fn to_json(&self, wording: Wording) -> Box<RawValue> {
        let mut bytes_left = MAX_CHANGES_BYTES;
        let explanation = self.last_snapshot.as_ref().map(wording.explanation).unwrap_or_default();
        let shown = InputJson {
            line_no: self.line_no,
            id: &self.id,
            start_us: self.start_us,
            duration_ns: self.duration_ns,
            elapsed_ns: self.elapsed_ns,
            record_count: self.record_count,
            explanation: explanation.into_iter().take(MAX_SENTENCES).map(cut_sentence).collect(),
            records: self.records.iter().map(|record| record.shown(wording, &mut bytes_left)).collect(),
            errors: &self.errors,
            decision: self.decision,
        };
        // It contains no maps and nothing else that cannot be written.
        to_raw_value(&shown).unwrap_or_default()
    }
}

impl ShownRecord {
    fn shown(&self, wording: Wording, bytes_left: &mut usize) -> RecordJson<'_> {
        let Self { step, kind_in, kinds_out, offset_us, duration_ns, changes } = self;
        let changes = shown_in_words(changes.as_ref(), wording, bytes_left);
        RecordJson { step, kind_in, kinds_out, offset_us: *offset_us, duration_ns: *duration_ns, changes }
    }
}

/// Returns a step's changes, as far as they fit into the bounds; the last one counts the others.
fn shown_in_words(
    diff: Option<&ContextSnapshot>,
    wording: Wording,
    bytes_left: &mut usize,
) -> Vec<ShownChange> {
    let changes = shown_changes(diff);
    let count = changes.len();
    let mut shown = Vec::new();
    for ValueChange { path, before, after } in changes.into_iter().take(MAX_SHOWN_CHANGES) {
        let text =
            |json: String| cut((wording.value)(&path, &json).unwrap_or_else(|| value_text(&json).into()));
        let (before, after) = (before.map(text), after.map(text));
        let bytes = path.len().min(MAX_CHARS)
            + [&before, &after].into_iter().flatten().map(String::len).sum::<usize>();
        let Some(left) = bytes_left.checked_sub(bytes) else { break };
        *bytes_left = left;
        shown.push((cut(path), before, after));
    }
    let left_out = count - shown.len();
    if left_out > 0 {
        shown.push(("…".to_owned(), None, Some(format!("{} more", grouped(left_out as u64)))));
    }
    shown
}

impl ShownError {
    pub(super) fn new(record: usize, error: Option<&RecordedError>) -> Self {
        let text = |part: fn(&RecordedError) -> &String| {
            error.map_or_else(String::new, |error| cut(part(error).clone()))
        };
        Self { record, kind: text(|error| &error.type_name), message: text(|error| &error.message) }
    }
}

/// Returns `text`, cut to the page's limit.
pub(super) fn cut(text: String) -> String {
    cut_to(MAX_CHARS, text)
}

/// Returns a sentence, cut to its limit: it may quote several values.
fn cut_sentence(text: String) -> String {
    cut_to(4 * MAX_CHARS, text)
}

fn cut_to(max_chars: usize, mut text: String) -> String {
    // As many bytes as the limit has characters always fit: no counting on the usual path.
    if text.len() > max_chars
        && let Some((end, _)) = text.char_indices().nth(max_chars)
    {
        text.truncate(end);
        text.push('…');
    }
    text
}
