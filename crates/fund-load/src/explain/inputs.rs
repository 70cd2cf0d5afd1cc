//! The lines of input, as a trace shows them one after the other.

use stream_kernel_app::{CommandFailure, TraceFile, TraceRecords};
use stream_kernel_trace::reading::{self, Input};

/// Reads a trace input by input, in constant memory. An input has fewer records than are held of one: a step of fund-load
/// emits one message at most.
pub(super) struct Inputs {
    records: TraceRecords,
    grouped: reading::Inputs,
}

impl Inputs {
    pub(super) fn of(trace: &TraceFile) -> Result<Self, CommandFailure> {
        Ok(Self { records: trace.records()?, grouped: reading::Inputs::default() })
    }

    pub(super) fn next_input(&mut self) -> Result<Option<Input>, CommandFailure> {
        while let Some((run, record)) = self.records.next_record()? {
            let before = self.grouped.push(run, record).filter(|input| !input.is_continued);
            if before.is_some() {
                return Ok(before);
            }
        }
        Ok(self.grouped.take().filter(|input| !input.is_continued))
    }
}
