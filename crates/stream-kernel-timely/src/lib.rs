#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(not(unix))]
compile_error!(
    "stream-kernel-timely works with the files and signals of Unix: build it for Linux, macOS or a BSD"
);

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
