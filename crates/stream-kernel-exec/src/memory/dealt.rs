//! Memory of one worker, dealt out to several: the opposite of gathering it.

use super::shared::{Place, read_count, write_count};
use super::{Memory, Stage, StoreKind};
use crate::Encode;

/// Who gets the records of a store.
enum DealtTo {
    ByKey,
    All,
    One(usize),
}

impl Memory {
    /// Deals all but tallies out to `workers` owners, of which `owner_of` says whose a key is, given as bytes. Returns the part of each, for
    /// [`take_dealt`](Self::take_dealt).
    pub fn deal(&self, stages: &[Stage], workers: usize, owner_of: &dyn Fn(&[u8]) -> usize) -> Vec<Vec<u8>> {
        let mut parts = vec![Vec::new(); workers];
        for (slot, store) in self.stores.iter().enumerate() {
            let dealt_to = match stages.iter().find(|stage| stage.has(slot)) {
                _ if self.declared[slot].kind == StoreKind::Tally => continue,
                _ if self.declared[slot].kind == StoreKind::Watermark => DealtTo::All,
                None => DealtTo::One(0),
                Some(stage) if stage.is_spread(slot) => DealtTo::All,
                Some(stage) if stage.is_shared_out_by(slot) => DealtTo::ByKey,
                // Without a key, one owner has all of the stage.
                Some(_) => DealtTo::One(owner_of(&[])),
            };
            // No line births more entries of a table than it has places, so that all of these are before those of the lines to come.
            let mut index = 0;
            let mut deal = |owner: &[u8], record: &[u8]| {
                let place = Place::from_bits(index);
                index += 1;
                match dealt_to {
                    DealtTo::ByKey => write_record(slot, place, record, &mut parts[owner_of(owner)]),
                    DealtTo::One(owner) => write_record(slot, place, record, &mut parts[owner]),
                    DealtTo::All => {
                        for part in &mut parts {
                            write_record(slot, place, record, part);
                        }
                    }
                }
            };
            if !store.shared().records_by_key(&mut deal) {
                let mut record = Vec::new();
                store.records(&mut record, &mut |record| {
                    deal(&[], record);
                    record.clear();
                });
            }
        }
        parts
    }

    /// Takes in what was [dealt](Self::deal) to a worker, or the [tallies](Self::tallies) of a run so far, into memory that is new and has its
    /// role. `None` means that these are not such bytes.
    pub fn take_dealt(&mut self, stages: &[Stage], mut part: &[u8]) -> Option<()> {
        while let Some((slot, place, mut record)) = read_record(&mut part, self.stores.len())? {
            self.stores[slot].restore(&mut record).ok()?;
            self.stores[slot].shared_mut().note_birth(place);
        }
        self.pass_on_watermarks(None);
        self.touched = 0;
        for stage in stages {
            self.end_epoch(stage);
        }
        Some(())
    }
}

/// Appends a record of the store at a slot, with its place.
pub(super) fn write_record(slot: usize, place: Place, record: &[u8], to: &mut Vec<u8>) {
    write_count(slot, to);
    place.bits().encode(to);
    write_count(record.len(), to);
    to.extend_from_slice(record);
}

/// Takes a record off the front, `Some(None)` if there is none left; `None` if these are not such bytes.
#[expect(clippy::option_option, reason = "as with `?` on a result, but there is nothing to say of the error")]
pub(super) fn read_record<'a>(
    from: &mut &'a [u8],
    stores: usize,
) -> Option<Option<(usize, Place, &'a [u8])>> {
    if from.is_empty() {
        return Some(None);
    }
    let slot = read_count(from).filter(|slot| *slot < stores)?;
    let place = Place::from_bits(u64::decode(from)?);
    let len = read_count(from)?;
    let (record, rest) = from.split_at_checked(len)?;
    *from = rest;
    Some(Some((slot, place, record)))
}
