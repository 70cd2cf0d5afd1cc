//! Notices of lines on which far more is forgotten than one may expect: they move the latest day far ahead, or lie far
//! behind it.

use std::fmt;

use crate::domain::Day;

/// The greatest number of jumps that one run reports: whoever sends wrong times may send many.
pub(super) const MAX_JUMPS: u32 = 10;

/// Says that the line `line_no` moved the latest day by more than ids are remembered, so that so many ids are forgotten.
pub(super) fn jump(
    line_no: u64,
    from: Day,
    to: Day,
    remember_days: u16,
    forgotten: impl fmt::Display,
) -> impl fmt::Display {
    fmt::from_fn(move |f| {
        write!(
            f,
            "line {line_no} moves the latest day from {from} to {to}, by more than `remember_days` \
             ({remember_days}): {forgotten} forgotten (if such a time is wrong, start over with \
             `nodes.idempotency_gate.max_days_ahead`)"
        )
    })
}

/// Says that the line `line_no` is of a `day` so early that its id is forgotten at once.
pub(super) fn too_old(line_no: u64, day: Day, latest: Day, remember_days: u16) -> impl fmt::Display {
    fmt::from_fn(move |f| {
        write!(
            f,
            "line {line_no} is of {day}, more than `remember_days` ({remember_days}) before the latest day, {latest}: its id is \
             forgotten at once, so that a replay would not be noticed"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_say_what_is_forgotten_and_why() {
        let jump = |forgotten| jump(7, Day(0), Day(40), 30, forgotten);
        insta::assert_snapshot!(jump("2 ids are"), @"line 7 moves the latest day from 1970-01-01 to 1970-02-10, by more than `remember_days` (30): 2 ids are forgotten (if such a time is wrong, start over with `nodes.idempotency_gate.max_days_ahead`)");
        let too_old = too_old(7, Day(0), Day(40), 30);
        insta::assert_snapshot!(too_old, @"line 7 is of 1970-01-01, more than `remember_days` (30) before the latest day, 1970-02-10: its id is forgotten at once, so that a replay would not be noticed");
    }
}
