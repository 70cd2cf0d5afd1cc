//! Preparation, before a run changes anything: the last commit is made certain, and an earlier run's leftovers are
//! removed.

use std::io;
use std::path::Path;

use stream_kernel_disk::{OpenHow, dir_of};

use super::Checkpoint;
use crate::committed_file::{CommittedFile, UncutFile};
use crate::error::{CommitError, FileError};
use crate::injected::{InjectedFault, is_injected};
use crate::layout::{snapshot_number, snapshot_path};
use crate::manifest::{Place, clear};
use crate::slot::Commit;
use crate::snapshot::SnapshotFile;

impl Checkpoint {
    /// Cuts a file to its committed length, for appending in blocks of about `block_bytes`.
    ///
    /// # Errors
    ///
    /// As for [`Checkpoint::commit`].
    pub fn cut(&mut self, file: UncutFile, block_bytes: usize) -> Result<CommittedFile, CommitError> {
        self.unless_failed(|this| {
            this.prepare()?;
            file.cut(block_bytes)
        })
    }

    /// Renames the output, and returns when the new name will survive a power cut. A file from another directory has
    /// durably left it after [`Checkpoint::sync_left`].
    ///
    /// It may have that name already, if an earlier run ended between the rename and its sync. Give the final name once
    /// it is committed that the run is complete; a run that goes on first gives the partial one back.
    ///
    /// # Errors
    ///
    /// As for [`Checkpoint::commit`].
    pub fn rename(&mut self, from: &Path, to: &Path) -> Result<(), CommitError> {
        self.unless_failed(|this| {
            this.prepare()?;
            if from != to {
                this.disk.rename(from, to).map_err(FileError::io("be renamed", from))?;
            }
            if is_injected(InjectedFault::FinalNameNotSynced) { Ok(()) } else { this.sync_dir(dir_of(to)) }
        })
    }

    /// Makes durable that a file has left a directory, which may itself be gone.
    ///
    /// # Errors
    ///
    /// As for [`Checkpoint::commit`].
    pub fn sync_left(&mut self, dir: &Path) -> Result<(), CommitError> {
        self.unless_failed(|this| {
            this.prepare()?;
            match this.disk.sync_dir(dir) {
                Err(cause)
                    if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
                {
                    Ok(())
                }
                synced => Ok(synced.map_err(FileError::io("be made durable", dir))?),
            }
        })
    }

    /// Prepares the checkpoint, once.
    ///
    /// An earlier run may have been cut off when its last commit was readable but not durable. If this one wrote and
    /// lost power then, nobody could tell what to cut.
    pub(super) fn prepare(&mut self) -> Result<(), CommitError> {
        if self.is_prepared {
            return Ok(());
        }
        let snapshot = match self.last.clone() {
            None => {
                self.clear_manifest()?;
                None
            }
            Some((slot, place)) => {
                self.rewrite(&slot, place)?;
                slot.snapshot
            }
        };
        if !is_injected(InjectedFault::LeftoverSnapshotKept) {
            self.remove_other_snapshots(snapshot)?;
        }
        self.is_prepared = true;
        Ok(())
    }

    /// Makes a manifest of two empty slots, and its name, durable. It may hold the remains of a first commit that was
    /// cut off.
    fn clear_manifest(&self) -> Result<(), CommitError> {
        clear(&*self.manifest, Place::Second).map_err(FileError::io("be written", self.manifest.path()))?;
        if is_injected(InjectedFault::ManifestDirectoryNotSynced) {
            return Ok(());
        }
        self.sync_dir(&self.dir)?;
        self.sync_dir(dir_of(&self.dir))
    }

    /// Makes the content of the newest slot certain.
    ///
    /// If the earlier run could not sync that slot, it can be read and yet may be gone after a power cut, and then only
    /// the other slot, which is overwritten next, would be left. So it is written again: first in its own place, where
    /// a torn write changes nothing, then in the other, so that neither slot names a snapshot that is about to be
    /// removed.
    fn rewrite(&mut self, slot: &Commit, place: Place) -> Result<(), CommitError> {
        if !is_injected(InjectedFault::SlotNotRewritten) {
            for place in [place, place.other()] {
                self.write_slot(slot, place)?;
            }
        }
        if let Some(SnapshotFile { number, .. }) = slot.snapshot {
            let path = snapshot_path(&self.dir, number);
            let opened = self.disk.open(&path, OpenHow::ReadOnlyNoFollow);
            self.snapshot = Some(opened.map_err(FileError::io("be opened", &path))?);
        }
        Ok(())
    }

    /// Removes all other snapshots.
    pub(super) fn remove_other_snapshots(&self, kept: Option<SnapshotFile>) -> Result<(), CommitError> {
        let kept = kept.map(|snapshot| snapshot.number);
        let names = self.disk.names(&self.dir).map_err(FileError::io("be listed", &self.dir))?;
        for number in names.iter().filter_map(snapshot_number).filter(|number| Some(*number) != kept) {
            let path = snapshot_path(&self.dir, number);
            self.disk.remove(&path).map_err(FileError::io("be removed", &path))?;
        }
        Ok(())
    }
}
