//! Watermarks: the greatest event time of all lines so far.

use super::shared::Shared;
use super::store::{NotRestored, Store, StoreKind};
use crate::Encode;

/// A watermark: the greatest event time among the lines so far. Its key is the time of the message at hand.
///
/// Times are whole numbers of whatever unit the application takes, such as days.
#[derive(Debug, Default)]
pub struct Watermark {
    greatest: Option<i64>,
    max_ahead: Option<i64>,
    /// Its value before this line.
    before: Option<i64>,
    is_moved: bool,
}

impl Watermark {
    /// Returns a watermark that no line has set yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ignores times more than `max_ahead` after it. The first line sets it, whatever its time.
    pub fn max_ahead(mut self, max_ahead: Option<i64>) -> Self {
        self.max_ahead = max_ahead;
        self
    }

    /// Returns whether a line at `time` may move a watermark that is at `known` or later, after all times of `earlier`
    /// lines: the last one that may move it, and the greatest.
    pub(crate) fn may_move(&self, time: i64, known: Option<i64>, earlier: Option<(i64, i64)>) -> bool {
        let is_later = known.is_none_or(|known| time > known);
        is_later
            && earlier.is_none_or(|(last, greatest)| match self.max_ahead {
                None => time > greatest,
                Some(_) => time != last,
            })
    }

    /// Returns the new value of a watermark at `before` after a line at `time`, if the line moves it.
    pub(crate) fn after(&self, before: Option<i64>, time: i64) -> Option<i64> {
        let is_later = before.is_none_or(|before| {
            let is_too_far = self.max_ahead.is_some_and(|max| time.saturating_sub(before) > max);
            time > before && !is_too_far
        });
        is_later.then_some(time)
    }

    fn before(&self) -> Option<i64> {
        if self.is_moved { self.before } else { self.greatest }
    }

    fn move_to(&mut self, time: i64) {
        (self.before, self.is_moved) = (self.before(), true);
        self.greatest = Some(time);
    }
}

/// A step's view of a watermark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The greatest time of all earlier lines; `None` on the first.
    pub before: Option<i64>,
    /// The same, this line included.
    pub now: i64,
}

impl Store for Watermark {
    type Key = i64;
    type Access<'a> = Mark;
    const KIND: StoreKind = StoreKind::Watermark;

    #[inline]
    fn access(&mut self, time: i64) -> Mark {
        Mark { before: self.before(), now: self.greatest.unwrap_or(time) }
    }

    #[inline]
    fn observe(&mut self, &time: &i64) -> bool {
        let after = self.after(self.greatest, time);
        if let Some(after) = after {
            self.move_to(after);
        }
        after.is_some()
    }

    fn time(&self, &time: &i64) -> Option<i64> {
        Some(time)
    }

    fn watermark(&self) -> Option<i64> {
        self.greatest
    }

    fn end_line(&mut self) {
        self.is_moved = false;
    }

    fn roll_back(&mut self) {
        (self.greatest, self.is_moved) = (self.before(), false);
    }

    fn records(&self, record: &mut Vec<u8>, each: &mut dyn FnMut(&mut Vec<u8>)) {
        self.greatest.encode(record);
        each(record);
    }

    fn restore(&mut self, from: &mut &[u8]) -> Result<(), NotRestored> {
        self.greatest = Option::decode(from).ok_or(NotRestored::Corrupt)?;
        Ok(())
    }

    fn skip(&self, from: &mut &[u8]) -> Option<()> {
        <Option<i64>>::decode(from).map(drop)
    }

    fn snapshot_bytes(&self) -> u64 {
        size_of::<Option<i64>>() as u64
    }

    fn set_watermark(&mut self, watermark: Option<i64>) {
        (self.greatest, self.is_moved) = (watermark, false);
    }

    fn owner_bytes(&self, _: &i64, _: &mut Vec<u8>) {}
}

/// Workers exchange the times that may move it, and each works out the same value.
impl Shared for Watermark {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes in a line at each time, and returns a step's view of the watermark.
    fn seen(mut watermark: Watermark, times: &[i64]) -> Vec<(Option<i64>, i64)> {
        let line = |time: &i64| {
            watermark.observe(time);
            let Mark { before, now } = watermark.access(*time);
            watermark.end_line();
            (before, now)
        };
        times.iter().map(line).collect()
    }

    #[test]
    fn it_is_the_greatest_time_so_far() {
        let expected = [(None, 3), (Some(3), 3), (Some(3), 9), (Some(9), 9)];
        assert_eq!(seen(Watermark::new(), &[3, 1, 9, 8]), expected);
    }

    #[test]
    fn a_time_too_far_ahead_leaves_it() {
        let watermark = Watermark::new().max_ahead(Some(5));
        let expected = [(None, 100), (Some(100), 105), (Some(105), 105), (Some(105), 110)];
        assert_eq!(seen(watermark, &[100, 105, 111, 110]), expected);
    }

    #[test]
    fn a_line_that_is_rolled_back_has_not_moved_it() {
        let mut watermark = Watermark::new();
        for before in [None, Some(4)] {
            watermark.observe(&7);
            watermark.observe(&9);
            watermark.roll_back();
            assert_eq!(watermark.watermark(), before);
            watermark.observe(&4);
            watermark.end_line();
        }
    }
}
