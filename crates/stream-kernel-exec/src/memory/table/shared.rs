//! A table that several workers share.

use std::num::NonZeroU64;

use super::{Key, Limit, Owners, Retention, Table, Undo, Value};
use crate::memory::Store;
use crate::memory::shared::{
    Counted, Entered, Place, Refusal, Role, Shared, UndoMark, read_count, write_count,
};
use crate::{Encode, StepError};

/// What a table knows of its role.
pub(super) enum Side<K, V> {
    Owner(OwnerSide<K, V>),
    Home(HomeSide<K, V>),
}

/// A table at the owner of some of its keys.
pub(super) struct OwnerSide<K, V> {
    place: Place,
    entered: Entered<K>,
    notes_found: bool,
    keeps_undo: bool,
    /// Whether other owners have a part of the table. If not, limits are looked at here.
    is_shared_out: bool,
    /// The additions of this line, and which of them a limit has refused.
    additions: u32,
    refused: Option<Refusal>,
    /// How much there was to undo when the line began.
    undo_at_line: usize,
    /// By position: where the entry was added.
    births: Vec<Place>,
    /// What the line has found, each key once.
    found: Vec<(K, Option<V>)>,
    /// The counts that limits look at, at the beginning of the epoch, and what has changed them since.
    counts_before: [u64; 2],
    counted: Vec<Counted>,
}

/// A table at the home of a line.
pub(super) struct HomeSide<K, V> {
    found: Vec<(K, Option<V>)>,
    forgotten: u64,
    added: u32,
    refusal: Option<Refusal>,
    has_strayed: bool,
}

impl<K: Key, V: Value> HomeSide<K, V> {
    /// Returns what the line has found under `key`.
    pub(super) fn get(&mut self, key: &K, retention: Option<&Retention<K, V>>) -> Option<V> {
        let found = self.found.iter().find(|(found, _)| found == key);
        self.has_strayed |= found.is_none();
        let value = found.and_then(|(_, value)| value.clone());
        value.filter(|value| !retention.is_some_and(|retention| retention.is_forgotten(key, value)))
    }

    /// Sets what the line finds from now on.
    pub(super) fn set(
        &mut self,
        key: &K,
        value: &V,
        retention: Option<&Retention<K, V>>,
        limits: [Option<&Limit>; 2],
    ) -> Result<(), StepError> {
        let is_known = self.get(key, retention).is_some();
        let is_forgotten = || retention.is_some_and(|retention| retention.is_forgotten(key, value));
        if !is_known && is_forgotten() {
            return Ok(());
        }
        if !is_known {
            if let Some((at, which)) = self.refusal
                && at == self.added
                && let Some(limit) = limits[which]
            {
                return Err(limit.refusal());
            }
            self.added += 1;
        }
        if let Some((_, found)) = self.found.iter_mut().find(|(found, _)| found == key) {
            *found = Some(value.clone());
        }
        Ok(())
    }

    pub(super) fn end_line(&mut self) {
        self.found.clear();
        (self.forgotten, self.added, self.refusal, self.has_strayed) = (0, 0, None, false);
    }
}

impl<K: Key, V: Value> OwnerSide<K, V> {
    /// Notes what a line finds under a key that it has not asked for before.
    pub(super) fn note(&mut self, key: &K, value: impl FnOnce() -> Option<V>) {
        if self.notes_found && !self.found.iter().any(|(found, _)| found == key) {
            self.found.push((key.clone(), value()));
        }
    }

    /// Notes an addition, with the counts before it.
    pub(super) fn add(&mut self, is_owner_new: bool, counts: Option<[u64; 2]>) {
        self.births.push(self.place);
        self.additions += 1;
        if let Some(counts) = counts {
            self.counted.push(Counted { place: self.place, is_addition: true, is_owner_new, counts });
        }
    }

    pub(super) fn undo_addition(&mut self) {
        self.births.pop();
    }

    pub(super) fn births_mut(&mut self) -> &mut Vec<Place> {
        &mut self.births
    }

    /// Returns whether other owners have a part of the table.
    pub(super) fn is_shared_out(&self) -> bool {
        self.is_shared_out
    }

    /// Notes that a limit refuses an addition.
    pub(super) fn refuse(&mut self, which: usize) {
        self.refused = Some((self.additions, which));
    }

    /// Returns whether all changes of the epoch can be undone.
    pub(super) fn keeps_undo(&self) -> bool {
        self.keeps_undo
    }

