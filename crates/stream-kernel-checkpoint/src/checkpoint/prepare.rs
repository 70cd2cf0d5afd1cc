//! What comes before anything is changed: the last commit is made certain, and what an earlier run left is cleaned up.

use std::io;
use std::path::Path;

use stream_kernel_disk::{OpenHow, dir_of};

use super::{Checkpoint, LogFile};
use crate::committed_file::{CommittedFile, UncutFile};
use crate::error::{CommitError, doing};
use crate::layout::{log_number, log_path};
use crate::manifest::{Place, clear};
use crate::planted::{PlantedFault, is_planted};
use crate::slot::Slot;

impl Checkpoint {
    /// Cuts a file to what was committed of it, to be appended to in blocks of about `block_bytes`.
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

    /// Gives the output another name, and returns when that will survive a power cut. What has come from another directory is certain to
    /// have left that after [`Checkpoint::sync_left`].
    ///
    /// It may have that name already: then a run before may have ended after it was given and before that was durable. The final
    /// name is to be given when it is committed that the run is complete; a run that goes on first gives the partial one back.
    ///
    /// # Errors
    ///
    /// As for [`Checkpoint::commit`].
    pub fn rename(&mut self, from: &Path, to: &Path) -> Result<(), CommitError> {
        self.unless_failed(|this| {
            this.prepare()?;
            if from != to {
                this.disk.rename(from, to).map_err(doing("be renamed", from))?;
            }
            if is_planted(PlantedFault::FinalNameNotSynced) { Ok(()) } else { this.sync_dir(dir_of(to)) }
        })
    }

    /// Makes it durable that a file has left a directory, which may be gone itself.
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
                synced => synced.map_err(doing("be made durable", dir)),
            }
        })
    }

    /// Does so once, before the run changes anything.
    ///
    /// The run before may have been cut off when its last commit could be read but was not yet durable: had this one begun to write by
    /// then, and lost power, nobody could tell what is to be cut.
    pub(super) fn prepare(&mut self) -> Result<(), CommitError> {
        if self.is_prepared {
            return Ok(());
        }
        match self.last.clone() {
            None => self.clear_manifest()?,
            Some((slot, place)) => self.rewrite(&slot, place)?,
        }
        self.remove_other_logs()?;
        self.is_prepared = true;
        Ok(())
    }

    /// Makes a manifest of two empty slots, and its name, durable. There may be something in it: of a first commit that was cut off.
    fn clear_manifest(&self) -> Result<(), CommitError> {
        clear(&*self.manifest, Place::Second).map_err(doing("be written", self.manifest.path()))?;
        if is_planted(PlantedFault::ManifestDirectoryNotSynced) {
            return Ok(());
        }
        self.sync_dir(&self.dir)?;
        self.sync_dir(dir_of(&self.dir))
    }

    /// Makes what was found in the newest slot certain, and cuts the log to what it says.
    ///
    /// If the run before ended because it could not sync that slot, it is read back and yet may be gone after a power cut, and then the
    /// other slot, which is the next to be overwritten, would be all there is. So it is written again: first in its own place, where a
    /// torn write changes nothing, then in the other, so that neither slot names a log that is about to be removed.
    fn rewrite(&mut self, slot: &Slot, place: Place) -> Result<(), CommitError> {
        if !is_planted(PlantedFault::SlotNotRewritten) {
            for place in [place, place.other()] {
                self.write_slot(slot, place)?;
            }
        }
        let path = log_path(&self.dir, slot.log.number);
        let log = self.disk.open(&path, OpenHow::Existing).map_err(doing("be opened", &path))?;
        let len = log.len().map_err(doing("be read", &path))?;
        if len > slot.log.bytes && !is_planted(PlantedFault::LogNotCut) {
            log.set_len(slot.log.bytes).map_err(doing("be cut", &path))?;
        }
        self.log = Some(LogFile { number: slot.log.number, file: log.into() });
        Ok(())
    }

    /// Removes the logs that no slot names.
    pub(super) fn remove_other_logs(&self) -> Result<(), CommitError> {
        let current = self.last.as_ref().map(|(slot, _)| slot.log.number);
        let names = self.disk.names(&self.dir).map_err(doing("be listed", &self.dir))?;
        for number in names.iter().filter_map(log_number).filter(|number| Some(*number) != current) {
            let path = log_path(&self.dir, number);
            self.disk.remove(&path).map_err(doing("be removed", &path))?;
        }
        Ok(())
    }
}
