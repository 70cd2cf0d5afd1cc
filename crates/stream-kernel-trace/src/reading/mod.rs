//! Reading a trace back: record by record in constant memory, tolerant of a torn end and of a file that still grows.

mod changes;
mod inputs;
mod reader;
mod runs;

pub use changes::{ValueChange, value_changes};
pub use inputs::{Input, Inputs, MAX_HELD_RECORDS};
pub use reader::{MAX_LINE_BYTES, Tail, TraceLine, TraceReader, WrongLine};
pub use runs::RunSplitter;
