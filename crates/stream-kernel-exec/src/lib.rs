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
pub use step_error::{StepError, StepFailure};
pub use wiring_fault::{WiringFault, WiringFaults};

/// The parts of the tracing interface that this crate uses for messages and inputs.
pub use stream_kernel_trace as trace;
