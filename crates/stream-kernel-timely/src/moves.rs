//! Moves of a stage's watermark in an epoch: every worker computes the same moves from the times of all workers' lines.

use stream_kernel_exec::{Memory, Stage};

use crate::packet::{read_number, write_number};
use crate::planted::{Bug, is_planted};

/// The times at which a worker's lines may move the watermark, in line order.
#[derive(Debug, Default)]
pub(crate) struct Times {
    times: Vec<(u64, i64)>,
    /// The last of them, and the greatest.
    earlier: Option<(i64, i64)>,
}

impl Times {
    /// Takes in the time of a line, unless it cannot move a watermark that is at `known` or later; returns whether it
    /// may.
    pub(crate) fn add(
        &mut self,
        memory: &mut Memory,
        stage: &Stage,
        line_no: u64,
        time: i64,
        known: Option<i64>,
    ) -> bool {
        let is_left_out =
            is_planted(Bug::TimesLeftOut) && self.earlier.is_some_and(|(_, greatest)| time <= greatest);
        let may_move = !is_left_out && memory.may_move_watermark(stage, time, known, self.earlier);
        if may_move {
            self.times.push((line_no, time));
            let greatest = self.earlier.map_or(time, |(_, greatest)| greatest.max(time));
            self.earlier = Some((time, greatest));
        }
        may_move
    }

    pub(crate) fn write(&self, to: &mut Vec<u8>) {
        write_number(self.times.len() as u64, to);
        for (line_no, time) in &self.times {
            write_number(*line_no, to);
            to.extend_from_slice(&time.to_le_bytes());
        }
    }
}

/// Takes a worker's times off the front.
pub(crate) fn read_times(from: &mut &[u8], times: &mut Vec<(u64, i64)>) -> Option<()> {
    for _ in 0..read_number(from)? {
        let line_no = read_number(from)?;
        let (time, rest) = from.split_first_chunk()?;
        *from = rest;
        times.push((line_no, i64::from_le_bytes(*time)));
    }
    Some(())
}

/// A line that moves the watermark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Move {
    pub(crate) line_no: u64,
    pub(crate) to: i64,
}

/// The watermark within an epoch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Moves {
    pub(crate) at_first: Option<i64>,
    pub(crate) moves: Vec<Move>,
}

impl Moves {
    /// Computes the moves from the times of all lines, in line order.
    pub(crate) fn of(
        memory: &mut Memory,
        stage: &Stage,
        at_first: Option<i64>,
        times: &[(u64, i64)],
    ) -> Self {
        let mut moves = Vec::new();
        let mut at = at_first;
        for &(line_no, time) in times {
            if let Some(to) = memory.watermark_after(stage, at, time) {
                at = Some(to);
                moves.push(Move { line_no, to });
            }
        }
        Self { at_first, moves }
    }

    /// Returns the watermark after the epoch.
    pub(crate) fn at_last(&self) -> Option<i64> {
        self.moves.last().map(|last| last.to).or(self.at_first)
    }

    /// Returns the number of the first line at which moves must be taken in again, if `next` are taken in and none of
    /// the lines up to there moves the watermark.
    pub(crate) fn until(&self, next: usize) -> u64 {
        if is_planted(Bug::StaleWatermark) {
            return u64::MAX;
        }
        self.moves.get(next).map_or(u64::MAX, |next| next.line_no)
    }

    /// Returns the watermark before a line, and the index of the line's move, if it is one.
    pub(crate) fn before(&self, line_no: u64) -> (Option<i64>, Option<usize>) {
        if is_planted(Bug::ForgottenWatermark) {
            return (self.at_first, None);
        }
        let index = self.moves.partition_point(|one| one.line_no < line_no);
        let before = index.checked_sub(1).map(|index| self.moves[index].to).or(self.at_first);
        let is_move = self.moves.get(index).is_some_and(|one| one.line_no == line_no);
        (before, is_move.then_some(index))
    }
}
