//! The state of a keyed step: one kind of memory, or several.

use super::store::StoreKind;
use super::{Declaration, Declared, Memory, Share, Store};

/// The state of a keyed step: a [`Declaration`], a tuple of up to three, or an `Option` of these for steps some of
/// whose messages touch nothing.
///
/// Implemented by the kernel alone.
pub trait State: 'static {
    /// The key of a message, or one for each kind of memory.
    type Keys: Clone;
    /// The step's view of the memory under these keys.
    type Access<'a>;
    #[doc(hidden)]
    type Slots: Copy + Default + Send;

    #[doc(hidden)]
    fn declared() -> Vec<Declared>;

    #[doc(hidden)]
    fn slots(at: &mut dyn FnMut() -> usize) -> Self::Slots;

    #[doc(hidden)]
    fn access(memory: &mut Memory, slots: Self::Slots, keys: Self::Keys) -> Option<Self::Access<'_>>;

    #[doc(hidden)]
    fn announce(memory: &mut Memory, slots: Self::Slots, keys: Self::Keys);

    #[doc(hidden)]
    fn share(memory: &mut Memory, slots: Self::Slots, keys: Self::Keys, share: &mut Share);
}

type KeyOf<D> = <<D as Declaration>::Store as Store>::Key;
type AccessOf<'a, D> = <<D as Declaration>::Store as Store>::Access<'a>;

/// Notes that a line asks a store, and takes in its time if it is a watermark.
#[inline]
fn touch<D: Declaration>(memory: &mut Memory, slot: usize, key: &KeyOf<D>) {
    memory.touched |= 1 << slot;
    if D::Store::KIND != StoreKind::Watermark {
        return;
    }
    let store: Option<&mut D::Store> = memory.stores[slot].downcast();
    if store.is_some_and(|store| store.observe(key)) {
        memory.pass_on_watermarks(Some(slot));
    }
}

/// Notes a key that will be asked for soon; only tables are worth it.
#[inline]
pub(crate) fn announce<D: Declaration>(memory: &mut Memory, slot: usize, key: KeyOf<D>) {
    if D::Store::KIND != StoreKind::Table {
        return;
    }
    let store: Option<&mut D::Store> = memory.stores[slot].downcast();
    if let Some(store) = store {
        store.announce(key);
    }
}

/// Adds the key of a look-up in a store to the share key of its message.
fn share_one<D: Declaration>(memory: &mut Memory, slot: usize, key: &KeyOf<D>, share: &mut Share) {
    let store: Option<&mut D::Store> = memory.stores[slot].downcast();
    if let Some(store) = store {
        share.add(slot, D::Store::KIND, |bytes| store.owner_bytes(key, bytes), || store.time(key));
    }
}

impl<D: Declaration> State for D {
    type Keys = KeyOf<D>;
    type Access<'a> = AccessOf<'a, D>;
    type Slots = usize;

    fn declared() -> Vec<Declared> {
        vec![Declared::of::<D>()]
    }

    fn slots(at: &mut dyn FnMut() -> usize) -> usize {
        at()
    }

    #[expect(clippy::inline_always, reason = "once for each keyed step of a line")]
    #[inline(always)]
    fn access(memory: &mut Memory, slot: usize, key: KeyOf<D>) -> Option<AccessOf<'_, D>> {
        touch::<D>(memory, slot, &key);
        let store: &mut D::Store = memory.stores[slot].downcast()?;
        Some(store.access(key))
    }

    fn announce(memory: &mut Memory, slot: usize, key: KeyOf<D>) {
        announce::<D>(memory, slot, key);
    }

    fn share(memory: &mut Memory, slot: usize, key: KeyOf<D>, share: &mut Share) {
        share_one::<D>(memory, slot, &key, share);
    }
}

macro_rules! tuples_are_states {
    ($(($($declaration:ident $index:tt),+))+) => {$(
        impl<$($declaration: Declaration),+> State for ($($declaration,)+) {
            type Keys = ($(KeyOf<$declaration>,)+);
            type Access<'a> = ($(AccessOf<'a, $declaration>,)+);
            type Slots = [usize; [$($index),+].len()];

            fn declared() -> Vec<Declared> {
                vec![$(Declared::of::<$declaration>()),+]
            }

            fn slots(at: &mut dyn FnMut() -> usize) -> Self::Slots {
                [$({ let _ = $index; at() }),+]
            }

            // Once for each keyed step of a line.
            #[inline(always)]
            fn access(memory: &mut Memory, slots: Self::Slots, keys: Self::Keys) -> Option<Self::Access<'_>> {
                // Watermarks move before any look-up, because they decide what is forgotten.
                $(touch::<$declaration>(memory, slots[$index], &keys.$index);)+
                let stores = memory.stores.get_disjoint_mut(slots).ok()?;
                let mut stores = stores.into_iter();
                Some(($({
                    let store: &mut <$declaration as Declaration>::Store =
                        stores.next()?.downcast()?;
                    store.access(keys.$index)
                },)+))
            }

            fn announce(memory: &mut Memory, slots: Self::Slots, keys: Self::Keys) {
                $(announce::<$declaration>(memory, slots[$index], keys.$index);)+
            }

            fn share(memory: &mut Memory, slots: Self::Slots, keys: Self::Keys, share: &mut Share) {
                $(share_one::<$declaration>(memory, slots[$index], &keys.$index, share);)+
            }
        }
    )+};
}

tuples_are_states! {
    (A 0, B 1)
    (A 0, B 1, C 2)
}

impl<S: State> State for Option<S> {
    type Keys = Option<S::Keys>;
    type Access<'a> = Option<S::Access<'a>>;
    type Slots = S::Slots;

    fn declared() -> Vec<Declared> {
        S::declared()
    }

    fn slots(at: &mut dyn FnMut() -> usize) -> S::Slots {
        S::slots(at)
    }

    #[expect(clippy::inline_always, reason = "once for each keyed step of a line")]
    #[inline(always)]
    fn access(memory: &mut Memory, slots: S::Slots, keys: Self::Keys) -> Option<Self::Access<'_>> {
        match keys {
            None => Some(None),
            Some(keys) => S::access(memory, slots, keys).map(Some),
        }
    }

    fn announce(memory: &mut Memory, slots: S::Slots, keys: Self::Keys) {
        if let Some(keys) = keys {
            S::announce(memory, slots, keys);
        }
    }

    fn share(memory: &mut Memory, slots: S::Slots, keys: Self::Keys, share: &mut Share) {
        if let Some(keys) = keys {
            S::share(memory, slots, keys, share);
        }
    }
}
