#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(not(unix))]
compile_error!(
    "stream-kernel-disk works with the files and signals of Unix: build it for Linux, macOS or a BSD"
);

mod disk;
mod file;
mod os;
#[cfg(feature = "simulation")]
mod simulated;

pub use disk::{Disk, OpenHow, dir_of};
pub use file::{DiskFile, FileId, MAX_INTERRUPTIONS};
pub use os::{OsDisk, try_lock};
#[cfg(feature = "simulation")]
pub use simulated::{
    Disturbance, Fault, PlannedFault, ProcessEnd, SimulatedDisk, is_exhaustive, random_number, sample,
};
