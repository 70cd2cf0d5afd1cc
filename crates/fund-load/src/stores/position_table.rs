//! A keyed hash table that holds nothing but positions in a list.

use std::collections::hash_map;
use std::hash::{BuildHasher, Hash};

use foldhash::SharedSeed;
use foldhash::quality::SeedableRandomState;
use hashbrown::HashTable;

/// The most entries that a store can hold: positions have 32 bits.
pub const MAX_ENTRIES: u32 = u32::MAX;

/// A store that can take in no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the store of {what} is full: it holds {max_entries}, and one run can tell apart no more (decisions depend on all of them)"
)]
pub struct StoreFull {
    /// What it stores.
    pub what: &'static str,
    /// How many of them, at most.
    pub max_entries: u32,
}

/// Finds positions in a list by key; the list itself, with the keys, is its owner's.
///
/// Four bytes a position and a list without holes take half the memory of a map that holds the entries: at 10 million ids 41
/// bytes an id instead of 91. The keys come from outside, so that the hash has a seed of its own that nobody outside can know.
#[derive(Clone, Debug)]
pub(super) struct PositionTable {
    positions: HashTable<u32>,
    hasher: SeedableRandomState,
}

impl PositionTable {
    pub(super) fn new() -> Self {
        // The standard library's hasher draws its keys from the operating system's randomness.
        let seed = hash_map::RandomState::new().hash_one(0);
        let hasher = SeedableRandomState::with_seed(seed, SharedSeed::global_random());
        Self { positions: HashTable::new(), hasher }
    }

    /// Returns the hash of a key.
    pub(super) fn hash(&self, key: impl Hash) -> u64 {
        self.hasher.hash_one(key)
    }

    /// Returns the position at which the key is whose hash is `hash`; `is_key_at` looks at the list.
    pub(super) fn find(&self, hash: u64, mut is_key_at: impl FnMut(usize) -> bool) -> Option<usize> {
        let found = self.positions.find(hash, |&position| is_key_at(position as usize));
        found.map(|&position| position as usize)
    }

    /// Adds the position of a new key whose hash is `hash`. `keys` are all that are there, with their positions.
    ///
    /// They are asked for when the table must grow: it is then made anew from the list, which is read from front to back,
    /// instead of from the old table, which leads to places all over the list.
    pub(super) fn insert<K: Hash>(&mut self, hash: u64, position: u32, keys: impl Iterator<Item = (K, u32)>) {
        let len = self.positions.len();
        if len == self.positions.capacity() {
            // Let go first: the old table and the new one are never there together.
            self.positions = HashTable::new();
            let mut grown = HashTable::with_capacity((2 * len).max(4));
            for (key, position) in keys {
                grown.insert_unique(self.hash(key), position, |_| unreachable!("it was made large enough"));
            }
            self.positions = grown;
        }
        self.positions.insert_unique(hash, position, |_| unreachable!("there is room for one more"));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use foldhash::quality::FixedState;

    use super::*;
    use crate::domain::DigitId;

    const IDS: usize = 4_096;
    const BUCKETS: usize = 1_024;

    fn bucket(hash: u64) -> usize {
        usize::try_from(hash).unwrap() % BUCKETS
    }

    /// Returns how much work it is to look up each of the hashes in a table of [`BUCKETS`]: the sum of the squares of their loads.
    fn work(hashes: impl Iterator<Item = u64>) -> u64 {
        let mut loads = [0_u64; BUCKETS];
        hashes.for_each(|hash| loads[bucket(hash)] += 1);
        loads.iter().map(|load| load * load).sum()
    }

    fn id(number: u64) -> DigitId {
        DigitId::parse(number.to_string()).unwrap()
    }

    /// Ids that all fall into one bucket for who knows the hash must, for the hash here, be spread as random ones are.
    #[test]
    fn ids_that_were_chosen_to_collide_cost_no_more_than_random_ones() {
        // An odd multiplier takes the numbers below 10^19 to numbers that look drawn at random.
        let random: Vec<_> =
            (1..=IDS as u64).map(|at| id(at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 1)).collect();
        let unkeyed = FixedState::with_seed(0);
        let collide_unkeyed =
            (0..).map(id).filter(|id| bucket(unkeyed.hash_one(id)) == 7).take(IDS).collect::<Vec<_>>();
        let collide_as_numbers: Vec<_> = (0..IDS as u64).map(|at| id(at << 40)).collect();
        assert_eq!(collide_unkeyed.iter().collect::<HashSet<_>>().len(), IDS);

        let one_bucket = (IDS * IDS) as u64;
        assert_eq!(
            work(collide_unkeyed.iter().map(|id| unkeyed.hash_one(id))),
            one_bucket,
            "they do collide"
        );

        let table = PositionTable::new();
        let work_here = |ids: &[DigitId]| work(ids.iter().map(|id| table.hash(id)));
        let expected = work_here(&random);
        assert!(expected < one_bucket / 100, "random ids are spread");
        for ids in [&collide_unkeyed, &collide_as_numbers] {
            assert!(2 * work_here(ids) <= 3 * expected, "{} against {expected}", work_here(ids));
        }
    }

    /// Two runs must not share a seed: what collides in one, somebody could find out, would collide in the next.
    #[test]
    fn every_table_has_a_seed_of_its_own() {
        let hashes: HashSet<_> = (0..16).map(|_| PositionTable::new().hash(id(7))).collect();
        assert_eq!(hashes.len(), 16);
    }

    #[test]
    fn positions_are_found_again_while_the_table_grows() {
        let keys: Vec<u32> = (0..10_000).map(|key| key * 3).collect();
        let mut table = PositionTable::new();
        for (at, key) in keys.iter().enumerate() {
            let hash = table.hash(key);
            assert_eq!(table.find(hash, |position| keys[position] == *key), None);
            table.insert(hash, u32::try_from(at).unwrap(), keys[..at].iter().zip(0..));
        }
        for (at, key) in keys.iter().enumerate() {
            assert_eq!(table.find(table.hash(key), |position| keys[position] == *key), Some(at));
        }
    }
}
