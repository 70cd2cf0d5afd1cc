//! Attempts to load funds as NDJSON: the fixtures and the streams for benchmarks.

mod attempt;
mod clean;
mod dirty;
mod hostile;
mod other_shapes;
mod random;
mod reasons;

pub(crate) use attempt::Attempt;
pub(crate) use clean::{CleanStream, LINES_MAX, fixture as clean_fixture};
pub(crate) use dirty::{DirtyStream, fixture as dirty_fixture};
pub(crate) use other_shapes::{crowded, spread};
pub(crate) use random::Random;
pub(crate) use reasons::fixture as reasons_fixture;
