//! Committing: what is promised is made durable first, then the promise.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use stream_kernel_disk::{DiskFile, OpenHow, dir_of};

use super::Checkpoint;
use crate::changes::Changes;
use crate::committed::Committed;
use crate::error::{CommitError, doing};
use crate::layout::log_path;
use crate::manifest::{Place, write_slot};
use crate::planted::{PlantedFault, is_planted};
use crate::slot::Slot;
use crate::state_log::{LogPosition, StateWriter};

impl Checkpoint {
    /// Commits: when this returns, a run that is killed or loses power resumes from here or from a later commit.
    ///
    /// `changes` is what has changed in the state since the last commit; once that is made, it is empty, and keeps its room. `sync_first`
    /// are output and trace, into which everything that is committed has been written; they may have grown beyond it.
    ///
    /// # Errors
    ///
    /// Something has no room (nothing was done then, and the next commit may be better), or a file cannot be written or synced: then, and
    /// for all later commits, the run has to end; what the last successful commit said is safe.
    pub fn commit(
        &mut self,
        committed: Committed,
        changes: &mut Changes,
        sync_first: &[&dyn DiskFile],
    ) -> Result<(), CommitError> {
        committed.check_bounds()?;
        let made = self.unless_failed(|this| {
            this.prepare()?;
            if let (Some((last, place)), Some(log)) = (&this.last, &this.log) {
                let (last, place, log) = ((last.sequence, last.log), *place, Arc::clone(log));
                return this.commit_changes(last, place, &*log, committed, changes, sync_first);
            }
            this.commit_into_new_log(committed, &mut |writer| writer.push_blocks(changes), sync_first)
        });
        made.inspect(|()| changes.clear())
    }

    /// Commits with the whole state instead of its changes, which `all` is to write, into a new log; the old one is removed.
    ///
    /// # Errors
    ///
    /// As for [`Checkpoint::commit`], and what `all` returns.
    pub fn commit_all(
        &mut self,
        committed: Committed,
        all: &mut dyn FnMut(&mut StateWriter<'_>) -> Result<(), CommitError>,
        sync_first: &[&dyn DiskFile],
    ) -> Result<(), CommitError> {
        committed.check_bounds()?;
        self.unless_failed(|this| {
            this.prepare()?;
            this.commit_into_new_log(committed, all, sync_first)
        })
    }

    /// Does nothing after a failure, and remembers the first.
    pub(super) fn unless_failed<T>(
        &mut self,
        act: impl FnOnce(&mut Self) -> Result<T, CommitError>,
    ) -> Result<T, CommitError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let done = act(self);
        if !is_planted(PlantedFault::FailureForgotten) {
            self.failure = done.as_ref().err().cloned();
        }
        done
    }

    /// Commits into the log of the last commit, which stands at `place`.
    fn commit_changes(
        &mut self,
        (last_sequence, last_log): (u64, LogPosition),
        place: Place,
        log: &dyn DiskFile,
        committed: Committed,
        changes: &mut Changes,
        sync_first: &[&dyn DiskFile],
    ) -> Result<(), CommitError> {
        let sequence = last_sequence + 1;
        let end = if is_planted(PlantedFault::LogNotCut) {
            log.len().map_err(doing("be read", log.path()))?
        } else {
            last_log.bytes
        };
        let mut writer = StateWriter::new(log, sequence, end);
        writer.push_blocks(changes)?;
        let slot = Slot { sequence, log: LogPosition { bytes: writer.finish()?, ..last_log }, committed };
        let place = if is_planted(PlantedFault::SlotWrittenInPlace) { place } else { place.other() };
        if is_planted(PlantedFault::SlotBeforeLog) {
            self.write_slot(&slot, place)?;
        }
        if !is_planted(PlantedFault::LogNotSynced) {
            sync(log)?;
        }
        self.sync_files(&slot.committed, sync_first)?;
        if !is_planted(PlantedFault::SlotBeforeLog) {
            self.write_slot(&slot, place)?;
        }
        self.last = Some((slot, place));
        Ok(())
    }

    fn commit_into_new_log(
        &mut self,
        committed: Committed,
        all: &mut dyn FnMut(&mut StateWriter<'_>) -> Result<(), CommitError>,
        sync_first: &[&dyn DiskFile],
    ) -> Result<(), CommitError> {
        let (sequence, number, place) = self.last.as_ref().map_or((1, 1, Place::First), |(last, place)| {
            (last.sequence + 1, last.log.number + 1, place.other())
        });
        let path = log_path(&self.dir, number);
        let log = self.disk.open(&path, OpenHow::New).map_err(doing("be created", &path))?;
        let mut writer = StateWriter::new(&*log, sequence, 0);
        all(&mut writer)?;
        let bytes = writer.finish()?;
        if !is_planted(PlantedFault::LogNotSynced) {
            sync(&*log)?;
        }
        if !is_planted(PlantedFault::LogDirectoryNotSynced) {
            self.sync_dir(&self.dir)?;
        }
        self.sync_files(&committed, sync_first)?;
        let slot = Slot { sequence, log: LogPosition { number, bytes }, committed };
        if is_planted(PlantedFault::OldLogRemovedFirst) {
            self.last = Some((slot.clone(), place));
            self.remove_other_logs()?;
        }
        // Both slots, since an old one would name a log that is removed.
        for place in [place, place.other()] {
            self.write_slot(&slot, place)?;
        }
        self.last = Some((slot, place.other()));
        self.log = Some(log.into());
        self.remove_other_logs()
    }

    /// Makes output and trace durable, and the first time their names, too.
    fn sync_files(&mut self, committed: &Committed, files: &[&dyn DiskFile]) -> Result<(), CommitError> {
        if !is_planted(PlantedFault::FilesNotSynced) {
            files.iter().try_for_each(|file| sync(*file))?;
        }
        let names = [
            Some(PathBuf::from(&committed.output.partial)),
            committed.trace.as_ref().map(|trace| PathBuf::from(&trace.path)),
        ];
        if self.durable_names.as_ref() != Some(&names) {
            if !is_planted(PlantedFault::FilesDirectoryNotSynced) {
                names.iter().flatten().try_for_each(|name| self.sync_dir(dir_of(name)))?;
            }
            self.durable_names = Some(names);
        }
        Ok(())
    }

    /// Writes a slot and makes it durable.
    pub(super) fn write_slot(&self, slot: &Slot, place: Place) -> Result<(), CommitError> {
        let manifest = &*self.manifest;
        write_slot(manifest, place, &slot.encode()?).map_err(doing("be written", manifest.path()))?;
        if is_planted(PlantedFault::SlotNotSynced) { Ok(()) } else { sync(manifest) }
    }

    pub(super) fn sync_dir(&self, dir: &Path) -> Result<(), CommitError> {
        self.disk.sync_dir(dir).map_err(doing("be made durable", dir))
    }
}

/// Makes a file durable. It is not tried again: the system forgets what it could not write.
fn sync(file: &dyn DiskFile) -> Result<(), CommitError> {
    match file.sync_data() {
        Err(_) if is_planted(PlantedFault::SyncRetried) => file.sync_data(),
        synced => synced,
    }
    .map_err(doing("be made durable", file.path()))
}
