//! The interface of every kind of memory, whatever its keys and values are.

use std::any::Any;

use super::shared::Shared;
use crate::Encode;

/// A kind of memory: a [`Table`](crate::Table), [`Gate`](crate::Gate), [`Tally`](crate::Tally) or
/// [`Watermark`](crate::Watermark).
///
/// The kernel has these four. An application declares them and never implements any.
pub trait Store: Shared + Send + 'static {
    /// The key of a message.
    type Key: Clone + Encode;
    /// A step's view of the memory under its message's key.
    type Access<'a>;
    /// Which of the four kinds it is.
    #[doc(hidden)]
    const KIND: StoreKind;

    /// Returns the view of a step under `key`.
    #[doc(hidden)]
    fn access(&mut self, key: Self::Key) -> Self::Access<'_>;

    /// Notes that `key` will be asked for soon.
    #[doc(hidden)]
    fn announce(&mut self, key: Self::Key) {
        let _ = key;
    }

    /// Prefetches the announced keys.
    #[doc(hidden)]
    fn prefetch(&mut self) {}

    /// Takes in the time of this line, and returns whether it has moved a watermark.
    #[doc(hidden)]
    fn observe(&mut self, key: &Self::Key) -> bool {
        let _ = key;
        false
    }

    /// Returns a key as a time, if this is a watermark.
    #[doc(hidden)]
    fn time(&self, key: &Self::Key) -> Option<i64> {
        let _ = key;
        None
    }

    /// Returns the value of the watermark, if this is one and it is set.
    #[doc(hidden)]
    fn watermark(&self) -> Option<i64> {
        None
    }

    /// Returns whether this forgets, and so needs a watermark.
    #[doc(hidden)]
    fn is_forgetting(&self) -> bool {
        false
    }

    /// Sets the watermark by which this forgets.
    #[doc(hidden)]
    fn set_watermark(&mut self, watermark: Option<i64>) {
        let _ = watermark;
    }

    /// Commits the changes of the line.
    #[doc(hidden)]
    fn end_line(&mut self);

    /// Undoes the changes of the line.
    #[doc(hidden)]
    fn roll_back(&mut self);

    /// Appends one record after the other to `record`, and calls `each` for it, which empties it.
    #[doc(hidden)]
    fn records(&self, record: &mut Vec<u8>, each: &mut dyn FnMut(&mut Vec<u8>));

    /// Takes one record off the front of `from`.
    #[doc(hidden)]
    fn restore(&mut self, from: &mut &[u8]) -> Result<(), NotRestored>;

    /// Skips one record at the front of `from`; `None` if there is none.
    #[doc(hidden)]
    fn skip(&self, from: &mut &[u8]) -> Option<()>;

    /// Returns the approximate size of all records in bytes.
    #[doc(hidden)]
    fn snapshot_bytes(&self) -> u64;

    /// Returns the number of retained entries and the bytes that they take, if this is a table.
    #[doc(hidden)]
    fn size(&self) -> Option<(u64, u64)> {
        None
    }

    /// Appends the bytes that the key is shared out by.
    #[doc(hidden)]
    fn owner_bytes(&self, key: &Self::Key, bytes: &mut Vec<u8>);
}

/// The four kinds of memory.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreKind {
    /// Each message has an entry of its own, under its key.
    Table,
    /// Messages share its counts.
    Gate,
    /// No step reads it.
    Tally,
    /// The keys are the messages' times, and it takes them in.
    Watermark,
}

/// Why a record of memory cannot be restored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotRestored {
    /// It is not a record of this memory.
    Corrupt,
    /// It exceeds a limit that was larger, or absent, when the record was written. With the limit and the remedy.
    BeyondLimit(String),
}

/// A store without its types.
pub(crate) trait AnyStore: Any + Send {
    fn prefetch(&mut self);
    fn watermark(&self) -> Option<i64>;
    fn is_forgetting(&self) -> bool;
    fn set_watermark(&mut self, watermark: Option<i64>);
    fn end_line(&mut self);
    fn roll_back(&mut self);
    fn records(&self, record: &mut Vec<u8>, each: &mut dyn FnMut(&mut Vec<u8>));
    fn restore(&mut self, from: &mut &[u8]) -> Result<(), NotRestored>;
    fn skip(&self, from: &mut &[u8]) -> Option<()>;
    fn snapshot_bytes(&self) -> u64;
    fn size(&self) -> Option<(u64, u64)>;
    fn shared(&self) -> &dyn Shared;
    fn shared_mut(&mut self) -> &mut dyn Shared;
}

impl dyn AnyStore {
    /// Returns the store as this type; `None` if it has another one.
    #[inline]
    pub(crate) fn downcast<S: Store>(&mut self) -> Option<&mut S> {
        let any: &mut dyn Any = self;
        any.downcast_mut()
    }
}

impl<S: Store> AnyStore for S {
    fn prefetch(&mut self) {
        Store::prefetch(self);
    }

    fn watermark(&self) -> Option<i64> {
        Store::watermark(self)
    }

    fn is_forgetting(&self) -> bool {
        Store::is_forgetting(self)
    }

    fn set_watermark(&mut self, watermark: Option<i64>) {
        Store::set_watermark(self, watermark);
    }

    fn end_line(&mut self) {
        Store::end_line(self);
    }

    fn roll_back(&mut self) {
        Store::roll_back(self);
    }

    fn records(&self, record: &mut Vec<u8>, each: &mut dyn FnMut(&mut Vec<u8>)) {
        Store::records(self, record, each);
    }

    fn restore(&mut self, from: &mut &[u8]) -> Result<(), NotRestored> {
        Store::restore(self, from)
    }

    fn skip(&self, from: &mut &[u8]) -> Option<()> {
        Store::skip(self, from)
    }

    fn snapshot_bytes(&self) -> u64 {
        Store::snapshot_bytes(self)
    }

    fn size(&self) -> Option<(u64, u64)> {
        Store::size(self)
    }

    fn shared(&self) -> &dyn Shared {
        self
    }

    fn shared_mut(&mut self) -> &mut dyn Shared {
        self
    }
}
