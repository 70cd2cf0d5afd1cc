#![doc = include_str!("../README.md")]

mod beside;
mod destination;
mod frames;
mod jsonl;
mod output;
mod stdout;

pub use destination::{Destination, TraceFile};
pub use frames::{Compression, ends_torn};
pub use jsonl::{Cadence, JsonlSink, MAX_BATCH_BYTES, OpenError};
pub use stdout::StdoutSink;
