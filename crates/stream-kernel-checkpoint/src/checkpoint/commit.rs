//! Committing: what is promised is made durable first, then the promise.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use stream_kernel_disk::{DiskFile, OpenHow, dir_of};

use super::{Checkpoint, LogFile};
use crate::changes::Changes;
use crate::committed::Committed;
use crate::error::{CommitError, doing};
use crate::layout::log_path;
use crate::manifest::{Place, write_slot};
use crate::planted::{PlantedFault, is_planted};
use crate::slot::Slot;
use crate::state_log::{LogPosition, StateLog, StateWriter, WrittenAhead, check_length, lock};

impl Checkpoint {
    /// Commits: when this returns, a run that is killed or loses power resumes from here or from a later commit.
    ///
    /// `changes` is what has changed in the state since the last commit; once they are written, they are empty, and
    /// keep their room. A program that changes much, or commits in another thread, [writes them ahead](Self::state_log)
    /// instead and calls [`Checkpoint::commit_written`]. `sync_first` are the output and, behind it, the trace if there
    /// is one, into which everything that is committed has been written; they may have grown beyond it.
    ///
    /// # Errors
    ///
    /// A text has no room (nothing was done then, and the next commit may be better), a record was too long, a file
    /// cannot be written or synced, or somebody else has shortened one: then, and for all later commits, the run has to
    /// end; what the last successful commit said is safe.
    ///
    /// # Panics
    ///
    /// Changes were written ahead that no commit covers.
    pub fn commit(
        &mut self,
        committed: Committed,
        changes: &mut Changes,
        sync_first: &[&dyn DiskFile],
    ) -> Result<(), CommitError> {
        committed.check_bounds()?;
        let written = self.unless_failed(|this| {
            let mut log = this.open_state_log()?;
            log.append(changes)?;
            log.end_commit()
        })?;
        self.make(committed, written, sync_first)
    }

    /// Commits what was written to the [state log](Self::state_log) until its [`StateLog::end_commit`], as [`Checkpoint::commit`] does.
    ///
    /// # Errors
    ///
    /// As for [`Checkpoint::commit`].
    ///
    /// # Panics
    ///
    /// The log has to be asked for anew, or something that was written later is committed already.
    pub fn commit_written(
        &mut self,
        committed: Committed,
        written: WrittenAhead,
        sync_first: &[&dyn DiskFile],
    ) -> Result<(), CommitError> {
        committed.check_bounds()?;
        self.make(committed, written, sync_first)
    }

