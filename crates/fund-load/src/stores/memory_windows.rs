//! What customers have done, in memory.

use std::collections::HashMap;
use std::hint;
use std::num::NonZeroU64;

use super::customer_limit::CustomerLimit;
use super::position_table::PositionTable;
use super::{CustomerWindows, MAX_ENTRIES, StoreFull, WindowEntry, WindowStore};
use crate::domain::{Cents, Day, DigitId};

/// A [`WindowStore`] in memory, of up to [`MAX_ENTRIES`] days of customers; it grows by 24 bytes for each, and 6 to 12 a week for
/// finding them.
///
/// One look-up finds all that an attempt is held against: the days of a customer's week are a chain, of seven at most.
#[derive(Clone, Debug)]
pub struct MemoryWindowStore {
    /// By customer and week: the position of the day that was counted first.
    weeks: PositionTable,
    days: Vec<CustomerDay>,
    /// By position, the few days that do not fit into [`CustomerDay`].
    unusual: HashMap<u32, (u64, Cents)>,
    max_entries: u32,
    customers: Option<CustomerLimit>,
    primes: HashMap<Day, u64>,
}

/// What a customer has done on a day.
#[derive(Clone, Copy, Debug)]
struct CustomerDay {
    customer_id: DigitId,
    week: Day,
    /// The position of the next day in the same week; [`NONE`] if this is the last.
    next: u32,
    /// [`UNUSUAL`] if this sum and the attempts are kept aside.
    accepted_cents: u32,
    attempts: u16,
    /// The day's distance from the first day of the week.
    weekday: u8,
    /// Whether the table of weeks leads here.
    is_first: bool,
}

const _: () = assert!(size_of::<CustomerDay>() == 24);

const NONE: u32 = u32::MAX;
const UNUSUAL: u32 = u32::MAX;

/// How many weeks are waited for at the same time when they are brought near, and how many days of each.
const WEEKS_AT_ONCE: usize = 16;
const DAYS_BROUGHT_NEAR: usize = 3;

/// What a look-up of a customer's day finds.
struct Found {
    windows: CustomerWindows,
    /// Where the day is, if it was ever counted.
    at: Option<usize>,
    /// Where the chain of the week ends, if any day of the week was ever counted.
    last: Option<usize>,
}

impl Default for MemoryWindowStore {
    fn default() -> Self {
        Self::new(None)
    }
}

impl MemoryWindowStore {
    /// Returns an empty store that may hold something of `max_customers`. Only if that is given, customers are counted: in 9 to 18
    /// bytes for each.
    pub fn new(max_customers: Option<NonZeroU64>) -> Self {
        Self { customers: max_customers.map(CustomerLimit::new), ..Self::with_max_entries(MAX_ENTRIES) }
    }

    fn with_max_entries(max_entries: u32) -> Self {
        Self {
            weeks: PositionTable::new(),
            days: Vec::new(),
            unusual: HashMap::new(),
            max_entries,
            customers: None,
            primes: HashMap::new(),
        }
    }

    fn full(&self) -> StoreFull {
        StoreFull::Capacity { what: "customers' days", max_entries: self.max_entries }
    }

    fn find(&self, hash: u64, customer_id: DigitId, day: Day, week: Day) -> Found {
        let mut found = Found { windows: CustomerWindows::default(), at: None, last: None };
        let mut next = self.weeks.find(hash, |position| {
            let candidate = &self.days[position];
            candidate.customer_id == customer_id && candidate.week == week
        });
        while let Some(position) = next {
            let (attempts, accepted) = self.counts_at(position);
            found.windows.week_accepted = found.windows.week_accepted + accepted;
            let CustomerDay { weekday, next: following, .. } = self.days[position];
            if week.0 + i32::from(weekday) == day.0 {
                (found.windows.attempts, found.windows.day_accepted) = (attempts, accepted);
                found.at = Some(position);
            }
            found.last = Some(position);
            next = (following != NONE).then_some(following as usize);
        }
        found
    }

    /// Returns the position that comes after `position` in the chain of its week, [`NONE`] if none does.
    fn next_in_chain(&self, position: u32) -> u32 {
        self.days.get(position as usize).map_or(NONE, |day| day.next)
    }

    fn counts_at(&self, position: usize) -> (u64, Cents) {
        let day = &self.days[position];
        let aside = || u32::try_from(position).ok().and_then(|position| self.unusual.get(&position)).copied();
        let usual = (day.attempts.into(), Cents(day.accepted_cents.into()));
        (day.accepted_cents == UNUSUAL).then(aside).flatten().unwrap_or(usual)
    }

    fn set_counts_at(&mut self, position: usize, attempts: u64, accepted: Cents) {
        let day = &mut self.days[position];
        match (u16::try_from(attempts), u32::try_from(accepted.0)) {
            (Ok(attempts), Ok(cents)) if cents != UNUSUAL => {
                (day.attempts, day.accepted_cents) = (attempts, cents);
            }
            _ => {
                day.accepted_cents = UNUSUAL;
                // There are never more days than 32 bits can tell apart.
                let position = u32::try_from(position).unwrap_or(u32::MAX);
                self.unusual.insert(position, (attempts, accepted));
            }
        }
    }

