//! One input's way through the steps, as the page shows it.

use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use stream_kernel_text::grouped;
use stream_kernel_trace::{ContextSnapshot, RecordedError, Status, TraceRecord, may_be_hidden};

use super::collector::micros;
use crate::reading::{ValueChange, message_identities, shown_changes, tags};
use crate::value_text;

/// The most steps that are shown for one input.
pub(super) const MAX_SHOWN_RECORDS: usize = 64;
/// The most emitted kinds that are shown for one step.
const MAX_SHOWN_KINDS: usize = 8;
/// The most changed values that are shown for one step.
pub(super) const MAX_SHOWN_CHANGES: usize = 40;
/// The most failures that are shown for one input.
pub(super) const MAX_SHOWN_ERRORS: usize = 8;
/// The most characters of identities, names, values and error messages: no less than the recorder writes.
pub(super) const MAX_CHARS: usize = 300;

/// The retained data of an input.
#[derive(Debug, Default, Serialize)]
pub(super) struct Input {
    pub(super) line_no: u64,
    id: String,
    /// Since the beginning of the run.
    pub(super) start_us: i64,
    /// The time spent in its steps.
    pub(super) duration_ns: u64,
    record_count: usize,
    records: Vec<ShownRecord>,
    errors: Vec<ShownError>,
    /// The index of its decision among the run's.
    pub(super) decision: Option<usize>,
    /// Whether the trace shows its tags.
    #[serde(skip)]
    pub(super) has_tags: bool,
    #[serde(skip)]
    last_snapshot: Option<ContextSnapshot>,
}

#[derive(Debug, Serialize)]
struct ShownRecord {
    step: String,
    kind_in: String,
    kinds_out: Vec<String>,
    /// Since the beginning of the input.
    offset_us: i64,
    duration_ns: u64,
    /// The step's changes to the context; parsed only if it is written.
    #[serde(serialize_with = "serialize_changes")]
    changes: Option<ContextSnapshot>,
}

#[derive(Debug, Serialize)]
struct ShownError {
    record: usize,
    kind: String,
    message: String,
}

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
        if record.status == Status::Error && self.errors.len() < MAX_SHOWN_ERRORS {
            self.errors.push(ShownError::new(self.record_count, record.error.as_ref()));
        }
        if self.id.is_empty()
            && let Some(identity) = message_identities(&record, self.record_count == 0).next()
        {
            self.id = cut(identity.to_owned());
        }
        if self.records.len() < MAX_SHOWN_RECORDS {
            let since_start = micros(&record.t_enter).saturating_sub(run_start_us);
            let kinds_out = record.msg_out.into_iter().take(MAX_SHOWN_KINDS);
            self.records.push(ShownRecord {
                step: cut(record.step_name),
                kind_in: cut(record.msg_in.type_name),
                kinds_out: kinds_out.map(|message| cut(message.type_name)).collect(),
                offset_us: since_start.saturating_sub(self.start_us).max(0),
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
        let tags = tags(&self.last_snapshot.take()?)?;
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

    pub(super) fn to_json(&self) -> Box<RawValue> {
        // It contains no maps and nothing else that cannot be written.
        to_raw_value(self).unwrap_or_default()
    }
}

/// Writes `[path, before, after]` for each value, in the form for people, with null for a missing value.
#[expect(clippy::ref_option, reason = "serde calls it with a reference")]
fn serialize_changes<S: Serializer>(
    diff: &Option<ContextSnapshot>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut changes = shown_changes(diff.as_ref());
    let left_out = changes.len().saturating_sub(MAX_SHOWN_CHANGES);
    changes.truncate(MAX_SHOWN_CHANGES);
    let shown = |json: Option<String>| json.map(|json| cut(value_text(&json).into_owned()));
    let shown = changes
        .into_iter()
        .map(|ValueChange { path, before, after }| (cut(path), shown(before), shown(after)));
    let more =
        (left_out > 0).then(|| ("…".to_owned(), None, Some(format!("{} more", grouped(left_out as u64)))));
    serializer.collect_seq(shown.chain(more))
}

impl ShownError {
    fn new(record: usize, error: Option<&RecordedError>) -> Self {
        let text = |part: fn(&RecordedError) -> &String| {
            error.map_or_else(String::new, |error| cut(part(error).clone()))
        };
        Self { record, kind: text(|error| &error.type_name), message: text(|error| &error.message) }
    }
}

/// Returns `text`, cut to the page's limit.
pub(super) fn cut(mut text: String) -> String {
    // As many bytes as the limit has characters always fit: no counting on the usual path.
    if text.len() > MAX_CHARS
        && let Some((end, _)) = text.char_indices().nth(MAX_CHARS)
    {
        text.truncate(end);
        text.push('…');
    }
    text
}
