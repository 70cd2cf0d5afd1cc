//! End-to-end tests of fund-load against its contract, in one test binary.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod faults;
mod layering;
mod pipeline;
mod program;
