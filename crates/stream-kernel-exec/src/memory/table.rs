//! Tables: a value by key, read and changed by the steps that take a message with that key.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::hash::Hash;
use std::num::NonZeroU64;

use super::pieces::{Chain, Pieces};
use super::position_table::{MAX_ENTRIES, PositionTable};
use super::shared::{Shared, UndoMark};
use super::store::{NotRestored, Store, StoreKind};
use crate::{Encode, StepError};
use shared::{Side, note_refusal, undo_birth};

mod shared;

/// The number of messages whose entries are prefetched at the same time.
const PREFETCHED_AT_ONCE: usize = 16;
/// The most keys that are noted for prefetching; further keys are ignored.
const MAX_ANNOUNCED: usize = 64;
/// The number of further pieces of a value that are prefetched.
const PREFETCHED_PIECES: usize = 2;

/// A key of a table or gate.
pub trait Key: Clone + Eq + Hash + Encode + Send + 'static {}

impl<T: Clone + Eq + Hash + Encode + Send + 'static> Key for T {}

/// A value of a table.
///
/// Most values should be kept in small pieces of one size, so that a table takes little memory: most in one piece,
/// others in a chain. A value that does not fit into pieces is kept whole, which takes more memory.
pub trait Value: Clone + Encode + Send + 'static {
    /// The pieces: `()` if every value is kept whole.
    type Piece: Copy + Default + Send + 'static;

    /// Returns the pieces, at least one; `None` if the value does not fit into any.
    fn pieces(&self) -> Option<impl Iterator<Item = Self::Piece>>;

    /// Returns the value of these pieces, in the order of [`pieces`](Self::pieces).
    fn from_pieces(pieces: impl Iterator<Item = Self::Piece>) -> Self;
}

macro_rules! numbers_are_values {
    ($($number:ty),+) => {$(
        impl Value for $number {
            type Piece = Self;

            fn pieces(&self) -> Option<impl Iterator<Item = Self>> {
                Some(std::iter::once(*self))
            }

            fn from_pieces(mut pieces: impl Iterator<Item = Self>) -> Self {
                pieces.next().unwrap_or_default()
            }
        }
    )+};
}

numbers_are_values!(u8, u16, u32, u64, i32, i64);

impl Value for String {
    type Piece = ();

    fn pieces(&self) -> Option<impl Iterator<Item = ()>> {
        None::<std::iter::Empty<()>>
    }

    fn from_pieces(_: impl Iterator<Item = ()>) -> Self {
        Self::new()
    }
}

/// A bound from `runtime.limits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The name of the limit there.
    pub name: &'static str,
    /// The singular noun for what it counts, such as `id`.
    pub one: &'static str,
    /// The plural, such as `ids`.
    pub many: &'static str,
    /// The bound; `None` for no limit.
    pub max: Option<NonZeroU64>,
    /// What to do once the limit is reached.
    pub remedy: &'static str,
}

impl Limit {
    fn is_reached(&self, count: usize) -> bool {
        self.max.is_some_and(|max| count as u64 >= max.get())
    }

    fn refusal(&self) -> StepError {
        let Self { name, one, remedy, .. } = self;
        let max = self.max.map_or(0, NonZeroU64::get);
        TableFull::error(format_args!(
            "the {one} is new, and as many are remembered as `runtime.limits.{name}` allows: {max} ({remedy})"
        ))
    }

    fn is_exceeded_on_restore(&self) -> NotRestored {
        let max = self.max.map_or(0, NonZeroU64::get);
        NotRestored::BeyondLimit(format!(
            "more {} than `runtime.limits.{}` allows by now: {max} (raise it)",
            self.many, self.name
        ))
    }
}

/// Errors of full tables. Decisions depend on all entries, so the run ends.
struct TableFull;

impl TableFull {
    fn error(message: impl fmt::Display) -> StepError {
        StepError::new("StoreFull", message).stopping()
    }
}

/// When entries are forgotten: once their time is more than `span` before the watermark.
struct Retention<K, V> {
    span: i64,
    time_of: fn(&K, &V) -> i64,
    /// Entries whose time is before this are forgotten.
    horizon: i64,
    /// The number of retained entries by time; none are before the horizon of the line before.
    counts: BTreeMap<i64, u32>,
    /// The sum of these.
    counted: usize,
    /// How many entries the time of this line has made forgotten.
    forgotten_by_line: usize,
}

