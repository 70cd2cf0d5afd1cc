//! Gates: a count by key over all messages, read in line order.

use std::collections::BTreeMap;

use super::store::{NotRestored, Store};
use super::table::Key;
use crate::{Encode, StepError};

/// A gate: a count by key over all messages. A step reads what all earlier lines have come to, and may add.
#[derive(Debug)]
pub struct Gate<K: Key + Ord> {
    counts: BTreeMap<K, u64>,
    /// What the line has added.
    added: Vec<(K, u64)>,
}

impl<K: Key + Ord> Gate<K> {
    /// Returns a gate without counts.
    pub fn new() -> Self {
        Self { counts: BTreeMap::new(), added: Vec::new() }
    }

    /// Returns the count of a key, 0 if nothing was ever added.
    pub fn get(&self, key: &K) -> u64 {
        self.counts.get(key).copied().unwrap_or_default()
    }
}

impl<K: Key + Ord> Default for Gate<K> {
    fn default() -> Self {
        Self::new()
    }
}

/// What a step finds in a gate under its message's key.
#[derive(Debug)]
pub struct GateCount<'a, K: Key + Ord> {
    gate: &'a mut Gate<K>,
    key: K,
}

impl<K: Key + Ord> GateCount<'_, K> {
    /// Returns the count, 0 if nothing was ever added.
    pub fn get(&self) -> u64 {
        self.gate.get(&self.key)
    }

    /// Adds to the count.
    pub fn add(&mut self, count: u64) {
        *self.gate.counts.entry(self.key.clone()).or_default() += count;
        self.gate.added.push((self.key.clone(), count));
    }
}

impl<K: Key + Ord> Store for Gate<K> {
    type Key = K;
    type Access<'a> = GateCount<'a, K>;

    fn access(&mut self, key: K) -> GateCount<'_, K> {
        GateCount { gate: self, key }
    }

    fn end_line(&mut self) {
        self.added.clear();
    }

    fn roll_back(&mut self) {
        for (key, added) in self.added.drain(..) {
            let count = self.counts.get(&key).map_or(0, |count| count - added);
            if count == 0 {
                self.counts.remove(&key);
            } else {
                self.counts.insert(key, count);
            }
        }
    }

    fn records(&self, record: &mut Vec<u8>, each: &mut dyn FnMut(&mut Vec<u8>)) {
        for (key, count) in &self.counts {
            key.encode(record);
            count.encode(record);
            each(record);
        }
    }

    fn restore(&mut self, from: &mut &[u8]) -> Result<(), NotRestored> {
        let (key, count) = <(K, u64)>::decode(from).ok_or(NotRestored::Corrupt)?;
        match self.counts.insert(key, count) {
            None => Ok(()),
            Some(_) => Err(NotRestored::Corrupt),
        }
    }

    fn skip(&self, from: &mut &[u8]) -> Option<()> {
        <(K, u64)>::decode(from).map(drop)
    }

    fn snapshot_bytes(&self) -> u64 {
        (self.counts.len() * size_of::<(K, u64)>()) as u64
    }

    fn value_bytes(&mut self, mut key: &[u8]) -> Option<Vec<u8>> {
        let count = self.counts.get(&K::decode(&mut key)?)?;
        Some(count.to_le_bytes().to_vec())
    }

    fn overlay(&mut self, mut key: &[u8], mut value: &[u8]) -> Option<Result<(), StepError>> {
        let (key, count) = (K::decode(&mut key)?, u64::decode(&mut value)?);
        let known = self.get(&key);
        self.access(key).add(count.checked_sub(known)?);
        Some(Ok(()))
    }

    fn owner_bytes(&self, key: K, bytes: &mut Vec<u8>) {
        key.encode(bytes);
    }
}
