//! Memory gathered from several workers, as one of them would have it.

use super::dealt::{read_record, write_record};
use super::shared::Place;
use super::{Memory, Stage, StoreKind};

impl Memory {
    /// Returns which stores were [asked for](Self::store) so far: a bit each.
    pub fn looked_into(&self) -> u64 {
        self.looked_into
    }

    /// Returns the tallies of a home, as bytes for [`gather`](Self::gather).
    pub fn tallies(&self) -> Vec<u8> {
        self.part(|slot| self.declared()[slot].kind == StoreKind::Tally)
    }

    /// Returns which stores are tallies: a bit each.
    pub fn tally_bits(&self) -> u64 {
        let tallies = self.declared().iter().enumerate().filter(|(_, one)| one.kind == StoreKind::Tally);
        tallies.map(|(slot, _)| 1 << slot).sum()
    }

    /// Returns an owner's part of the stores whose bits are set in `wanted`, tallies aside, as bytes for [`gather`](Self::gather).
    /// What all owners know is in the part of the `is_first` only.
    pub fn owned(&self, stages: &[Stage], wanted: u64, is_first: bool) -> Vec<u8> {
        self.part(|slot| {
            let is_everywhere = !stages.iter().any(|stage| stage.has(slot) && !stage.is_spread(slot));
            let kind = self.declared()[slot].kind;
            wanted >> slot & 1 == 1 && kind != StoreKind::Tally && (is_first || !is_everywhere)
        })
    }

    fn part(&self, is_wanted: impl Fn(usize) -> bool) -> Vec<u8> {
        let mut part = Vec::new();
        for (slot, store) in self.stores.iter().enumerate().filter(|(slot, _)| is_wanted(*slot)) {
            let mut add = |place: Place, record: &[u8]| write_record(slot, place, record, &mut part);
            if !store.shared().records_by_place(&mut add) {
                let mut record = Vec::new();
                store.records(&mut record, &mut |record| {
                    add(Place::default(), record);
                    record.clear();
                });
            }
        }
        part
    }

    /// Takes in parts of several workers, into memory that is new: entries in the order in which one worker would have added them.
    /// `None` means that these are not such bytes.
    pub fn gather(&mut self, parts: &[&[u8]]) -> Option<()> {
        let mut records = Vec::new();
        for mut part in parts.iter().copied() {
            while let Some(record) = read_record(&mut part, self.stores.len())? {
                records.push(record);
            }
        }
        // Stable: what one worker has added at a place stays in order.
        records.sort_by_key(|(slot, place, _)| (*slot, *place));
        for (slot, _, mut record) in records {
            if !self.stores[slot].shared_mut().add_up(record) {
                self.stores[slot].restore(&mut record).ok()?;
            }
        }
        self.pass_on_watermarks(None);
        self.touched = 0;
        Some(())
    }
}
