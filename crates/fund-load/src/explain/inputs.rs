//! Inputs of a trace, one line of input after the other.

use stream_kernel_app::{CommandFailure, TraceFile, TraceRecords};
use stream_kernel_trace_reader::reading::{self, Input};

/// Reads a trace input by input, in constant memory. The bound on records per input is never reached: a step of
/// fund-load emits at most one message.
pub(super) struct Inputs {
    pub(super) records: TraceRecords,
    grouped: reading::Inputs,
    /// Read, but not yet returned.
    next: Option<Input>,
}

impl Inputs {
    pub(super) fn of(trace: &TraceFile) -> Result<Self, CommandFailure> {
        Ok(Self { records: trace.records()?, grouped: reading::Inputs::default(), next: None })
    }

    /// Returns the run of the next input; `None` at the end of the trace.
    pub(super) fn next_run(&mut self) -> Result<Option<u64>, CommandFailure> {
        if self.next.is_none() {
            self.next = self.read()?;
        }
        Ok(self.next.as_ref().map(|input| input.run))
    }

    /// Returns the next input of `run`, skipping earlier runs; `None` at its end.
    pub(super) fn next_of_run(&mut self, run: u64) -> Result<Option<Input>, CommandFailure> {
        while self.next_run()?.is_some_and(|next| next < run) {
            self.next = None;
        }
        Ok(self.next.take_if(|input| input.run == run))
    }

    fn read(&mut self) -> Result<Option<Input>, CommandFailure> {
        while let Some((run, record)) = self.records.next_record()? {
            let before = self.grouped.push(run, record).filter(|input| !input.is_continued);
            if before.is_some() {
                return Ok(before);
            }
        }
        Ok(self.grouped.take().filter(|input| !input.is_continued))
    }
}
