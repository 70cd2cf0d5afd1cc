//! Positions by key: a hash table with a secret seed, over the entries of a list.

use std::collections::hash_map;
use std::hash::{BuildHasher, Hash};
use std::{hint, iter};

use foldhash::SharedSeed;
use foldhash::quality::SeedableRandomState;

/// The most entries of a table: positions have 32 bits, and two are reserved.
pub const MAX_ENTRIES: u32 = u32::MAX - 2;

/// Finds positions in a list by key. The list, with the keys, belongs to the caller.
///
/// Four bytes per position and a list without holes take half the memory of a map that holds the entries. Keys come
/// from outside, so the hash has a secret seed of its own.
///
/// `hashbrown` has such a table, but cannot prefetch. At a million lines of fund-load, a line took an eighth more time
/// with it, and a third more than with [`prefetch`](Self::prefetch) (see `docs/performance.md`).
#[derive(Clone, Debug)]
pub(super) struct PositionTable {
    /// The number of groups is a power of two. The low bits of a hash choose one; if it is full, the next group with
    /// room is taken.
    groups: Vec<Group>,
    len: usize,
    hasher: SeedableRandomState,
}

/// A few positions in one cache line, with a tag for each.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Group {
    /// The high bits of each hash, with the highest bit set; zero for a free slot. Slots are taken and freed in order.
    tags: [u8; GROUP_SLOTS],
    positions: [u32; GROUP_SLOTS],
}

const GROUP_SLOTS: usize = 12;
const _: () = assert!(size_of::<Group>() == 64);

/// A number with one in each of its bytes.
const EACH_BYTE: u128 = u128::MAX / 0xff;

impl Group {
    /// Returns the positions with this tag, and rarely a wrong one.
    fn candidates(&self, tag: u8) -> impl Iterator<Item = usize> + '_ {
        // A byte is zero where the tags are equal. Subtracting one from each byte sets the highest bit of these, and
        // rarely of the byte above one.
        let different = self.all_tags() ^ (EACH_BYTE * u128::from(tag));
        let mut equal = different.wrapping_sub(EACH_BYTE) & !different & (EACH_BYTE << 7);
        iter::from_fn(move || {
            let slot = (equal.trailing_zeros() / u8::BITS) as usize;
            equal &= equal.wrapping_sub(1);
            self.positions.get(slot).map(|&position| position as usize)
        })
    }

    /// Returns the tags as the lowest bytes of a number.
    #[inline]
    fn all_tags(&self) -> u128 {
        let mut tags = [0; 16];
        tags[..GROUP_SLOTS].copy_from_slice(&self.tags);
        u128::from_le_bytes(tags)
    }

    /// Returns the number of taken slots.
    #[inline]
    fn taken(&self) -> usize {
        (u128::BITS - self.all_tags().leading_zeros()).div_ceil(u8::BITS) as usize
    }

    fn is_full(&self) -> bool {
        self.tags[GROUP_SLOTS - 1] != 0
    }

    /// Frees the last taken slot if it holds this position, and returns whether it did.
    fn remove_last(&mut self, position: u32) -> bool {
        let Some(slot) = self.taken().checked_sub(1) else { return false };
        let is_there = self.positions[slot] == position;
        if is_there {
            self.tags[slot] = 0;
        }
        is_there
    }

    /// Takes the next slot; returns false if the group is full.
    fn push(&mut self, tag: u8, position: u32) -> bool {
        let slot = self.taken();
        let (Some(tag_there), Some(position_there)) = (self.tags.get_mut(slot), self.positions.get_mut(slot))
        else {
            return false;
        };
        (*tag_there, *position_there) = (tag, position);
        true
    }
}

impl PositionTable {
    pub(super) fn new() -> Self {
        // The standard library's hasher draws its keys from the operating system's randomness.
        let seed = hash_map::RandomState::new().hash_one(0);
        let hasher = SeedableRandomState::with_seed(seed, SharedSeed::global_random());
        Self { groups: vec![Group::default()], len: 0, hasher }
    }

    /// Returns the number of bytes that it takes.
    pub(super) fn bytes(&self) -> u64 {
        (self.groups.len() * size_of::<Group>()) as u64
    }

