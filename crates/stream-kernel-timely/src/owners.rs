//! Owners of keys.

use std::hash::BuildHasher;

use foldhash::quality::FixedState;

/// Says which worker is the owner of a key: by a hash whose seed is drawn for each run, since keys come from outside.
#[derive(Clone, Debug)]
pub(crate) struct Owners {
    workers: usize,
    hash: FixedState,
}

impl Owners {
    pub(crate) fn new(workers: usize, seed: u64) -> Self {
        Self { workers, hash: FixedState::with_seed(seed) }
    }

    /// Returns the number of workers.
    pub(crate) fn workers(&self) -> usize {
        self.workers
    }

    /// Returns the hash of a key, given as bytes.
    pub(crate) fn hash(&self, key: &[u8]) -> u64 {
        self.hash.hash_one(key)
    }

    /// Returns the owner of a key, given as bytes.
    pub(crate) fn of(&self, key: &[u8]) -> usize {
        self.of_hash(self.hash(key))
    }

    /// Returns the owner of the key with this hash.
    pub(crate) fn of_hash(&self, hash: u64) -> usize {
        // The high half of the product is evenly spread below the number of workers.
        usize::try_from((u128::from(hash) * self.workers as u128) >> 64).unwrap_or_default()
    }
}
