//! Owned records, for the tape and for lines of a trace file.

use serde::ser::Error as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::json::{push_millis, push_optional_string, push_string};
use crate::{Record, RecordSerializer};

/// One record of a trace: [`Record`]'s owned twin, with the same JSON.
///
/// ```
/// use stream_kernel_trace::{Status, TraceRecord};
///
/// let line = r#"{"trace_id":"run:1","scenario":"baseline","line_no":1,"step_index":0,"step_name":"parse","work_index":0,"t_enter":"2026-01-21T01:23:45.123456Z","t_exit":"2026-01-21T01:23:45.123599Z","duration_ms":0.143,"msg_in":{"type_name":"RawLine","identity":null,"hash":null},"msg_out":[],"msg_out_count":0,"ctx_before":null,"ctx_after":null,"ctx_diff":null,"status":"ok","error":null}"#;
/// let record: TraceRecord = serde_json::from_str(line)?;
/// assert_eq!(record.status, Status::Ok);
/// assert_eq!(serde_json::to_string(&record)?, line);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceRecord {
    /// The id of the input: `<run_id>:<line_no>`.
    #[serde(serialize_with = "serialize_text")]
    pub trace_id: String,
    /// The name of the scenario.
    #[serde(serialize_with = "serialize_text")]
    pub scenario: String,
    /// The input's line, from 1.
    pub line_no: u64,
    /// The step's position in the pipeline, from 0.
    pub step_index: usize,
    /// The step's name.
    #[serde(serialize_with = "serialize_text")]
    pub step_name: String,
    /// The message's index among those that the step handled for this input, from 0.
    pub work_index: u32,
    /// The time at which the step took the message: RFC 3339, UTC, microseconds.
    pub t_enter: String,
    /// The time at which the step was done with it.
    pub t_exit: String,
    /// The duration, in milliseconds.
    #[serde(serialize_with = "serialize_millis")]
    pub duration_ms: f64,
    /// The message taken.
    pub msg_in: MessageSignature,
    /// The messages emitted.
    pub msg_out: Vec<MessageSignature>,
    /// Their number.
    pub msg_out_count: usize,
    /// The shown fields of the context before the step.
    pub ctx_before: Option<ContextSnapshot>,
    /// The shown fields of the context after the step.
    pub ctx_after: Option<ContextSnapshot>,
    /// The shown fields that the step changed: `{"before":..,"after":..}` for each.
    pub ctx_diff: Option<ContextSnapshot>,
    /// Whether the step succeeded.
    pub status: Status,
    /// Why it failed.
    pub error: Option<RecordedError>,
}

impl TraceRecord {
    #[expect(clippy::expect_used, reason = "whatever is in a record, its JSON has the form of one")]
    pub(crate) fn of(record: &Record<'_>, serializer: &mut RecordSerializer) -> Self {
        let mut json = Vec::new();
        serializer.write_json(record, &mut json);
        serde_json::from_slice(&json).expect("a record's JSON reads back")
    }

    /// Returns the name of the run: the trace id without the line number.
    pub fn run_id(&self) -> &str {
        self.trace_id.rsplit_once(':').map_or(&*self.trace_id, |(run_id, _)| run_id)
    }

    /// Returns the duration of the step, in nanoseconds.
    pub fn duration_ns(&self) -> u64 {
        nanos_of(self.duration_ms)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float cast saturates")]
fn nanos_of(millis: f64) -> u64 {
    (millis * 1e6).round() as u64
}

/// Writes milliseconds in decimals, as the contract demands; a float alone would become `1e-6`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn serialize_millis<S: Serializer>(millis: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serialize_json(serializer, |out| push_millis(out, nanos_of(*millis)))
}

/// Writes a text with the same escapes as a recorder.
fn serialize_text<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serialize_json(serializer, |out| push_string(out, text))
}

#[expect(clippy::ref_option, reason = "serde calls it with a reference")]
fn serialize_optional_text<S: Serializer>(text: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serialize_json(serializer, |out| push_optional_string(out, text.as_deref()))
}

fn serialize_json<S: Serializer>(serializer: S, write: impl FnOnce(&mut Vec<u8>)) -> Result<S::Ok, S::Error> {
    let mut json = Vec::new();
    write(&mut json);
    let json = String::from_utf8(json).map_err(S::Error::custom)?;
    RawValue::from_string(json).map_err(S::Error::custom)?.serialize(serializer)
}

/// Whether a step succeeded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It did.
    #[default]
    Ok,
    /// It returned an error or panicked.
    Error,
}

/// The description of a message in a record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageSignature {
    /// The message's kind.
    pub type_name: String,
    /// The name that people use for it.
    #[serde(serialize_with = "serialize_optional_text")]
    pub identity: Option<String>,
    /// The hash of its content, in lower-case hexadecimal.
    pub hash: Option<String>,
}

/// Why a step failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RecordedError {
    /// The kind of failure.
    #[serde(rename = "type", serialize_with = "serialize_text")]
    pub type_name: String,
    /// The message.
    #[serde(serialize_with = "serialize_text")]
    pub message: String,
    /// The name of the step.
    #[serde(rename = "where", serialize_with = "serialize_text")]
    pub step_name: String,
    /// Always null: kept for readers that expect the field.
    pub stack: Option<String>,
}

/// Fields of a context as a JSON object, kept as text: this preserves its order and numbers of any size. Equal text
/// means an equal snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Box<RawValue>")]
pub struct ContextSnapshot(String);

impl ContextSnapshot {
    /// Returns the JSON text.
    pub fn as_json(&self) -> &str {
        &self.0
    }

    /// Replaces the JSON text by `json`, and reuses its memory.
    pub fn set(&mut self, json: &RawValue) {
        json.get().clone_into(&mut self.0);
    }
}

impl From<Box<RawValue>> for ContextSnapshot {
    fn from(json: Box<RawValue>) -> Self {
        Self(Box::<str>::from(json).into())
    }
}

impl Serialize for ContextSnapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json: &RawValue = serde_json::from_str(&self.0).map_err(S::Error::custom)?;
        json.serialize(serializer)
    }
}
