//! Gates: a count by key over all messages, read in line order.

use std::collections::BTreeMap;

use super::shared::{Entered, Place, Role, Shared, UndoMark, read_count, write_count};
use super::store::{NotRestored, Store, StoreKind};
use super::table::Key;
use crate::Encode;

/// A gate: counts by key that all messages share, whatever their own key. A step reads the count after all earlier
/// lines, and may add to it; a count never gets smaller.
///
/// ```
/// # use stream_kernel_exec::trace::Context;
/// # use stream_kernel_exec::{Declaration, Emitter, Gate, GateCount, KeyedStep, Nothing, Payload, StepError};
/// #[derive(Payload)]
/// pub struct Car {
///     zone: String,
/// }
/// # stream_kernel_exec::messages! { pub enum Parking { Car } }
///
/// /// How many cars have come, by zone. An application adds it with `.memory::<CarsByZone>(|_| Gate::new())`.
/// struct CarsByZone;
///
/// impl Declaration for CarsByZone {
///     const NAME: &'static str = "cars_by_zone";
///     type Store = Gate<String>;
/// }
///
/// struct CountCar;
///
/// impl KeyedStep<Parking> for CountCar {
///     type Takes = Car;
///     type Emits = Nothing;
///     type State = CarsByZone;
///
///     fn key(&self, car: &Car) -> String {
///         car.zone.clone()
///     }
///
///     fn process(
///         &self,
///         _: Car,
///         mut cars: GateCount<'_, String>,
///         _: &mut Context,
///         out: &mut Emitter<'_, Parking, Nothing>,
///     ) -> Result<(), StepError> {
///         if cars.get() == 100 {
///             out.write(b"the zone is full\n");
///         } else {
///             cars.add(1);
///         }
///         Ok(())
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Gate<K: Key + Ord> {
    counts: BTreeMap<K, u64>,
    /// The additions, with their places, since the line began; at an owner, since the epoch began.
    added: Vec<(Place, K, u64)>,
    /// Whether steps may add to it.
    is_open: bool,
    /// Its role if several workers share it.
    side: Option<Side<K>>,
}

#[derive(Debug)]
enum Side<K> {
    Owner(OwnerSide<K>),
    Home(HomeSide<K>),
}

/// A gate at an owner. It counts all lines before the epoch, and those of this owner since.
#[derive(Debug)]
struct OwnerSide<K> {
    place: Place,
    /// Whether the stage is shared out by this gate, so that each key has one owner.
    is_shared_out: bool,
    entered: Entered<K>,
    added_at_line: usize,
    /// The additions of other owners in this epoch, by key, in line order.
    elsewhere: BTreeMap<K, Vec<(Place, u64)>>,
    /// The reads of this epoch: the line, the key, and the part of the count that came from other owners.
    reads: Vec<(Place, K, u64)>,
    /// The counts that the line has found, each key once.
    found: Vec<(K, u64)>,
}

#[derive(Debug, Default)]
struct HomeSide<K> {
    found: Vec<(K, u64)>,
    has_strayed: bool,
}

impl<K: Ord> OwnerSide<K> {
    /// Returns the additions of other owners on earlier lines.
    fn elsewhere(&self, key: &K, place: Place) -> u64 {
        let of_key = self.elsewhere.get(key).map_or(&[][..], Vec::as_slice);
        let earlier = of_key.iter().take_while(|(added, _)| added.line_no() < place.line_no());
        earlier.map(|(_, count)| count).sum()
    }
}

impl<K: Key + Ord> Gate<K> {
    /// Returns a gate without counts.
    pub fn new() -> Self {
        Self { counts: BTreeMap::new(), added: Vec::new(), is_open: true, side: None }
    }

    /// Returns a gate that stays at 0, for a configuration in which no step adds to it. Workers then have nothing to
    /// exchange.
    pub fn closed() -> Self {
        Self { is_open: false, ..Self::new() }
    }

    /// Returns the count of a key, 0 if there is none.
    pub fn get(&self, key: &K) -> u64 {
        self.counts.get(key).copied().unwrap_or_default()
    }

