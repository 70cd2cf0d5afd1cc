#![doc = include_str!("../README.md")]

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
