//! Lines that move the latest day so far that all ids of the days before are forgotten.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use crate::domain::Day;

/// So many are told in one run: whoever sends wrong times may send many.
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

/// The jumps of a run that were not taken yet; clones share them.
#[derive(Clone, Debug, Default)]
pub struct DayJumps(Rc<RefCell<Pending>>);

#[derive(Debug, Default)]
struct Pending {
    jumps: Vec<DayJump>,
    seen: u32,
}

impl DayJumps {
    /// Adds a jump, unless there were [`MAX_TOLD`] already.
    pub(super) fn push(&self, jump: DayJump) {
        let mut pending = self.0.borrow_mut();
        if pending.seen < MAX_TOLD {
            pending.seen += 1;
            pending.jumps.push(jump);
        }
    }

    /// Returns what was added since the last call, as sentences; the last of [`MAX_TOLD`] says that no more are told.
    pub fn take(&self) -> Vec<String> {
        let mut pending = self.0.borrow_mut();
        let mut told: Vec<_> = pending.jumps.drain(..).map(|jump| jump.to_string()).collect();
        if let Some(last) = told.last_mut().filter(|_| pending.seen == MAX_TOLD) {
            *last += "; further lines of this kind are not reported";
        }
        told
    }

    /// Forgets all jumps, for a run that has repeated the lines of an earlier one.
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
    fn a_jump_is_told_once_and_so_many_in_all() {
        let jumps = DayJumps::default();
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
