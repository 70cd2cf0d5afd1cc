//! Lines that workers of a process hand each other as they are: to pack and unpack them takes as long as a step.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stream_kernel_exec::Paused;

use crate::packet::Topic;

/// Lines in line order; `None` for one that is taken out for a while.
pub(crate) type Lines<M> = Vec<Option<Paused<M>>>;

/// The packet beside which lines are handed over: its sender, its receiver, its epoch and what it is about.
pub(crate) type Beside = (usize, usize, u64, Topic);

/// What the workers of a process hand each other. It holds no more than the lines of the epochs that are under way.
pub(crate) struct Handover<M> {
    /// The workers of the process.
    workers: Range<usize>,
    handed: Arc<Mutex<HashMap<Beside, Lines<M>>>>,
}

impl<M> Clone for Handover<M> {
    fn clone(&self) -> Self {
        Self { workers: self.workers.clone(), handed: Arc::clone(&self.handed) }
    }
}

impl<M> Handover<M> {
    /// Returns the handover of a process with these workers.
    pub(crate) fn among(workers: Range<usize>) -> Self {
        Self { workers, handed: Arc::default() }
    }

    /// Returns whether a worker is of this process.
    pub(crate) fn reaches(&self, worker: usize) -> bool {
        self.workers.contains(&worker)
    }

    /// Lays down lines for the receiver of a packet that is sent afterwards.
    pub(crate) fn put(&self, beside: Beside, lines: Lines<M>) {
        if !lines.is_empty() {
            self.lock().insert(beside, lines);
        }
    }

    /// Takes the lines that were laid down beside a packet that has come.
    pub(crate) fn take(&self, beside: Beside) -> Lines<M> {
        self.lock().remove(&beside).unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Beside, Lines<M>>> {
        self.handed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
