//! Ids in memory.

use std::num::NonZeroU64;

use super::position_table::{MAX_ENTRIES, PositionTable};
use super::store_full::IdLimit;
use super::{FirstAttempt, IdEntry, IdStore, StoreFull};
use crate::domain::{Cents, DigitId, Moment};

/// An [`IdStore`] in memory, of up to [`MAX_ENTRIES`] ids.
///
/// It grows by 32 bytes an id and 6 to 12 for finding it; by 4 more from the first time on that has a fraction of a second; and by 48
/// for an attempt of an unusual amount (over $42,949,672.94).
#[derive(Clone, Debug)]
pub struct MemoryIdStore {
    positions: PositionTable,
    /// In the order in which the ids came.
    remembered: Vec<Remembered>,
    /// The fractions of their seconds; fewer than there are attempts, if those of the others are zero.
    nanos: Vec<u32>,
    /// Attempts that do not fit into [`Remembered`].
    unusual: Vec<FirstAttempt>,
    limit: IdLimit,
}

/// An attempt in half a cache line, without the fraction of its second: as long as the amount has up to 32 bits and the line 56.
#[derive(Clone, Copy, Debug)]
struct Remembered {
    id: DigitId,
    customer_id: DigitId,
    /// The seconds of the time in the upper 40 bits, which hold the years 1 to 9999; the upper 24 bits of the line's number.
    seconds_and_line: i64,
    /// The others of them; of an unusual attempt its position among these.
    line_low: u32,
    /// [`UNUSUAL`] if the whole of it is kept aside.
    cents: u32,
}

const _: () = assert!(size_of::<Remembered>() == 32);

const UNUSUAL: u32 = u32::MAX;
const LINE_HIGH_BITS: u32 = 24;

impl Remembered {
    /// Returns the attempt in its short form, `None` if it has none.
    fn new(id: DigitId, attempt: FirstAttempt) -> Option<Self> {
        let FirstAttempt { customer_id, amount, time, line_no } = attempt;
        let cents = u32::try_from(amount.0).ok().filter(|&cents| cents != UNUSUAL)?;
        let line_high =
            i64::try_from(line_no >> u32::BITS).ok().filter(|high| high >> LINE_HIGH_BITS == 0)?;
        let seconds = time.seconds.checked_mul(1 << LINE_HIGH_BITS)?;
        let line_low = u32::try_from(line_no & u64::from(u32::MAX)).ok()?;
        Some(Self { id, customer_id, seconds_and_line: seconds | line_high, line_low, cents })
    }

    fn attempt(&self, nanos: u32) -> FirstAttempt {
        let line_high = self.seconds_and_line & ((1 << LINE_HIGH_BITS) - 1);
        FirstAttempt {
            customer_id: self.customer_id,
            amount: Cents(self.cents.into()),
            time: Moment { seconds: self.seconds_and_line >> LINE_HIGH_BITS, nanos },
            line_no: line_high.cast_unsigned() << u32::BITS | u64::from(self.line_low),
        }
    }
}

impl Default for MemoryIdStore {
    fn default() -> Self {
        Self::new(None)
    }
}

impl MemoryIdStore {
    /// Returns an empty store that may hold `max_ids`.
    pub fn new(max_ids: Option<NonZeroU64>) -> Self {
        Self::with_limit(IdLimit::new(max_ids, MAX_ENTRIES))
    }

    fn with_limit(limit: IdLimit) -> Self {
        Self {
            positions: PositionTable::new(),
            remembered: Vec::new(),
            nanos: Vec::new(),
            unusual: Vec::new(),
            limit,
        }
    }

    /// Returns how many it holds.
    pub(super) fn len(&self) -> usize {
        self.remembered.len()
    }

    pub(super) fn hash(&self, id: DigitId) -> u64 {
        self.positions.hash(id)
    }

    /// Returns the attempt with `id`, whose hash is `hash`, for which `is_meant` is true.
    pub(super) fn find(
        &self,
        hash: u64,
        id: DigitId,
        is_meant: impl Fn(&FirstAttempt) -> bool,
    ) -> Option<FirstAttempt> {
        let is_meant_at =
            |position: usize| self.remembered[position].id == id && is_meant(&self.attempt_at(position));
        self.positions.find(hash, is_meant_at).map(|position| self.attempt_at(position))
    }

    /// Adds an attempt. There must be room for it.
    pub(super) fn push(&mut self, hash: u64, id: DigitId, attempt: FirstAttempt) {
        // There are never more than positions tell apart.
        let position = u32::try_from(self.remembered.len()).unwrap_or(u32::MAX);
        self.positions.insert(hash, position, self.remembered.iter().map(|one| one.id).zip(0..));
        self.remember(id, attempt);
    }

