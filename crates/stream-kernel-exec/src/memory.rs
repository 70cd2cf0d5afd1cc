//! Memory of a run: declared by the application, kept by the kernel, looked up by key.

mod dealt;
mod gate;
mod gathered;
mod limits;
mod pieces;
mod position_table;
mod shared;
mod stage;
mod state;
mod store;
mod table;
mod tally;
mod watermark;

use std::any::TypeId;

pub use gate::{Gate, GateCount};
pub use position_table::MAX_ENTRIES;
pub use shared::{Place, Refusal, Role, UndoMark};
pub use stage::{NotShared, Share, Stage};
pub use state::State;
pub use store::{NotRestored, Store};
pub use table::{Entry, Forgotten, Key, Limit, Table, Value};
pub use tally::{Counters, Tally};
pub use watermark::{Mark, Watermark};

pub(crate) use shared::{read_count, write_count};
pub(crate) use state::announce;
pub(crate) use store::{AnyStore, StoreKind};

/// The most kinds of memory that an application may declare.
pub const MAX_DECLARATIONS: usize = 64;

/// The name and the kind of one piece of memory.
///
/// ```
/// use stream_kernel_exec::{Declaration, Table};
///
/// /// How often each word was there.
/// struct Words;
///
/// impl Declaration for Words {
///     const NAME: &'static str = "words";
///     type Store = Table<u64, u32>;
/// }
/// ```
pub trait Declaration: 'static {
    /// The name, for people: in checks and snapshots.
    const NAME: &'static str;
    /// The kind of memory.
    type Store: Store;
}

/// How much a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableSize {
    /// The name of its declaration.
    pub name: &'static str,
    /// The number of entries, without those that are forgotten.
    pub entries: u64,
    /// About how many bytes they and the index take.
    pub bytes: u64,
}

/// Everything that a run remembers.
///
/// Steps look into it by their message's key. The changes of a line that ends the run are undone. A snapshot holds all
/// of it, record by record.
pub struct Memory {
    stores: Vec<Box<dyn AnyStore>>,
    declared: Vec<Declared>,
    /// Stores that forget, each with its watermark.
    forgetting: Vec<(usize, usize)>,
    /// The stores that this line has asked, one bit each.
    touched: u64,
    /// The stores that were [asked for](Self::store), one bit each.
    looked_into: u64,
}

/// The untyped part of a store.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declared {
    pub(crate) name: &'static str,
    pub(crate) type_id: TypeId,
    pub(crate) key: &'static str,
    pub(crate) kind: StoreKind,
}

impl Declared {
    pub(crate) fn of<D: Declaration>() -> Self {
        let key = std::any::type_name::<<D::Store as Store>::Key>();
        Self { name: D::NAME, type_id: TypeId::of::<D>(), key, kind: D::Store::KIND }
    }
}

impl Memory {
    pub(crate) fn new(
        stores: Vec<(Declared, Box<dyn AnyStore>)>,
        forgetting: impl Iterator<Item = (TypeId, TypeId)>,
    ) -> Self {
        let (declared, stores): (Vec<_>, Vec<_>) = stores.into_iter().unzip();
        let at = |type_id| declared.iter().position(|one: &Declared| one.type_id == type_id);
        let forgetting = forgetting.filter_map(|(table, watermark)| at(table).zip(at(watermark))).collect();
        Self { stores, declared, forgetting, touched: 0, looked_into: 0 }
    }

    pub(crate) fn declared(&self) -> &[Declared] {
        &self.declared
    }

    /// Returns the store of `D`, `None` if it is not declared.
    pub fn store<D: Declaration>(&mut self) -> Option<&mut D::Store> {
        let slot = self.slot_of(TypeId::of::<D>())?;
        self.looked_into |= 1 << slot;
        self.stores[slot].downcast()
    }

    /// Commits the changes of this line.
    #[inline]
    pub(crate) fn end_line(&mut self) {
        while self.touched != 0 {
            self.stores[self.touched.trailing_zeros() as usize].end_line();
            self.touched &= self.touched - 1;
        }
    }

    /// Undoes the changes of this line.
    pub fn roll_back(&mut self) {
        while self.touched != 0 {
            self.stores[self.touched.trailing_zeros() as usize].roll_back();
            self.touched &= self.touched - 1;
        }
        self.pass_on_watermarks(None);
    }

