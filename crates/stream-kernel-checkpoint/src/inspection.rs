//! Inspection of a checkpoint: nothing is locked or changed.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use stream_kernel_disk::{Disk, DiskFile, OpenHow};

use crate::checkpoint::read_configuration;
use crate::committed::Committed;
use crate::committed_file::UncutFile;
use crate::input_prefix::InputPrefix;
use crate::layout::{LOCK, MANIFEST, MANIFEST_LOST, holds_later_files};
use crate::manifest::{Newest, newest, read_slots};
use crate::prefix::PrefixError;
use crate::slot::SlotContent;
use crate::snapshot::{SnapshotFile, restore_from};

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
    /// Its snapshot; without one, lines are decided again from the first on.
    pub snapshot: Option<SnapshotFile>,
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
            Some(LastCommit { sequence: slot.sequence, snapshot: slot.snapshot, committed: slot.committed })
        }
        Newest::Nothing | Newest::OtherFormat(_) | Newest::Damaged => None,
    };
    Ok(Inspection { is_in_use, slots: health, last })
}

/// Returns what the checkpoint says, and a sentence about everything that is found to keep a run from being resumed:
/// damage to slots, configuration and snapshot, records that `apply` refuses, output and trace that are
/// shorter than what was committed or have no line end where that ends, an input that begins differently or whose last
/// line is another one now. Nothing is changed.
///
/// Relative paths are those of the run: its working directory has to be this one.
///
/// # Errors
///
/// The directory or a file in it cannot be read.
pub fn verify(
    disk: &dyn Disk,
    dir: &Path,
    apply: &mut dyn FnMut(&[u8]) -> Result<(), String>,
) -> Result<(Inspection, Vec<String>), InspectError> {
    let inspection = inspect(disk, dir)?;
    let manifest = dir.join(MANIFEST);
    let manifest = manifest.display();
    let findings = match &inspection.last {
        Some(last) => check(disk, dir, last, apply),
        None if inspection.slots.contains(&SlotHealth::OtherFormat) => {
            vec![format!("`{manifest}` has a format that this program does not know")]
        }
        None if is_manifest_lost(disk, dir)? => vec![format!("`{manifest}` is damaged: {MANIFEST_LOST}")],
        None if inspection.slots.contains(&SlotHealth::Empty) => Vec::new(),
        None => vec![format!("`{manifest}` is damaged: neither of its slots is whole")],
    };
    Ok((inspection, findings))
}

/// Returns whether the manifest is empty or missing, but there is a file that is made after it.
fn is_manifest_lost(disk: &dyn Disk, dir: &Path) -> Result<bool, InspectError> {
    let is_empty = read_if_there(disk, &dir.join(MANIFEST), |file| file.is_empty())?.unwrap_or(true);
    let unlisted = |cause| InspectError { path: dir.to_owned(), cause };
    Ok(is_empty && holds_later_files(disk, dir).map_err(unlisted)?)
}

/// Returns all that keeps a run from being resumed from a commit.
fn check(
    disk: &dyn Disk,
    dir: &Path,
    last: &LastCommit,
    apply: &mut dyn FnMut(&[u8]) -> Result<(), String>,
) -> Vec<String> {
    let committed = &last.committed;
    let output = UncutFile::check_output(disk, committed);
    let trace = committed.trace.as_ref();
    let trace = trace.map_or(Ok(()), |it| UncutFile::check(disk, Path::new(&it.path), it.bytes));
    let restored = last.snapshot.map_or(Ok(()), |snapshot| restore_from(disk, dir, snapshot, apply));
    let checked = [
        restored.map_err(|error| with_cause(&error)),
        read_configuration(disk, dir, &committed.configuration).map(drop).map_err(|error| with_cause(&error)),
        output.map_err(|error| with_cause(&error)),
        trace.map_err(|error| with_cause(&error)),
        check_input(disk, committed).map_err(|error| with_cause(&error)),
    ];
    checked.into_iter().filter_map(Result::err).collect()
}

fn check_input(disk: &dyn Disk, committed: &Committed) -> Result<(), PrefixError> {
    let path = Path::new(&committed.input.path);
    let opened = disk.open(path, OpenHow::ReadOnly);
    let input = opened.map_err(|cause| PrefixError::Read { path: path.to_owned(), cause })?;
    InputPrefix::of_committed(&*input, committed).map(drop)
}

fn with_cause(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

/// Reads something in a file; `None` if there is no such file.
fn read_if_there<T>(
    disk: &dyn Disk,
    path: &Path,
    read: impl FnOnce(&dyn DiskFile) -> io::Result<T>,
) -> Result<Option<T>, InspectError> {
    match disk.open(path, OpenHow::ReadOnlyNoFollow).and_then(|file| read(&*file)) {
        Ok(read) => Ok(Some(read)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(InspectError { path: path.to_owned(), cause }),
    }
}

#[cfg(test)]
mod tests;