    /// Adds a day that is not there yet, after the last of its week if there is any, and returns its position.
    fn add(
        &mut self,
        hash: u64,
        customer_id: DigitId,
        day: Day,
        week: Day,
        last: Option<usize>,
    ) -> Result<usize, StoreFull> {
        let weekday = u8::try_from(day.0 - week.0).unwrap_or(u8::MAX);
        assert!(weekday < 7, "{day} is a day of the week that begins with {week}");
        let full = self.full();
        let position = u32::try_from(self.days.len()).map_err(|_| full)?;
        if position == self.max_entries {
            return Err(full);
        }
        if let Some(customers) = &mut self.customers {
            customers.check(customer_id)?;
            customers.add(customer_id);
        }
        if let Some(last) = last {
            self.days[last].next = position;
        } else {
            let firsts = self.days.iter().zip(0..).filter(|(day, _)| day.is_first);
            let keys = firsts.map(|(day, position)| ((day.customer_id, day.week), position));
            self.weeks.insert(hash, position, keys);
        }
        self.days.push(CustomerDay {
            customer_id,
            week,
            next: NONE,
            accepted_cents: 0,
            attempts: 0,
            weekday,
            is_first: last.is_none(),
        });
        Ok(position as usize)
    }
}

impl WindowStore for MemoryWindowStore {
    fn customer(&self, customer_id: DigitId, day: Day, week: Day) -> CustomerWindows {
        self.find(self.weeks.hash((customer_id, week)), customer_id, day, week).windows
    }

    fn check_room(&self, customer_id: DigitId, day: Day, week: Day) -> Result<(), StoreFull> {
        if let Some(customers) = &self.customers {
            customers.check(customer_id)?;
        }
        if self.days.len() < self.max_entries as usize {
            return Ok(());
        }
        let hash = self.weeks.hash((customer_id, week));
        self.find(hash, customer_id, day, week).at.map(|_| ()).ok_or(self.full())
    }

    fn count_attempt(
        &mut self,
        customer_id: DigitId,
        accepted: Cents,
        day: Day,
        week: Day,
    ) -> Result<CustomerWindows, StoreFull> {
        let hash = self.weeks.hash((customer_id, week));
        let Found { mut windows, at, last } = self.find(hash, customer_id, day, week);
        let position = match at {
            Some(position) => position,
            None => self.add(hash, customer_id, day, week, last)?,
        };
        windows.attempts += 1;
        windows.day_accepted = windows.day_accepted + accepted;
        windows.week_accepted = windows.week_accepted + accepted;
        self.set_counts_at(position, windows.attempts, windows.day_accepted);
        Ok(windows)
    }

    /// Goes with all of them to the table, then with all to their first days, then to the next ones: what one has to wait for, the others
    /// wait for at the same time.
    fn bring_near(&self, weeks: &[(DigitId, Day)]) {
        for weeks in weeks.chunks(WEEKS_AT_ONCE) {
            let mut hashes = [0; WEEKS_AT_ONCE];
            for (hash, week) in hashes.iter_mut().zip(weeks) {
                *hash = self.weeks.hash(week);
                self.weeks.bring_near(*hash);
            }
            let mut days = [NONE; WEEKS_AT_ONCE];
            for (day, &hash) in days.iter_mut().zip(&hashes[..weeks.len()]) {
                *day = self.weeks.guess(hash).and_then(|at| u32::try_from(at).ok()).unwrap_or(NONE);
                hint::black_box(self.next_in_chain(*day));
            }
            for _ in 1..DAYS_BROUGHT_NEAR {
                for day in &mut days {
                    *day = self.next_in_chain(*day);
                    hint::black_box(self.next_in_chain(*day));
                }
            }
        }
    }

    fn prime_day(&self, day: Day) -> u64 {
        self.primes.get(&day).copied().unwrap_or_default()
    }

    fn count_prime(&mut self, day: Day) {
        *self.primes.entry(day).or_default() += 1;
    }

    fn count(&self) -> usize {
        self.days.len()
    }

    fn entries(&self) -> Vec<WindowEntry> {
        let days = self.days.iter().enumerate().map(|(position, day)| {
            let (attempts, accepted) = self.counts_at(position);
            let CustomerDay { customer_id, week, weekday, .. } = *day;
            let day = Day(week.0 + i32::from(weekday));
            WindowEntry::CustomerDay { customer_id, day, week, attempts, accepted }
        });
        let primes = self.primes.iter().map(|(&day, &accepted)| WindowEntry::PrimeDay { day, accepted });
        let mut entries: Vec<_> = days.chain(primes).collect();
        entries.sort_unstable();
        entries
    }

    fn restore(&mut self, entries: &mut dyn Iterator<Item = WindowEntry>) -> Result<(), StoreFull> {
        for entry in entries {
            match entry {
                WindowEntry::CustomerDay { customer_id, day, week, attempts, accepted } => {
                    let hash = self.weeks.hash((customer_id, week));
                    let position = match self.find(hash, customer_id, day, week) {
                        Found { at: Some(position), .. } => position,
                        Found { last, .. } => self.add(hash, customer_id, day, week, last)?,
                    };
                    self.set_counts_at(position, attempts, accepted);
                }
                WindowEntry::PrimeDay { day, accepted } => {
                    self.primes.insert(day, accepted);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
