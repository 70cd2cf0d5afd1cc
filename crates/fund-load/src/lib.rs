#![doc = include_str!("../README.md")]

mod application;
pub mod config;
pub mod domain;
#[cfg(feature = "cli")]
mod explain;
mod line;
mod look_ahead;
#[cfg(feature = "cli")]
mod program;
mod rules_in_force;
mod state;
pub mod steps;
pub mod stores;
mod tally;

pub use application::FundLoad;
#[cfg(feature = "cli")]
pub use program::program;
pub use tally::Tally;
