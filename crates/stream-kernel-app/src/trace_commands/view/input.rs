//! One input's way through the steps, as far as the page shows it.

use std::borrow::Cow;

use serde::Deserialize;
use stream_kernel_trace::{ContextSnapshot, MessageSignature, Status, TraceRecord};

use super::names::Names;

/// At most so many steps of one input are shown.
pub(super) const MAX_SHOWN_RECORDS: usize = 64;
/// At most so many kinds that one step emitted are shown.
const MAX_SHOWN_KINDS: usize = 8;
/// Identities, names and error messages are cut to so many characters.
const MAX_CHARS: usize = 300;

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
    /// The first failure: which of the records, and why.
    pub(super) error: Option<(usize, String)>,
    /// The number of its decision among those of the run.
    pub(super) decision: Option<usize>,
    last_snapshot: Option<ContextSnapshot>,
}

/// One step of an input.
#[derive(Debug)]
pub(super) struct ShownRecord {
    pub(super) shape: RecordShape,
    pub(super) offset_us: u64,
    pub(super) duration_ns: u64,
}

/// What is mostly alike from input to input: the step, the kind taken and the kinds emitted, by their numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct RecordShape {
    pub(super) step_index: usize,
    pub(super) kind_in: usize,
    pub(super) kinds_out: Vec<usize>,
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
    pub(super) fn new(record: &TraceRecord, start_us: i64) -> Self {
        Self {
            line_no: record.line_no,
            id: String::new(),
            start_us,
            duration_ns: 0,
            record_count: 0,
            records: Vec::new(),
            error: None,
            decision: None,
            last_snapshot: None,
        }
    }

    /// Takes the input's next record.
    pub(super) fn take(&mut self, record: &TraceRecord, enter_us: i64, duration_ns: u64, names: &mut Names) {
        if self.record_count < MAX_SHOWN_RECORDS {
            let mut kind = |message: &MessageSignature| names.number_of(&message.type_name);
            let shape = RecordShape {
                step_index: record.step_index,
                kind_in: kind(&record.msg_in),
                kinds_out: record.msg_out.iter().take(MAX_SHOWN_KINDS).map(kind).collect(),
            };
            let offset_us = u64::try_from(enter_us.saturating_sub(self.start_us)).unwrap_or(0);
            self.records.push(ShownRecord { shape, offset_us, duration_ns });
        }
        if record.status == Status::Error && self.error.is_none() {
            let why = record.error.as_ref().map_or_else(String::new, |error| cut(&error.message));
            self.error = Some((self.record_count, why));
        }
        // Messages later on the way know more of what they are about than the raw line, which only knows its number.
        let messages = [&record.msg_in].into_iter().chain(&record.msg_out);
        if let Some(identity) = messages.filter_map(|message| message.identity.as_deref()).next_back()
            && identity != self.id
        {
            self.id = cut(identity);
        }
        if record.ctx_after.is_some() {
            self.last_snapshot.clone_from(&record.ctx_after);
        }
        self.record_count += 1;
        self.duration_ns = self.duration_ns.saturating_add(duration_ns);
    }

    /// Returns what became of the input, once it has all its records; `None` if the trace does not tell.
    pub(super) fn settle(&mut self) -> Option<Outcome> {
        let snapshot = self.last_snapshot.take()?;
        let tags = serde_json::from_str::<Fields<'_>>(snapshot.as_json()).ok()?.tags?;
        if let Some(id) = &tags.id {
            self.id = cut(id);
        }
        let is_accepted = tags.accepted? == "true";
        let label = match tags.reason {
            Some(reason) => cut(&reason),
            None if is_accepted => "accepted".to_owned(),
            None => "declined".to_owned(),
        };
        Some(Outcome { label, is_accepted })
    }
}

/// Returns `text`, cut to what the page shows.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
