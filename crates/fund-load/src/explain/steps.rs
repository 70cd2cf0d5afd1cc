//! The steps that a line went through.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use stream_kernel_trace::reading::Input;
use stream_kernel_trace::{ContextSnapshot, RecordedError, TraceRecord};

/// One step on the way.
#[derive(Debug, Serialize)]
pub(super) struct StepTaken<'a> {
    pub(super) step: &'a str,
    pub(super) takes: &'a str,
    pub(super) emits: Vec<&'a str>,
    pub(super) duration_ms: f64,
    /// The tags and metrics that it set, by name.
    pub(super) notes: BTreeMap<String, Box<RawValue>>,
    pub(super) error: Option<&'a RecordedError>,
}

/// Returns the steps of `input`, in the order in which they were taken.
pub(super) fn steps_of(input: &Input) -> Vec<StepTaken<'_>> {
    input.records.iter().map(StepTaken::of).collect()
}

impl<'a> StepTaken<'a> {
    fn of(record: &'a TraceRecord) -> Self {
        let before = values(record.ctx_before.as_ref());
        let mut notes = values(record.ctx_after.as_ref());
        notes.retain(|name, value| before.get(name).is_none_or(|before| before.get() != value.get()));
        Self {
            step: &record.step_name,
            takes: &record.msg_in.type_name,
            emits: record.msg_out.iter().map(|message| &*message.type_name).collect(),
            duration_ms: record.duration_ms,
            notes,
            error: record.error.as_ref(),
        }
    }
}

/// Returns the tags and metrics of a snapshot; of one that is not as expected, none.
fn values(snapshot: Option<&ContextSnapshot>) -> BTreeMap<String, Box<RawValue>> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Shown {
        tags: BTreeMap<String, Box<RawValue>>,
        metrics: BTreeMap<String, Box<RawValue>>,
    }
    let shown = snapshot.and_then(|snapshot| serde_json::from_str(snapshot.as_json()).ok());
    let Shown { tags, metrics } = shown.unwrap_or_default();
    tags.into_iter().chain(metrics).collect()
}
