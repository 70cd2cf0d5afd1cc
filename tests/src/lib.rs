//! What the end-to-end tests in `it/` measure fund-load against.
//!
//! [`model`] decides every attempt the slow and obvious way; [`streams`] draws random inputs and settings to try both
//! on. Neither shares code with the program. [`fuzzing`] is what fuzzers run, and a [`watched_disk`] lets tests have their part in what a
//! run does to files.

pub mod fuzzing;
pub mod model;
#[cfg(test)]
mod properties;
pub mod streams;
pub mod watched_disk;

/// The README's Rust runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
