#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod application;
pub mod config;
pub mod domain;
#[cfg(feature = "cli")]
mod explain;
mod line;
pub mod memory;
mod rules_in_force;
pub mod steps;

pub use application::FundLoad;

/// Returns the program: the kernel's commands, and `explain`.
#[cfg(feature = "cli")]
pub fn program() -> stream_kernel_app::App<FundLoad> {
    stream_kernel_app::App::new().command(explain::command()).wording(explain::wording())
}
