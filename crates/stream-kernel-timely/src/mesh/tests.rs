//! Tests of processes that come together, as threads over 127.0.0.1.

mod bounds;
mod failing;
mod lists;
mod party;
mod strangers;
mod together;
