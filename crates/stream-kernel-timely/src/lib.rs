#![doc = include_str!("../README.md")]

mod committed;
mod connection;
mod dataflow;
mod handover;
mod home;
mod mesh;
mod moves;
mod owner;
mod owners;
mod packet;
mod part;
mod places;
mod plan;
mod planted;
mod run;
mod together;
mod told;
mod witness;
mod worker;

pub use committed::Committing;
pub use run::{Cluster, WorkerOptions, WorkersEnded, WorkersError, run_on_workers};

#[cfg(any(test, feature = "measure"))]
pub mod measure;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

#[cfg(test)]
mod tests;
