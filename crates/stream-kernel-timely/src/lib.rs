#![doc = include_str!("../README.md")]

mod dataflow;
mod home;
mod moves;
mod owner;
mod owners;
mod packet;
mod part;
mod planted;
mod run;
mod told;
mod worker;

pub use run::{WorkerOptions, WorkersEnded, WorkersError, run_on_workers, stages};

#[cfg(any(test, feature = "testing"))]
pub mod testing;

#[cfg(test)]
mod tests;
