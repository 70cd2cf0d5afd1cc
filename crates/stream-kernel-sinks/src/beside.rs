//! A thread that writes batches while the run continues.

use std::io;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use crate::destination::Destination;
use crate::jsonl::MAX_BATCH_BYTES;
use crate::output::{Batch, Output, Progress};

/// A failure of the writing thread; the run has continued meanwhile.
#[derive(Debug, thiserror::Error)]
#[error("{cause}; {}", certain(*records, *line_no))]
struct Uncertain {
    cause: io::Error,
    records: u64,
    line_no: u64,
}

fn certain(records: u64, line_no: u64) -> String {
    match records {
        0 => "none of this run's records is certain".to_owned(),
        _ => format!("this run's first {records} are certain, the last of line {line_no}"),
    }
}

/// The run's handle on a writing thread.
///
/// Batches wait in one buffer while the thread writes those of another, so the run waits only when both hold
/// [`MAX_BATCH_BYTES`].
#[derive(Debug)]
pub(crate) struct Beside {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    /// Only one side waits at a time: the thread waits for batches, the run for capacity or for the end.
    changed: Condvar,
}

/// The waiting batches, and the thread's progress.
#[derive(Debug, Default)]
struct Queue {
    bytes: Vec<u8>,
    batches: Vec<Batch>,
    is_writing: bool,
    is_closed: bool,
    has_failed: bool,
    /// Held until it is reported.
    failure: Option<io::Error>,
    progress: Progress,
}

impl Queue {
    fn check(&mut self) -> io::Result<()> {
        match self.failure.take() {
            Some(failure) => Err(failure),
            None if self.has_failed => Err(io::Error::other("an earlier record could not be written")),
            None => Ok(()),
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, queue: MutexGuard<'a, Queue>) -> MutexGuard<'a, Queue> {
        self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner)
    }
}

/// The body of a thread.
pub(crate) type Work = Box<dyn FnOnce() + Send>;

/// Starts a thread of the operating system.
pub(crate) fn spawn(work: Work) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("trace".to_owned()).spawn(work)
}

impl Beside {
    /// Moves the writing to `output` to a thread; returns `output` if no thread can be started.
    pub(crate) fn begin<D: Destination + 'static>(
        output: Output<D>,
        spawn: impl FnOnce(Work) -> io::Result<JoinHandle<()>>,
    ) -> Result<Self, Option<Output<D>>> {
        let shared = Arc::new(Shared::default());
        let output = Arc::new(Mutex::new(Some(output)));
        let take =
            |output: &Mutex<Option<Output<D>>>| output.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = spawn(Box::new({
            let (shared, output) = (Arc::clone(&shared), Arc::clone(&output));
            move || {
                let ended = Ended(shared);
                if let Some(output) = take(&output) {
                    write_batches(&ended.0, output);
                }
            }
        }));
        match thread {
            Ok(thread) => Ok(Self { shared, thread: Some(thread) }),
            Err(_) => Err(take(&output)),
        }
    }

    /// Hands a batch to the thread and leaves an empty buffer; waits while the queue has no capacity for it.
    pub(crate) fn write(&mut self, lines: &mut Vec<u8>, batch: Batch) -> io::Result<()> {
        let mut queue = self.shared.lock();
        let has_room = |queue: &Queue| {
            queue.batches.is_empty() || queue.bytes.len() + lines.len() <= MAX_BATCH_BYTES || queue.has_failed
        };
        while !has_room(&queue) {
            queue = self.shared.wait(queue);
        }
        queue.check()?;
        if queue.bytes.is_empty() {
            mem::swap(&mut queue.bytes, lines);
        } else {
            queue.bytes.extend_from_slice(lines);
        }
        queue.batches.push(batch);
        drop(queue);
        self.shared.changed.notify_one();
        Ok(())
    }

    /// Waits until all batches are written, and returns the progress of the destination.
    pub(crate) fn wait(&mut self) -> io::Result<Progress> {
        let mut queue = self.shared.lock();
        while !(queue.has_failed || queue.batches.is_empty() && !queue.is_writing) {
            queue = self.shared.wait(queue);
        }
        queue.check()?;
        Ok(queue.progress)
    }
}

impl Drop for Beside {
    /// The thread ends when it has written all batches.
    fn drop(&mut self) {
        self.shared.lock().is_closed = true;
        self.shared.changed.notify_one();
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Marks the thread as ended, after a panic as well, so that the run stops waiting for it.
struct Ended(Arc<Shared>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.lock().has_failed = true;
        self.0.changed.notify_one();
    }
}

fn write_batches<D: Destination>(shared: &Shared, mut output: Output<D>) {
    let (mut bytes, mut batches) = (Vec::new(), Vec::new());
    loop {
        let mut queue = shared.lock();
        (queue.is_writing, queue.progress) = (false, output.progress);
        shared.changed.notify_one();
        while queue.batches.is_empty() {
            if queue.is_closed {
                return;
            }
            queue = shared.wait(queue);
        }
        queue.is_writing = true;
        mem::swap(&mut bytes, &mut queue.bytes);
        mem::swap(&mut batches, &mut queue.batches);
        // After a batch that may have arrived in part, nothing more is written.
        let goes_on = !queue.has_failed;
        drop(queue);
        shared.changed.notify_one();

        if goes_on && let Err(cause) = write_each(&mut output, &bytes, &batches) {
            let Progress { records, line_no, .. } = output.progress;
            let failure = io::Error::new(cause.kind(), Uncertain { cause, records, line_no });
            let mut queue = shared.lock();
            (queue.has_failed, queue.failure) = (true, Some(failure));
        }
        bytes.clear();
        bytes.shrink_to(2 * MAX_BATCH_BYTES);
        batches.clear();
    }
}

fn write_each<D: Destination>(output: &mut Output<D>, mut bytes: &[u8], batches: &[Batch]) -> io::Result<()> {
    for batch in batches {
        let (lines, rest) = bytes.split_at(batch.bytes);
        output.write(lines, *batch)?;
        bytes = rest;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
