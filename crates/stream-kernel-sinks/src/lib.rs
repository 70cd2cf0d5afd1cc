#![doc = include_str!("../README.md")]

mod batch;
mod jsonl;
mod stdout;

pub use batch::{Destination, MAX_BATCH_BYTES};
pub use jsonl::{Cadence, JsonlSink, OpenError, TraceFile};
pub use stdout::StdoutSink;
