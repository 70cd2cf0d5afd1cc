//! Messages, wiring, failing steps, contexts and tracing, tested through the public API.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod story;
mod toy;

mod chain;
mod derived;
mod memory;
mod messages;
mod routing;
mod targets;

mod binding;
mod bounds;
mod failures;

mod contexts;
mod tracing;

mod allocations;
