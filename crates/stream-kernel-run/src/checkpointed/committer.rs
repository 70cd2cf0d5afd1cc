//! Commits beside the run: while one is made durable, lines go on.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use stream_kernel_checkpoint::{Checkpoint, CommitError, Committed, SnapshotWriter};
use stream_kernel_disk::DiskFile;
use stream_kernel_exec::Memory;

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
}

struct Background {
    commits: Option<SyncSender<Committed>>,
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
    fn make(&mut self, committed: Committed) -> Result<(), CommitError> {
        let files = self.files.for_commit(&committed);
        self.checkpoint.commit(committed, &files)
    }

    fn make_with_snapshot(&mut self, committed: Committed, memory: &Memory) -> Result<(), CommitError> {
        let files = self.files.for_commit(&committed);
        let write = &mut |writer: &mut SnapshotWriter<'_>| memory.snapshot(&mut |record| writer.push(record));
        self.checkpoint.commit_with_snapshot(committed, write, &files)
    }
}

impl Committer {
    pub(super) fn new(checkpoint: Checkpoint, files: Synced, commit_in: CommitIn) -> Self {
        let shared = Arc::new(Mutex::new(Shared { checkpoint, files }));
        let background = (commit_in == CommitIn::Background).then(|| Background::start(Arc::clone(&shared)));
        Self { shared, background }
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

    /// Makes a commit, or begins one that the [background](CommitIn::Background) makes, after the one before is made. A snapshot of
    /// `memory` is waited for.
    ///
    /// # Errors
    ///
    /// Returns why this commit, or the one before, could not be made.
    pub(super) fn commit(
        &mut self,
        committed: Committed,
        memory: Option<&mut Memory>,
    ) -> Result<(), CommitError> {
        self.wait()?;
        if let Some(memory) = memory {
            return self.shared().make_with_snapshot(committed, memory);
        }
        match &mut self.background {
            Some(background) => background.begin(committed),
            None => self.shared().make(committed),
        }
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
        let (commits, to_make) = sync_channel::<Committed>(1);
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

    fn begin(&mut self, commit: Committed) -> Result<(), CommitError> {
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
