#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(not(unix))]
compile_error!(
    "stream-kernel-run works with the files and signals of Unix: build it for Linux, macOS or a BSD"
);

mod application;
mod job;

mod checkpoint_checks;
mod checks;
mod cluster_checks;
mod cluster_secret;
mod editor_rules;
mod metrics_checks;
mod path_checks;
mod redaction;
mod rotation_checks;
mod same_file;
mod tracing;
mod worker_checks;

mod adapters;
mod input;
mod line_reader;
mod output;
mod raw_line;

mod checkpointed;
mod feed;
mod meter;
mod plain_run;
mod session;
mod shared_files;

pub mod hosts;
pub mod parts;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use adapters::{
    FileAdapter, InputSettings, InputSource, LineAdapters, LineFiles, NoParameters, OutputSettings,
    OutputSink, UnterminatedLine,
};
pub use application::{About, Application, ConfigOf, Section, SummaryRow};
pub use checkpointed::{
    CheckpointFailure, CheckpointOptions, CommitIn, Ended, Event, MIN_SNAPSHOT_BYTES, Reached,
    SharedCheckpoint, check_program, is_snapshot_worth, run_checkpointed,
};
pub use cluster_checks::MAX_CLUSTER_WORKERS;
pub use cluster_secret::{ClusterSecret, MAX_SECRET_BYTES, MIN_SECRET_BYTES};
pub use input::OpenInputError;
pub use job::{Job, empty_memory};
pub use line_reader::LineReader;
pub use meter::{DURATION_BOUNDS_NS, Figures, LastCommit, Meter, StepDurations};
pub use output::OpenOutputError;
pub use plain_run::{OpenFiles, PlainEnded, PlainOptions, RunError, run_plain};
pub use raw_line::{LineContent, LineMessage, RawLine};
pub use session::{MAX_LINES_AHEAD, Position, Session};
pub use shared_files::{OpenInput, SharedFiles};

/// What most applications use: `use stream_kernel_run::prelude::*`.
pub mod prelude {
    pub use crate::{
        About, Application, ConfigOf, LineAdapters, LineContent, LineFiles, NoParameters, RawLine, SummaryRow,
    };
    pub use stream_kernel_exec::trace::{CanonicalContent, Context};
    pub use stream_kernel_exec::{
        Chain, Counters, Declaration, Emitter, Entry, Gate, GateCount, KeyedStep, Memory, Nothing, Payload,
        Registry, Step, StepError, StepResult, Table, Tally, messages, outputs,
    };
}

/// Files that are whole or absent, and paths to the same file, for commands beside a run.
pub mod files {
    pub use crate::adapters::{STANDARD_STREAM, is_standard_stream};
    pub use crate::output::{OutputFile, partial_path, write_to_what_is_there};
    pub use crate::same_file::{Target, is_link_to_file, is_standard_output};
    pub use stream_kernel_sinks::{MAX_ROTATED, end_of_whole_frames, rotated_path};
}

pub use stream_kernel_checkpoint as checkpoint;
pub use stream_kernel_config as config;
pub use stream_kernel_disk as disk;
pub use stream_kernel_exec as exec;
