#![doc = include_str!("../README.md")]

mod application;
pub mod config;
pub mod domain;
mod explain;
mod line;
mod look_ahead;
mod rules_in_force;
mod state;
pub mod steps;
pub mod stores;
mod tally;

pub use application::FundLoad;
pub use tally::Tally;
