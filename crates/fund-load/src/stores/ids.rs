//! Which ids were used, and for what.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::domain::{Attempt, Cents, DigitId, Moment};

/// What the first attempt with an id said: all that later ones are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstAttempt {
    /// Whose account.
    pub customer_id: DigitId,
    /// How much.
    pub amount: Cents,
    /// When.
    pub time: Moment,
    /// On which line.
    pub line_no: u64,
}

impl From<&Attempt> for FirstAttempt {
    fn from(attempt: &Attempt) -> Self {
        let Attempt { line_no, customer_id, amount, time, .. } = *attempt;
        Self { customer_id, amount, time, line_no }
    }
}

/// Remembers the first attempt with each id.
pub trait IdStore {
    /// Returns what was remembered of `id`; if nothing was, remembers `attempt` and returns `None`.
    fn get_or_remember(&mut self, id: DigitId, attempt: FirstAttempt) -> Option<FirstAttempt>;

    /// Returns everything that is remembered, by id in ascending order.
    fn entries(&self) -> Vec<(DigitId, FirstAttempt)>;

    /// Puts back what [`entries`](Self::entries) returned, beside what is there; an id that is there is replaced.
    fn restore(&mut self, entries: &mut dyn Iterator<Item = (DigitId, FirstAttempt)>);
}

/// An [`IdStore`] in memory; it grows with the number of ids.
///
/// Ids come from outside, so that the map hashes with a key of its own that nobody outside knows.
#[derive(Clone, Debug, Default)]
pub struct MemoryIdStore {
    first_attempts: HashMap<DigitId, FirstAttempt>,
}

impl IdStore for MemoryIdStore {
    fn get_or_remember(&mut self, id: DigitId, attempt: FirstAttempt) -> Option<FirstAttempt> {
        match self.first_attempts.entry(id) {
            Entry::Occupied(first) => Some(*first.get()),
            Entry::Vacant(vacant) => {
                vacant.insert(attempt);
                None
            }
        }
    }

    fn entries(&self) -> Vec<(DigitId, FirstAttempt)> {
        let mut entries: Vec<_> = self.first_attempts.iter().map(|(id, first)| (*id, *first)).collect();
        entries.sort_unstable_by_key(|(id, _)| *id);
        entries
    }

    fn restore(&mut self, entries: &mut dyn Iterator<Item = (DigitId, FirstAttempt)>) {
        self.first_attempts.extend(entries);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(line_no: u64) -> FirstAttempt {
        let customer_id = DigitId::parse("1").unwrap();
        FirstAttempt { customer_id, amount: Cents(1), time: Moment { seconds: 0, nanos: 0 }, line_no }
    }

    fn id(text: &str) -> DigitId {
        DigitId::parse(text).unwrap()
    }

    #[test]
    fn the_first_attempt_stays_the_first() {
        let mut store = MemoryIdStore::default();
        assert_eq!(store.get_or_remember(id("7"), first(1)), None);
        assert_eq!(store.get_or_remember(id("007"), first(2)), None);
        assert_eq!(store.get_or_remember(id("7"), first(3)), Some(first(1)));
    }

    #[test]
    fn what_was_enumerated_can_be_restored() {
        let mut store = MemoryIdStore::default();
        for (line_no, text) in (1..).zip(["30", "7", "007", "200"]) {
            store.get_or_remember(id(text), first(line_no));
        }
        let entries = store.entries();
        assert_eq!(
            entries.iter().map(|(id, _)| id.to_string()).collect::<Vec<_>>(),
            ["7", "30", "007", "200"]
        );

        let mut restored = MemoryIdStore::default();
        restored.restore(&mut entries.iter().copied());
        assert_eq!(restored.entries(), entries);
        assert_eq!(restored.get_or_remember(id("7"), first(9)), Some(first(2)));
    }
}