    /// Returns the hash of a key.
    pub(super) fn hash(&self, key: impl Hash) -> u64 {
        self.hasher.hash_one(key)
    }

    /// Returns the position of the key with this `hash`; `is_key_at` compares it with the key in the list.
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

    /// Prefetches the first group probed for `hash`: a load that nothing waits for.
    pub(super) fn prefetch(&self, hash: u64) {
        hint::black_box(self.groups[self.first_group(hash)].tags[0]);
    }

    /// Returns the first position that a key with this hash may be at. Usually it is the key's own; it may be another
    /// key's, whether or not the key is in the table.
    pub(super) fn guess(&self, hash: u64) -> Option<usize> {
        self.groups[self.first_group(hash)].candidates(tag(hash)).next()
    }

    /// Adds the position of a new key with this `hash`. `keys` are all existing keys, with their positions.
    ///
    /// A growing table reads them to build itself anew: the list is read from front to back, while the old table would
    /// lead to places all over the list.
    pub(super) fn insert<K: Hash>(&mut self, hash: u64, position: u32, keys: impl Iterator<Item = (K, u32)>) {
        // At seven eighths full, few groups are so full that a look-up goes on to the next.
        if self.len >= self.groups.len() * GROUP_SLOTS * 7 / 8 {
            let group_count = 2 * self.groups.len();
            // Dropped first, so that the old table and the new one never exist together.
            self.groups = Vec::new();
            self.groups = vec![Group::default(); group_count];
            for (key, position) in keys {
                self.push(self.hash(key), position);
            }
        }
        self.push(hash, position);
        self.len += 1;
    }

    /// Removes the position inserted last, of the key with this `hash`.
    pub(super) fn remove_last(&mut self, hash: u64, position: u32) {
        let mut at = self.first_group(hash);
        // It is the last of its group, since slots are taken in order.
        while !self.groups[at].remove_last(position) {
            at = self.group_after(at);
        }
        self.len -= 1;
    }

    fn push(&mut self, hash: u64, position: u32) {
        let mut at = self.first_group(hash);
        while !self.groups[at].push(tag(hash), position) {
            at = self.group_after(at);
        }
    }

    fn first_group(&self, hash: u64) -> usize {
        // Fewer bits than an address has are left, so nothing is cut off.
        usize::try_from(hash & (self.groups.len() as u64 - 1)).unwrap_or_default()
    }

    fn group_after(&self, at: usize) -> usize {
        (at + 1) & (self.groups.len() - 1)
    }
}

