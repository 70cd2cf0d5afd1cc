//! What must hold for any bytes at all: the bodies of the fuzz targets in `fuzz/`.
//!
//! Each function takes what a fuzzer makes up and panics if something does not hold. They are here and not there so that their seeds
//! run as tests, without a fuzzer, and on a stable compiler.

mod amount;
mod checkpoint;
mod configuration;
mod decisions;
mod line;
mod sealing;
#[cfg(test)]
mod seeds;
mod time;
mod trace_reader;

pub use amount::amount;
pub use checkpoint::checkpoint;
pub use configuration::configuration;
pub use line::line;
pub use time::time;
pub use trace_reader::trace_reader;
