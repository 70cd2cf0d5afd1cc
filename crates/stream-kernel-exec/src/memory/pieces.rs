//! Keys and values in lists without holes: most values are one small piece beside their key.

use std::collections::HashMap;
use std::hint;

use super::table::{Key, Value};

/// A list of entries. Most values are one piece beside the key, or a chain of pieces; others are kept whole.
pub(super) struct Pieces<K: Key, V: Value> {
    entries: Vec<Entry<K, V::Piece>>,
    /// By position: the further pieces of the value. Empty as long as every value is one piece.
    chains: Vec<Chain>,
    further: Vec<Further<V::Piece>>,
    /// The first free piece in the list of further pieces.
    free: Chain,
    /// By position.
    whole: HashMap<usize, V>,
}

/// A key with the first piece of its value.
struct Entry<K, P> {
    key: K,
    piece: P,
}

#[derive(Clone, Copy)]
struct Further<P> {
    piece: P,
    next: Chain,
}

/// The position of a value's next piece, or one of the two constants below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chain(u32);

impl Chain {
    /// The value ends here.
    pub(super) const END: Self = Self(u32::MAX);
    /// The value is kept whole.
    const WHOLE: Self = Self(u32::MAX - 1);

    fn index(self) -> usize {
        self.0 as usize
    }
}