/// Returns a group's tag for a hash: a bit that is always set, then the seven bits after the highest, which have no
/// part in choosing the group.
fn tag(hash: u64) -> u8 {
    hash.to_be_bytes()[0] | 0x80
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const IDS: usize = 2_500;
    /// The number of groups of a table with this many ids.
    const GROUPS: u64 = 256;

    /// Fills the table with the ids, finds each of them, and returns how many groups it probed and how many keys it
    /// compared.
    fn work(mut table: PositionTable, ids: &[u64]) -> [usize; 2] {
        for (at, &id) in ids.iter().enumerate() {
            let hash = table.hash(id);
            table.insert(hash, u32::try_from(at).unwrap(), ids[..at].iter().zip(0..));
        }
        assert_eq!(table.groups.len() as u64, GROUPS);
        let [mut groups, mut keys] = [0, 0];
        for &id in ids {
            let hash = table.hash(id);
            let is_key_at = |position: usize| {
                keys += 1;
                ids[position] == id
            };
            let found = table.find(hash, is_key_at).unwrap();
            let mut at = table.first_group(hash);
            groups += 1;
            while !table.groups[at].candidates(tag(hash)).any(|position| position == found) {
                at = table.group_after(at);
                groups += 1;
            }
        }
        [groups, keys]
    }

    /// Ids that all begin at one group in another process's table must cost no more here than random ones: an attacker
    /// who tries out ids at home must not be able to slow down this run.
    #[test]
    fn colliding_ids_cost_no_more_than_random_ones() {
        // The odd multiplier spreads the numbers below 10^19 as if they were random.
        let random: Vec<_> = (1..=IDS as u64).map(|at| at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 1).collect();
        let theirs = PositionTable::new();
        let begins_at_7 = |id: &u64| theirs.hash(id) % GROUPS == 7;
        let collide_there: Vec<_> = (0..).filter(begins_at_7).take(IDS).collect();
        let collide_as_numbers: Vec<_> = (0..IDS as u64).map(|at| at << 40).collect();

        let [groups, keys] = work(PositionTable::new(), &random);
        let [colliding, _] = work(theirs.clone(), &collide_there);
        assert!(colliding > 50 * groups, "they do collide: {colliding} groups against {groups}");
        for ids in [&collide_there, &collide_as_numbers] {
            let [groups_here, keys_here] = work(PositionTable::new(), ids);
            assert!(2 * groups_here <= 3 * groups, "{groups_here} groups against {groups}");
            assert!(2 * keys_here <= 3 * keys, "{keys_here} keys against {keys}");
        }
    }

    /// Two runs must not share a seed: an attacker could learn the colliding keys of one and use them in the next.
    #[test]
    fn every_table_has_a_seed_of_its_own() {
        let hashes: HashSet<_> = (0..16).map(|_| PositionTable::new().hash(7)).collect();
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

    /// A wrong guess would prefetch entries that nobody asks for.
    #[test]
    fn most_guesses_are_right() {
        let keys: Vec<u32> = (0..1_000).collect();
        let mut table = PositionTable::new();
        assert_eq!(table.guess(table.hash(0)), None, "nothing is there");
        for (at, key) in keys.iter().enumerate() {
            table.insert(table.hash(key), *key, keys[..at].iter().zip(0..));
        }
        let right = keys.iter().filter(|key| table.guess(table.hash(key)) == Some(**key as usize)).count();
        assert!(right > 800, "{right} of the keys that are there");
        let wrong = (1_000..2_000_u32).filter(|key| table.guess(table.hash(key)).is_some()).count();
        assert!(wrong < 300, "{wrong} of as many that are not");
    }

    /// However similar hashes are, up to equal, a look-up finds each key itself, and never an absent one.
    #[test]
    fn hashes_that_are_alike_lead_to_their_own_keys() {
        const KEYS: u32 = 200;
        let top = |key: u32| u64::from(key) << 56;
        let low = |key: u32| u64::from(key);
        let equal = |_| u64::MAX;
        for hash_of in [equal, low, top, |key: u32| u64::from(key % 3) << 56 | 5] {
            // All hashes are given here, so the table does not compute any; it never grows on its own here.
            let mut table = PositionTable { groups: vec![Group::default(); 32], ..PositionTable::new() };
            for key in 0..KEYS {
                assert_eq!(table.find(hash_of(key), |position| position == key as usize), None, "{key}");
                table.push(hash_of(key), key);
            }
            for key in 0..KEYS {
                let at = key as usize;
                assert_eq!(table.find(hash_of(key), |position| position == at), Some(at));
                table.prefetch(hash_of(key));
            }
            assert_eq!(table.find(hash_of(KEYS), |position| position == KEYS as usize), None);
        }
    }

    #[test]
    fn a_group_knows_its_tags_apart() {
        let mut group = Group::default();
        for slot in 0..12_u8 {
            assert!(!group.is_full());
            assert!(group.push(0x80 | (slot % 5), slot.into()));
        }
        assert!(group.is_full());
        assert!(!group.push(0x80, 12), "there is no room for one more, and the others stay");
        for tag in 0x80..=0xff {
            let expected: Vec<_> = (0..12).filter(|slot| 0x80 | (slot % 5) == usize::from(tag)).collect();
            let found: Vec<_> = group.candidates(tag).collect();
            assert!(expected.iter().all(|slot| found.contains(slot)), "{tag}: {found:?}");
            // After an equal tag, one that differs only in its lowest bit counts as equal too.
            assert!(found.len() <= expected.len() + 3, "{tag}: {found:?}");
        }
        assert_eq!(Group::default().candidates(0x80).count(), 0);
    }
}
