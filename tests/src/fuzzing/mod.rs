//! Bodies of the fuzz targets in `fuzz/`: properties of any bytes.
//!
//! Each function takes a fuzzer's bytes and panics if a property does not hold. They are here so that their seeds run
//! as tests, without a fuzzer, and on a stable compiler.

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
