//! The records of an input, taken from a trace together.

use crate::TraceRecord;

/// How many records of one input are held together; an input with more is compared part by part, each of this size.
pub const MAX_PART_RECORDS: usize = 10_000;

/// A record and where in its trace it stands.
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
    fn place(&self) -> (u64, u64) {
        (self.run, self.record.line_no)
    }
}

/// The records of a trace, input by input.
#[derive(Debug)]
pub(super) struct InputParts<I> {
    records: I,
    /// The record after those that were handed out, once it was looked at.
    next: Option<PlacedRecord>,
}

impl<I: Iterator<Item = Result<PlacedRecord, E>>, E> InputParts<I> {
    pub(super) fn new(records: I) -> Self {
        Self { records, next: None }
    }

    /// Returns the run and the line of the next record.
    pub(super) fn next_place(&mut self) -> Result<Option<(u64, u64)>, E> {
        if self.next.is_none() {
            self.next = self.records.next().transpose()?;
        }
        Ok(self.next.as_ref().map(PlacedRecord::place))
    }

    /// Returns the next record and those that follow it of the same input, [`MAX_PART_RECORDS`] at most.
    pub(super) fn take_part(&mut self) -> Result<Vec<PlacedRecord>, E> {
        let mut part = Vec::new();
        let Some(place) = self.next_place()? else { return Ok(part) };
        while part.len() < MAX_PART_RECORDS && self.next_place()? == Some(place) {
            part.extend(self.next.take());
        }
        Ok(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::tests::record;

    #[test]
    fn as_many_records_as_the_bound_come_together_and_one_more_comes_alone() {
        for (records, expected) in
            [(MAX_PART_RECORDS, [MAX_PART_RECORDS, 0]), (MAX_PART_RECORDS + 1, [MAX_PART_RECORDS, 1])]
        {
            let all = std::iter::repeat_n(record(1, "a", ""), records);
            let mut parts =
                InputParts::new(all.map(|record| Ok::<_, ()>(PlacedRecord { run: 1, file_line: 1, record })));
            assert_eq!([parts.take_part().unwrap().len(), parts.take_part().unwrap().len()], expected);
        }
    }
}
