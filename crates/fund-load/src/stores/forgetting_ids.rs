//! Ids that are forgotten after some days.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use super::horizon_notices::{DayJump, HorizonNotices, TooOld};
use super::store_full::IdLimit;
use super::{FirstAttempt, IdEntry, IdStore, MAX_ENTRIES, MemoryIdStore, StoreFull};
use crate::domain::{Day, DigitId};

/// An [`IdStore`] in memory that forgets an id whose first attempt lies more than so many days before the latest day.
///
/// Days are those of the attempts' own times, and the latest is that of all attempts that the store was shown, the one
/// at hand included, whether their ids were new or not. What is forgotten so depends on what was read alone. An attempt
/// that is itself so old is the first with its id, and forgotten at once. With
/// [`max_days_ahead`](Self::max_days_ahead), an attempt that is further ahead does not move the latest day.
///
/// What is forgotten stays in memory until there is more of that than of what is remembered. Then all of it is let go at once, which costs each
/// id no more than the time of one more, and nobody can tell. So there are up to [`MAX_ENTRIES`] / 2 ids, in twice the memory that
/// [`MemoryIdStore`] takes for them at most, and a number a day.
#[derive(Clone, Debug)]
pub struct ForgettingIdStore {
    /// Some of them may be forgotten; of those with the same id, one is not at most.
    ids: MemoryIdStore,
    remember_days: u16,
    max_days_ahead: Option<u16>,
    latest: Option<Day>,
    notices: HorizonNotices,
    /// How many ids are remembered, by the day of their first attempt; none before the oldest that is remembered.
    counts: BTreeMap<Day, u32>,
    /// How many that is altogether.
    count: u32,
    limit: IdLimit,
}

impl ForgettingIdStore {
    /// Returns an empty store that goes back `remember_days` before the latest day, and holds `max_ids` at most.
    pub fn new(remember_days: u16, max_ids: Option<NonZeroU64>) -> Self {
        Self {
            ids: MemoryIdStore::default(),
            remember_days,
            max_days_ahead: None,
            latest: None,
            notices: HorizonNotices::default(),
            counts: BTreeMap::new(),
            count: 0,
            // What is forgotten and still there takes positions as well.
            limit: IdLimit::new(max_ids, MAX_ENTRIES / 2),
        }
    }

    /// Does not let an attempt move the latest day by more than `days`. The first attempt of all sets it, whatever its
    /// day.
    pub fn max_days_ahead(mut self, days: Option<u16>) -> Self {
        self.max_days_ahead = days;
        self
    }

    /// Reports to `notices` each line that moves the latest day by more than ids are remembered, and the first that is
    /// too old for it.
    pub fn reports_to(mut self, notices: HorizonNotices) -> Self {
        self.notices = notices;
        self
    }

    /// Returns the latest day once an attempt on `day` is read.
    fn latest_with(&self, day: Day) -> Day {
        let Some(latest) = self.latest else { return day };
        let is_too_far = self.max_days_ahead.is_some_and(|max| day.0 - latest.0 > i32::from(max));
        if is_too_far { latest } else { latest.max(day) }
    }

    /// Returns how many of the ids are remembered once `oldest` is the oldest day that is.
    fn count_from(&self, oldest: Day) -> u32 {
        self.count - self.counts.range(..oldest).map(|(_, count)| count).sum::<u32>()
    }

    /// Remembers an attempt whose id is not known. Its hash is taken anew: forgetting may have made another table, with
    /// another seed.
    fn keep(&mut self, id: DigitId, attempt: FirstAttempt) {
        self.ids.push(self.ids.hash(id), id, attempt);
        *self.counts.entry(attempt.time.day()).or_default() += 1;
        self.count += 1;
    }

    fn forget_before(&mut self, oldest: Day) {
        while let Some(day) = self.counts.first_entry().filter(|day| *day.key() < oldest) {
            self.count -= day.remove();
        }
        let forgotten = self.ids.len() - self.count as usize;
        if forgotten > self.count as usize {
            self.ids.retain(|first| first.time.day() >= oldest);
        }
    }
}

impl IdStore for ForgettingIdStore {
    fn get_or_remember(
        &mut self,
        id: DigitId,
        attempt: FirstAttempt,
        room: Result<(), StoreFull>,
    ) -> Result<Option<FirstAttempt>, StoreFull> {
        let day = attempt.time.day();
        let latest = self.latest_with(day);
        let oldest = Day(latest.0.saturating_sub(self.remember_days.into()));
        let first = self.ids.find(self.ids.hash(id), id, |first| first.time.day() >= oldest);
        let is_kept = first.is_none() && day >= oldest;
        if first.is_none() {
            room?;
        }
        if is_kept && self.count_from(oldest) >= self.limit.max_ids {
            return Err(self.limit.full);
        }
        // Only from here on anything changes: an attempt that was refused may come again.
        let before = (self.latest.replace(latest), self.count);
        self.forget_before(oldest);
        if let (Some(from), count) = before
            && oldest > from
        {
            let (line_no, remember_days, forgotten) =
                (attempt.line_no, self.remember_days, count - self.count);
            self.notices.push(DayJump { line_no, from, to: latest, remember_days, forgotten });
        }
        if is_kept {
            self.keep(id, attempt);
        } else if first.is_none() {
            let (line_no, remember_days) = (attempt.line_no, self.remember_days);
            self.notices.push_too_old(TooOld { line_no, day, latest, remember_days });
        }
        Ok(first)
    }

    fn bring_near(&self, ids: &[DigitId]) {
        self.ids.bring_near(ids);
    }

    fn count(&self) -> usize {
        self.ids.count()
    }

    fn entries(&self) -> Vec<IdEntry> {
        let Some(latest) = self.latest else { return Vec::new() };
        let oldest = Day(latest.0.saturating_sub(self.remember_days.into()));
        let is_remembered = |entry: &IdEntry| match entry {
            IdEntry::First { attempt, .. } => attempt.time.day() >= oldest,
            IdEntry::LatestDay(_) => true,
        };
        let mut entries = self.ids.entries();
        entries.retain(is_remembered);
        entries.push(IdEntry::LatestDay(latest));
        entries
    }

    fn restore(&mut self, entries: &mut dyn Iterator<Item = IdEntry>) -> Result<(), StoreFull> {
        for entry in entries {
            match entry {
                // The latest day is an entry of its own: it need not be that of any attempt that is remembered.
                IdEntry::First { id, attempt } => {
                    if self.count >= self.limit.max_ids {
                        return Err(self.limit.full);
                    }
                    self.keep(id, attempt);
                }
                IdEntry::LatestDay(day) => self.latest = self.latest.max(Some(day)),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
