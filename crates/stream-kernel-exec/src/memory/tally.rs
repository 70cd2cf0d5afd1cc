//! Tallies: sums that no step reads.

use super::shared::Shared;
use super::store::{NotRestored, Store, StoreKind};
use crate::Encode;

/// A tally: counters that no step reads; they are for the summary and for metrics.
#[derive(Debug)]
pub struct Tally {
    counts: Box<[u64]>,
    /// The additions of the line, by counter.
    added: Vec<(usize, u64)>,
}

impl Tally {
    /// Returns a tally with this many counters, each 0.
    pub fn new(counters: usize) -> Self {
        Self { counts: vec![0; counters].into(), added: Vec::new() }
    }

    /// Returns the counts.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }
}

/// A step's view of a tally.
#[derive(Debug)]
pub struct Counters<'a>(&'a mut Tally);

impl Counters<'_> {
    /// Adds to the counter at this index.
    ///
    /// # Panics
    ///
    /// The tally has no such counter: a bug in the application.
    pub fn add(&mut self, counter: usize, count: u64) {
        self.0.counts[counter] += count;
        self.0.added.push((counter, count));
    }
}

impl Store for Tally {
    type Key = ();
    type Access<'a> = Counters<'a>;
    const KIND: StoreKind = StoreKind::Tally;

    #[inline]
    fn access(&mut self, (): ()) -> Counters<'_> {
        Counters(self)
    }

    fn end_line(&mut self) {
        self.added.clear();
    }

    fn roll_back(&mut self) {
        for (counter, added) in self.added.drain(..) {
            self.counts[counter] -= added;
        }
    }

    fn records(&self, record: &mut Vec<u8>, each: &mut dyn FnMut(&mut Vec<u8>)) {
        self.counts.iter().for_each(|count| count.encode(record));
        each(record);
    }

    fn restore(&mut self, from: &mut &[u8]) -> Result<(), NotRestored> {
        for count in &mut self.counts {
            *count = u64::decode(from).ok_or(NotRestored::Corrupt)?;
        }
        Ok(())
    }

    fn skip(&self, from: &mut &[u8]) -> Option<()> {
        self.counts.iter().try_for_each(|_| u64::decode(from).map(drop))
    }

    fn snapshot_bytes(&self) -> u64 {
        size_of_val(&*self.counts) as u64
    }

    fn owner_bytes(&self, (): &(), _: &mut Vec<u8>) {}
}

/// Every home keeps its own; their sums are the run's.
impl Shared for Tally {
    fn add_up(&mut self, mut from: &[u8]) -> bool {
        let mut added = self.counts.iter_mut().map(|count| u64::decode(&mut from).map(|more| *count += more));
        added.all(|added| added.is_some())
    }
}
