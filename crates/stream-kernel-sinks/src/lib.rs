#![doc = include_str!("../README.md")]

mod batch;
mod jsonl;
mod stdout;

pub use batch::MAX_BATCH_BYTES;
pub use jsonl::{Cadence, JsonlSink, OpenError};
pub use stdout::StdoutSink;
