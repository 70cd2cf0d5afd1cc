#![doc = include_str!("../README.md")]

mod clock;
pub mod comparison;
mod content;
mod context;
mod fault;
mod json;
mod json_leaves;
mod json_members;
mod message;
pub mod reading;
mod record;
mod record_serializer;
mod recorder;
mod redaction;
#[cfg(feature = "schema")]
mod schema;
mod signature;
mod sink;
mod snapshot;
pub mod soundness;
mod span_ids;
#[cfg(feature = "statistics")]
pub mod statistics;
mod text;
mod tick_clock;
mod timestamp;
mod trace_record;
mod write_json;

pub use clock::{Clock, ContinuedClock, ManualClock, MonotonicClock, SystemClock};
pub use content::CanonicalContent;
pub use context::{
    Context, ContextField, ErrorEntry, FieldSet, List, MAX_ENTRIES, NamedValues, Number, RunLabel,
    UnknownField,
};
pub use fault::StepFault;
pub use message::Message;
pub use record::Record;
pub use record_serializer::{MAX_TEMPLATES, RecordSerializer};
pub use recorder::{Recorder, StepRef, TraceSettings};
pub use redaction::{
    IdentityRedaction, InvalidKey, MASK, MAX_KEY_BYTES, Redaction, RedactionKey, may_be_hidden,
};
#[cfg(feature = "schema")]
pub use schema::record_schema;
pub use signature::{Signature, SignatureMode};
pub use sink::{SinkFailure, TraceSink};
pub use snapshot::{ContextChange, ContextDiffMode};
pub use span_ids::SpanIds;
pub use text::{MAX_TEXT_CHARS, ShortText, TRUNCATED};
pub use timestamp::{NoTimestamp, RenderedTimestamp, Timestamp};
pub use trace_record::{ContextSnapshot, MessageSignature, RecordedError, Status, TraceRecord};
pub use write_json::write_json;