impl<K, V> Retention<K, V> {
    fn add(&mut self, time: i64) {
        *self.counts.entry(time).or_default() += 1;
        self.counted += 1;
    }

    fn remove(&mut self, time: i64) {
        if let Some(count) = self.counts.get_mut(&time) {
            *count -= 1;
            self.counted -= 1;
            if *count == 0 {
                self.counts.remove(&time);
            }
        }
    }

    /// Returns the number of counted entries that are forgotten now.
    fn forgotten(&self) -> usize {
        self.counts.range(..self.horizon).map(|(_, count)| *count as usize).sum()
    }

    /// Keeps the counts of retained entries, and returns whether any were dropped.
    fn drop_forgotten(&mut self) -> bool {
        let forgotten = self.forgotten();
        if forgotten > 0 {
            self.counts = self.counts.split_off(&self.horizon);
            self.counted -= forgotten;
        }
        forgotten > 0
    }
}

/// A table: values by key. `O` decides how several workers share the table; by default it is the key itself.
///
/// An entry takes the bytes of its key and its piece, and 6 to 12 bytes to find it; 4 more once any value has several
/// pieces.
///
/// ```
/// use stream_kernel_exec::{Limit, Table};
///
/// let limit = Limit { name: "max_names", one: "name", many: "names", max: None, remedy: "raise it" };
/// let table = Table::<u64, String>::new().limit(limit);
/// # let _: Table<u64, String> = table;
/// ```
pub struct Table<K: Key, V: Value, O: Key = K> {
    positions: PositionTable,
    /// In the order of insertion.
    entries: Pieces<K, V>,
    /// The key that was looked up last, so that steps of one stage look it up once.
    found: Option<Found<K>>,
    /// The changes of the line so far, in order.
    undo: Vec<Undo<V>>,
    /// Keys that will be asked for soon.
    announced: Vec<K>,
    capacity: u32,
    limit: Option<Limit>,
    retention: Option<Retention<K, V>>,
    owners: Option<Owners<K, O>>,
    /// Its role if several workers share it.
    side: Option<Side<K, V>>,
}

struct Found<K> {
    key: K,
    hash: u64,
    /// Its position, if it is there and not forgotten.
    position: Option<usize>,
}

struct Owners<K, O> {
    limit: Limit,
    of: fn(&K) -> O,
    known: HashSet<O>,
}

/// How one change is undone.
enum Undo<V> {
    /// The last entry was added, perhaps with a new owner.
    Added { is_owner_new: bool, time: Option<i64> },
    /// The earlier value at this position.
    Changed(usize, V),
}

impl<K: Key, V: Value> Table<K, V> {
    /// Returns an empty table, shared out by key.
    pub fn new() -> Self {
        Self::empty()
    }
}

impl<K: Key, V: Value> Default for Table<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Key, V: Value, O: Key> Table<K, V, O> {
    /// Returns an empty table that is shared out by the result of `owner_of`; `limit` bounds the number of different
    /// results.
    pub fn shared_by(owner_of: fn(&K) -> O, limit: Limit) -> Self {
        let owners = Owners { limit, of: owner_of, known: HashSet::new() };
        Self { owners: Some(owners), ..Self::empty() }
    }

    fn empty() -> Self {
        Self {
            positions: PositionTable::new(),
            entries: Pieces::new(),
            found: None,
            undo: Vec::new(),
            announced: Vec::new(),
            capacity: MAX_ENTRIES,
            limit: None,
            retention: None,
            owners: None,
            side: None,
        }
    }

    /// Bounds the number of entries.
    pub fn limit(mut self, limit: Limit) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Forgets entries once the time that `time_of` returns is more than `span` before the watermark.
    ///
    /// Forgotten entries stay in memory until they outnumber the retained ones; this is not visible. So a table
    /// with forgetting can retain half as many entries, and takes up to twice their memory.
    /// [`forgets_by`](crate::Registry::forgets_by) names the watermark.
    ///
    /// # Panics
    ///
    /// Panics if the table is [shared by owners](Self::shared_by): the number of owners would depend on forgotten
    /// entries.
    pub fn forgets(mut self, span: i64, time_of: fn(&K, &V) -> i64) -> Self {
        assert!(self.owners.is_none(), "a table that forgets cannot count owners");
        self.retention = Some(Retention {
            span,
            time_of,
            horizon: i64::MIN,
            counts: BTreeMap::new(),
            counted: 0,
            forgotten_by_line: 0,
        });
        self.capacity = MAX_ENTRIES / 2;
        self
    }

