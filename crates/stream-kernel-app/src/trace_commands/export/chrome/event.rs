//! Trace events as JSON.

use serde::ser::{Error as _, SerializeMap};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use stream_kernel_trace::reading::ValueChange;
use stream_kernel_trace::{MessageSignature, RecordedError};

use crate::trace_commands::export::step::Step;

/// A name for a track.
#[derive(Serialize)]
pub(super) struct Metadata<'a> {
    pub(super) name: &'static str,
    pub(super) ph: &'static str,
    pub(super) pid: u64,
    pub(super) tid: u64,
    pub(super) args: NameArguments<'a>,
}

#[derive(Serialize)]
pub(super) struct NameArguments<'a> {
    pub(super) name: &'a str,
}

/// A complete event: it has a beginning and a duration.
#[derive(Serialize)]
pub(super) struct Complete<'a, A> {
    pub(super) name: &'a str,
    pub(super) cat: &'static str,
    pub(super) ph: &'static str,
    pub(super) ts: Micros,
    pub(super) dur: Micros,
    pub(super) pid: u64,
    pub(super) tid: u64,
    pub(super) args: A,
}

#[derive(Serialize)]
pub(super) struct InputArguments<'a> {
    pub(super) trace_id: &'a str,
    pub(super) line_no: u64,
    pub(super) records: u64,
}

/// What a record says beside name and duration, under its own names.
#[derive(Serialize)]
pub(super) struct StepArguments<'a> {
    line_no: u64,
    step_index: usize,
    work_index: u32,
    t_enter: &'a str,
    msg_in: &'a MessageSignature,
    msg_out: &'a [MessageSignature],
    #[serde(skip_serializing_if = "Changes::is_empty")]
    ctx_diff: Changes<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a RecordedError>,
}

impl<'a> StepArguments<'a> {
    pub(super) fn of(step: &'a Step<'_>) -> Self {
        Self {
            line_no: step.record.line_no,
            step_index: step.record.step_index,
            work_index: step.record.work_index,
            t_enter: &step.record.t_enter,
            msg_in: &step.record.msg_in,
            msg_out: &step.record.msg_out,
            ctx_diff: Changes(&step.changes),
            error: step.record.error.as_ref(),
        }
    }
}

/// The context's changes by path, each as `before -> after`: the viewer shows one line for each.
struct Changes<'a>(&'a [ValueChange]);

impl Changes<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Changes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for change in self.0 {
            let [before, after] =
                [&change.before, &change.after].map(|value| value.as_deref().unwrap_or("-"));
            map.serialize_entry(&change.path, &format!("{before} -> {after}"))?;
        }
        map.end()
    }
}

/// Nanoseconds, written as microseconds with three decimals.
#[derive(Clone, Copy)]
pub(super) struct Micros(pub(super) u64);

impl Serialize for Micros {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = format!("{}.{:03}", self.0 / 1_000, self.0 % 1_000);
        RawValue::from_string(text).map_err(S::Error::custom)?.serialize(serializer)
    }
}
