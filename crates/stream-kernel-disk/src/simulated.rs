//! A simulated disk: it is in memory, fails where a test says, and can lose power.
//!
//! Seeds alone decide everything: the same calls give the same results. See [`SimulatedDisk`].

mod content;
mod disturbance;
mod file;
mod names;
mod plan;
mod random;
mod sample;
mod state;

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{Disk, DiskFile, OpenHow};
use content::Content;
pub use disturbance::{Disturbance, ProcessEnd, random_number};
use file::SimulatedFile;
use names::Node;
pub use plan::{Fault, PlannedFault};
use plan::{Operation, Verdict};
pub use sample::{is_exhaustive, sample};
use state::State;

/// A disk in memory, for tests. Clones are the same disk.
///
/// Every call of a [`Disk`] or [`DiskFile`] method is an operation, counted from 0, and each can be made to fail
/// ([`SimulatedDisk::plan`]). [`SimulatedDisk::after_kill`] and [`SimulatedDisk::after_crash`] return the disk that a
/// process leaves.
///
/// It simulates:
///
/// - A write that fails, or during which the power goes, may have written any prefix of its bytes.
/// - A power cut keeps any subset of the unsynced writes and changes of length, each write also torn at any byte, and
///   any subset of the changes of names, in which a rename or removal depends on the changes before it. Some seeds keep
///   nothing, some everything.
/// - A failed sync of data leaves some of the bytes durable and the rest never: they can be read until the power goes,
///   and no later sync saves them.
///
/// Its limits:
///
/// - Other failed operations change nothing; a failed sync of a directory may be repeated.
/// - Synced data is never damaged, and reads return the last writes (see [`SimulatedDisk::put`] for damage).
/// - Files are at most 64 MiB long, directories cannot be renamed, and there are no links or permissions.
/// - Relative paths begin at the root, which is always there.
#[derive(Clone)]
pub struct SimulatedDisk {
    state: Arc<Mutex<State>>,
}

impl SimulatedDisk {
    /// Returns an empty disk; `seed` decides the remains of failing operations.
    pub fn new(seed: u64) -> Self {
        Self::from(State::new(seed))
    }

    /// Returns the seed of the disk, for other random choices of a simulated process.
    pub fn seed(&self) -> u64 {
        self.state().seed
    }

    /// Makes an operation fail; replaces an earlier plan.
    pub fn plan(&self, fault: PlannedFault) {
        self.state().plan = Some(fault);
    }

    /// Returns how many operations there have been.
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// Returns the disk as the next process finds it after a kill: all data is there, nothing is locked, no fault is
    /// planned, and unsynced data stays unsynced.
    #[must_use]
    pub fn after_kill(&self, seed: u64) -> Self {
        Self::from(self.state().after_kill(seed))
    }

    /// Returns the disk after a power cut; `seed` decides which unsynced changes survive.
    #[must_use]
    pub fn after_crash(&self, seed: u64) -> Self {
        Self::from(self.state().after_crash(seed))
    }

    /// Returns the content of a file; `None` if it does not exist. This is not an operation.
    pub fn contents(&self, path: &Path) -> Option<Vec<u8>> {
        let state = self.state();
        match state.names.get(&key(path))? {
            Node::File(file) => Some(state.files[file].bytes().to_vec()),
            Node::Directory => None,
        }
    }

    /// Creates a file as if it had always had these bytes. This is not an operation.
    ///
    /// # Panics
    ///
    /// Panics if its directory does not exist.
    pub fn put(&self, path: &Path, bytes: &[u8]) {
        let mut state = self.state();
        state.files.push(Content::durable(bytes));
        let node = Node::File(state.files.len() - 1);
        assert!(state.names.put(key(path), node), "`{}` lies in no directory", path.display());
    }

    /// Returns the paths of all files, sorted. This is not an operation.
    pub fn files(&self) -> Vec<PathBuf> {
        self.state().names.files()
    }

    /// Returns the last operations, the latest at the end, one per line.
    pub fn history(&self) -> String {
        self.state()
            .history
            .iter()
            .fold(String::new(), |text, operation| text + &operation.to_string() + "\n")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an operation on names, and does it unless it is planned to fail.
    fn operate<T>(
        &self,
        operation: Operation,
        act: impl FnOnce(&mut State) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut state = self.state();
        match state.begin(operation) {
            Verdict::Fail(error) => Err(error),
            Verdict::Go | Verdict::WriteLess => act(&mut state),
        }
    }
}

impl From<State> for SimulatedDisk {
    fn from(state: State) -> Self {
        Self { state: Arc::new(Mutex::new(state)) }
    }
}

impl fmt::Debug for SimulatedDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedDisk").field("operations", &self.operations()).finish_non_exhaustive()
    }
}

impl Disk for SimulatedDisk {
    fn open(&self, path: &Path, how: OpenHow) -> io::Result<Box<dyn DiskFile>> {
        let (file, handle) =
            self.operate(Operation::new("open", path), |state| state.open(key(path), how))?;
        let (disk, path, is_writable) = (self.clone(), path.to_owned(), how.is_writable());
        Ok(Box::new(SimulatedFile { disk, path, is_writable, file, handle }))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.operate(Operation::new("create_dir", path), |state| state.names.create_dir(key(path)))
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.operate(Operation::new("sync_dir", path), |state| state.names.sync(&key(path)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.operate(Operation::new("rename", from), |state| state.names.rename(key(from), key(to)))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.operate(Operation::new("remove", path), |state| state.names.remove(key(path)))
    }

    fn names(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        self.operate(Operation::new("names", dir), |state| state.names.list(&key(dir)))
    }
}

/// Returns the path from the root on.
fn key(path: &Path) -> PathBuf {
    path.components().filter(|part| matches!(part, std::path::Component::Normal(_))).collect()
}

#[cfg(test)]
mod tests;
