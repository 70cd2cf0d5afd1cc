#![doc = include_str!("../README.md")]

mod bind;
mod chain;
mod emitter;
mod encode;
mod keyed_step;
mod memory;
mod messages;
mod paused;
mod recycled;
mod registry;
mod runner;
mod scenario;
mod shared_run;
mod step;
mod step_error;
mod wiring_fault;

pub use chain::{Chain, Compose};
pub use emitter::{Emitter, MAX_EMITTED_PER_INPUT, Notice, NoticeCounts};
pub use encode::Encode;
pub use keyed_step::KeyedStep;
pub use memory::{
    Counters, Declaration, Entry, Forgotten, Gate, GateCount, Key, Limit, MAX_DECLARATIONS, MAX_ENTRIES,
    Mark, Memory, NotRestored, NotShared, Place, Refusal, Role, Share, Stage, State, Store, Table, TableSize,
    Tally, UndoMark, Value, Watermark,
};
pub use messages::{Emits, Kind, MessageSet, Nothing, Payload, VariantOf, same_type};
pub use paused::{Entering, Paused};
pub use recycled::{MAX_SPARE_BOXES, Recycle, Recycled, SpareBoxes};
pub use registry::{BuildError, Prefetch, Registry};
pub use runner::{InputOutcome, OnStepError, RunReport, SyncRunner};
pub use scenario::{MAX_STEPS, Plan, Route, Scenario, StepWiring};
pub use step::{Step, Target};
pub use step_error::{StepError, StepFailure, StepResult};
pub use wiring_fault::{WiringFault, WiringFaults};

/// Derives [`Payload`](trait@Payload) for a struct: its content is every field, in order, under its name.
///
/// A field is a number, a text, bytes, a truth value, or an option of these: a [`ContentField`](trace::ContentField).
///
/// | on the struct | |
/// |---|---|
/// | `#[payload(identity = "{method} {target}")]` | the identity is this text, with fields in braces |
/// | `#[payload(public_identity)]` | the identity reveals nothing about anybody: see [`Payload::identity_is_public`] |
/// | `#[payload(pack)]` | other workers get it as bytes, which takes less time: every field implements [`Encode`] |
/// | `#[payload(crate = stream_kernel_run::exec)]` | the path of this crate, if it is not a dependency |
///
/// | on a field | |
/// |---|---|
/// | `#[payload(identity)]` | the identity is this field, as it is displayed |
/// | `#[payload(display)]` | the content is the displayed text |
/// | `#[payload(name = "amount_cents")]` | its name in the content, by default that of the field |
///
/// Anything else is a compile error.
///
/// ```
/// use stream_kernel_exec::Payload;
/// use stream_kernel_exec::trace::CanonicalContent;
///
/// #[derive(Payload)]
/// #[payload(pack)]
/// struct Reading {
///     #[payload(identity)]
///     sensor: String,
///     #[payload(name = "millidegrees")]
///     value: i64,
/// }
///
/// let reading = Reading { sensor: "roof".to_owned(), value: -1_500 };
/// let mut content = CanonicalContent::default();
/// content.begin("Reading");
/// reading.digest(&mut content);
/// assert_eq!(content.as_bytes(), b"Reading\nsensor=4:roof\nmillidegrees=-1500\n");
/// ```
///
/// ```compile_fail
/// #[derive(stream_kernel_exec::Payload)]
/// enum Reading { Hot, Cold } // error: a payload is a struct
/// ```
pub use stream_kernel_derive::Payload;
/// The parts of the tracing interface that this crate uses for messages and inputs.
pub use stream_kernel_trace as trace;