    /// Returns what to undo of a line that ends the run. What limits have counted stays: one may have refused the line before it failed.
    pub(super) fn line_mark(&self) -> UndoMark {
        [self.undo_at_line, self.counted.len()]
    }

    pub(super) fn end_line(&mut self, undo: usize) {
        self.found.clear();
        self.entered.end_line();
        (self.additions, self.refused) = (0, None);
        self.undo_at_line = undo;
    }
}

impl<K: Key, V: Value, O: Key> Table<K, V, O> {
    /// Notes at an owner which key a step looks up.
    pub(super) fn note_key(&mut self, key: &K) {
        if let Some(Side::Owner(owner)) = &mut self.side
            && owner.is_shared_out
        {
            let owners = self.owners.as_ref();
            owner.entered.look_up(key, |one, other| match owners {
                Some(Owners { of, .. }) => of(one) == of(other),
                None => one == other,
            });
        }
    }

    /// Returns the value, noted by an owner, told to a home.
    pub(super) fn get_shared(&mut self, key: &K) -> Option<V> {
        if let Some(Side::Home(home)) = &mut self.side {
            return home.get(key, self.retention.as_ref());
        }
        let value = self.look_up(key).1.map(|position| self.entries.value(position));
        if let Some(Side::Owner(owner)) = &mut self.side {
            owner.note(key, || value.clone());
        }
        value
    }

    /// Sets the value if this is a home; at an owner, notes what was there, and returns `None`.
    #[inline]
    pub(super) fn set_shared(&mut self, key: &K, value: &V) -> Option<Result<(), StepError>> {
        match &mut self.side {
            None => None,
            Some(Side::Home(home)) => {
                let limits = [self.limit.as_ref(), self.owners.as_ref().map(|owners| &owners.limit)];
                Some(home.set(key, value, self.retention.as_ref(), limits))
            }
            Some(Side::Owner(owner)) => {
                if owner.notes_found {
                    self.get_shared(key);
                }
                None
            }
        }
    }

    /// Returns the counts that limits look at, if there are limits.
    pub(super) fn limited_counts(&self) -> Option<[u64; 2]> {
        self.limits().iter().any(Option::is_some).then(|| self.counts())
    }

    fn counts(&self) -> [u64; 2] {
        let owners = self.owners.as_ref().map_or(0, |owners| owners.known.len());
        [self.retained() as u64, owners as u64]
    }

    /// Notes that the counts are other ones without an addition.
    pub(super) fn note_counts(&mut self) {
        let counts = self.limited_counts();
        if let (Some(Side::Owner(owner)), Some(counts)) = (&mut self.side, counts) {
            let place = owner.place;
            owner.counted.push(Counted { place, is_addition: false, is_owner_new: false, counts });
        }
    }
}

impl<K: Key, V: Value, O: Key> Shared for Table<K, V, O> {
    fn take_role(&mut self, role: Role, keeps_undo: bool, is_shared_out: bool) {
        let counts_before = self.counts();
        self.side = Some(match role {
            Role::Owner => Side::Owner(OwnerSide {
                place: Place::default(),
                entered: Entered::new(),
                notes_found: true,
                keeps_undo,
                is_shared_out,
                additions: 0,
                refused: None,
                undo_at_line: 0,
                births: vec![Place::default(); self.entries.len()],
                found: Vec::new(),
                counts_before,
                counted: Vec::new(),
            }),
            Role::Home => Side::Home(HomeSide {
                found: Vec::new(),
                forgotten: 0,
                added: 0,
                refusal: None,
                has_strayed: false,
            }),
        });
    }

    fn set_place(&mut self, place: Place) {
        if let Some(Side::Owner(owner)) = &mut self.side {
            owner.place = place;
        }
    }

    fn begin_message(&mut self, place: Place, notes_found: bool) {
        if let Some(Side::Owner(owner)) = &mut self.side {
            (owner.place, owner.notes_found) = (place, notes_found);
            owner.entered.begin_message();
        }
    }

    fn write_found(&mut self, to: &mut Vec<u8>) {
        let Some(Side::Owner(owner)) = &mut self.side else { return };
        write_count(owner.found.len(), to);
        for (key, value) in owner.found.drain(..) {
            key.encode(to);
            value.encode(to);
        }
        let refused = owner.refused.map(|(addition, which)| 1 + 2 * addition as usize + which);
        write_count(refused.unwrap_or(0), to);
        owner.entered.has_strayed().encode(to);
    }

