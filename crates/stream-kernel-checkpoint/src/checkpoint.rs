//! Checkpoints of runs: opened, restored from, committed to.

mod commit;
mod configuration;
mod prepare;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use stream_kernel_disk::{Disk, DiskFile, OpenHow};

pub use configuration::MAX_CONFIGURATION_TEXT_BYTES;
pub(crate) use configuration::read_configuration;

use crate::committed::Committed;
use crate::error::{CommitError, FileError, OpenCheckpointError, RestoreError};
use crate::layout::{LOCK, MANIFEST};
use crate::manifest::{Place, clear, last_commit, newest, read_slots};
use crate::slot::{Commit, Slot};
use crate::snapshot::restore_from;

/// How often to ask for a lock before it counts as held by another run, and how long to wait in between: an inspection
/// holds it for a moment, to find out whether a run does.
const LOCK_ATTEMPTS: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// A checkpoint that this run has locked.
///
/// Opening and restoring change nothing that was committed, so a program can leave a checkpoint that is not its own
/// untouched. The first change removes an earlier run's leftovers.
#[derive(Debug)]
pub struct Checkpoint {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    /// Locked for as long as it is open.
    _lock: Box<dyn DiskFile>,
    manifest: Box<dyn DiskFile>,
    /// The last commit, and its slot.
    last: Option<(Commit, Place)>,
    /// The text of the configuration, once it is written or read.
    configuration: Option<Box<dyn DiskFile>>,
    /// The snapshot of the last commit, once the checkpoint is prepared.
    snapshot: Option<Box<dyn DiskFile>>,
    /// Whether an earlier run's leftovers are removed.
    is_prepared: bool,
    /// The output's and the trace's names that are known to be durable.
    durable_names: Option<[Option<PathBuf>; 2]>,
    /// The first failure: nothing is committed after it.
    failure: Option<CommitError>,
}

impl Checkpoint {
    /// Opens the checkpoint in the directory `dir`, creates the directory if it does not exist, and returns the last
    /// commit.
    ///
    /// `None` means that there is no commit: make the first one before you write anything that it is to account for.
    ///
    /// # Errors
    ///
    /// Another run uses the checkpoint, or it cannot be read, or it is damaged. Nothing was changed.
    pub fn open(disk: Arc<dyn Disk>, dir: &Path) -> Result<(Self, Option<Committed>), OpenCheckpointError> {
        let mut checkpoint = Self::start_over(disk, dir)?;
        checkpoint.last = last_commit(&*checkpoint.disk, dir, checkpoint.slots()?)?;
        let committed = checkpoint.last.as_ref().map(|(commit, _)| commit.committed.clone());
        Ok((checkpoint, committed))
    }

    /// Opens the checkpoint in the directory `dir`, damaged or not, for a run that starts over. The last commit stays
    /// until it is [forgotten](Self::forget).
    ///
    /// # Errors
    ///
    /// Another run uses the checkpoint, or it cannot be opened.
    pub fn start_over(disk: Arc<dyn Disk>, dir: &Path) -> Result<Self, OpenCheckpointError> {
        disk.create_dir(dir).map_err(FileError::io("be created", dir))?;
        let path = dir.join(LOCK);
        let lock = disk.open(&path, OpenHow::ExistingOrNew).map_err(FileError::io("be opened", &path))?;
        if !is_soon_locked(|| lock.try_lock()).map_err(FileError::io("be locked", &path))? {
            return Err(OpenCheckpointError::InUse { dir: dir.to_owned() });
        }
        let path = dir.join(MANIFEST);
        let manifest = disk.open(&path, OpenHow::ExistingOrNew).map_err(FileError::io("be opened", &path))?;
        Ok(Self {
            disk,
            dir: dir.to_owned(),
            _lock: lock,
            manifest,
            last: None,
            configuration: None,
            snapshot: None,
            is_prepared: false,
            durable_names: None,
            failure: None,
        })
    }

    /// Forgets the last commit, damaged or not: call it before you change anything that a commit may account for.
    ///
    /// # Errors
    ///
    /// The checkpoint cannot be read or written.
    pub fn forget(&mut self) -> Result<(), OpenCheckpointError> {
        let last = self.slots()?.map_or(Place::First, |slots| newest(slots).1);
        (self.last, self.snapshot, self.is_prepared) = (None, None, false);
        Ok(clear(&*self.manifest, last).map_err(FileError::io("be written", self.manifest.path()))?)
    }

    /// Hands the records of the committed snapshot to `apply`, a block of whole records at a time, in constant memory.
    /// Without a snapshot, there are none.
    ///
    /// It holds no changes of later lines: decide those after [`Committed::replay`], up to the commit, again.
    ///
    /// # Errors
    ///
    /// The snapshot cannot be read, its length differs from the commit, a block of it is damaged, or `apply` refuses
    /// one.
    pub fn restore(&self, apply: &mut dyn FnMut(&[u8]) -> Result<(), String>) -> Result<(), RestoreError> {
        match self.last.as_ref().and_then(|(slot, _)| slot.snapshot) {
            Some(snapshot) => restore_from(&*self.disk, &self.dir, snapshot, apply),
            None => Ok(()),
        }
    }

    fn slots(&self) -> Result<Option<[Slot; 2]>, FileError> {
        let manifest = &*self.manifest;
        read_slots(manifest).map_err(FileError::io("be read", manifest.path()))
    }
}

/// Retries a lock until it is free, or is held for more than a moment.
fn is_soon_locked(mut try_lock: impl FnMut() -> io::Result<bool>) -> io::Result<bool> {
    for _ in 1..LOCK_ATTEMPTS {
        if try_lock()? {
            return Ok(true);
        }
        thread::sleep(LOCK_PAUSE);
    }
    try_lock()
}

#[cfg(test)]
mod tests;
