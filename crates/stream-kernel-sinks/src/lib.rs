#![doc = include_str!("../README.md")]

#[cfg(not(unix))]
compile_error!(
    "stream-kernel-sinks works with the files and signals of Unix: build it for Linux, macOS or a BSD"
);

mod beside;
mod destination;
mod frames;
mod jsonl;
mod output;
mod rotation;
mod stdout;
#[cfg(feature = "tracing")]
mod tracing;

pub use destination::{Destination, Room, TraceFile};
pub use frames::{Compression, end_of_whole_frames, ends_torn};
pub use jsonl::{Cadence, JsonlSink, MAX_BATCH_BYTES, OpenTraceError};
pub use rotation::{MAX_ROTATED, Rotation, rotated_path};
pub use stdout::StdoutSink;
#[cfg(feature = "tracing")]
pub use tracing::TracingSink;
#[cfg(feature = "tracing")]
pub use tracing_core::Dispatch;
