//! The bounded queue between the run, which never waits for it, and the thread that exports.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::delivery::{Patience, lock, now};

/// The most bytes of records that wait in the queue, whatever their number.
pub const MAX_QUEUE_BYTES: usize = 64 * 1024 * 1024;

/// Records of whole inputs, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// Lines of JSON, one a record.
    pub(crate) lines: Vec<u8>,
    pub(crate) inputs: Vec<InputRecords>,
    pub(crate) records: usize,
}

/// The records of an input within a block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InputRecords {
    /// The end of its lines.
    pub(crate) end: usize,
    /// Whether it is exported whatever was decided about it.
    pub(crate) is_chosen: bool,
}

/// The queue. The thread takes blocks from it; the run puts them there.
pub(crate) struct Queue {
    max_records: usize,
    state: Mutex<State>,
    changed: Condvar,
    /// Whether there is no room for another input.
    is_full: AtomicBool,
}

#[derive(Default)]
struct State {
    blocks: VecDeque<Block>,
    records: usize,
    bytes: usize,
    /// How many times the thread was asked to export at once what it has.
    flushes: u64,
    /// The time until which the thread may export; set when the run has ended.
    deadline: Option<Instant>,
    has_ended: bool,
}

/// What the thread does next.
pub(crate) enum Next {
    Block(Block),
    /// Export the spans so far: no block came in time, or the run is idle.
    Flush,
    /// The run has ended, and nothing is left.
    End,
}

impl Queue {
    pub(crate) fn new(max_records: usize) -> Self {
        Self {
            max_records,
            state: Mutex::default(),
            changed: Condvar::new(),
            is_full: AtomicBool::new(false),
        }
    }

    /// Returns whether there is no room for another input.
    pub(crate) fn is_full(&self) -> bool {
        self.is_full.load(Ordering::Relaxed)
    }

