#![doc = include_str!("../README.md")]

mod bind;
mod emitter;
mod messages;
mod registry;
mod runner;
mod scenario;
mod step;
mod step_error;
mod wiring_fault;

pub use emitter::{Emitter, MAX_EMITTED_PER_INPUT};
pub use messages::{Emits, Kind, MessageSet, Nothing, Payload, VariantOf};
pub use registry::{BuildError, Registry};
pub use runner::{InputOutcome, OnStepError, RunReport, SyncRunner};
pub use scenario::{MAX_STEPS, Plan, Route, Scenario, StepWiring};
pub use step::{Step, Target};
pub use step_error::{StepError, StepFailure};
pub use wiring_fault::{WiringFault, WiringFaults};

/// What tracing needs to know of messages and inputs, as this crate uses it.
pub use stream_kernel_trace as trace;