    /// Lets go of every attempt for which `is_kept` is false, and of the memory that they took.
    pub(super) fn retain(&mut self, is_kept: impl Fn(&FirstAttempt) -> bool) {
        let mut kept = Self::with_limit(self.limit);
        for position in 0..self.remembered.len() {
            let attempt = self.attempt_at(position);
            if is_kept(&attempt) {
                let id = self.remembered[position].id;
                kept.push(kept.hash(id), id, attempt);
            }
        }
        *self = kept;
    }

    fn attempt_at(&self, position: usize) -> FirstAttempt {
        let remembered = &self.remembered[position];
        if remembered.cents == UNUSUAL {
            return self.unusual[remembered.line_low as usize];
        }
        remembered.attempt(self.nanos.get(position).copied().unwrap_or(0))
    }

    fn remember(&mut self, id: DigitId, attempt: FirstAttempt) {
        let nanos = attempt.time.nanos;
        if nanos != 0 {
            self.nanos.resize(self.remembered.len(), 0);
            self.nanos.push(nanos);
        }
        let remembered = Remembered::new(id, attempt).unwrap_or_else(|| {
            // There are never more of them than positions.
            let line_low = u32::try_from(self.unusual.len()).unwrap_or(u32::MAX);
            self.unusual.push(attempt);
            Remembered { id, customer_id: attempt.customer_id, seconds_and_line: 0, line_low, cents: UNUSUAL }
        });
        self.remembered.push(remembered);
    }
}

impl IdStore for MemoryIdStore {
    #[inline]
    fn get_or_remember(
        &mut self,
        id: DigitId,
        attempt: FirstAttempt,
        room: Result<(), StoreFull>,
    ) -> Result<Option<FirstAttempt>, StoreFull> {
        let hash = self.hash(id);
        if let Some(first) = self.find(hash, id, |_| true) {
            return Ok(Some(first));
        }
        room?;
        if self.remembered.len() >= self.limit.max_ids as usize {
            return Err(self.limit.full);
        }
        self.push(hash, id, attempt);
        Ok(None)
    }

    /// Most ids are new: to know that, one place in the table is all that is looked at.
    fn bring_near(&self, ids: &[DigitId]) {
        for id in ids {
            self.positions.bring_near(self.positions.hash(id));
        }
    }

    fn count(&self) -> usize {
        self.remembered.len()
    }

    fn entries(&self) -> Vec<IdEntry> {
        let all = self.remembered.iter().enumerate();
        let mut entries: Vec<_> = all.map(|(position, one)| (one.id, self.attempt_at(position))).collect();
        entries.sort_unstable_by_key(|(id, _)| *id);
        entries.into_iter().map(|(id, attempt)| IdEntry::First { id, attempt }).collect()
    }

