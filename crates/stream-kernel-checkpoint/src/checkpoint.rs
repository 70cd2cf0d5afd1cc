//! A checkpoint: opened, restored from, committed to.

mod commit;
mod configuration;
mod prepare;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use stream_kernel_disk::{Disk, DiskFile, OpenHow};

pub use configuration::MAX_CONFIGURATION_TEXT_BYTES;
pub(crate) use configuration::read_configuration;

use crate::committed::Committed;
use crate::error::{OpenError, RestoreError};
use crate::layout::{LOCK, LOGS_ALONE, MANIFEST, holds_logs};
use crate::manifest::{Newest, Place, clear, newest, read_slots};
use crate::slot::Slot;
use crate::state_log::{Shared, lock, replay_from};

/// A state log that is smaller than this is not worth compacting.
pub const MIN_COMPACTION_BYTES: u64 = 16 * 1024 * 1024;

/// How often a lock is asked for until it counts as held by another run, and how long to wait in between: who looks at a checkpoint
/// holds it for a moment, to find out whether anybody does.
const LOCK_ATTEMPTS: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// A checkpoint that this run has locked.
///
/// Opening and restoring change nothing that was committed, so a program that finds that the checkpoint is not for it can leave it
/// as it is. What an earlier run left unfinished is cleaned up by whatever changes something first.
#[derive(Debug)]
pub struct Checkpoint {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    /// Locked for as long as it is open.
    _lock: Box<dyn DiskFile>,
    manifest: Box<dyn DiskFile>,
    /// The last commit, and the slot that it stands in.
    last: Option<(Slot, Place)>,
    /// The text of the configuration, once it is written or read.
    configuration: Option<Arc<dyn DiskFile>>,
    log: Option<LogFile>,
    /// Whether what an earlier run left is cleaned up.
    is_prepared: bool,
    /// The output's and the trace's names that are known to be durable.
    durable_names: Option<[Option<PathBuf>; 2]>,
    /// What its state log has to know, too, the first failure above all.
    shared: Arc<Mutex<Shared>>,
}

/// A state log that is open.
#[derive(Clone, Debug)]
struct LogFile {
    number: u64,
    file: Arc<dyn DiskFile>,
}

impl Checkpoint {
    /// Opens the checkpoint in the directory `dir`, which is created if it is not there, and returns what was committed last.
    ///
    /// `None` means that nothing ever was: the first commit is then to be made before anything is written that it is to account for.
    ///
    /// # Errors
    ///
    /// Another run uses the checkpoint, it cannot be read, or it is damaged. Nothing was changed then.
    pub fn open(disk: Arc<dyn Disk>, dir: &Path) -> Result<(Self, Option<Committed>), OpenError> {
        let mut checkpoint = Self::lock(disk, dir)?;
        let path = || dir.join(MANIFEST);
        match checkpoint.newest()? {
            Newest::Nothing => {
                checkpoint.check_no_log_alone()?;
                Ok((checkpoint, None))
            }
            Newest::OtherFormat(version) => Err(OpenError::OtherFormat { path: path(), version }),
            Newest::Damaged => {
                Err(OpenError::Damaged { path: path(), what: "neither of its slots is whole" })
            }
            Newest::Committed(slot, place) => {
                let committed = slot.committed.clone();
                checkpoint.last = Some((*slot, place));
                Ok((checkpoint, Some(committed)))
            }
        }
    }

    /// Opens the checkpoint in the directory `dir`, be it damaged or not, for a run that begins anew. What was committed stays until it is
    /// [forgotten](Self::forget).
    ///
    /// # Errors
    ///
    /// Another run uses the checkpoint, or it cannot be opened.
    pub fn start_over(disk: Arc<dyn Disk>, dir: &Path) -> Result<Self, OpenError> {
        Self::lock(disk, dir)
    }

