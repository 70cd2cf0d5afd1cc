//! A keyed hash table that holds nothing but positions in a list.

use std::collections::hash_map;
use std::hash::{BuildHasher, Hash};
use std::{hint, iter};

use foldhash::SharedSeed;
use foldhash::quality::SeedableRandomState;

/// The most entries that a store can hold: positions have 32 bits.
pub const MAX_ENTRIES: u32 = u32::MAX;

/// Finds positions in a list by key; the list itself, with the keys, is its owner's.
///
/// Four bytes a position and a list without holes take half the memory of a map that holds the entries: at 10 million ids 39
/// bytes an id instead of 91. The keys come from outside, so that the hash has a seed of its own that nobody outside can know.
///
/// A table of `hashbrown` can do the same, but waits for memory twice, once for tags and once for positions, and cannot be told
/// beforehand what it will be asked for: a line took an eighth more time with it, and a third more than with [`bring_near`](Self::bring_near).
#[derive(Clone, Debug)]
pub(super) struct PositionTable {
    /// A power of two of them. The low bits of a hash choose one; from there on the next one with room is taken.
    groups: Vec<Group>,
    len: usize,
    hasher: SeedableRandomState,
}

/// A few positions, with what tells most of them apart, in one cache line.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Group {
    /// The high bits of hashes, with the highest set; zero where no position is. Slots are taken in order and never given back.
    tags: [u8; GROUP_SLOTS],
    positions: [u32; GROUP_SLOTS],
}

const GROUP_SLOTS: usize = 12;
const _: () = assert!(size_of::<Group>() == 64);

/// A number with one in each of its bytes.
const EACH_BYTE: u128 = u128::MAX / 0xff;

impl Group {
    /// Returns the positions with this tag, and rarely another one.
    fn candidates(&self, tag: u8) -> impl Iterator<Item = usize> + '_ {
        let mut tags = [0; 16];
        tags[..GROUP_SLOTS].copy_from_slice(&self.tags);
        // Bytes are zero where tags are equal. Less one each, only those, and rarely one above them, get their highest bit set by it.
        let different = u128::from_le_bytes(tags) ^ (EACH_BYTE * u128::from(tag));
        let mut equal = different.wrapping_sub(EACH_BYTE) & !different & (EACH_BYTE << 7);
        iter::from_fn(move || {
            let slot = (equal.trailing_zeros() / u8::BITS) as usize;
            equal &= equal.wrapping_sub(1);
            self.positions.get(slot).map(|&position| position as usize)
        })
    }

    fn is_full(&self) -> bool {
        self.tags[GROUP_SLOTS - 1] != 0
    }

    /// Takes the next slot of a group that is not full.
    fn push(&mut self, tag: u8, position: u32) {
        let free = self.tags.iter().zip(&mut self.positions).position(|(&tag, _)| tag == 0);
        let slot = free.unwrap_or(GROUP_SLOTS - 1);
        (self.tags[slot], self.positions[slot]) = (tag, position);
    }
}

impl PositionTable {
    pub(super) fn new() -> Self {
        // The standard library's hasher draws its keys from the operating system's randomness.
        let seed = hash_map::RandomState::new().hash_one(0);
        let hasher = SeedableRandomState::with_seed(seed, SharedSeed::global_random());
        Self { groups: vec![Group::default()], len: 0, hasher }
    }

    /// Returns the hash of a key.
    pub(super) fn hash(&self, key: impl Hash) -> u64 {
        self.hasher.hash_one(key)
    }

    /// Returns the position at which the key is whose hash is `hash`; `is_key_at` looks at the list.
    pub(super) fn find(&self, hash: u64, mut is_key_at: impl FnMut(usize) -> bool) -> Option<usize> {
        let mut at = self.first_group(hash);
        loop {
            let group = &self.groups[at];
            if let Some(found) = group.candidates(tag(hash)).find(|&position| is_key_at(position)) {
                return Some(found);
            }
            if !group.is_full() {
                return None;
            }
            at = self.group_after(at);
        }
    }

