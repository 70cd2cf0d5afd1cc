//! Commits in the background: lines go on while a commit becomes durable.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use stream_kernel_checkpoint::{Checkpoint, CommitError, Committed, FileError, SnapshotWriter};
use stream_kernel_disk::DiskFile;
use stream_kernel_exec::Memory;

use crate::{LastCommit, Meter};

/// Where commits are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitIn {
    /// In a thread of their own: the run waits only for the commit before.
    Background,
    /// In the thread of the run, which waits: the order of operations is always the same.
    Foreground,
}

/// Makes commits, one after the other. It is useless after the first error.
pub(super) struct Committer {
    checkpoint: Arc<Mutex<Checkpoint>>,
    commit_in: CommitIn,
    /// The commit in the background.
    begun: Option<JoinHandle<Result<(), CommitError>>>,
    /// Learns of each commit.
    meter: Option<Arc<Meter>>,
}

impl Committer {
    pub(super) fn new(checkpoint: Checkpoint, commit_in: CommitIn, meter: Option<Arc<Meter>>) -> Self {
        Self { checkpoint: Arc::new(Mutex::new(checkpoint)), commit_in, begun: None, meter }
    }

    /// Returns whether the commit before has ended, so that the next one need not wait.
    pub(super) fn is_idle(&self) -> bool {
        self.begun.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Makes a commit, or begins one in the [background](CommitIn::Background), after the one before; `files` are
    /// synced first. A snapshot of `memory` is waited for.
    ///
    /// # Errors
    ///
    /// Returns why this commit, or the one before, failed.
    pub(super) fn commit(
        &mut self,
        committed: Committed,
        files: Vec<Arc<dyn DiskFile>>,
        memory: Option<&Memory>,
    ) -> Result<(), CommitError> {
        self.wait()?;
        let commit = LastCommit { line_no: committed.lines, at_ms: committed.committed_at_ms };
        let meter = self.meter.clone();
        let note = move |()| meter.iter().for_each(|meter| meter.committed(commit));
        if let Some(memory) = memory {
            let write =
                &mut |writer: &mut SnapshotWriter<'_>| memory.snapshot(&mut |record| writer.push(record));
            let done = lock(&self.checkpoint).commit_with_snapshot(committed, write, &borrowed(&files));
            return done.map(note);
        }
        let checkpoint = Arc::clone(&self.checkpoint);
        let make = move || lock(&checkpoint).commit(committed, &borrowed(&files)).map(note);
        if self.commit_in == CommitIn::Foreground {
            return make();
        }
        self.begun = Some(thread::Builder::new().spawn(make).map_err(uncommitted)?);
        Ok(())
    }

    /// Renames a file durably, once all commits are made.
    ///
    /// # Errors
    ///
    /// Returns why that failed, or why the commit before failed.
    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> Result<(), CommitError> {
        self.wait()?;
        lock(&self.checkpoint).rename(from, to)
    }

    /// Waits for the commit that was begun.
    ///
    /// # Errors
    ///
    /// Returns why it failed.
    pub(super) fn wait(&mut self) -> Result<(), CommitError> {
        let made = self.begun.take().map_or(Ok(Ok(())), JoinHandle::join);
        // It panicked, so its state is unknown.
        made.unwrap_or_else(|_| Err(uncommitted(io::Error::other("the thread that commits has ended"))))
    }
}

impl Drop for Committer {
    /// A commit in progress.
    fn drop(&mut self) {
        let _ = self.wait();
    }
}

fn lock(checkpoint: &Mutex<Checkpoint>) -> MutexGuard<'_, Checkpoint> {
    checkpoint.lock().unwrap_or_else(PoisonError::into_inner)
}

fn borrowed(files: &[Arc<dyn DiskFile>]) -> Vec<&dyn DiskFile> {
    files.iter().map(|file| &**file).collect()
}

/// Returns the failure of a commit thread.
fn uncommitted(cause: io::Error) -> CommitError {
    FileError::io("be committed to", Path::new("runtime.checkpoint.dir"))(cause).into()
}
