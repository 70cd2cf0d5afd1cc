//! The records of an input that are held while the other trace is searched for their counterparts.

use crate::reading::{MAX_HELD_BYTES, MAX_HELD_RECORDS, memory_bytes};
use stream_kernel_trace::TraceRecord;

/// A record and its position in its trace.
#[derive(Clone, Debug)]
pub struct PlacedRecord {
    /// The number of its run, from 1.
    pub run: u64,
    /// The number of its line in the trace, from 1.
    pub file_line: u64,
    /// The record.
    pub record: TraceRecord,
}

impl PlacedRecord {
    fn place(&self) -> Place {
        Place { run: self.run, line_no: self.record.line_no }
    }
}

/// The input of a record. Earlier inputs of a trace are less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) run: u64,
    pub(super) line_no: u64,
}

/// The next records of a trace, all of one input.
#[derive(Debug)]
pub(super) struct InputWindow<I> {
    records: I,
    /// The record after the held ones, once it was read.
    next: Option<PlacedRecord>,
    held: Vec<PlacedRecord>,
    held_bytes: usize,
}

impl<I: Iterator<Item = Result<PlacedRecord, E>>, E> InputWindow<I> {
    pub(super) fn new(records: I) -> Self {
        Self { records, next: None, held: Vec::new(), held_bytes: 0 }
    }

    pub(super) fn next_place(&mut self) -> Result<Option<Place>, E> {
        if let Some(held) = self.held.first() {
            return Ok(Some(held.place()));
        }
        self.next_unheld_place()
    }

    /// Reads on in the input `place` as far as the bounds allow, and returns whether the rest of it is held.
    pub(super) fn fill(&mut self, place: Place) -> Result<bool, E> {
        while self.next_unheld_place()? == Some(place) {
            if self.held.len() >= MAX_HELD_RECORDS || self.held_bytes >= MAX_HELD_BYTES {
                return Ok(false);
            }
            if let Some(next) = self.next.take() {
                self.held_bytes += memory_bytes(&next.record);
                self.held.push(next);
            }
        }
        Ok(true)
    }

    pub(super) fn held(&self) -> &[PlacedRecord] {
        &self.held
    }

    pub(super) fn release(&mut self, count: usize) {
        for released in self.held.drain(..count) {
            self.held_bytes -= memory_bytes(&released.record);
        }
    }

    fn next_unheld_place(&mut self) -> Result<Option<Place>, E> {
        if self.next.is_none() {
            self.next = self.records.next().transpose()?;
        }
        Ok(self.next.as_ref().map(PlacedRecord::place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::tests::record;

    /// Fills windows with `records` records of `bytes` bytes one after the other, and returns the number in each.
    fn check(records: usize, bytes: usize) -> Vec<usize> {
        let mut one = record(1, "a", "");
        one.scenario.push_str(&"x".repeat(bytes.saturating_sub(memory_bytes(&one))));
        let all = std::iter::repeat_n(one, records);
        let mut window =
            InputWindow::new(all.map(|record| Ok::<_, ()>(PlacedRecord { run: 1, file_line: 1, record })));
        let mut held = Vec::new();
        while let Some(place) = window.next_place().unwrap() {
            let is_all = window.fill(place).unwrap();
            held.push(window.held().len());
            assert_eq!(is_all, held.iter().sum::<usize>() == records);
            window.release(window.held().len());
        }
        held
    }

    #[test]
    fn records_are_held_up_to_the_bound() {
        assert_eq!(check(MAX_HELD_RECORDS, 0), [MAX_HELD_RECORDS]);
        assert_eq!(check(MAX_HELD_RECORDS + 1, 0), [MAX_HELD_RECORDS, 1]);
    }

    #[test]
    fn bytes_are_held_up_to_the_bound() {
        assert_eq!(check(3, MAX_HELD_BYTES / 2), [2, 1]);
        assert_eq!(check(3, MAX_HELD_BYTES / 2 - 1), [3]);
        assert_eq!(
            check(5, MAX_HELD_BYTES / 2),
            [2, 2, 1],
            "what was let go of makes room, and no more than that"
        );
    }

    /// Records that are still held count as before.
    #[test]
    fn a_released_record_makes_room_for_one_as_large() {
        let mut one = record(1, "a", "");
        one.scenario.push_str(&"x".repeat(MAX_HELD_BYTES / 4 - memory_bytes(&one)));
        let all = std::iter::repeat_n(one, 6);
        let mut window =
            InputWindow::new(all.map(|record| Ok::<_, ()>(PlacedRecord { run: 1, file_line: 1, record })));
        let place = window.next_place().unwrap().unwrap();
        assert!(!window.fill(place).unwrap());
        window.release(1);
        assert_eq!(window.held().len(), 3);
        assert!(!window.fill(place).unwrap());
        assert_eq!(window.held().len(), 4);
    }
}
