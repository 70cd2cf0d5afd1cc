//! What was decided, in counts.

use crate::domain::{Reason, Verdict};

/// Counts decisions by verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub(crate) accepted: u64,
    pub(crate) declined: [u64; Reason::ALL.len()],
}

impl Tally {
    /// Counts one decision.
    pub fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Accepted => self.accepted += 1,
            Verdict::Declined(reason) => self.declined[reason as usize] += 1,
        }
    }

    /// Returns how many were accepted.
    pub fn accepted(&self) -> u64 {
        self.accepted
    }

    /// Returns how many were declined.
    pub fn declined(&self) -> u64 {
        self.declined.iter().sum()
    }

    /// Returns how many were declined by reason, as far as there are any, in the order in which reasons are checked.
    pub fn declined_by_reason(&self) -> impl Iterator<Item = (Reason, u64)> {
        Reason::ALL.into_iter().zip(self.declined).filter(|&(_, count)| count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_counted_in_its_own_place() {
        let mut tally = Tally::default();
        assert_eq!(tally.declined_by_reason().next(), None, "nothing was declined");
        (0..2).for_each(|_| tally.count(Verdict::Accepted));
        for (times, reason) in (1..).zip(Reason::ALL) {
            (0..times).for_each(|_| tally.count(Verdict::Declined(reason)));
        }
        assert_eq!(tally.accepted(), 2);
        assert_eq!(tally.declined(), 66);
        assert!(tally.declined_by_reason().eq(Reason::ALL.into_iter().zip(1..)));
    }
}