    /// Has the memory fetched that looking for `hash` will begin with, and does not wait for it: nothing depends on what is there.
    pub(super) fn bring_near(&self, hash: u64) {
        hint::black_box(self.groups[self.first_group(hash)].tags[0]);
    }

    /// Returns where a key with this hash is if it is anywhere, in most cases.
    pub(super) fn guess(&self, hash: u64) -> Option<usize> {
        self.groups[self.first_group(hash)].candidates(tag(hash)).next()
    }

    /// Adds the position of a new key whose hash is `hash`. `keys` are all that are there, with their positions.
    ///
    /// They are asked for when the table must grow: it is then made anew from the list, which is read from front to back,
    /// instead of from the old table, which leads to places all over the list.
    pub(super) fn insert<K: Hash>(&mut self, hash: u64, position: u32, keys: impl Iterator<Item = (K, u32)>) {
        // Seven eighths full, few groups are so full that a look-up goes on to the next.
        if self.len >= self.groups.len() * GROUP_SLOTS * 7 / 8 {
            let group_count = 2 * self.groups.len();
            // Let go first: the old table and the new one are never there together.
            self.groups = Vec::new();
            self.groups = vec![Group::default(); group_count];
            for (key, position) in keys {
                self.push(self.hash(key), position);
            }
        }
        self.push(hash, position);
        self.len += 1;
    }

    fn push(&mut self, hash: u64, position: u32) {
        let mut at = self.first_group(hash);
        while self.groups[at].is_full() {
            at = self.group_after(at);
        }
        self.groups[at].push(tag(hash), position);
    }

    fn first_group(&self, hash: u64) -> usize {
        // The table is smaller than addresses are many: its low bits are all that count.
        usize::try_from(hash & (self.groups.len() as u64 - 1)).unwrap_or_default()
    }

    fn group_after(&self, at: usize) -> usize {
        (at + 1) & (self.groups.len() - 1)
    }
}

/// Returns the bits of a hash that its group keeps, which others than these have chosen.
fn tag(hash: u64) -> u8 {
    hash.to_be_bytes()[0] | 0x80
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

    /// However alike hashes are, up to being equal, each key is found, by itself alone, and what is not there is not.
    #[test]
    fn hashes_that_are_alike_lead_to_their_own_keys() {
        const KEYS: u32 = 200;
        let top = |key: u32| u64::from(key) << 56;
        let low = |key: u32| u64::from(key);
        let equal = |_| u64::MAX;
        for hash_of in [equal, low, top, |key: u32| u64::from(key % 3) << 56 | 5] {
            // All keys are given their hashes here: none is asked of the table, which never grows on its own so.
            let mut table = PositionTable { groups: vec![Group::default(); 32], ..PositionTable::new() };
            for key in 0..KEYS {
                assert_eq!(table.find(hash_of(key), |position| position == key as usize), None, "{key}");
                table.push(hash_of(key), key);
            }
            for key in 0..KEYS {
                let at = key as usize;
                assert_eq!(table.find(hash_of(key), |position| position == at), Some(at));
                table.bring_near(hash_of(key));
            }
            assert_eq!(table.find(hash_of(KEYS), |position| position == KEYS as usize), None);
        }
    }

    #[test]
    fn a_group_knows_its_tags_apart() {
        let mut group = Group::default();
        for slot in 0..12_u8 {
            assert!(!group.is_full());
            group.push(0x80 | (slot % 5), slot.into());
        }
        assert!(group.is_full());
        for tag in 0x80..=0xff {
            let expected: Vec<_> = (0..12).filter(|slot| 0x80 | (slot % 5) == usize::from(tag)).collect();
            let found: Vec<_> = group.candidates(tag).collect();
            assert!(expected.iter().all(|slot| found.contains(slot)), "{tag}: {found:?}");
            // A tag that is one less than the one after it may be taken for that.
            assert!(found.len() <= expected.len() + 3, "{tag}: {found:?}");
        }
        assert_eq!(Group::default().candidates(0x80).count(), 0);
    }
}
