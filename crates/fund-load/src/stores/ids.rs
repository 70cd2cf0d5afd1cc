//! Which ids were used, and for what.

use super::StoreFull;
use crate::domain::{Attempt, Cents, Day, DigitId, Moment};

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

/// One entry of an id store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdEntry {
    /// The first attempt with an id.
    First {
        /// The id.
        id: DigitId,
        /// What it was used for.
        attempt: FirstAttempt,
    },
    /// The latest day of all attempts that the store was shown, if it forgets by it.
    LatestDay(Day),
}

/// Remembers the first attempt with each id.
pub trait IdStore {
    /// Returns what is remembered of `id`; if nothing is, remembers `attempt` and returns `None`.
    ///
    /// `room` says whether there is room for what else is kept of an attempt whose id is new.
    ///
    /// # Errors
    ///
    /// Refuses an id that is new if `room` does, or if it holds as many as it may. What it holds stays as it is, and so
    /// does everything that it goes by: it is as if it had not been asked.
    fn get_or_remember(
        &mut self,
        id: DigitId,
        attempt: FirstAttempt,
        room: Result<(), StoreFull>,
    ) -> Result<Option<FirstAttempt>, StoreFull>;

    /// Is told which ids will be asked for before long, and may see to it that they are found more quickly then.
    fn bring_near(&self, ids: &[DigitId]) {
        let _ = ids;
    }

    /// Returns how many ids it holds, those that are forgotten but still in memory included.
    fn count(&self) -> usize;

    /// Returns everything that is remembered: the attempts by id in ascending order, then the latest day.
    fn entries(&self) -> Vec<IdEntry>;

    /// Puts back what [`entries`](Self::entries) returned into a store that is new. Their order does not matter.
    ///
    /// # Errors
    ///
    /// Refuses more than it may hold.
    fn restore(&mut self, entries: &mut dyn Iterator<Item = IdEntry>) -> Result<(), StoreFull>;
}
