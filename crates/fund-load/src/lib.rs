#![doc = include_str!("../README.md")]

mod application;
pub mod config;
pub mod domain;
#[cfg(feature = "cli")]
mod explain;
mod line;
pub mod memory;
#[cfg(feature = "cli")]
mod program;
mod rules_in_force;
pub mod steps;

pub use application::FundLoad;
#[cfg(feature = "cli")]
pub use program::program;
