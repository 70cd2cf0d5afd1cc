//! Notices of lines on which far more is forgotten than one may expect: they move the latest day far ahead, or lie far
//! behind it.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use crate::domain::Day;

/// The greatest number of jumps that one run reports: whoever sends wrong times may send many.
pub const MAX_TOLD: u32 = 10;

/// A line that moved the latest day by more than ids are remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayJump {
    /// The line's number, from 1.
    pub line_no: u64,
    /// The latest day of all attempts before it.
    pub from: Day,
    /// Its own day.
    pub to: Day,
    /// For how many days ids are remembered.
    pub remember_days: u16,
    /// How many ids were forgotten.
    pub forgotten: u32,
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
pub struct TooOld {
    /// The line's number, from 1.
    pub line_no: u64,
    /// Its own day.
    pub day: Day,
    /// The latest day of all attempts so far.
    pub latest: Day,
    /// For how many days ids are remembered.
    pub remember_days: u16,
}

impl fmt::Display for TooOld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line_no, day, latest, remember_days } = self;
        write!(
            f,
            "line {line_no} is of {day}, more than `remember_days` ({remember_days}) before the latest day, {latest}: its id is \
             forgotten at once, so that a replay would not be noticed; further lines of this kind are not reported"
        )
    }
}

/// The notices of a run that were not taken yet; clones share them.
#[derive(Clone, Debug, Default)]
pub struct HorizonNotices(Rc<RefCell<Pending>>);

#[derive(Debug, Default)]
struct Pending {
    jumps: Vec<DayJump>,
    seen: u32,
    too_old: Option<TooOld>,
    has_too_old: bool,
}

impl HorizonNotices {
    /// Adds a jump, unless there were [`MAX_TOLD`] already.
    pub(super) fn push(&self, jump: DayJump) {
        let mut pending = self.0.borrow_mut();
        if pending.seen < MAX_TOLD {
            pending.seen += 1;
            pending.jumps.push(jump);
        }
    }

    /// Adds an attempt that is too old, unless there was one already.
    #[cold]
    pub(super) fn push_too_old(&self, too_old: TooOld) {
        let mut pending = self.0.borrow_mut();
        if !pending.has_too_old {
            (pending.too_old, pending.has_too_old) = (Some(too_old), true);
        }
    }

    /// Returns what was added since the last call, as sentences; the last of [`MAX_TOLD`] says that no more are told.
    pub fn take(&self) -> Vec<String> {
        let mut pending = self.0.borrow_mut();
        let mut told: Vec<_> = pending.jumps.drain(..).map(|jump| jump.to_string()).collect();
        if let Some(last) = told.last_mut().filter(|_| pending.seen == MAX_TOLD) {
            *last += "; further lines of this kind are not reported";
        }
        told.extend(pending.too_old.take().map(|too_old| too_old.to_string()));
        told
    }

    /// Forgets all of them, for a run that has repeated the lines of an earlier one.
    pub(crate) fn reset(&self) {
        self.0.take();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jump(line_no: u64) -> DayJump {
        DayJump { line_no, from: Day(0), to: Day(40), remember_days: 30, forgotten: 2 }
    }

    #[test]
    fn only_the_first_that_is_too_old_is_told() {
        let notices = HorizonNotices::default();
        let too_old = |line_no| TooOld { line_no, day: Day(0), latest: Day(40), remember_days: 30 };
        notices.push_too_old(too_old(7));
        notices.push_too_old(too_old(8));
        insta::assert_snapshot!(notices.take().join("\n"), @"line 7 is of 1970-01-01, more than `remember_days` (30) before the latest day, 1970-02-10: its id is forgotten at once, so that a replay would not be noticed; further lines of this kind are not reported");
        notices.push_too_old(too_old(9));
        assert_eq!(notices.take(), [""; 0]);
    }

    #[test]
    fn a_jump_is_told_once_and_so_many_in_all() {
        let jumps = HorizonNotices::default();
        jumps.push(jump(7));
        insta::assert_snapshot!(jumps.take().join("\n"), @"line 7 moves the latest day from 1970-01-01 to 1970-02-10, by more than `remember_days` (30): 2 ids are forgotten (if such a time is wrong, start over with `nodes.idempotency_gate.max_days_ahead`)");
        assert_eq!(jumps.take(), [""; 0]);
        (1..MAX_TOLD - 1).for_each(|_| jumps.push(jump(8)));
        assert!(!jumps.take().concat().contains("not reported"));
        jumps.push(jump(9));
        jumps.push(jump(10));
        let told = jumps.take();
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("line 9 ") && told[0].ends_with("are not reported"), "{told:?}");
        jumps.push(jump(11));
        assert_eq!(jumps.take(), [""; 0]);
        jumps.reset();
        jumps.push(jump(12));
        assert_eq!(jumps.take().len(), 1);
    }
}