    /// Returns every key with its value, in the order of insertion.
    pub fn entries(&self) -> impl Iterator<Item = (&K, V)> {
        let all = (0..self.entries.len()).map(|at| (self.entries.key(at), self.entries.value(at)));
        all.filter(|(key, value)| !self.is_forgotten(key, value))
    }

    fn is_forgotten(&self, key: &K, value: &V) -> bool {
        let retention = self.retention.as_ref();
        retention.is_some_and(|retention| (retention.time_of)(key, value) < retention.horizon)
    }

    #[cfg(test)]
    fn with_capacity_limit(mut self, capacity: u32) -> Self {
        self.capacity = capacity;
        self
    }

    /// Looks a key up: its hash, and its position unless it is absent or forgotten.
    #[inline]
    fn look_up(&mut self, key: &K) -> (u64, Option<usize>) {
        match &self.found {
            Some(found) if found.key == *key => (found.hash, found.position),
            _ => self.look_up_anew(key),
        }
    }

    fn look_up_anew(&mut self, key: &K) -> (u64, Option<usize>) {
        let hash = self.positions.hash(key);
        let is_meant = |position: usize| {
            self.entries.key(position) == key
                && (self.retention.is_none() || !self.is_forgotten(key, &self.entries.value(position)))
        };
        let position = self.positions.find(hash, is_meant);
        self.found = Some(Found { key: key.clone(), hash, position });
        (hash, position)
    }

    #[inline]
    fn get(&mut self, key: &K) -> Option<V> {
        if self.side.is_some() {
            return self.get_shared(key);
        }
        self.look_up(key).1.map(|position| self.entries.value(position))
    }

    fn set(&mut self, key: &K, value: &V) -> Result<(), StepError> {
        if let Some(done) = self.set_shared(key, value) {
            return done;
        }
        let (hash, position) = self.look_up(key);
        if let Some(position) = position {
            let before = self.replace(position, value);
            self.undo.push(Undo::Changed(position, before));
            return Ok(());
        }
        let time = self.retention.as_ref().map(|retention| (retention.time_of)(key, value));
        if self.retention.as_ref().zip(time).is_some_and(|(retention, time)| time < retention.horizon) {
            // Forgotten at once.
            return Ok(());
        }
        let retained = self.retained();
        // Several owners decide together whether a limit is reached.
        let is_shared_out = matches!(&self.side, Some(Side::Owner(owner)) if owner.is_shared_out());
        let counts = if is_shared_out { self.limited_counts() } else { None };
        if let Some(limit) = self.limit.filter(|limit| !is_shared_out && limit.is_reached(retained)) {
            note_refusal(&mut self.side, 0);
            return Err(limit.refusal());
        }
        if retained >= self.capacity as usize {
            let capacity = self.capacity;
            return Err(TableFull::error(format_args!(
                "the table is full: it holds {capacity} entries, and one run can tell apart no more (decisions depend on all of them)"
            )));
        }
        let is_owner_new = match &mut self.owners {
            Some(Owners { limit, of, known }) if limit.max.is_some() => {
                let owner = of(key);
                let is_new = !known.contains(&owner);
                if is_new && !is_shared_out && limit.is_reached(known.len()) {
                    note_refusal(&mut self.side, 1);
                    return Err(limit.refusal());
                }
                known.insert(owner)
            }
            _ => false,
        };
        self.undo.push(Undo::Added { is_owner_new, time });
        self.add(hash, key.clone(), value, time);
        if let Some(Side::Owner(owner)) = &mut self.side {
            owner.add(is_owner_new, counts);
        }
        Ok(())
    }

    /// Changes the value of an entry, and returns the earlier one.
    fn replace(&mut self, position: usize, value: &V) -> V {
        let before = self.entries.value(position);
        if let Some(retention) = &mut self.retention {
            let key = self.entries.key(position);
            let [from, to] = [&before, value].map(|value| (retention.time_of)(key, value));
            retention.remove(from);
            retention.add(to);
            self.found = None;
        }
        self.entries.set(position, value);
        before
    }

    /// Adds an entry for a new key.
    fn add(&mut self, hash: u64, key: K, value: &V, time: Option<i64>) {
        let position = self.entries.len();
        // There are never more entries than positions.
        let short = u32::try_from(position).unwrap_or(u32::MAX);
        self.positions.insert(hash, short, self.entries.keys().zip(0..));
        self.found = Some(Found { key: key.clone(), hash, position: Some(position) });
        self.entries.push(key, value);
        if let (Some(retention), Some(time)) = (&mut self.retention, time) {
            retention.add(time);
        }
    }

