//! Commits: first the data becomes durable, then the slot that names it.

use std::path::{Path, PathBuf};

use stream_kernel_disk::{DiskFile, OpenHow, dir_of};

use super::Checkpoint;
use crate::committed::Committed;
use crate::committed_file::check_length;
use crate::error::{CommitError, FileError};
use crate::injected::{InjectedFault, is_injected};
use crate::layout::snapshot_path;
use crate::manifest::Place;
use crate::slot::Commit;
use crate::snapshot::{SnapshotFile, SnapshotWriter};

impl Checkpoint {
    /// Commits. When this returns, a run that is killed or loses power resumes from here or from a later commit. The
    /// snapshot of the last commit stays.
    ///
    /// `sync_first` are the output and then the trace, if there is one. All committed bytes must have been written to
    /// them; they may have more.
    ///
    /// # Errors
    ///
    /// A text does not fit: then nothing was done, and a later commit may succeed. Or a file cannot be written or
    /// synced, or somebody else has shortened one: then the run has to end, as all later commits fail; the last
    /// successful commit is safe.
    ///
    /// # Panics
    ///
    /// `committed.replay` is not the point of the snapshot.
    pub fn commit(&mut self, committed: Committed, sync_first: &[&dyn DiskFile]) -> Result<(), CommitError> {
        committed.check_bounds()?;
        let last = self.last.as_ref().map(|(last, _)| last);
        let replayed = last.map_or((0, 0), |last| last.committed.replay.lines_and_output());
        assert_eq!(committed.replay.lines_and_output(), replayed, "the snapshot stands for another point");
        self.unless_failed(|this| {
            this.prepare()?;
            let snapshot = this.last.as_ref().and_then(|(last, _)| last.snapshot);
            this.make(committed, snapshot, sync_first)
        })
    }

    /// Commits with a new snapshot, whose records `write` pushes, and removes the old one. See [`Checkpoint::commit`].
    ///
    /// # Errors
    ///
    /// As for [`Checkpoint::commit`]; a record is too long; or the error of `write`.
    ///
    /// # Panics
    ///
    /// `committed.replay` is not the point of the commit.
    pub fn commit_with_snapshot(
        &mut self,
        committed: Committed,
        write: &mut dyn FnMut(&mut SnapshotWriter<'_>) -> Result<(), CommitError>,
        sync_first: &[&dyn DiskFile],
    ) -> Result<(), CommitError> {
        committed.check_bounds()?;
        let reached = (committed.lines, committed.output.bytes);
        assert_eq!(committed.replay.lines_and_output(), reached, "the snapshot stands for this point");
        self.unless_failed(|this| {
            this.prepare()?;
            let number = this.next_sequence();
            let path = snapshot_path(&this.dir, number);
            let file = this.disk.open(&path, OpenHow::New).map_err(FileError::io("be created", &path))?;
            let mut writer = SnapshotWriter::new(&*file, number);
            write(&mut writer)?;
            let snapshot = writer.end()?;
            let is_synced_late = is_injected(InjectedFault::SlotBeforeSnapshot);
            if !is_synced_late && !is_injected(InjectedFault::SnapshotNotSynced) {
                sync(&*file)?;
            }
            this.snapshot = Some(file);
            this.make(committed, Some(snapshot), sync_first)?;
            match &this.snapshot {
                Some(file) if is_synced_late => sync(&**file),
                _ => Ok(()),
            }
        })
    }

    /// Does nothing after a failure, and remembers the first one.
    pub(super) fn unless_failed<T>(
        &mut self,
        act: impl FnOnce(&mut Self) -> Result<T, CommitError>,
    ) -> Result<T, CommitError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let done = act(self);
        if !is_injected(InjectedFault::FailureForgotten) {
            self.failure = done.as_ref().err().cloned();
        }
        done
    }

    fn next_sequence(&self) -> u64 {
        self.last.as_ref().map_or(0, |(last, _)| last.sequence) + 1
    }

    /// Syncs output and trace, and then the slot that names their lengths.
    fn make(
        &mut self,
        committed: Committed,
        snapshot: Option<SnapshotFile>,
        sync_first: &[&dyn DiskFile],
    ) -> Result<(), CommitError> {
        let own = [
            (&self.configuration, committed.configuration.bytes),
            (&self.snapshot, snapshot.map_or(0, |snapshot| snapshot.bytes)),
        ];
        for (file, bytes) in own {
            file.as_deref().map_or(Ok(()), |file| check_length(file, bytes))?;
        }
        let (place, has_new_files) = match &self.last {
            Some((last, place)) => (place.other(), last.snapshot != snapshot),
            None => (Place::First, true),
        };
        if has_new_files && !is_injected(InjectedFault::DirectoryNotSynced) {
            self.sync_dir(&self.dir)?;
        }
        self.sync_files(&committed, sync_first)?;
        let slot = Commit { sequence: self.next_sequence(), snapshot, committed };
        if !has_new_files {
            let place = if is_injected(InjectedFault::SlotWrittenInPlace) { place.other() } else { place };
            self.write_slot(&slot, place)?;
            self.last = Some((slot, place));
            return Ok(());
        }
        if is_injected(InjectedFault::OldSnapshotRemovedFirst) {
            self.remove_other_snapshots(snapshot)?;
        }
        // Both slots: the first commit is in both, and later the older one would name a removed snapshot.
        for place in [place, place.other()] {
            self.write_slot(&slot, place)?;
        }
        self.last = Some((slot, place.other()));
        self.remove_other_snapshots(snapshot)
    }

    /// Syncs output and trace, the first time also their names, and checks that they hold the committed bytes.
    fn sync_files(&mut self, committed: &Committed, files: &[&dyn DiskFile]) -> Result<(), CommitError> {
        if !is_injected(InjectedFault::FilesNotSynced) {
            files.iter().try_for_each(|file| sync(*file))?;
        }
        let lengths = [Some(committed.output.bytes), committed.trace.as_ref().map(|trace| trace.bytes)];
        for (file, bytes) in files.iter().zip(lengths.into_iter().flatten()) {
            check_length(*file, bytes)?;
        }
        let names = [
            Some(PathBuf::from(&committed.output.partial)),
            committed.trace.as_ref().map(|trace| PathBuf::from(&trace.path)),
        ];
        if self.durable_names.as_ref() != Some(&names) {
            if !is_injected(InjectedFault::FilesDirectoryNotSynced) {
                names.iter().flatten().try_for_each(|name| self.sync_dir(dir_of(name)))?;
            }
            self.durable_names = Some(names);
        }
        Ok(())
    }

    /// Writes a slot and syncs it.
    pub(super) fn write_slot(&self, slot: &Commit, place: Place) -> Result<(), CommitError> {
        let manifest = &*self.manifest;
        let written = manifest.write_all_at(&slot.encode()?, place.offset());
        written.map_err(FileError::io("be written", manifest.path()))?;
        if is_injected(InjectedFault::SlotNotSynced) { Ok(()) } else { sync(manifest) }
    }

    pub(super) fn sync_dir(&self, dir: &Path) -> Result<(), CommitError> {
        Ok(self.disk.sync_dir(dir).map_err(FileError::io("be made durable", dir))?)
    }
}

/// Syncs a file, without a retry: the system forgets the bytes that it could not write.
fn sync(file: &dyn DiskFile) -> Result<(), CommitError> {
    let synced = match file.sync_data() {
        Err(_) if is_injected(InjectedFault::SyncRetried) => file.sync_data(),
        synced => synced,
    };
    Ok(synced.map_err(FileError::io("be made durable", file.path()))?)
}
