#![doc = include_str!("../README.md")]

mod application;
mod job;
mod main_entry;
mod own_command;
mod trace_file;

mod checkpoint_commands;
mod checkpointed;
mod cli;
mod commands;
mod config_diff;
mod failure;
mod run;
mod trace_commands;

mod checkpoint_checks;
mod checks;
mod path_checks;
mod redaction;
mod same_file;
mod tracing;

mod adapters;
mod input;
mod line_reader;
mod output;
mod raw_line;
mod state;

mod progress;
mod report;
mod signals;
mod stopwatch;

pub use adapters::{
    FileAdapter, InputSettings, InputSource, LineAdapters, OutputSettings, OutputSink, UnterminatedLine,
};
pub use application::{Application, Section, SummaryRow};
pub use checkpointed::{
    CheckpointFailure, CommitIn, CommittedLines, Ended, Event, Reached, Surroundings, run_checkpointed,
};
pub use cli::command;
pub use job::{Job, Run};
pub use line_reader::{LineReader, MAX_LINES_AHEAD};
pub use main_entry::main;
pub use output::{LineOutput, SharedOutput};
pub use own_command::{CommandFailure, OwnCommand};
pub use raw_line::{LineContent, LineMessage, RawLine};
pub use state::{NotRestored, State};
pub use trace_commands::run_heading::run_heading;
pub use trace_file::{TraceFile, TraceRecords};

/// What an application needs of the configuration crate: exact decimals, and reporting mistakes of its own.
pub use stream_kernel_checkpoint as checkpoint;
pub use stream_kernel_config as config;
