//! The page's data of a trace: totals of everything, and a sample of inputs with their steps. Its size is bounded.

mod collector;
mod input;
mod run_view;
mod sample;
mod step;
#[cfg(test)]
mod tests;
mod throughput;

pub use collector::Collector;