    /// Returns the number of entries that are not forgotten.
    fn retained(&self) -> usize {
        match &self.retention {
            None => self.entries.len(),
            Some(retention) => retention.counted - retention.forgotten(),
        }
    }

    fn undo_one(&mut self, undo: Undo<V>) {
        self.found = None;
        undo_birth(&mut self.side, &undo);
        match undo {
            Undo::Changed(position, value) => {
                self.replace(position, &value);
            }
            Undo::Added { is_owner_new, time } => {
                let position = self.entries.len() - 1;
                let key = self.entries.key(position);
                let short = u32::try_from(position).unwrap_or(u32::MAX);
                self.positions.remove_last(self.positions.hash(key), short);
                if let (true, Some(owners)) = (is_owner_new, &mut self.owners) {
                    owners.known.remove(&(owners.of)(key));
                }
                if let (Some(time), Some(retention)) = (time, &mut self.retention) {
                    retention.remove(time);
                }
                self.entries.pop();
            }
        }
    }

    /// Drops the forgotten entries once they outnumber the others.
    fn drop_forgotten(&mut self) {
        let Some(retention) = &mut self.retention else { return };
        if !retention.drop_forgotten() {
            return;
        }
        let horizon = retention.horizon;
        let time_of = retention.time_of;
        self.found = None;
        let retained = self.retained();
        if self.entries.len() - retained <= retained {
            return;
        }
        let entries = std::mem::replace(&mut self.entries, Pieces::new());
        self.positions = PositionTable::new();
        let mut births = match &mut self.side {
            Some(Side::Owner(owner)) => Some(owner.births_mut()),
            _ => None,
        };
        for position in 0..entries.len() {
            let (key, value) = (entries.key(position), entries.value(position));
            if time_of(key, &value) >= horizon {
                if let Some(births) = &mut births {
                    births[self.entries.len()] = births[position];
                }
                let hash = self.positions.hash(key);
                let short = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
                self.positions.insert(hash, short, self.entries.keys().zip(0..));
                self.entries.push(key.clone(), &value);
            }
        }
        if let Some(births) = births {
            births.truncate(self.entries.len());
        }
    }
}

impl<K: Key, V: Value, O: Key> Store for Table<K, V, O> {
    type Key = K;
    type Access<'a> = Entry<'a, K, V, O>;
    const KIND: StoreKind = StoreKind::Table;

