//! Commits beside the run: while one is made durable, lines go on.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use stream_kernel_checkpoint::{Changes, Checkpoint, CommitError, Committed, StateLog, WrittenAhead};
use stream_kernel_disk::DiskFile;

use crate::State;

/// Changes are written ahead when they have so many bytes: enough for a write to be worth its call, and a bound for a state that changes much, or
/// for commits that are far apart.
const WRITE_AHEAD_BYTES: usize = 4 * 1024;

/// A commit that is to be made. What it covers is written already, though not yet durable.
struct Commit {
    committed: Committed,
    written: WrittenAhead,
}

/// Where commits are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitIn {
    /// In a thread of their own: the run waits only for the one before.
    Background,
    /// In the thread of the run, which waits: everything happens in the same order every time.
    Foreground,
}

/// Makes commits, one after the other. After the first error it is of no more use.
pub(super) struct Committer {
    shared: Arc<Mutex<Shared>>,
    background: Option<Background>,
    min_compaction_bytes: u64,
    /// Where changes are written: not asked for yet at the beginning, and after a compaction.
    log: Option<StateLog>,
    /// Changes that are not written yet.
    changes: Changes,
}

struct Background {
    commits: Option<SyncSender<Commit>>,
    results: Receiver<Result<(), CommitError>>,
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
    fn make(&mut self, Commit { committed, written }: Commit) -> Result<(), CommitError> {
        let files = self.files.for_commit(&committed);
        self.checkpoint.commit_written(committed, written, &files)
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
        Self { shared, background, min_compaction_bytes, log: None, changes: Changes::new() }
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
                    result.unwrap_or_else(|_| Err(has_ended()))?;
                }
            }
        }
        Ok(true)
    }

    /// Takes over what has changed in the state, and writes it ahead of the commit that will cover it once it is [enough](WRITE_AHEAD_BYTES).
    ///
    /// # Errors
    ///
    /// Returns why the log cannot be written.
    pub(super) fn write_ahead(&mut self, state: &mut dyn State) -> Result<(), CommitError> {
        state.take_changes(&mut self.changes);
        if self.changes.len() < WRITE_AHEAD_BYTES { Ok(()) } else { self.write().map(drop) }
    }

    /// Writes all changes, and returns where.
    fn write(&mut self) -> Result<&mut StateLog, CommitError> {
        let log = match self.log.take() {
            Some(log) => log,
            None => self.shared().checkpoint.state_log()?,
        };
        let log = self.log.insert(log);
        log.append(&mut self.changes)?;
        Ok(log)
    }

    /// Makes a commit, or begins one that the [background](CommitIn::Background) makes, after the one before is made. If the log of changes has
    /// become much larger than the whole state, it is replaced by that, and that is waited for; unless a line was taken back, which the
    /// state may still hold, other than its changes.
    ///
    /// # Errors
    ///
    /// Returns why this commit, or the one before, could not be made.
    pub(super) fn commit(
        &mut self,
        committed: Committed,
        state: &mut dyn State,
        is_line_taken_back: bool,
    ) -> Result<(), CommitError> {
        self.wait()?;
        state.take_changes(&mut self.changes);
        if !is_line_taken_back && self.is_compaction_due(state) {
            return self.commit_all(committed, state);
        }
        let written = self.write()?.end_commit()?;
        let commit = Commit { committed, written };
        match &mut self.background {
            Some(background) => background.begin(commit),
            None => self.shared().make(commit),
        }
    }

    fn commit_all(&mut self, committed: Committed, state: &mut dyn State) -> Result<(), CommitError> {
        let mut shared = self.shared();
        let Shared { checkpoint, files } = &mut *shared;
        let files = files.for_commit(&committed);
        checkpoint.commit_all(committed, &mut |writer| state.write_all(writer), &files)?;
        drop(shared);
        // What had changed is part of the whole.
        self.changes.clear();
        self.log = None;
        Ok(())
    }

    fn is_compaction_due(&self, state: &dyn State) -> bool {
        let (all, lines) = (state.bytes(), state.bytes_of_lines());
        self.shared().checkpoint.is_compaction_due(lines, all, self.min_compaction_bytes)
    }

    /// Returns the checkpoint, once no commit is being made.
    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a file another name, for good, once all commits are made.
    ///
    /// # Errors
    ///
    /// Returns why that is not possible, or why the commit before could not be made.
    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> Result<(), CommitError> {
        self.wait()?;
        self.shared().checkpoint.rename(from, to)
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
            return background.results.recv().unwrap_or_else(|_| Err(has_ended()));
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
