//! What fund-load remembers, as a checkpoint keeps it: every change of the stores is noted when it is made.

mod record;

use std::cell::RefCell;
use std::iter;
use std::mem;
use std::rc::Rc;

use record::{FirstRecord, NarrowCounts};
use smallvec::SmallVec;
use stream_kernel_app::checkpoint::{Changes, CommitError, StateWriter};
use stream_kernel_app::{NotRestored, State};

use crate::domain::{Cents, Day, DigitId, Moment};
use crate::steps::Resources;
use crate::stores::{CustomerWindows, FirstAttempt, IdEntry, IdStore, StoreFull, WindowEntry, WindowStore};
use crate::tally::Tally;

/// How many records are looked at together when they are taken in: what one has to wait for, the others wait for at the same time.
const RECORDS_AT_ONCE: usize = 32;

/// One record of state.
#[derive(Clone, Debug, PartialEq, Eq)]
enum StateRecord {
    Id(IdEntry),
    Window(WindowEntry),
    /// All of it, since it is small: the last one counts.
    Tally(Tally),
}

/// Notes what changes in the stores, until it is asked for.
#[derive(Clone, Debug, Default)]
pub struct Journal(Rc<RefCell<Notes>>);

#[derive(Debug, Default)]
struct Notes {
    changes: Changes,
    /// How many bytes there were when the present line began.
    line_begins_at: usize,
    /// The customer and the time of the attempt in the last record, if that has still room for what the customer has done on that day.
    uncounted: Option<(DigitId, Moment)>,
}

impl Journal {
    #[inline]
    fn note(&self, record: &StateRecord) {
        self.0.borrow_mut().note(record);
    }
}

impl Notes {
    #[inline]
    fn note(&mut self, record: &StateRecord) {
        self.uncounted = None;
        // No record is so long that it would be refused.
        let _ = record::with_bytes(record, |bytes| self.changes.push(bytes));
    }

    /// Notes the first attempt with an id. What its customer has done on its day comes next, and mostly goes into the same record.
    #[inline]
    fn note_first(&mut self, id: DigitId, attempt: &FirstAttempt) {
        if let Some(first) = FirstRecord::new(id, attempt)
            && let Ok(record) = self.changes.push_zeros()
        {
            first.write_uncounted(record);
            self.uncounted = Some((attempt.customer_id, attempt.time));
        } else {
            self.note(&StateRecord::Id(IdEntry::First { id, attempt: *attempt }));
        }
    }

    /// Notes what a customer has done on a day: in the last record, if that is of this customer's attempt on that day.
    #[inline]
    fn note_customer_day(
        &mut self,
        customer_id: DigitId,
        day: Day,
        week: Day,
        attempts: u64,
        accepted: Cents,
    ) {
        if let Some((customer, time)) = self.uncounted.take()
            && customer == customer_id
            && day.contains(time)
            && let Some(counts) = NarrowCounts::new(day, week, attempts, accepted)
            && let Some(record) = self.changes.last_bytes_mut()
        {
            counts.add_to(record);
        } else {
            let day = WindowEntry::CustomerDay { customer_id, day, week, attempts, accepted };
            self.note(&StateRecord::Window(day));
        }
    }
}

/// An [`IdStore`] whose changes are noted.
#[derive(Debug)]
pub(crate) struct JournaledIds<S> {
    store: S,
    /// The day that was noted last.
    noted_day: Option<Day>,
    journal: Journal,
}

impl<S> JournaledIds<S> {
    pub(crate) fn new(store: S, journal: Journal) -> Self {
        Self { store, noted_day: None, journal }
    }
}

impl<S: IdStore> JournaledIds<S> {
    /// Notes the latest day, if the store forgets by it and it is not the one that was noted last.
    #[inline]
    fn note_latest_day(&mut self) {
        if let Some(day) = self.store.latest_day()
            && self.noted_day != Some(day)
        {
            self.noted_day = Some(day);
            self.journal.note(&StateRecord::Id(IdEntry::LatestDay(day)));
        }
    }
}

impl<S: IdStore> IdStore for JournaledIds<S> {
    fn get_or_remember(
        &mut self,
        id: DigitId,
        attempt: FirstAttempt,
        room: Result<(), StoreFull>,
    ) -> Result<Option<FirstAttempt>, StoreFull> {
        // Handed on as it is, so that nothing of its size is moved again.
        let result = self.store.get_or_remember(id, attempt, room);
        if let Ok(first) = &result {
            // The day comes before the attempt: what is forgotten by it makes room for the attempt when the records are read.
            self.note_latest_day();
            if first.is_none() {
                self.journal.0.borrow_mut().note_first(id, &attempt);
            }
        }
        result
    }

    fn bring_near(&self, ids: &[DigitId]) {
        self.store.bring_near(ids);
    }

    fn latest_day(&self) -> Option<Day> {
        self.store.latest_day()
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
        let result = self.store.count_attempt(customer_id, accepted, day, week);
        if let Ok(CustomerWindows { attempts, day_accepted: accepted, .. }) = result {
            self.journal.0.borrow_mut().note_customer_day(customer_id, day, week, attempts, accepted);
        }
        result
    }

    fn bring_near(&self, weeks: &[(DigitId, Day)]) {
        self.store.bring_near(weeks);
    }

