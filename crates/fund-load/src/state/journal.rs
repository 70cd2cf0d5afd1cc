//! Stores that note what a line does to them.

use std::cell::Cell;
use std::rc::Rc;

use super::effects::Effects;
use crate::domain::{Cents, Day, DigitId};
use crate::stores::{CustomerWindows, FirstAttempt, IdEntry, IdStore, StoreFull, WindowEntry, WindowStore};

/// Notes what the present line does to the stores.
#[derive(Clone, Debug, Default)]
pub struct Journal(Rc<Cell<Effects>>);

impl Journal {
    #[inline]
    fn note(&self, effects: Effects) {
        self.0.set(self.0.get() | effects);
    }

    /// Returns what was noted, and begins anew.
    #[inline]
    pub(super) fn take(&self) -> Effects {
        self.0.take()
    }
}

/// An [`IdStore`] whose changes are noted.
#[derive(Debug)]
pub(crate) struct JournaledIds<S> {
    store: S,
    journal: Journal,
}

impl<S> JournaledIds<S> {
    pub(crate) fn new(store: S, journal: Journal) -> Self {
        Self { store, journal }
    }
}

impl<S: IdStore> IdStore for JournaledIds<S> {
    fn get_or_remember(
        &mut self,
        id: DigitId,
        attempt: FirstAttempt,
        room: Result<(), StoreFull>,
    ) -> Result<Option<FirstAttempt>, StoreFull> {
        // Before it is known whether there is room for the id: if there is none, the run ends, and the line is taken back.
        self.journal.note(Effects::LOOKED_UP);
        self.store.get_or_remember(id, attempt, room)
    }

    fn bring_near(&self, ids: &[DigitId]) {
        self.store.bring_near(ids);
    }

    fn count(&self) -> usize {
        self.store.count()
    }

    fn entries(&self) -> Vec<IdEntry> {
        self.store.entries()
    }

    fn restore(&mut self, entries: &mut dyn Iterator<Item = IdEntry>) -> Result<(), StoreFull> {
        self.store.restore(entries)
    }
}

/// A [`WindowStore`] whose changes are noted.
#[derive(Debug)]
pub(crate) struct JournaledWindows<S> {
    store: S,
    journal: Journal,
}

impl<S> JournaledWindows<S> {
    pub(crate) fn new(store: S, journal: Journal) -> Self {
        Self { store, journal }
    }
}

impl<S: WindowStore> WindowStore for JournaledWindows<S> {
    fn customer(&self, customer_id: DigitId, day: Day, week: Day) -> CustomerWindows {
        self.store.customer(customer_id, day, week)
    }

    fn check_room(&self, customer_id: DigitId, day: Day, week: Day) -> Result<(), StoreFull> {
        self.store.check_room(customer_id, day, week)
    }

    fn count_attempt(
        &mut self,
        customer_id: DigitId,
        accepted: Cents,
        day: Day,
        week: Day,
    ) -> Result<CustomerWindows, StoreFull> {
        let is_accepted = accepted != Cents(0);
        // As with an id.
        self.journal.note(if is_accepted { Effects::COUNTED | Effects::ACCEPTED } else { Effects::COUNTED });
        self.store.count_attempt(customer_id, accepted, day, week)
    }

    fn bring_near(&self, weeks: &[(DigitId, Day)]) {
        self.store.bring_near(weeks);
    }

    fn prime_day(&self, day: Day) -> u64 {
        self.store.prime_day(day)
    }

    fn count_prime(&mut self, day: Day) {
        self.store.count_prime(day);
        self.journal.note(Effects::PRIME);
    }

    fn count(&self) -> usize {
        self.store.count()
    }

    fn entries(&self) -> Vec<WindowEntry> {
        self.store.entries()
    }

    fn restore(&mut self, entries: &mut dyn Iterator<Item = WindowEntry>) -> Result<(), StoreFull> {
        self.store.restore(entries)
    }
}