    /// Commits with the whole state instead of its changes, which `all` is to write, into a new log; the old one is removed, with what was
    /// written ahead. Who writes to the [state log](Self::state_log) has to ask for that anew.
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
        let written = self.unless_failed(|this| {
            this.prepare()?;
            let mut log = this.open_new_log()?;
            let mut writer = StateWriter::new(&mut log);
            all(&mut writer)?;
            writer.end()?;
            log.end_commit()
        })?;
        self.make(committed, written, sync_first)
    }

    /// Returns the state log, open behind the last commit, to [append](StateLog::append) what has changed since; the first one is created.
    ///
    /// One is asked for once, and again after [`Checkpoint::commit_all`], [`Checkpoint::commit`] and [`Checkpoint::forget`]. What is
    /// appended is committed in turn: [`StateLog::end_commit`], then [`Checkpoint::commit_written`], be it in another thread while more is
    /// appended.
    ///
    /// # Errors
    ///
    /// As for [`Checkpoint::commit`].
    ///
    /// # Panics
    ///
    /// Changes were written ahead that no commit covers.
    pub fn state_log(&mut self) -> Result<StateLog, CommitError> {
        self.unless_failed(Self::open_state_log)
    }

    fn open_state_log(&mut self) -> Result<StateLog, CommitError> {
        self.prepare()?;
        let Some(LogFile { number, file }) = self.log.clone() else { return self.open_new_log() };
        let committed = self.last.as_ref().map_or(0, |(last, _)| last.log.bytes);
        let known = lock(&self.shared);
        assert!(known.written_bytes <= committed, "changes were written ahead that no commit covers");
        drop(known);
        let bytes = if is_planted(PlantedFault::LogNotCut) {
            file.len().map_err(doing("be read", file.path()))?
        } else {
            committed
        };
        Ok(self.log_from(file, LogPosition { number, bytes }))
    }

    fn open_new_log(&mut self) -> Result<StateLog, CommitError> {
        let number = self.log.as_ref().map_or(0, |log| log.number) + 1;
        let path = log_path(&self.dir, number);
        let file: Arc<dyn DiskFile> =
            self.disk.open(&path, OpenHow::New).map_err(doing("be created", &path))?.into();
        self.log = Some(LogFile { number, file: Arc::clone(&file) });
        Ok(self.log_from(file, LogPosition { number, bytes: 0 }))
    }

    fn log_from(&self, file: Arc<dyn DiskFile>, end: LogPosition) -> StateLog {
        StateLog::new(file, end, self.next_sequence(), Arc::clone(&self.shared))
    }

    fn next_sequence(&self) -> u64 {
        self.last.as_ref().map_or(0, |(last, _)| last.sequence) + 1
    }

    /// Makes what was written durable, and then the slot that says so.
    fn make(
        &mut self,
        committed: Committed,
        WrittenAhead { log: end, sequence, nth }: WrittenAhead,
        sync_first: &[&dyn DiskFile],
    ) -> Result<(), CommitError> {
        self.unless_failed(|this| {
            assert_eq!(nth, lock(&this.shared).logs, "another state log has taken the place of this one");
            assert!(sequence >= this.next_sequence(), "what was written later is committed already");
            let Some(LogFile { file, .. }) = this.log.clone() else { unreachable!("a log was handed out") };
            let slot = Slot { sequence, log: end, committed };
            match this.last.as_ref().map(|(last, place)| (last.log.number == end.number, *place)) {
                Some((true, place)) => this.commit_to(slot, place, &*file, sync_first),
                last => {
                    let place = last.map_or(Place::First, |(_, place)| place.other());
                    this.commit_with_new_log(slot, place, &*file, sync_first)
                }
            }
        })
    }

    /// Does nothing after a failure, and remembers the first.
    pub(super) fn unless_failed<T>(
        &mut self,
        act: impl FnOnce(&mut Self) -> Result<T, CommitError>,
    ) -> Result<T, CommitError> {
        if let Some(failure) = &lock(&self.shared).failure {
            return Err(failure.clone());
        }
        let done = act(self);
        if let Err(failure) = &done
            && !is_planted(PlantedFault::FailureForgotten)
        {
            lock(&self.shared).failure.get_or_insert_with(|| failure.clone());
        }
        done
    }

    /// Commits into the log of the last commit, which stands at `place`.
    fn commit_to(
        &mut self,
        slot: Slot,
        place: Place,
        log: &dyn DiskFile,
        sync_first: &[&dyn DiskFile],
    ) -> Result<(), CommitError> {
        let place = if is_planted(PlantedFault::SlotWrittenInPlace) { place } else { place.other() };
        if is_planted(PlantedFault::SlotBeforeLog) {
            self.write_slot(&slot, place)?;
        }
        if !is_planted(PlantedFault::LogNotSynced) {
            sync(log)?;
        }
        check_length(log, slot.log.bytes)?;
        self.check_configuration(&slot.committed)?;
        self.sync_files(&slot.committed, sync_first)?;
        if !is_planted(PlantedFault::SlotBeforeLog) {
            self.write_slot(&slot, place)?;
        }
        self.last = Some((slot, place));
        Ok(())
    }

    /// Commits into a log that is new, from `place` on.
    fn commit_with_new_log(
        &mut self,
        slot: Slot,
        place: Place,
        log: &dyn DiskFile,
        sync_first: &[&dyn DiskFile],
    ) -> Result<(), CommitError> {
        if !is_planted(PlantedFault::LogNotSynced) {
            sync(log)?;
        }
        check_length(log, slot.log.bytes)?;
        self.check_configuration(&slot.committed)?;
        if !is_planted(PlantedFault::LogDirectoryNotSynced) {
            self.sync_dir(&self.dir)?;
        }
        self.sync_files(&slot.committed, sync_first)?;
        if is_planted(PlantedFault::OldLogRemovedFirst) {
            self.last = Some((slot.clone(), place));
            self.remove_other_logs()?;
        }
        // Both slots, since an old one would name a log that is removed.
        for place in [place, place.other()] {
            self.write_slot(&slot, place)?;
        }
        self.last = Some((slot, place.other()));
        self.remove_other_logs()
    }

    fn check_configuration(&self, committed: &Committed) -> Result<(), CommitError> {
        let file = self.configuration.as_deref();
        file.map_or(Ok(()), |file| check_length(file, committed.configuration.bytes))
    }

    /// Makes output and trace durable, and the first time their names, too; and sees to it that they hold what is
    /// committed of them.
    fn sync_files(&mut self, committed: &Committed, files: &[&dyn DiskFile]) -> Result<(), CommitError> {
        if !is_planted(PlantedFault::FilesNotSynced) {
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