    /// Returns the count that the line finds.
    fn find(&mut self, key: &K) -> u64 {
        match &mut self.side {
            None => self.get(key),
            Some(Side::Home(home)) => {
                let found = home.found.iter().find(|(found, _)| found == key);
                home.has_strayed |= found.is_none();
                found.map_or(0, |(_, count)| *count)
            }
            Some(Side::Owner(owner)) => {
                let elsewhere = owner.elsewhere(key, owner.place);
                let count = self.counts.get(key).copied().unwrap_or_default() + elsewhere;
                if !owner.found.iter().any(|(found, _)| found == key) {
                    owner.found.push((key.clone(), count));
                    owner.reads.push((owner.place, key.clone(), elsewhere));
                }
                count
            }
        }
    }

    fn add(&mut self, key: &K, count: u64) {
        if !self.is_open {
            return;
        }
        if self.side.is_some() {
            self.find(key);
        }
        let mut place = Place::default();
        match &mut self.side {
            Some(Side::Home(home)) => {
                if let Some((_, found)) = home.found.iter_mut().find(|(found, _)| found == key) {
                    *found += count;
                }
                return;
            }
            Some(Side::Owner(owner)) => place = owner.place,
            None => {}
        }
        *self.counts.entry(key.clone()).or_default() += count;
        self.added.push((place, key.clone(), count));
    }

    fn undo_additions(&mut self, down_to: usize) {
        for (_, key, added) in self.added.drain(down_to..) {
            let count = self.counts.get(&key).map_or(0, |count| count - added);
            if count == 0 {
                self.counts.remove(&key);
            } else {
                self.counts.insert(key, count);
            }
        }
    }
}

impl<K: Key + Ord> Default for Gate<K> {
    fn default() -> Self {
        Self::new()
    }
}

/// A step's view of a gate, under its message's key.
#[derive(Debug)]
pub struct GateCount<'a, K: Key + Ord> {
    gate: &'a mut Gate<K>,
    key: K,
}

impl<K: Key + Ord> GateCount<'_, K> {
    /// Returns the count, 0 if there is none.
    pub fn get(&mut self) -> u64 {
        self.gate.find(&self.key)
    }

    /// Adds to the count.
    pub fn add(&mut self, count: u64) {
        self.gate.add(&self.key, count);
    }
}

impl<K: Key + Ord> Store for Gate<K> {
    type Key = K;
    type Access<'a> = GateCount<'a, K>;
    const KIND: StoreKind = StoreKind::Gate;

    #[inline]
    fn access(&mut self, key: K) -> GateCount<'_, K> {
        if let Some(Side::Owner(owner)) = &mut self.side
            && owner.is_shared_out
        {
            owner.entered.look_up(&key, PartialEq::eq);
        }
        GateCount { gate: self, key }
    }

    fn end_line(&mut self) {
        match &mut self.side {
            None => self.added.clear(),
            Some(Side::Home(home)) => {
                home.found.clear();
                home.has_strayed = false;
            }
            Some(Side::Owner(owner)) => {
                owner.found.clear();
                owner.entered.end_line();
                owner.added_at_line = self.added.len();
            }
        }
    }

    fn roll_back(&mut self) {
        let mark = match &self.side {
            // The reads of a line that ends the run stay: it reads again if others have added.
            Some(Side::Owner(owner)) => [owner.added_at_line, owner.reads.len()],
            _ => UndoMark::default(),
        };
        self.roll_back_to(mark);
        self.end_line();
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

    fn owner_bytes(&self, key: &K, bytes: &mut Vec<u8>) {
        key.encode(bytes);
    }
}

impl<K: Key + Ord> Shared for Gate<K> {
    fn take_role(&mut self, role: Role, _: bool, is_shared_out: bool) {
        self.side = Some(match role {
            Role::Home => Side::Home(HomeSide { found: Vec::new(), has_strayed: false }),
            Role::Owner => Side::Owner(OwnerSide {
                place: Place::default(),
                is_shared_out,
                entered: Entered::new(),
                added_at_line: 0,
                elsewhere: BTreeMap::new(),
                reads: Vec::new(),
                found: Vec::new(),
            }),
        });
    }

