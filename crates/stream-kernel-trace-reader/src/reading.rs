//! Reading a trace back: record by record in constant memory, tolerant of a torn end and of a growing file.

mod changes;
mod content;
mod identity;
mod inputs;
mod on_all_cores;
mod parts;
mod reader;
mod runs;
mod step_record;
mod usual;

pub use changes::{ValueChange, shown_changes, value_changes};
pub use content::{MAX_HELD_FRAME_BYTES, MAX_WINDOW_BYTES, TornFrame, TraceInput, is_compressed};
pub use identity::message_identities;
pub(crate) use identity::tags;
pub use inputs::{Input, Inputs};
pub(crate) use inputs::{MAX_HELD_BYTES, MAX_HELD_RECORDS, memory_bytes};
pub use on_all_cores::{Digest, LineDigests, Whole};
pub use parts::{MAX_THREADS, PART_BYTES};
pub use reader::{MAX_LINE_BYTES, Tail, TornTail, TraceLine, TraceReader, WrongLine};
pub use runs::RunSplitter;
pub use step_record::{AsStep, StepRecord, StepRecordBuf, Steps};
