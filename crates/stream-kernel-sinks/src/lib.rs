#![doc = include_str!("../README.md")]

mod destination;
mod jsonl;
mod stdout;

pub use destination::{Destination, TraceFile};
pub use jsonl::{Cadence, JsonlSink, MAX_BATCH_BYTES, OpenError};
pub use stdout::StdoutSink;