    #[inline]
    fn access(&mut self, key: K) -> Entry<'_, K, V, O> {
        if self.side.is_some() {
            self.note_key(&key);
        }
        Entry { table: self, key }
    }

    fn announce(&mut self, key: K) {
        if self.announced.len() < MAX_ANNOUNCED {
            self.announced.push(key);
        }
    }

    /// Looks up all keys in the hash table, then all their entries, so that the waits for memory overlap.
    fn prefetch(&mut self) {
        let Self { positions, entries, announced, .. } = self;
        for keys in announced.chunks(PREFETCHED_AT_ONCE) {
            let mut hashes = [0; PREFETCHED_AT_ONCE];
            for (hash, key) in hashes.iter_mut().zip(keys) {
                *hash = positions.hash(key);
                positions.prefetch(*hash);
            }
            let mut chains = [Chain::END; PREFETCHED_AT_ONCE];
            let chains = &mut chains[..keys.len()];
            for (chain, &hash) in chains.iter_mut().zip(&hashes) {
                if let Some(position) = positions.guess(hash) {
                    *chain = entries.prefetch(position);
                }
            }
            if entries.has_chains() {
                for _ in 0..PREFETCHED_PIECES {
                    for chain in chains.iter_mut() {
                        *chain = std::hint::black_box(entries.chain_after(*chain));
                    }
                }
            }
        }
        announced.clear();
    }

    fn end_line(&mut self) {
        if let Some(retention) = &mut self.retention {
            retention.forgotten_by_line = 0;
        }
        match &mut self.side {
            Some(Side::Home(home)) => return home.end_line(),
            Some(Side::Owner(owner)) => {
                let keeps_undo = owner.keeps_undo();
                owner.end_line(if keeps_undo { self.undo.len() } else { 0 });
                if keeps_undo {
                    return;
                }
            }
            None => {}
        }
        self.undo.clear();
        if self.retention.is_some() {
            self.drop_forgotten();
        }
    }

    fn roll_back(&mut self) {
        let mark = match &mut self.side {
            Some(Side::Home(home)) => return home.end_line(),
            Some(Side::Owner(owner)) => owner.line_mark(),
            None => UndoMark::default(),
        };
        self.roll_back_to(mark);
    }

    fn is_forgetting(&self) -> bool {
        self.retention.is_some()
    }

    fn set_watermark(&mut self, watermark: Option<i64>) {
        let Some(retention) = &mut self.retention else { return };
        let horizon = watermark.map_or(i64::MIN, |watermark| watermark.saturating_sub(retention.span));
        if retention.horizon != horizon {
            let forgotten_before = retention.forgotten();
            retention.horizon = horizon;
            let newly_forgotten = retention.forgotten().checked_sub(forgotten_before);
            retention.forgotten_by_line =
                newly_forgotten.map_or(0, |newly| retention.forgotten_by_line + newly);
            self.found = None;
            self.note_counts();
        }
    }

    fn records(&self, record: &mut Vec<u8>, each: &mut dyn FnMut(&mut Vec<u8>)) {
        for (key, value) in self.entries() {
            key.encode(record);
            value.encode(record);
            each(record);
        }
    }

    fn restore(&mut self, from: &mut &[u8]) -> Result<(), NotRestored> {
        let (key, value) = K::decode(from).zip(V::decode(from)).ok_or(NotRestored::Corrupt)?;
        if let Some(limit) = self.limit.filter(|limit| limit.is_reached(self.retained())) {
            return Err(limit.is_exceeded_on_restore());
        }
        let (hash, position) = self.look_up(&key);
        if position.is_some() || self.entries.len() >= self.capacity as usize {
            return Err(NotRestored::Corrupt);
        }
        if let Some(Owners { limit, of, known }) = &mut self.owners
            && limit.max.is_some()
            && known.insert(of(&key))
            && known.len() as u64 > limit.max.map_or(u64::MAX, NonZeroU64::get)
        {
            return Err(limit.is_exceeded_on_restore());
        }
        let time = self.retention.as_ref().map(|retention| (retention.time_of)(&key, &value));
        self.add(hash, key, &value, time);
        Ok(())
    }

    fn skip(&self, from: &mut &[u8]) -> Option<()> {
        K::decode(from).zip(V::decode(from)).map(drop)
    }

    fn snapshot_bytes(&self) -> u64 {
        self.entries.bytes()
    }

    fn size(&self) -> Option<(u64, u64)> {
        let owners = self.owners.as_ref().map_or(0, |owners| owners.known.capacity() * size_of::<O>());
        let bytes = self.entries.bytes() + self.positions.bytes() + owners as u64;
        Some((self.retained() as u64, bytes))
    }

    fn owner_bytes(&self, key: &K, bytes: &mut Vec<u8>) {
        match &self.owners {
            None => key.encode(bytes),
            Some(owners) => (owners.of)(key).encode(bytes),
        }
    }
}

/// A step's view of a table under its message's key.
pub struct Entry<'a, K: Key, V: Value, O: Key = K> {
    table: &'a mut Table<K, V, O>,
    key: K,
}

impl<K: Key, V: Value, O: Key> Entry<'_, K, V, O> {
    /// Returns the value, `None` if there is none or it is forgotten.
    #[inline]
    pub fn get(&mut self) -> Option<V> {
        self.table.get(&self.key)
    }

    /// Sets the value. A value whose time is already forgotten is not stored.
    ///
    /// # Errors
    ///
    /// The key is new and the table is full: the run ends before this line.
    #[inline]
    pub fn set(&mut self, value: &V) -> Result<(), StepError> {
        self.table.set(&self.key, value)
    }

    /// Returns the number of entries of the whole table that are forgotten because of this line's time.
    pub fn forgotten(&self) -> Forgotten {
        Forgotten(Shared::forgotten(self.table))
    }
}

/// A number of forgotten entries, for people to read. No step can decide by it: where a table is shared out, the number
/// is known only when the line is told.
#[derive(Clone, Copy, Debug)]
pub struct Forgotten(u64);

impl Forgotten {
    /// Returns the number with its noun: `1 id`, `2 ids`.
    pub fn in_words(self, one: &'static str, many: &'static str) -> impl fmt::Display {
        let Self(count) = self;
        fmt::from_fn(move |f| write!(f, "{count} {}", if count == 1 { one } else { many }))
    }
}

#[cfg(test)]
mod tests;