impl<K: Key, V: Value> Pieces<K, V> {
    pub(super) fn new() -> Self {
        Self {
            entries: Vec::new(),
            chains: Vec::new(),
            further: Vec::new(),
            free: Chain::END,
            whole: HashMap::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    #[inline]
    pub(super) fn key(&self, position: usize) -> &K {
        &self.entries[position].key
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries.iter().map(|entry| &entry.key)
    }

    #[inline]
    pub(super) fn value(&self, position: usize) -> V {
        let chain = self.chain(position);
        if chain == Chain::WHOLE
            && let Some(value) = self.whole.get(&position)
        {
            return value.clone();
        }
        let mut next = chain;
        let further = std::iter::from_fn(|| {
            let &Further { piece, next: following } = self.further.get(next.index())?;
            next = following;
            Some(piece)
        });
        V::from_pieces(std::iter::once(self.entries[position].piece).chain(further))
    }

    /// Appends an entry.
    pub(super) fn push(&mut self, key: K, value: &V) {
        self.entries.push(Entry { key, piece: V::Piece::default() });
        if !self.chains.is_empty() {
            self.chains.push(Chain::END);
        }
        self.set(self.entries.len() - 1, value);
    }

    /// Removes the last entry.
    pub(super) fn pop(&mut self) {
        let Some(position) = self.entries.len().checked_sub(1) else { return };
        self.release(position);
        self.entries.pop();
        self.chains.truncate(position);
    }

    #[inline]
    pub(super) fn set(&mut self, position: usize, value: &V) {
        let Some(mut pieces) = value.pieces() else {
            self.release(position);
            self.whole.insert(position, value.clone());
            self.set_chain(position, Chain::WHOLE);
            return;
        };
        self.entries[position].piece = pieces.next().unwrap_or_default();
        let mut chain = self.chain(position);
        if chain == Chain::WHOLE {
            self.whole.remove(&position);
            chain = Chain::END;
        }
        // Existing pieces are overwritten first; then new ones are added, or the rest is freed.
        let mut last = None;
        for piece in pieces {
            let at = if chain == Chain::END { self.take_free() } else { chain };
            let further = &mut self.further[at.index()];
            (further.piece, chain) = (piece, further.next);
            self.link(position, last, at);
            last = Some(at);
        }
        if chain != Chain::END || last.is_some() {
            self.link(position, last, Chain::END);
            self.free_from(chain);
        }
    }

    /// Prefetches an entry, and returns the position of its next piece.
    pub(super) fn prefetch(&self, position: usize) -> Chain {
        hint::black_box(self.entries[position].piece);
        self.chain(position)
    }

    /// Returns whether any value may have further pieces.
    pub(super) fn has_chains(&self) -> bool {
        !self.chains.is_empty()
    }

    /// Returns the next piece after the piece at `chain`.
    pub(super) fn chain_after(&self, chain: Chain) -> Chain {
        self.further.get(chain.index()).map_or(Chain::END, |further| further.next)
    }

    /// Returns the approximate size of a snapshot of all entries in bytes.
    pub(super) fn bytes(&self) -> u64 {
        let entries = self.entries.len() * size_of::<Entry<K, V::Piece>>();
        let further = self.further.len() * size_of::<V::Piece>();
        (entries + further + self.whole.len() * size_of::<V>()) as u64
    }

    #[inline]
    fn chain(&self, position: usize) -> Chain {
        self.chains.get(position).copied().unwrap_or(Chain::END)
    }

    fn set_chain(&mut self, position: usize, chain: Chain) {
        if self.chains.is_empty() {
            if chain == Chain::END {
                return;
            }
            self.chains.resize(self.entries.len(), Chain::END);
        }
        self.chains[position] = chain;
    }

    /// Links the piece `next` after the further piece `last`, or after the first piece of the value at `position`.
    fn link(&mut self, position: usize, last: Option<Chain>, next: Chain) {
        match last {
            None => self.set_chain(position, next),
            Some(last) => self.further[last.index()].next = next,
        }
    }

    /// Returns a free further piece without a successor.
    fn take_free(&mut self) -> Chain {
        let free = self.free;
        if let Some(further) = self.further.get_mut(free.index()) {
            self.free = std::mem::replace(&mut further.next, Chain::END);
            return free;
        }
        self.further.push(Further { piece: V::Piece::default(), next: Chain::END });
        // Memory runs out long before a table holds this many further pieces.
        Chain(u32::try_from(self.further.len() - 1).unwrap_or(u32::MAX))
    }

    fn free_from(&mut self, mut chain: Chain) {
        while let Some(further) = self.further.get_mut(chain.index()) {
            let next = std::mem::replace(&mut further.next, self.free);
            self.free = chain;
            chain = next;
        }
    }

    /// Frees the further pieces of the value at `position`.
    fn release(&mut self, position: usize) {
        match self.chain(position) {
            Chain::WHOLE => {
                self.whole.remove(&position);
            }
            chain => self.free_from(chain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Encode;

    /// A list of numbers: one per piece. It is kept whole if it is empty or a number does not fit into a byte.
    #[derive(Clone, Debug, PartialEq)]
    struct Numbers(Vec<u32>);

    impl Encode for Numbers {
        fn encode(&self, _: &mut Vec<u8>) {}

        fn decode(_: &mut &[u8]) -> Option<Self> {
            None
        }
    }

    impl Value for Numbers {
        type Piece = u8;

        fn pieces(&self) -> Option<impl Iterator<Item = u8>> {
            let fits = !self.0.is_empty() && self.0.iter().all(|number| u8::try_from(*number).is_ok());
            fits.then(|| self.0.iter().map(|number| u8::try_from(*number).unwrap_or_default()))
        }

        fn from_pieces(pieces: impl Iterator<Item = u8>) -> Self {
            Self(pieces.map(u32::from).collect())
        }
    }

    /// Values of every form replace values of every other form; the list must hold the same as a plain one.
    #[test]
    fn values_change_their_form() {
        let forms: [&[u32]; 6] = [&[1], &[2, 3], &[4, 5, 6, 7], &[300], &[], &[300, 8]];
        let (mut pieces, mut plain) = (Pieces::<u64, Numbers>::new(), Vec::new());
        let mut state = 7_u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from(state >> 33).unwrap() % below
        };
        for round in 0..3_000_u64 {
            let value = Numbers(forms[random(forms.len())].to_vec());
            match random(4) {
                0 if !plain.is_empty() => {
                    pieces.pop();
                    plain.pop();
                }
                1 => {
                    pieces.push(round, &value);
                    plain.push((round, value));
                }
                _ if !plain.is_empty() => {
                    let position = random(plain.len());
                    pieces.set(position, &value);
                    plain[position].1 = value;
                }
                _ => {}
            }
            let held = (0..pieces.len()).map(|position| (*pieces.key(position), pieces.value(position)));
            assert!(held.eq(plain.iter().cloned()), "round {round}");
        }
    }

    #[test]
    fn freed_pieces_are_taken_again() {
        let mut pieces = Pieces::<u64, Numbers>::new();
        for key in 0..100 {
            pieces.push(key, &Numbers(vec![1, 2, 3]));
            pieces.set(0, &Numbers(vec![1]));
            pieces.pop();
            pieces.push(0, &Numbers(vec![9, 9, 9]));
            pieces.pop();
        }
        assert!(pieces.further.len() <= 2, "{} pieces", pieces.further.len());
    }
}