    /// Forgets what was committed, be it damaged or not: to be called before anything is changed that a commit may account for. A
    /// [state log](Self::state_log) has to be asked for anew.
    ///
    /// # Errors
    ///
    /// The checkpoint cannot be read or written.
    pub fn forget(&mut self) -> Result<(), OpenError> {
        let last = match self.newest()? {
            Newest::Committed(_, place) => place,
            _ => Place::First,
        };
        (self.last, self.log, self.is_prepared) = (None, None, false);
        // Who still has a state log must not write to it.
        lock(&self.shared).logs += 1;
        clear(&*self.manifest, last).map_err(failed("be written", self.manifest.path()))
    }

    /// Hands the records of the committed state to `apply`, a block at a time, in constant memory. Without a commit there are none.
    ///
    /// # Errors
    ///
    /// The state log cannot be read, is shorter than what was committed, a block of it is damaged, or `apply` refuses one.
    pub fn restore(
        &mut self,
        apply: &mut dyn FnMut(&[u8]) -> Result<(), String>,
    ) -> Result<(), RestoreError> {
        let Some((slot, _)) = &self.last else { return Ok(()) };
        replay_from(&*self.disk, &self.dir, slot.log, slot.sequence, apply)
    }

    /// Returns whether it is time to write the whole state, which takes about `live_bytes`, into a new log
    /// ([`Checkpoint::commit_all`]): the log is larger than twice that and `min_bytes`, mostly [`MIN_COMPACTION_BYTES`]. What it costs to restore
    /// it beside reading it counts as `more_bytes`.
    pub fn is_compaction_due(&self, more_bytes: u64, live_bytes: u64, min_bytes: u64) -> bool {
        let bound = live_bytes.saturating_mul(2).saturating_add(min_bytes);
        self.last.as_ref().is_some_and(|(slot, _)| slot.log.bytes.saturating_add(more_bytes) > bound)
    }

    /// Takes the lock and opens what is there.
    fn lock(disk: Arc<dyn Disk>, dir: &Path) -> Result<Self, OpenError> {
        disk.create_dir(dir).map_err(failed("be created", dir))?;
        let path = dir.join(LOCK);
        let lock = disk.open(&path, OpenHow::ExistingOrNew).map_err(failed("be opened", &path))?;
        if !is_soon_locked(|| lock.try_lock()).map_err(failed("be locked", &path))? {
            return Err(OpenError::InUse { dir: dir.to_owned() });
        }
        let path = dir.join(MANIFEST);
        let manifest = disk.open(&path, OpenHow::ExistingOrNew).map_err(failed("be opened", &path))?;
        Ok(Self {
            disk,
            dir: dir.to_owned(),
            _lock: lock,
            manifest,
            last: None,
            configuration: None,
            log: None,
            is_prepared: false,
            durable_names: None,
            shared: Arc::default(),
        })
    }

    fn newest(&self) -> Result<Newest, OpenError> {
        let manifest = &*self.manifest;
        Ok(newest(read_slots(manifest).map_err(failed("be read", manifest.path()))?))
    }

    /// Fails if there is a state log, but nothing in the manifest, not even the zeros that are made durable before any log.
    fn check_no_log_alone(&self) -> Result<(), OpenError> {
        let path = self.manifest.path();
        if !self.manifest.is_empty().map_err(failed("be read", path))? {
            return Ok(());
        }
        if holds_logs(&*self.disk, &self.dir).map_err(failed("be listed", &self.dir))? {
            return Err(OpenError::Damaged { path: path.to_owned(), what: LOGS_ALONE });
        }
        Ok(())
    }
}

/// Asks for a lock until it is to be had, or is not held for a moment only.
fn is_soon_locked(mut try_lock: impl FnMut() -> io::Result<bool>) -> io::Result<bool> {
    for _ in 1..LOCK_ATTEMPTS {
        if try_lock()? {
            return Ok(true);
        }
        thread::sleep(LOCK_PAUSE);
    }
    try_lock()
}

/// Names a failure to open.
fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    move |cause| OpenError::Io { doing, path: path.to_owned(), cause }
}

#[cfg(test)]
mod tests;
