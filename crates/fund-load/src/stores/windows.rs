//! What a customer has done in a day and a week, and what all have done in a day.

use super::StoreFull;
use crate::domain::{Cents, Day, DigitId};

/// What a customer has done on a day and in its week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CustomerWindows {
    /// Attempts on the day, declined ones counted.
    pub attempts: u64,
    /// The sum of the effective amounts accepted on the day.
    pub day_accepted: Cents,
    /// The sum of the effective amounts accepted in the week.
    pub week_accepted: Cents,
}

/// One entry of a window store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WindowEntry {
    /// What a customer has done on a day; what was done in a week is the sum of its days.
    CustomerDay {
        /// Who.
        customer_id: DigitId,
        /// When.
        day: Day,
        /// The first day of the week.
        week: Day,
        /// Attempts, declined ones counted.
        attempts: u64,
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

/// Remembers what was done, by customer and day, and by day. What was never counted is zero.
///
/// A week is known by its first day, which is always the same weekday.
pub trait WindowStore {
    /// Returns what the customer has done on the day, and in the week that begins with `week` and holds the day.
    fn customer(&self, customer_id: DigitId, day: Day, week: Day) -> CustomerWindows;

    /// Checks whether there is room for [counting an attempt](Self::count_attempt) of the customer on the day.
    ///
    /// # Errors
    ///
    /// Refuses what counting the attempt would refuse.
    fn check_room(&self, customer_id: DigitId, day: Day, week: Day) -> Result<(), StoreFull>;

    /// Counts one attempt more of the customer on the day, of which `accepted` was accepted, and returns what there is now.
    ///
    /// # Errors
    ///
    /// Refuses a day that is new to the customer if it holds as many as it can, and a customer who is new if it knows as many as it
    /// may. What it holds stays as it is.
    // In this order the amount is handed on in registers. Behind day and week it would be handed on in memory.
    fn count_attempt(
        &mut self,
        customer_id: DigitId,
        accepted: Cents,
        day: Day,
        week: Day,
    ) -> Result<CustomerWindows, StoreFull>;

    /// Is told which customers' weeks will be asked for before long, and may see to it that they are found more quickly then.
    fn bring_near(&self, weeks: &[(DigitId, Day)]) {
        let _ = weeks;
    }

    /// Returns how many attempts with a prime id were accepted on the day.
    fn prime_day(&self, day: Day) -> u64;

    /// Counts one attempt more with a prime id that was accepted on the day.
    fn count_prime(&mut self, day: Day);

    /// Returns how many days of customers it holds.
    fn count(&self) -> usize;

    /// Returns everything that was counted, in ascending order.
    fn entries(&self) -> Vec<WindowEntry>;

    /// Puts back what [`entries`](Self::entries) returned into a store that is new.
    ///
    /// # Errors
    ///
    /// Refuses more than it can hold.
    fn restore(&mut self, entries: &mut dyn Iterator<Item = WindowEntry>) -> Result<(), StoreFull>;
}
