//! What a customer has done in a day and a week, and what all have done in a day.

use std::collections::HashMap;

use crate::domain::{Cents, Day, DigitId};

/// What a customer has done on a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayWindow {
    /// Attempts, declined ones counted.
    pub attempts: u64,
    /// The sum of the effective amounts accepted.
    pub accepted: Cents,
}

/// One entry of a window store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WindowEntry {
    /// What a customer has done on a day.
    CustomerDay {
        /// Who.
        customer_id: DigitId,
        /// When.
        day: Day,
        /// Attempts, declined ones counted.
        attempts: u64,
        /// The sum of the effective amounts accepted.
        accepted: Cents,
    },
    /// What was accepted of a customer in a week.
    CustomerWeek {
        /// Who.
        customer_id: DigitId,
        /// The first day of the week.
        week: Day,
        /// The sum of the effective amounts accepted.
        accepted: Cents,
    },
    /// Over all customers.
    PrimeDay {
        /// When.
        day: Day,
        /// Attempts accepted whose id is a prime number.
        accepted: u64,
    },
}

/// Remembers what was done, by customer and day, by customer and week, and by day. What was never set is zero.
pub trait WindowStore {
    /// Returns what the customer has done on the day.
    fn customer_day(&self, customer_id: DigitId, day: Day) -> DayWindow;

    /// Returns what was accepted of the customer in the week that begins with `week`.
    fn customer_week(&self, customer_id: DigitId, week: Day) -> Cents;

    /// Returns how many attempts with a prime id were accepted on the day.
    fn prime_day(&self, day: Day) -> u64;

    /// Sets one entry; also how what [`entries`](Self::entries) returned is restored.
    fn set(&mut self, entry: WindowEntry);

    /// Returns everything that was set, in ascending order.
    fn entries(&self) -> Vec<WindowEntry>;
}

/// A [`WindowStore`] in memory; it grows with the number of customers' days and weeks.
///
/// Customers' ids come from outside, so that the maps hash with keys of their own that nobody outside knows.
#[derive(Clone, Debug, Default)]
pub struct MemoryWindowStore {
    customer_days: HashMap<(DigitId, Day), DayWindow>,
    customer_weeks: HashMap<(DigitId, Day), Cents>,
    prime_days: HashMap<Day, u64>,
}

impl WindowStore for MemoryWindowStore {
    fn customer_day(&self, customer_id: DigitId, day: Day) -> DayWindow {
        self.customer_days.get(&(customer_id, day)).copied().unwrap_or_default()
    }

    fn customer_week(&self, customer_id: DigitId, week: Day) -> Cents {
        self.customer_weeks.get(&(customer_id, week)).copied().unwrap_or_default()
    }

    fn prime_day(&self, day: Day) -> u64 {
        self.prime_days.get(&day).copied().unwrap_or_default()
    }

    fn set(&mut self, entry: WindowEntry) {
        match entry {
            WindowEntry::CustomerDay { customer_id, day, attempts, accepted } => {
                self.customer_days.insert((customer_id, day), DayWindow { attempts, accepted });
            }
            WindowEntry::CustomerWeek { customer_id, week, accepted } => {
                self.customer_weeks.insert((customer_id, week), accepted);
            }
            WindowEntry::PrimeDay { day, accepted } => {
                self.prime_days.insert(day, accepted);
            }
        }
    }

    fn entries(&self) -> Vec<WindowEntry> {
        let days = self.customer_days.iter().map(|(&(customer_id, day), window)| WindowEntry::CustomerDay {
            customer_id,
            day,
            attempts: window.attempts,
            accepted: window.accepted,
        });
        let weeks = self.customer_weeks.iter().map(|(&(customer_id, week), &accepted)| {
            WindowEntry::CustomerWeek { customer_id, week, accepted }
        });
        let primes = self.prime_days.iter().map(|(&day, &accepted)| WindowEntry::PrimeDay { day, accepted });
        let mut entries: Vec<_> = days.chain(weeks).chain(primes).collect();
        entries.sort_unstable();
        entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> DigitId {
        DigitId::parse(text).unwrap()
    }

    #[test]
    fn what_was_never_set_is_zero() {
        let store = MemoryWindowStore::default();
        assert_eq!(store.customer_day(id("1"), Day(0)), DayWindow::default());
        assert_eq!(store.customer_week(id("1"), Day(0)), Cents(0));
        assert_eq!(store.prime_day(Day(0)), 0);
        assert_eq!(store.entries(), []);
    }

    #[test]
    fn entries_are_kept_apart_and_can_be_restored() {
        let entries = [
            WindowEntry::CustomerDay {
                customer_id: id("1"),
                day: Day(-1),
                attempts: 2,
                accepted: Cents(300),
            },
            WindowEntry::CustomerDay { customer_id: id("1"), day: Day(0), attempts: 1, accepted: Cents(0) },
            WindowEntry::CustomerDay { customer_id: id("01"), day: Day(0), attempts: 7, accepted: Cents(1) },
            WindowEntry::CustomerWeek { customer_id: id("1"), week: Day(0), accepted: Cents(300) },
            WindowEntry::PrimeDay { day: Day(0), accepted: 4 },
        ];
        let mut store = MemoryWindowStore::default();
        entries.into_iter().rev().for_each(|entry| store.set(entry));

        assert_eq!(store.customer_day(id("1"), Day(-1)), DayWindow { attempts: 2, accepted: Cents(300) });
        assert_eq!(store.customer_day(id("01"), Day(0)), DayWindow { attempts: 7, accepted: Cents(1) });
        assert_eq!(store.customer_week(id("1"), Day(0)), Cents(300));
        assert_eq!(store.customer_week(id("1"), Day(-1)), Cents(0));
        assert_eq!(store.prime_day(Day(0)), 4);
        assert_eq!(store.entries(), entries);
    }
}
