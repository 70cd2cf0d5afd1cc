#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(not(unix))]
compile_error!(
    "stream-kernel-app works with the files and signals of Unix: build it for Linux, macOS or a BSD"
);

mod app;
mod cli;
mod command;
mod failure;
mod trace_file;

mod checkpoint_commands;
mod commands;
mod config_diff;
mod run;
mod shell_support;
mod trace_commands;

mod merge_command;
mod metrics;
mod metrics_file;
mod progress;
mod report;
mod signals;
mod summary_file;
mod telemetry;

pub use app::App;
pub use command::{Command, CommandFailure, Prepared};
pub use trace_commands::run_heading::run_heading;
pub use trace_file::{TraceFile, TraceRecords};
