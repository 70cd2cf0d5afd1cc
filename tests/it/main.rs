//! End-to-end tests: what fund-load promises, held against its contract from outside. One test binary.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod faults;
mod layering;
mod pipeline;
mod program;
