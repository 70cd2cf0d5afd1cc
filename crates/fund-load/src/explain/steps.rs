//! Steps that a line went through.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use stream_kernel_trace::{RecordedError, TraceRecord};
use stream_kernel_trace_reader::reading::{ValueChange, shown_changes};

/// One step on the way.
#[derive(Debug, Serialize)]
pub(super) struct StepTaken<'a> {
    pub(super) step: &'a str,
    pub(super) takes: &'a str,
    pub(super) emits: Vec<&'a str>,
    pub(super) duration_ms: f64,
    #[serde(skip)]
    pub(super) duration_ns: u64,
    /// The tags that it set, in the order of the trace.
    pub(super) tags: Noted,
    /// The metrics that it set.
    pub(super) metrics: Noted,
    pub(super) error: Option<&'a RecordedError>,
}

impl<'a> StepTaken<'a> {
    /// Returns the step of `record`.
    pub(super) fn of(record: &'a TraceRecord) -> Self {
        let changes = shown_changes(record.ctx_diff.as_ref());
        Self {
            step: &record.step_name,
            takes: &record.msg_in.type_name,
            emits: record.msg_out.iter().map(|message| &*message.type_name).collect(),
            duration_ms: record.duration_ms,
            duration_ns: record.duration_ns(),
            tags: Noted::of(&changes, "tags."),
            metrics: Noted::of(&changes, "metrics."),
            error: record.error.as_ref(),
        }
    }
}

/// Names and values set by a step.
#[derive(Debug)]
pub(super) struct Noted(pub(super) Vec<(String, Box<RawValue>)>);

impl Noted {
    /// Returns those of `changes` whose paths begin with `field`.
    fn of(changes: &[ValueChange], field: &str) -> Self {
        let note = |change: &ValueChange| {
            let name = change.path.strip_prefix(field)?;
            Some((name.to_owned(), RawValue::from_string(change.after.clone()?).ok()?))
        };
        Self(changes.iter().filter_map(note).collect())
    }
}

impl Serialize for Noted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}