    fn prime_day(&self, day: Day) -> u64 {
        self.store.prime_day(day)
    }

    fn count_prime(&mut self, day: Day) {
        self.store.count_prime(day);
        let accepted = self.store.prime_day(day);
        self.journal.note(&StateRecord::Window(WindowEntry::PrimeDay { day, accepted }));
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

/// All that fund-load remembers.
pub(crate) struct StoreState {
    ids: Rc<RefCell<dyn IdStore>>,
    windows: Rc<RefCell<dyn WindowStore>>,
    tally: Rc<RefCell<Tally>>,
    journal: Journal,
}

impl StoreState {
    /// Returns the state of these resources, `None` if nothing notes what changes in it.
    pub(crate) fn of(resources: &Resources) -> Option<Self> {
        let Resources { ids, windows, tally, journal, .. } = resources;
        let (ids, windows, tally) = (Rc::clone(ids), Rc::clone(windows), Rc::clone(tally));
        journal.clone().map(|journal| Self { ids, windows, tally, journal })
    }

    /// Says what is wrong with records, if one makes no sense.
    pub(crate) fn check(mut records: &[u8]) -> Result<(), String> {
        while !records.is_empty() {
            record::read(&mut records, drop).ok_or(SENSELESS)?;
        }
        Ok(())
    }

    /// Has what the records will ask the stores for fetched for all of them at once.
    fn bring_near(&self, records: &[StateRecord]) {
        let ids = records.iter().filter_map(|record| match record {
            StateRecord::Id(IdEntry::First { id, .. }) => Some(*id),
            _ => None,
        });
        let weeks = records.iter().filter_map(|record| match record {
            StateRecord::Window(WindowEntry::CustomerDay { customer_id, week, .. }) => {
                Some((*customer_id, *week))
            }
            _ => None,
        });
        self.ids.borrow().bring_near(&ids.collect::<SmallVec<[_; RECORDS_AT_ONCE]>>());
        self.windows.borrow().bring_near(&weeks.collect::<SmallVec<[_; RECORDS_AT_ONCE]>>());
    }

    fn restore_record(&self, record: StateRecord) -> Result<(), StoreFull> {
        match record {
            StateRecord::Id(entry) => self.ids.borrow_mut().restore(&mut iter::once(entry)),
            StateRecord::Window(entry) => self.windows.borrow_mut().restore(&mut iter::once(entry)),
            StateRecord::Tally(tally) => {
                *self.tally.borrow_mut() = tally;
                Ok(())
            }
        }
    }
}

impl State for StoreState {
    fn begin_line(&mut self) {
        let mut notes = self.journal.0.borrow_mut();
        notes.uncounted = None;
        notes.line_begins_at = notes.changes.len();
    }

    fn take_back_line(&mut self) {
        let mut notes = self.journal.0.borrow_mut();
        let len = notes.line_begins_at;
        notes.uncounted = None;
        notes.changes.truncate(len);
    }

    fn take_changes(&mut self, changes: &mut Changes) {
        self.journal.note(&StateRecord::Tally(self.tally.borrow().clone()));
        let mut notes = self.journal.0.borrow_mut();
        notes.line_begins_at = 0;
        mem::swap(&mut notes.changes, changes);
    }

    fn write_all(&self, writer: &mut StateWriter<'_>) -> Result<(), CommitError> {
        let ids = self.ids.borrow().entries().into_iter().map(StateRecord::Id);
        let windows = self.windows.borrow().entries().into_iter().map(StateRecord::Window);
        let tally = StateRecord::Tally(self.tally.borrow().clone());
        let mut records = ids.chain(windows).chain([tally]);
        records.try_for_each(|record| record::with_bytes(&record, |bytes| writer.push(bytes)))
    }

    fn bytes(&self) -> u64 {
        let (ids, days) = (self.ids.borrow().count(), self.windows.borrow().count());
        (ids * record::ID_BYTES + days * record::CUSTOMER_DAY_BYTES) as u64
    }

    fn restore(&mut self, mut records: &[u8]) -> Result<(), NotRestored> {
        let mut batch = Vec::with_capacity(RECORDS_AT_ONCE);
        while !records.is_empty() {
            while !records.is_empty() && batch.len() < RECORDS_AT_ONCE {
                let read = record::read(&mut records, |record| batch.push(record));
                read.ok_or_else(|| NotRestored::Senseless(SENSELESS.to_owned()))?;
            }
            self.bring_near(&batch);
            batch.drain(..).try_for_each(|record| self.restore_record(record)).map_err(not_restored)?;
        }
        Ok(())
    }
}

const SENSELESS: &str = "there is a record that makes no sense";

/// Names a limit that was lowered below what a checkpoint holds: that is no reason to start over.
fn not_restored(full: StoreFull) -> NotRestored {
    NotRestored::BeyondLimit(match full {
        StoreFull::MaxIds { max_ids } => {
            format!("more ids than `runtime.limits.max_ids` allows by now: {max_ids} (raise it)")
        }
        StoreFull::MaxCustomers { max_customers } => {
            format!(
                "more customers than `runtime.limits.max_customers` allows by now: {max_customers} (raise it)"
            )
        }
        // No run can have committed so many.
        StoreFull::Capacity { .. } => return NotRestored::Senseless(full.to_string()),
    })
}

#[cfg(test)]
mod tests;
