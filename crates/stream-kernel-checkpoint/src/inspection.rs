//! Inspection of a checkpoint, without locks or changes.

use std::error::Error;
use std::io;
use std::path::Path;

use stream_kernel_disk::{Disk, DiskFile, OpenHow};

use crate::checkpoint::read_configuration;
use crate::committed::Committed;
use crate::committed_file::UncutFile;
use crate::error::{FileError, OpenCheckpointError};
use crate::input_prefix::InputPrefix;
use crate::layout::{LOCK, MANIFEST};
use crate::manifest::{last_commit, read_slots};
use crate::prefix::PrefixError;
use crate::slot::{Commit, Slot};
use crate::snapshot::restore_from;

/// The content of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspection {
    /// Whether a run uses it now: then anything may change between two looks.
    pub is_in_use: bool,
    /// Its two slots.
    pub slots: [Slot; 2],
    /// The newest commit; `None` if there is none, or it is damaged.
    pub last: Option<Commit>,
}

/// Returns the content of the checkpoint in the directory `dir`, without a lock or a change.
///
/// # Errors
///
/// The directory or a file in it cannot be read.
pub fn inspect(disk: &dyn Disk, dir: &Path) -> Result<Inspection, FileError> {
    look(disk, dir).map(|(inspection, _)| inspection)
}

/// Returns the content of the checkpoint, and a sentence about each obstacle to resuming the run: damage to slots,
/// configuration and snapshot, records that `apply` refuses, output and trace that are too short or have no line end at
/// the committed length, an input with another beginning or another last line. Changes nothing.
///
/// Relative paths are those of the run: call it in the run's working directory.
///
/// # Errors
///
/// The directory or a file in it cannot be read.
pub fn verify(
    disk: &dyn Disk,
    dir: &Path,
    apply: &mut dyn FnMut(&[u8]) -> Result<(), String>,
) -> Result<(Inspection, Vec<String>), FileError> {
    let (inspection, damage) = look(disk, dir)?;
    let mut findings: Vec<_> = damage.iter().map(ToString::to_string).collect();
    if let Some(last) = &inspection.last {
        findings = check(disk, dir, last, apply);
    }
    Ok((inspection, findings))
}

/// Returns the content of the checkpoint, and why its last commit cannot be read.
fn look(disk: &dyn Disk, dir: &Path) -> Result<(Inspection, Option<OpenCheckpointError>), FileError> {
    let is_in_use = read_if_there(disk, &dir.join(LOCK), |file| file.is_locked())?.unwrap_or(false);
    let slots = read_if_there(disk, &dir.join(MANIFEST), read_slots)?.flatten();
    let (last, damage) = match last_commit(disk, dir, slots.clone()) {
        Ok(last) => (last.map(|(commit, _)| commit), None),
        Err(OpenCheckpointError::File(failure)) => return Err(failure),
        Err(damage) => (None, Some(damage)),
    };
    Ok((Inspection { is_in_use, slots: slots.unwrap_or([Slot::Empty, Slot::Empty]), last }, damage))
}

/// Returns every obstacle to resuming a run from a commit.
fn check(
    disk: &dyn Disk,
    dir: &Path,
    last: &Commit,
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
) -> Result<Option<T>, FileError> {
    match disk.open(path, OpenHow::ReadOnlyNoFollow).and_then(|file| read(&*file)) {
        Ok(read) => Ok(Some(read)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(FileError::io("be read", path)(cause)),
    }
}

#[cfg(test)]
mod tests;
