//! fund-load under faults: on a disk that fails and loses power at every operation, and killed at every operation on
//! real files.
//!
//! Whatever happens to one process after another, the last one must leave the files of an undisturbed run: the same
//! output, byte for byte, and a trace that differs only in times. The trace may end early only if it could not be
//! written, at a line that the checkpoint names.

mod input;
mod masked;
mod scene;
mod sweep;

mod anywhere;
mod appended;
mod at_limits;
mod background;
mod cadence;
mod changed;
mod durable_records;
mod interrupted;
mod kills;
mod moved;
mod shared_trace;
mod shortened;
mod slow_disk;
mod snapshots;
mod trace_ends;
