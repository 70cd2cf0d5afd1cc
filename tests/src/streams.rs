//! Random inputs and settings, as proptest strategies.
//!
//! Uniform random text would hardly ever be an attempt, and uniform random attempts would hardly ever meet a limit.
//! So everything is drawn from small pools crowded around what the rules compare, with a little of the whole range.
//! The simplest of each pool comes first: that is what a failing case shrinks to.
//!
//! Inputs are written byte by byte, so that they can hold what no serialiser would write. The larger strategies are
//! boxed: drawn on the stack, a tree of all their alternatives would not fit a test's thread.

mod attempts;
mod configurations;
mod hostile;
mod hostile_values;
mod inputs;
mod spelling;

pub use configurations::{Configuration, configuration};
pub use inputs::{clean_input, hostile_input};

/// Line lengths in bytes, for padded lines and for bounds.
const LINE_BOUNDS: [usize; 3] = [160, 120, 96];