    fn read_found(&mut self, from: &mut &[u8]) -> Option<()> {
        let Some(Side::Home(home)) = &mut self.side else { return None };
        for _ in 0..read_count(from)? {
            let (key, value) = (K::decode(from)?, Option::<V>::decode(from)?);
            home.found.push((key, value));
        }
        if let Some(refused) = read_count(from)?.checked_sub(1) {
            home.refusal = Some((u32::try_from(refused / 2).ok()?, refused % 2));
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
        let counted = if let Some(Side::Owner(owner)) = &self.side { owner.counted.len() } else { 0 };
        [self.undo.len(), counted]
    }

    fn roll_back_to(&mut self, [undo, counted]: UndoMark) {
        while self.undo.len() > undo
            && let Some(last) = self.undo.pop()
        {
            self.undo_one(last);
        }
        if let Some(Side::Owner(owner)) = &mut self.side {
            owner.counted.truncate(counted);
            owner.end_line(undo);
        }
    }

    fn end_epoch(&mut self) {
        self.undo.clear();
        self.drop_forgotten();
        let counts = self.counts();
        if let Some(Side::Owner(owner)) = &mut self.side {
            owner.end_line(0);
            owner.counts_before = counts;
            owner.counted.clear();
        }
    }

    fn limits(&self) -> [Option<u64>; 2] {
        let max = |limit: Option<&Limit>| limit.and_then(|limit| limit.max).map(NonZeroU64::get);
        [max(self.limit.as_ref()), max(self.owners.as_ref().map(|Owners { limit, .. }| limit))]
    }

    fn counted(&self) -> ([u64; 2], &[Counted]) {
        match &self.side {
            Some(Side::Owner(owner)) => (owner.counts_before, &owner.counted),
            _ => ([0; 2], &[]),
        }
    }

    fn refuse(&mut self, refusal: Refusal) {
        if let Some(Side::Home(home)) = &mut self.side {
            home.refusal = Some(refusal);
        }
    }

    fn forgotten(&self) -> u64 {
        match (&self.side, &self.retention) {
            (Some(Side::Home(home)), _) => home.forgotten,
            (_, Some(retention)) => retention.forgotten_by_line as u64,
            _ => 0,
        }
    }

    fn set_forgotten(&mut self, forgotten: u64) {
        match (&mut self.side, &mut self.retention) {
            (Some(Side::Home(home)), _) => home.forgotten = forgotten,
            (_, Some(retention)) => {
                retention.forgotten_by_line = usize::try_from(forgotten).unwrap_or(usize::MAX);
            }
            _ => {}
        }
    }

    fn records_by_place(&self, each: &mut dyn FnMut(Place, &[u8])) -> bool {
        let Some(Side::Owner(owner)) = &self.side else { return false };
        let mut record = Vec::new();
        for (position, place) in owner.births.iter().enumerate() {
            let (key, value) = (self.entries.key(position), self.entries.value(position));
            if !self.is_forgotten(key, &value) {
                record.clear();
                key.encode(&mut record);
                value.encode(&mut record);
                each(*place, &record);
            }
        }
        true
    }

    fn records_by_key(&self, each: &mut dyn FnMut(&[u8], &[u8])) -> bool {
        let (mut owner, mut record) = (Vec::new(), Vec::new());
        for (key, value) in self.entries() {
            owner.clear();
            record.clear();
            self.owner_bytes(key, &mut owner);
            key.encode(&mut record);
            value.encode(&mut record);
            each(&owner, &record);
        }
        true
    }

    fn note_birth(&mut self, place: Place) {
        if let Some(Side::Owner(owner)) = &mut self.side {
            owner.births.push(place);
        }
    }
}

impl<K, V> Retention<K, V> {
    fn is_forgotten(&self, key: &K, value: &V) -> bool {
        (self.time_of)(key, value) < self.horizon
    }
}

/// Undoing an addition of an owner takes its birth back as well.
pub(super) fn undo_birth<K: Key, V: Value>(side: &mut Option<Side<K, V>>, undo: &Undo<V>) {
    if let (Some(Side::Owner(owner)), Undo::Added { .. }) = (side, undo) {
        owner.undo_addition();
    }
}

/// Notes at an owner that a limit refuses an addition.
pub(super) fn note_refusal<K: Key, V: Value>(side: &mut Option<Side<K, V>>, which: usize) {
    if let Some(Side::Owner(owner)) = side {
        owner.refuse(which);
    }
}
