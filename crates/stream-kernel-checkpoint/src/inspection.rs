//! Looking at a checkpoint without touching it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use stream_kernel_disk::{Disk, OpenHow};

use crate::committed::Committed;
use crate::committed_file::UncutFile;
use crate::layout::{LOCK, MANIFEST, log_path};
use crate::manifest::{Newest, newest, read_slots};
use crate::prefix::PrefixHash;
use crate::slot::SlotContent;
use crate::state_log::{LogPosition, ReplayError, replay};

/// What a checkpoint says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// Whether a run uses it just now: then anything may change between two looks.
    pub is_in_use: bool,
    /// How its two slots are.
    pub slots: [SlotHealth; 2],
    /// The newest commit; `None` if there never was one, or it is damaged.
    pub last: Option<LastCommit>,
}

/// The newest commit of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastCommit {
    /// Its number, from 1.
    pub sequence: u64,
    /// Where the state is.
    pub log: LogPosition,
    /// What was committed.
    pub committed: Committed,
}

/// How a slot is. A damaged slot beside a whole one is what a commit leaves that was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotHealth {
    /// It was never written.
    Empty,
    /// It is whole.
    Whole,
    /// It is damaged.
    Damaged,
    /// It has another format, which this program does not know.
    OtherFormat,
}

/// Something that keeps a run from being resumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub path: PathBuf,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.path.display(), self.problem)
    }
}

/// Why a checkpoint cannot be looked at.
#[derive(Debug, thiserror::Error)]
#[error("`{}` cannot be read", path.display())]
pub struct InspectError {
    /// What cannot be read.
    pub path: PathBuf,
    /// What the system said.
    #[source]
    pub cause: io::Error,
}

/// Returns what the checkpoint in the directory `dir` says. No lock is held, and nothing is changed.
///
/// # Errors
///
/// The directory or a file in it cannot be read.
pub fn inspect(disk: &dyn Disk, dir: &Path) -> Result<Inspection, InspectError> {
    let is_in_use = read_if_there(disk, &dir.join(LOCK), |file| file.is_locked())?.unwrap_or(false);
    let slots = read_if_there(disk, &dir.join(MANIFEST), read_slots)?;
    let slots = slots.unwrap_or([SlotContent::Empty, SlotContent::Empty]);
    if slots == [SlotContent::Empty, SlotContent::Empty] {
        // A directory that is not there, and one that is no checkpoint, look alike up to here.
        disk.names(dir).map_err(|cause| InspectError { path: dir.to_owned(), cause })?;
    }
    let health = slots.each_ref().map(|slot| match slot {
        SlotContent::Empty => SlotHealth::Empty,
        SlotContent::Valid(_) => SlotHealth::Whole,
        SlotContent::OtherFormat(_) => SlotHealth::OtherFormat,
        SlotContent::Damaged => SlotHealth::Damaged,
    });
    let last = match newest(slots) {
        Newest::Committed(slot, _) => {
            Some(LastCommit { sequence: slot.sequence, log: slot.log, committed: slot.committed })
        }
        Newest::Nothing | Newest::OtherFormat(_) | Newest::Damaged => None,
    };
    Ok(Inspection { is_in_use, slots: health, last })
}

/// Returns what the checkpoint says, and all that would keep a run from being resumed: damage to slots and state log, output and
/// trace that are shorter than what was committed, an input that begins differently. Nothing is changed.
///
/// Relative paths are those of the run: its working directory has to be this one.
///
/// # Errors
///
/// The directory or a file in it cannot be read.
pub fn verify(disk: &dyn Disk, dir: &Path) -> Result<(Inspection, Vec<Finding>), InspectError> {
    let inspection = inspect(disk, dir)?;
    let mut findings = Vec::new();
    let mut find = |path: &Path, problem: String| findings.push(Finding { path: path.to_owned(), problem });
    let Some(LastCommit { sequence, log, committed }) = &inspection.last else {
        if inspection.slots.contains(&SlotHealth::OtherFormat) {
            find(&dir.join(MANIFEST), "it has a format that this program does not know".to_owned());
        } else if !inspection.slots.contains(&SlotHealth::Empty) {
            find(&dir.join(MANIFEST), "neither of its slots is whole".to_owned());
        }
        return Ok((inspection, findings));
    };
    let path = log_path(dir, log.number);
    let replayed = match disk.open(&path, OpenHow::ReadOnly) {
        Ok(file) => replay(&*file, log.bytes, *sequence, &mut |_| Ok(())),
        Err(cause) => Err(ReplayError::Read(cause)),
    };
    match replayed {
        Ok(()) => {}
        Err(ReplayError::Read(cause)) => find(&path, cause.to_string()),
        Err(ReplayError::Damaged { offset, what }) => find(&path, format!("at byte {offset}: {what}")),
        Err(ReplayError::Refused { offset, reason }) => find(&path, format!("at byte {offset}: {reason}")),
    }
    let output = UncutFile::open(disk, committed.output_paths(), committed.output.bytes);
    let trace = committed.trace.as_ref();
    let trace =
        trace.map(|trace| (&trace.path, UncutFile::open(disk, [Path::new(&trace.path)], trace.bytes)));
    for (path, opened) in [(&committed.output.path, output)].into_iter().chain(trace) {
        if let Err(error) = opened {
            find(Path::new(path), error.to_string());
        }
    }
    let path = Path::new(&committed.input.path);
    match disk.open(path, OpenHow::ReadOnly) {
        Ok(input) => {
            if let Err(error) = PrefixHash::of_committed(&*input, &committed.input) {
                find(path, error.to_string());
            }
        }
        Err(cause) => find(path, cause.to_string()),
    }
    Ok((inspection, findings))
}

/// Reads something in a file; `None` if there is no such file.
fn read_if_there<T>(
    disk: &dyn Disk,
    path: &Path,
    read: impl FnOnce(&dyn stream_kernel_disk::DiskFile) -> io::Result<T>,
) -> Result<Option<T>, InspectError> {
    match disk.open(path, OpenHow::ReadOnly).and_then(|file| read(&*file)) {
        Ok(read) => Ok(Some(read)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(InspectError { path: path.to_owned(), cause }),
    }
}

#[cfg(test)]
mod tests;
