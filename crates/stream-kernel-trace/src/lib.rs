#![doc = include_str!("../README.md")]

mod clock;
mod content;
mod context;
mod fault;
mod json;
mod message;
mod outcome;
mod record;
mod record_serializer;
mod recorder;
mod redaction;
mod signature;
mod sink;
mod snapshot;
mod text;
mod tick_clock;
mod timestamp;
mod trace_record;

pub use clock::{Clock, ContinuedClock, ManualClock, MonotonicClock, SystemClock};
pub use content::{CanonicalContent, ContentField};
pub use context::{
    Context, ContextField, ErrorEntry, FieldSet, List, MAX_ENTRIES, NamedValues, Number, RunLabel,
};
pub use fault::StepFault;
pub use message::Message;
pub use outcome::{Outcome, OutcomeOf, Tags};
pub use record::Record;
pub use record_serializer::{MAX_TEMPLATES, RecordSerializer};
pub use recorder::{Recorder, StepRef, TraceSettings};
pub use redaction::{
    IdentityRedaction, InvalidKey, MASK, MAX_KEY_BYTES, Redaction, RedactionKey, may_be_hidden,
};
pub use signature::{Signature, SignatureMode};
pub use sink::{SinkFailure, TraceSink};
pub use snapshot::Snapshots;
pub use text::{MAX_TEXT_CHARS, ShortText, TRUNCATED};
pub use timestamp::{NoTimestamp, Timestamp};
pub use trace_record::{ContextSnapshot, MessageSignature, RecordedError, Status, TraceRecord};
