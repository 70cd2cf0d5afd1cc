#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(not(unix))]
compile_error!(
    "stream-kernel-checkpoint works with the files and signals of Unix: build it for Linux, macOS or a BSD"
);

mod checkpoint;
mod committed;
mod committed_file;
mod earlier_output;
mod error;
mod injected;
mod input_prefix;
mod inspection;
mod layout;
mod manifest;
mod new_file;
mod prefix;
mod slot;
mod snapshot;

pub use checkpoint::{Checkpoint, MAX_CONFIGURATION_TEXT_BYTES};
pub use committed::{
    Committed, CommittedConfiguration, CommittedInput, CommittedOutput, CommittedTrace,
    MAX_CONFIGURATION_BYTES, MAX_PATH_BYTES, MAX_PROGRAM_BYTES, MAX_TOTAL_NAME_BYTES, MAX_TOTALS,
    OutOfBounds, Program, ReplayFrom, Total, json_bytes,
};
pub use committed_file::{CommittedFile, UncutFile};
pub use error::{CommitError, FileError, OpenCheckpointError, RestoreError};
#[cfg(feature = "injected-faults")]
#[doc(hidden)]
pub use injected::{InjectedFault, with_injected};
pub use input_prefix::InputPrefix;
pub use inspection::{Inspection, inspect, verify};
pub use new_file::NewFile;
pub use prefix::{PrefixDigest, PrefixError, PrefixHash};
pub use slot::{Commit, SLOT_BYTES, Slot};
pub use snapshot::{MAX_BLOCK_BYTES, SnapshotFile, SnapshotWriter};
