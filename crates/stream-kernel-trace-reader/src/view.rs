//! The page's data of a trace, or of two: totals of everything, and a sample of inputs with their steps. Its size is
//! bounded.

mod collector;
mod failures;
mod input;
mod pair;
mod run_view;
mod sample;
mod step;
#[cfg(test)]
mod tests;
mod timeline;
mod wording;

pub use collector::Collector;
pub use pair::Pair;
pub use wording::Wording;
