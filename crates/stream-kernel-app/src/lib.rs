#![doc = include_str!("../README.md")]

mod app;
mod cli;
mod command;
mod failure;
mod trace_file;

mod checkpoint_commands;
mod commands;
mod config_diff;
mod run;
mod trace_commands;

mod merge_command;
mod metrics;
mod metrics_file;
mod progress;
mod report;
mod signals;
mod summary_file;

pub use app::App;
pub use command::{Command, CommandFailure, Prepared};
pub use trace_commands::run_heading::run_heading;
pub use trace_file::{TraceFile, TraceRecords};
