//! References for the end-to-end tests in `it/`.
//!
//! [`model`] decides every attempt the slow and obvious way; [`streams`] draws random inputs and settings to try both
//! on. Neither shares code with the program. [`fuzzing`] has the bodies of fuzz targets, and a [`watched_disk`] lets
//! tests intervene in a run's operations on files.

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

/// The book's Rust runs as tests.
#[cfg(doctest)]
mod book {
    #[doc = include_str!("../../docs/book/src/first.md")]
    struct First;
    #[doc = include_str!("../../docs/book/src/testing.md")]
    struct Testing;
    #[doc = include_str!("../../docs/book/src/crates.md")]
    struct Crates;
    #[doc = include_str!("../../docs/book/src/sink.md")]
    struct Sink;
    #[doc = include_str!("../../docs/book/src/source.md")]
    struct Source;
    #[doc = include_str!("../../docs/book/src/reading.md")]
    struct Reading;
}
