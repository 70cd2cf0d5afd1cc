//! Notices of lines on which far more is forgotten than one may expect: they move the latest day far ahead, or lie far
//! behind it.

use std::fmt;

use crate::domain::Day;

/// The greatest number of jumps that one run reports: whoever sends wrong times may send many.
pub(super) const MAX_JUMPS: u32 = 10;

/// A line that moved the latest day by more than ids are remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DayJump {
    /// The line's number, from 1.
    pub(super) line_no: u64,
    /// The latest day of all attempts before it.
    pub(super) from: Day,
    /// Its own day.
    pub(super) to: Day,
    /// For how many days ids are remembered.
    pub(super) remember_days: u16,
    /// How many ids were forgotten.
    pub(super) forgotten: usize,
}

impl fmt::Display for DayJump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line_no, from, to, remember_days, forgotten } = self;
        let ids = if *forgotten == 1 { "id is" } else { "ids are" };
        write!(
            f,
            "line {line_no} moves the latest day from {from} to {to}, by more than `remember_days` \
             ({remember_days}): {forgotten} {ids} forgotten (if such a time is wrong, start over with \
             `nodes.idempotency_gate.max_days_ahead`)"
        )
    }
}

/// An attempt whose own day is so early that its id is forgotten at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooOld {
    /// The line's number, from 1.
    pub(super) line_no: u64,
    /// Its own day.
    pub(super) day: Day,
    /// The latest day of all attempts so far.
    pub(super) latest: Day,
    /// For how many days ids are remembered.
    pub(super) remember_days: u16,
}

impl fmt::Display for TooOld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line_no, day, latest, remember_days } = self;
        write!(
            f,
            "line {line_no} is of {day}, more than `remember_days` ({remember_days}) before the latest day, {latest}: its id is \
             forgotten at once, so that a replay would not be noticed"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_say_what_is_forgotten_and_why() {
        let jump =
            |forgotten| DayJump { line_no: 7, from: Day(0), to: Day(40), remember_days: 30, forgotten };
        insta::assert_snapshot!(jump(2), @"line 7 moves the latest day from 1970-01-01 to 1970-02-10, by more than `remember_days` (30): 2 ids are forgotten (if such a time is wrong, start over with `nodes.idempotency_gate.max_days_ahead`)");
        assert!(jump(1).to_string().contains("1 id is forgotten"));
        let too_old = TooOld { line_no: 7, day: Day(0), latest: Day(40), remember_days: 30 };
        insta::assert_snapshot!(too_old, @"line 7 is of 1970-01-01, more than `remember_days` (30) before the latest day, 1970-02-10: its id is forgotten at once, so that a replay would not be noticed");
    }
}
