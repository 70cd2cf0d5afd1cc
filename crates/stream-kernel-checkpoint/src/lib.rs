#![doc = include_str!("../README.md")]

mod changes;
mod checkpoint;
mod committed;
mod committed_file;
mod earlier_output;
mod error;
mod input_prefix;
mod inspection;
mod layout;
mod manifest;
mod new_file;
mod planted;
mod prefix;
mod slot;
mod state_log;

pub use changes::{Changes, MAX_BLOCK_BYTES, RecordTooLong};
pub use checkpoint::{Checkpoint, MAX_CONFIGURATION_TEXT_BYTES, MIN_COMPACTION_BYTES};
pub use committed::{
    Committed, CommittedConfiguration, CommittedInput, CommittedOutput, CommittedTrace,
    MAX_CONFIGURATION_BYTES, MAX_PATH_BYTES, MAX_PROGRAM_BYTES, MAX_TOTAL_NAME_BYTES, MAX_TOTALS,
    OutOfBounds, Program, Total, json_bytes,
};
pub use committed_file::{CommittedFile, FileError, UncutFile};
pub use error::{CommitError, OpenError, RestoreError};
pub use input_prefix::InputPrefix;
pub use inspection::{InspectError, Inspection, LastCommit, SlotHealth, inspect, verify};
pub use manifest::SLOT_BYTES;
pub use new_file::NewFile;
#[cfg(feature = "planted-faults")]
#[doc(hidden)]
pub use planted::{PlantedFault, with_planted};
pub use prefix::{PrefixDigest, PrefixError, PrefixHash};
pub use state_log::{LogPosition, StateLog, StateWriter, WrittenAhead};