    /// Puts a block into the queue; gives it back if there is no room. A block that exceeds the bound on records by
    /// itself has room in an empty queue, if it holds one input only.
    pub(crate) fn push(&self, block: Block) -> Result<(), Block> {
        let mut state = lock(&self.state);
        let records = state.records + block.records;
        let bytes = state.bytes + block.lines.len();
        let is_alone = state.blocks.is_empty() && block.inputs.len() == 1;
        if state.has_ended || bytes > MAX_QUEUE_BYTES || records > self.max_records && !is_alone {
            // Room is announced when a block is taken, so an empty queue must not count as full.
            self.is_full.store(state.has_ended || !state.blocks.is_empty(), Ordering::Relaxed);
            return Err(block);
        }
        (state.records, state.bytes) = (records, bytes);
        state.blocks.push_back(block);
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    /// Asks the thread to export what it has.
    pub(crate) fn flush(&self) {
        lock(&self.state).flushes += 1;
        self.changed.notify_all();
    }

    /// Sets the deadline, and waits until the thread has exported everything or the deadline has passed. Returns the
    /// blocks that are left.
    pub(crate) fn close(&self, deadline: Instant) -> VecDeque<Block> {
        let mut state = lock(&self.state);
        state.deadline = Some(deadline);
        self.changed.notify_all();
        while !state.has_ended {
            let Some(left) = deadline.checked_duration_since(now()).filter(|left| !left.is_zero()) else {
                break;
            };
            let waited = self.changed.wait_timeout(state, left);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        self.is_full.store(true, Ordering::Relaxed);
        std::mem::take(&mut state.blocks)
    }

    /// Ends the queue for good: the thread is done, or there is none.
    pub(crate) fn end(&self) {
        let mut state = lock(&self.state);
        state.has_ended = true;
        state.blocks.clear();
        self.is_full.store(true, Ordering::Relaxed);
        drop(state);
        self.changed.notify_all();
    }

    /// Waits for the next block, with `delay` at most that long, and takes it. `flushes` is the number of flushes that
    /// the thread knows.
    pub(crate) fn next(&self, delay: Option<Duration>, flushes: &mut u64) -> Next {
        let until = delay.map(|delay| now() + delay);
        let mut state = lock(&self.state);
        loop {
            if let Some(block) = state.blocks.pop_front() {
                state.records -= block.records;
                state.bytes -= block.lines.len();
                if state.records <= self.max_records / 2 && state.bytes <= MAX_QUEUE_BYTES / 2 {
                    self.is_full.store(false, Ordering::Relaxed);
                }
                return Next::Block(block);
            }
            if state.deadline.is_some() {
                return Next::End;
            }
            if *flushes != state.flushes {
                *flushes = state.flushes;
                return Next::Flush;
            }
            state = match until.map(|until| until.checked_duration_since(now())) {
                Some(None) => return Next::Flush,
                Some(Some(left)) => {
                    self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

/// Time is unlimited until the run ends; from then on it ends at the deadline.
impl Patience for Queue {
    fn wait(&self, delay: Duration) -> bool {
        let until = now() + delay;
        let mut state = lock(&self.state);
        loop {
            if state.deadline.is_some_and(|deadline| deadline <= until) {
                return false;
            }
            let Some(left) = until.checked_duration_since(now()) else { return true };
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn left(&self) -> Option<Duration> {
        let deadline = lock(&self.state).deadline?;
        Some(deadline.checked_duration_since(now()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(inputs: usize, records: usize, bytes: usize) -> Block {
        let input = InputRecords { end: 0, is_chosen: true };
        Block { lines: vec![b' '; bytes], inputs: vec![input; inputs], records }
    }

    #[test]
    fn records_are_bounded() {
        let queue = Queue::new(10);
        assert!(queue.push(block(2, 6, 1)).is_ok());
        assert!(queue.push(block(2, 4, 1)).is_ok() && !queue.is_full(), "ten fit");
        assert!(queue.push(block(1, 1, 1)).is_err() && queue.is_full());
        // There is room again when half of it is empty.
        assert!(matches!(queue.next(None, &mut 0), Next::Block(_)) && !queue.is_full());
        assert!(queue.push(block(2, 6, 1)).is_ok());
    }

    #[test]
    fn bytes_are_bounded() {
        let queue = Queue::new(usize::MAX);
        assert!(queue.push(block(1, 1, MAX_QUEUE_BYTES - 1)).is_ok());
        assert!(queue.push(block(1, 1, 1)).is_ok() && !queue.is_full());
        assert!(queue.push(block(1, 1, 1)).is_err() && queue.is_full());
    }

    #[test]
    fn a_larger_input_fits_into_an_empty_queue_alone() {
        let queue = Queue::new(2);
        assert!(queue.push(block(2, 3, 1)).is_err(), "two inputs can be dropped for one that fits");
        assert!(!queue.is_full(), "nothing would say that there is room again");
        assert!(queue.push(block(1, 3, 1)).is_ok());
        assert!(queue.push(block(1, 1, 1)).is_err() && queue.is_full());
    }

    #[test]
    fn a_queue_that_has_ended_takes_nothing_and_nobody_waits_for_it() {
        let queue = Queue::new(2);
        queue.push(block(1, 1, 1)).unwrap_or_else(|_| panic!("it fits"));
        queue.end();
        assert!(queue.push(block(1, 1, 1)).is_err() && queue.is_full());
        assert!(queue.close(now() + Duration::from_hours(1)).is_empty());
    }

    #[test]
    fn what_is_left_at_the_deadline_is_given_back() {
        let queue = Queue::new(2);
        queue.push(block(1, 2, 1)).unwrap_or_else(|_| panic!("it fits"));
        let left = queue.close(now());
        assert_eq!(left.iter().map(|block| block.records).sum::<usize>(), 2);
        assert!(!queue.wait(Duration::ZERO), "there is no time for a repetition");
        assert_eq!(queue.left(), Some(Duration::ZERO));
    }
}