    /// Prefetches the announced keys.
    pub(crate) fn prefetch(&mut self) {
        self.stores.iter_mut().for_each(|store| store.prefetch());
    }

    /// Passes the watermark to the stores that forget by it.
    fn pass_on_watermarks(&mut self, only: Option<usize>) {
        for at in 0..self.forgetting.len() {
            let (table, watermark) = self.forgetting[at];
            if only.is_none_or(|only| only == watermark) {
                let watermark = self.stores[watermark].watermark();
                self.stores[table].set_watermark(watermark);
                self.touched |= 1 << table;
            }
        }
    }

    /// Hands each record of a snapshot to `write`: first the names of all declarations, then the contents.
    ///
    /// # Errors
    ///
    /// Returns the result of `write`.
    pub fn snapshot<E>(&self, write: &mut dyn FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut record = Vec::new();
        let mut done = Ok(());
        for (slot, (store, declared)) in (0_u8..).zip(self.stores.iter().zip(&self.declared)) {
            record.clear();
            record.extend_from_slice(&[
                NAME_RECORD,
                slot,
                u8::try_from(declared.name.len()).unwrap_or(u8::MAX),
            ]);
            record.extend(declared.name.bytes().take(u8::MAX.into()));
            write(&record)?;
            record.clear();
            record.push(slot);
            store.records(&mut record, &mut |record| {
                if done.is_ok() {
                    done = write(record);
                }
                record.truncate(1);
            });
            std::mem::replace(&mut done, Ok(()))?;
        }
        done
    }

    /// Returns the size of each table.
    pub fn table_sizes(&self) -> Vec<TableSize> {
        let sized = self.stores.iter().zip(&self.declared).filter_map(|(store, declared)| {
            let (entries, bytes) = store.size()?;
            Some(TableSize { name: declared.name, entries, bytes })
        });
        sized.collect()
    }

    /// Returns the approximate size of a snapshot in bytes.
    pub fn snapshot_bytes(&self) -> u64 {
        self.stores.iter().map(|store| store.snapshot_bytes()).sum()
    }

    /// Restores one or more whole records of a snapshot into new memory.
    ///
    /// # Errors
    ///
    /// A record does not belong to this memory, or exceeds a limit.
    pub fn restore(&mut self, mut records: &[u8]) -> Result<(), NotRestored> {
        while let Some(slot) = self.record_slot(&mut records)? {
            self.stores[slot].restore(&mut records)?;
        }
        self.pass_on_watermarks(None);
        self.touched = 0;
        Ok(())
    }

    /// Checks that these are whole records of a snapshot of such memory, without restoring them.
    ///
    /// # Errors
    ///
    /// A record does not belong to this memory.
    pub fn check(&self, mut records: &[u8]) -> Result<(), NotRestored> {
        while let Some(slot) = self.record_slot(&mut records)? {
            self.stores[slot].skip(&mut records).ok_or(NotRestored::Corrupt)?;
        }
        Ok(())
    }

    /// Takes the store's number of the next record off the front, and the names before it; `None` if no record is left.
    fn record_slot(&self, records: &mut &[u8]) -> Result<Option<usize>, NotRestored> {
        while let Some((&slot, rest)) = records.split_first() {
            *records = rest;
            if slot != NAME_RECORD {
                let slot = usize::from(slot);
                return if slot < self.stores.len() { Ok(Some(slot)) } else { Err(NotRestored::Corrupt) };
            }
            let [slot, len, rest @ ..] = *records else { return Err(NotRestored::Corrupt) };
            let (name, rest) = rest.split_at_checked((*len).into()).ok_or(NotRestored::Corrupt)?;
            let declared = self.declared.get(usize::from(*slot)).ok_or(NotRestored::Corrupt)?;
            if declared.name.as_bytes() != name {
                return Err(NotRestored::Corrupt);
            }
            *records = rest;
        }
        Ok(None)
    }

    pub(crate) fn slot_of(&self, type_id: TypeId) -> Option<usize> {
        self.declared.iter().position(|one| one.type_id == type_id)
    }

    pub(crate) fn slot(&self, name: &str) -> Option<usize> {
        self.declared.iter().position(|one| one.name == name)
    }
}

/// Takes the place of the store's number in the record of names; there are never so many stores.
const NAME_RECORD: u8 = u8::MAX;