    fn restore(&mut self, entries: &mut dyn Iterator<Item = IdEntry>) -> Result<(), StoreFull> {
        for entry in entries {
            if let IdEntry::First { id, attempt } = entry {
                self.get_or_remember(id, attempt, Ok(()))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Result<(), StoreFull> = Ok(());

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
        assert_eq!(store.get_or_remember(id("7"), first(1), ROOM), Ok(None));
        assert_eq!(store.get_or_remember(id("007"), first(2), ROOM), Ok(None));
        assert_eq!(store.get_or_remember(id("7"), first(3), ROOM), Ok(Some(first(1))));
    }

    #[test]
    fn what_was_enumerated_can_be_restored() {
        let mut store = MemoryIdStore::default();
        for (line_no, text) in (1..).zip(["30", "7", "007", "200"]) {
            store.get_or_remember(id(text), first(line_no), ROOM).unwrap();
        }
        assert_eq!(store.count(), 4);
        let entries = store.entries();
        let entry = |text, line_no| IdEntry::First { id: id(text), attempt: first(line_no) };
        assert_eq!(entries, [entry("7", 2), entry("30", 1), entry("007", 3), entry("200", 4)]);

        let mut restored = MemoryIdStore::default();
        restored.restore(&mut entries.iter().copied()).unwrap();
        assert_eq!(restored.entries(), entries);
        assert_eq!(restored.get_or_remember(id("7"), first(9), ROOM), Ok(Some(first(2))));
    }

    /// The short form must give back what went in, or not be taken.
    #[test]
    fn attempts_of_any_size_come_back_as_they_were() {
        const YEAR_1: i64 = -62_135_596_800;
        const YEAR_9999: i64 = 253_402_300_799;
        let usual = first(1);
        let whole_second = |seconds| Moment { seconds, nanos: 0 };
        let attempts = [
            FirstAttempt { customer_id: id("9999999999999999999"), ..usual },
            FirstAttempt { amount: Cents(0), ..usual },
            FirstAttempt { amount: Cents(u128::from(u32::MAX) - 1), ..usual },
            FirstAttempt { amount: Cents(u128::from(u32::MAX)), ..usual },
            FirstAttempt { amount: Cents(u128::from(u32::MAX) + 1), ..usual },
            FirstAttempt { amount: Cents(99_999_999_999_999_999), ..usual },
            FirstAttempt { time: whole_second(-1), ..usual },
            FirstAttempt { time: whole_second(YEAR_1), ..usual },
            FirstAttempt { time: whole_second(YEAR_9999), ..usual },
            FirstAttempt { time: Moment { seconds: 7, nanos: 500_000_000 }, ..usual },
            usual,
            FirstAttempt { time: whole_second(i64::MIN), ..usual },
            FirstAttempt { time: whole_second(i64::MAX), ..usual },
            FirstAttempt { time: Moment { seconds: YEAR_9999, nanos: 999_999_999 }, ..usual },
            FirstAttempt { time: Moment { seconds: -1, nanos: 1 }, line_no: u64::MAX, ..usual },
            FirstAttempt { line_no: u64::from(u32::MAX), time: whole_second(-1), ..usual },
            FirstAttempt { line_no: u64::from(u32::MAX) + 1, time: whole_second(YEAR_1), ..usual },
            FirstAttempt { line_no: (1 << 56) - 1, time: whole_second(YEAR_9999), ..usual },
            FirstAttempt { line_no: 1 << 56, time: whole_second(-1), ..usual },
        ];
        let mut store = MemoryIdStore::default();
        for (number, attempt) in attempts.iter().enumerate() {
            assert_eq!(store.get_or_remember(id(&number.to_string()), *attempt, ROOM), Ok(None));
        }
        for (number, attempt) in attempts.iter().enumerate() {
            assert_eq!(
                store.get_or_remember(id(&number.to_string()), usual, ROOM),
                Ok(Some(*attempt)),
                "{number}"
            );
        }
    }

    #[test]
    fn ids_are_found_again_however_many_there_are() {
        const COUNT: u64 = 20_000;
        let mut store = MemoryIdStore::default();
        for line_no in 0..COUNT {
            assert_eq!(store.get_or_remember(id(&line_no.to_string()), first(line_no), ROOM), Ok(None));
        }
        for line_no in 0..COUNT {
            let again = store.get_or_remember(id(&line_no.to_string()), first(0), ROOM);
            assert_eq!(again, Ok(Some(first(line_no))));
        }
    }

    #[test]
    fn a_full_store_refuses_new_ids_and_still_knows_the_others() {
        let mut store = MemoryIdStore::new(NonZeroU64::new(2));
        assert_eq!(store.get_or_remember(id("1"), first(1), ROOM), Ok(None));
        assert_eq!(store.get_or_remember(id("2"), first(2), ROOM), Ok(None));
        let full = StoreFull::MaxIds { max_ids: 2 };
        assert_eq!(store.get_or_remember(id("3"), first(3), ROOM), Err(full));
        assert_eq!(store.get_or_remember(id("1"), first(4), ROOM), Ok(Some(first(1))));
        assert_eq!(store.entries().len(), 2);

        let entries = store.entries();
        let mut too_small = MemoryIdStore::new(Some(NonZeroU64::MIN));
        assert_eq!(too_small.restore(&mut entries.into_iter()), Err(StoreFull::MaxIds { max_ids: 1 }));
    }

    /// Where there is no room for what else is kept, the id is not remembered; one that is known needs none.
    #[test]
    fn an_id_is_remembered_only_if_there_is_room_for_the_rest() {
        let elsewhere = StoreFull::Capacity { what: "days", max_entries: 7 };
        let mut store = MemoryIdStore::default();
        assert_eq!(store.get_or_remember(id("1"), first(1), Err(elsewhere)), Err(elsewhere));
        assert_eq!(store.entries(), []);
        assert_eq!(store.get_or_remember(id("1"), first(1), ROOM), Ok(None));
        assert_eq!(store.get_or_remember(id("1"), first(2), Err(elsewhere)), Ok(Some(first(1))));
    }

    #[test]
    fn a_limit_beyond_what_a_store_can_hold_is_none() {
        for max_ids in [None, Some(u64::from(u32::MAX) + 1), Some(u64::MAX)] {
            let IdLimit { max_ids, full } = IdLimit::new(max_ids.and_then(NonZeroU64::new), MAX_ENTRIES);
            assert_eq!(max_ids, MAX_ENTRIES);
            assert_eq!(full, StoreFull::Capacity { what: "ids", max_entries: MAX_ENTRIES });
        }
        assert_eq!(IdLimit::new(NonZeroU64::new(9), 9).full, StoreFull::MaxIds { max_ids: 9 });
        assert_eq!(
            IdLimit::new(NonZeroU64::new(9), 8).full,
            StoreFull::Capacity { what: "ids", max_entries: 8 }
        );
    }
}