    fn is_open(&self) -> bool {
        self.is_open
    }

    fn set_place(&mut self, place: Place) {
        if let Some(Side::Owner(owner)) = &mut self.side {
            owner.place = place;
        }
    }

    fn begin_message(&mut self, place: Place, _: bool) {
        if let Some(Side::Owner(owner)) = &mut self.side {
            owner.place = place;
            owner.entered.begin_message();
        }
    }

    fn write_found(&mut self, to: &mut Vec<u8>) {
        let Some(Side::Owner(owner)) = &mut self.side else { return };
        write_count(owner.found.len(), to);
        for (key, count) in owner.found.drain(..) {
            key.encode(to);
            count.encode(to);
        }
        owner.entered.has_strayed().encode(to);
    }

    fn read_found(&mut self, from: &mut &[u8]) -> Option<()> {
        let Some(Side::Home(home)) = &mut self.side else { return None };
        for _ in 0..read_count(from)? {
            home.found.push(<(K, u64)>::decode(from)?);
        }
        home.has_strayed |= bool::decode(from)?;
        Some(())
    }

    fn has_strayed(&self) -> bool {
        match &self.side {
            Some(Side::Home(home)) => home.has_strayed,
            Some(Side::Owner(owner)) => owner.entered.has_strayed(),
            None => false,
        }
    }

    fn undo_mark(&self) -> UndoMark {
        let reads = if let Some(Side::Owner(owner)) = &self.side { owner.reads.len() } else { 0 };
        [self.added.len(), reads]
    }

    fn roll_back_to(&mut self, [added, reads]: UndoMark) {
        self.undo_additions(added);
        if let Some(Side::Owner(owner)) = &mut self.side {
            owner.reads.truncate(reads);
            owner.found.clear();
            owner.added_at_line = added;
        }
    }

    fn end_epoch(&mut self) {
        self.added.clear();
        let Some(Side::Owner(owner)) = &mut self.side else { return };
        owner.reads.clear();
        owner.added_at_line = 0;
        for (key, added) in std::mem::take(&mut owner.elsewhere) {
            let count: u64 = added.iter().map(|(_, count)| count).sum();
            *self.counts.entry(key).or_default() += count;
        }
    }

    fn write_added(&self, to: &mut Vec<u8>) {
        write_count(self.added.len(), to);
        for (place, key, count) in &self.added {
            (place.bits(), *count).encode(to);
            key.encode(to);
        }
    }

    fn read_elsewhere(&mut self, from: &mut &[u8]) -> Option<()> {
        let Some(Side::Owner(owner)) = &mut self.side else { return None };
        for _ in 0..read_count(from)? {
            let ((place, count), key) = <((u64, u64), K)>::decode(from)?;
            let of_key = owner.elsewhere.entry(key).or_default();
            let place = Place::from_bits(place);
            of_key.insert(of_key.partition_point(|(earlier, _)| *earlier <= place), (place, count));
        }
        Some(())
    }

    fn records_by_key(&self, each: &mut dyn FnMut(&[u8], &[u8])) -> bool {
        let (mut owner, mut record) = (Vec::new(), Vec::new());
        for (key, count) in &self.counts {
            owner.clear();
            record.clear();
            self.owner_bytes(key, &mut owner);
            key.encode(&mut record);
            count.encode(&mut record);
            each(&owner, &record);
        }
        true
    }

    fn clear_elsewhere(&mut self) {
        if let Some(Side::Owner(owner)) = &mut self.side {
            owner.elsewhere.clear();
        }
    }

    fn first_stale(&self) -> Option<u64> {
        let Some(Side::Owner(owner)) = &self.side else { return None };
        let is_stale = |(place, key, read): &&(Place, K, u64)| owner.elsewhere(key, *place) != *read;
        owner.reads.iter().find(is_stale).map(|(place, ..)| place.line_no())
    }
}
