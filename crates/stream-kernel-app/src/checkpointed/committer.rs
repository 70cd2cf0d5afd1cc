//! Commits beside the run: while one is made durable, lines go on.

use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use stream_kernel_checkpoint::{Changes, Checkpoint, CommitError, Committed};
use stream_kernel_disk::DiskFile;

use crate::State;

/// A commit that is to be made. What it covers is written already, though not yet durable.
pub(super) struct Commit {
    /// What it says.
    pub(super) committed: Committed,
    pub(super) changes: Changes,
}

/// Where commits are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitIn {
    /// In a thread of their own: the run waits only for the one before.
    Background,
    /// In the thread of the run, which waits: everything happens in the same order every time.
    Foreground,
}

/// Makes commits, one after the other.
pub(super) struct Committer {
    shared: Arc<Mutex<Shared>>,
    background: Option<Background>,
    min_compaction_bytes: u64,
    /// Room for changes, of earlier ones.
    spare: Changes,
}

/// What has become of a commit: its changes' room for others, if it was made.
type Made = Result<Changes, CommitError>;

struct Background {
    commits: Option<SyncSender<Commit>>,
    results: Receiver<Made>,
    thread: Option<JoinHandle<()>>,
    is_busy: bool,
}

/// What a commit is made with.
struct Shared {
    checkpoint: Checkpoint,
    files: Synced,
}

/// The files that a commit makes durable first.
pub(super) struct Synced {
    pub(super) output: Arc<dyn DiskFile>,
    pub(super) trace: Option<Arc<dyn DiskFile>>,
}

impl Synced {
    /// Returns them; a trace that has ended was made durable before, as far as it counts.
    fn for_commit(&self, committed: &Committed) -> Vec<&dyn DiskFile> {
        let is_written = committed.trace.as_ref().is_some_and(|trace| trace.ends_after_line.is_none());
        let trace = self.trace.as_deref().filter(|_| is_written);
        [Some(&*self.output), trace].into_iter().flatten().collect()
    }
}

impl Shared {
    fn make(&mut self, Commit { committed, mut changes }: Commit) -> Made {
        let files = self.files.for_commit(&committed);
        self.checkpoint.commit(committed, &mut changes, &files)?;
        Ok(changes)
    }
}

impl Committer {
    pub(super) fn new(
        checkpoint: Checkpoint,
        files: Synced,
        commit_in: CommitIn,
        min_compaction_bytes: u64,
    ) -> Self {
        let shared = Arc::new(Mutex::new(Shared { checkpoint, files }));
        let background = (commit_in == CommitIn::Background).then(|| Background::start(Arc::clone(&shared)));
        Self { shared, background, min_compaction_bytes, spare: Changes::new() }
    }

    /// Returns whether the commit before is made, so that the next one need not wait for it.
    ///
    /// # Errors
    ///
    /// Returns why it could not be made.
    pub(super) fn is_idle(&mut self) -> Result<bool, CommitError> {
        let Some(background) = &mut self.background else { return Ok(true) };
        if background.is_busy {
            match background.results.try_recv() {
                Err(TryRecvError::Empty) => return Ok(false),
                result => {
                    background.is_busy = false;
                    self.spare = result.unwrap_or_else(|_| Err(has_ended()))?;
                }
            }
        }
        Ok(true)
    }

    /// Returns no changes, with the room that earlier ones took: growing to that size costs about as much as filling it.
    pub(super) fn take_room(&mut self) -> Changes {
        mem::take(&mut self.spare)
    }

    /// Makes a commit, or begins one that the [background](CommitIn::Background) makes, after the one before is made. If the log of changes has
    /// become much larger than the whole state, it is replaced by that, and that is waited for.
    ///
    /// # Errors
    ///
    /// Returns why this commit, or the one before, could not be made.
    pub(super) fn commit(&mut self, commit: Commit, whole: Option<&dyn State>) -> Result<(), CommitError> {
        self.wait()?;
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = |state: &&dyn State| {
            shared.checkpoint.is_compaction_due(state.bytes(), self.min_compaction_bytes)
        };
        if let Some(state) = whole.filter(is_due) {
            let Shared { checkpoint, files } = &mut *shared;
            let files = files.for_commit(&commit.committed);
            return checkpoint.commit_all(commit.committed, &mut |writer| state.write_all(writer), &files);
        }
        let Some(background) = &mut self.background else {
            self.spare = shared.make(commit)?;
            return Ok(());
        };
        drop(shared);
        background.begin(commit)
    }

    /// Gives a file another name, for good, once all commits are made.
    ///
    /// # Errors
    ///
    /// Returns why that is not possible, or why the commit before could not be made.
    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> Result<(), CommitError> {
        self.wait()?;
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).checkpoint.rename(from, to)
    }

    /// Waits until the commit that was begun is made.
    ///
    /// # Errors
    ///
    /// Returns why it could not be made.
    pub(super) fn wait(&mut self) -> Result<(), CommitError> {
        if let Some(background) = &mut self.background
            && background.is_busy
        {
            background.is_busy = false;
            self.spare = background.results.recv().unwrap_or_else(|_| Err(has_ended()))?;
        }
        Ok(())
    }
}

impl Background {
    fn start(shared: Arc<Mutex<Shared>>) -> Self {
        let (commits, to_make) = sync_channel::<Commit>(1);
        let (made, results) = sync_channel(1);
        let make_all = move || {
            for commit in to_make {
                let result = shared.lock().unwrap_or_else(PoisonError::into_inner).make(commit);
                if made.send(result).is_err() {
                    return;
                }
            }
        };
        Self { commits: Some(commits), results, thread: Some(thread::spawn(make_all)), is_busy: false }
    }

    fn begin(&mut self, commit: Commit) -> Result<(), CommitError> {
        let sent = self.commits.as_ref().is_some_and(|commits| commits.send(commit).is_ok());
        self.is_busy = sent;
        if sent { Ok(()) } else { Err(has_ended()) }
    }
}

/// Returns the failure of a thread that has ended before its time: it panicked, and nobody knows what it did.
fn has_ended() -> CommitError {
    let cause = Arc::new(io::Error::other("the thread that commits has ended"));
    CommitError::Io { doing: "be committed to", path: PathBuf::from("runtime.checkpoint.dir"), cause }
}

impl Drop for Background {
    /// A commit that was begun is made.
    fn drop(&mut self) {
        self.commits = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
