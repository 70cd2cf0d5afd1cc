#![doc = include_str!("../README.md")]

mod application;
mod job;

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

mod checkpointed;
mod plain_run;

pub use adapters::{
    FileAdapter, InputSettings, InputSource, LineAdapters, OutputSettings, OutputSink, UnterminatedLine,
};
pub use application::{Application, Section, SummaryRow};
pub use checkpointed::{
    CheckpointFailure, CommitIn, CommittedLines, Ended, Event, Reached, Surroundings, check_program,
    run_checkpointed,
};
pub use input::OpenInputError;
pub use job::{Job, Run};
pub use line_reader::{LineReader, MAX_LINES_AHEAD};
pub use output::{LineOutput, OpenOutputError, SharedOutput};
pub use plain_run::{OpenFiles, PlainEnded, PlainSurroundings, RunError, run_plain};
pub use raw_line::{LineContent, LineMessage, RawLine};
pub use state::{NotRestored, State};

/// Files that are whole or not there, and paths that lead to the same file: for commands beside a run.
pub mod files {
    pub use crate::adapters::{STANDARD_STREAM, is_standard_stream};
    pub use crate::output::{OutputFile, partial_path, write_to_what_is_there};
    pub use crate::same_file::{Target, is_link_to_file, is_standard_output};
}

pub use stream_kernel_checkpoint as checkpoint;
pub use stream_kernel_config as config;
pub use stream_kernel_disk as disk;
pub use stream_kernel_exec as exec;
