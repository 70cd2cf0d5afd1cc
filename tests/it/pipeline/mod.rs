//! The whole pipeline in this process: no files, a manual clock, and every byte of output.

mod cases;
mod fixture_files;
pub(crate) mod harness;
mod sinks;
mod trace_modes;

mod agreement;
mod records;
mod tracing;

mod fixtures;
mod story;

mod content;
mod samples;

mod limits;
mod memory;
mod prepared;
mod restored;
