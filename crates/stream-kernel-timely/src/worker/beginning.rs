//! The beginning of a run with a checkpoint: worker 0 tells all where it goes on, and deals out what it remembers.

use std::sync::atomic::Ordering;

use stream_kernel_exec::trace::Timestamp;
use stream_kernel_exec::{Encode, RunReport};
use stream_kernel_run::{Application, Position, Reached};

use super::ending::EndingState;
use super::{Places, Worker};
use crate::packet::{BadPacket, Packet, Topic, read_bytes, write_bytes};
use crate::part::Bytes;

/// The epoch of what comes before all epochs.
const BEFORE_ALL: u64 = u64::MAX;

/// Where a run goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Begin {
    pub(crate) reached: Reached,
    /// Whether it has a trace.
    pub(crate) has_trace: bool,
    /// The last line that the last snapshot covers.
    pub(crate) snapshot_line_no: u64,
    /// Whether it is over at once: because all was done before, or for this signal.
    pub(crate) over: Option<u8>,
}

impl Begin {
    fn write(&self, to: &mut Vec<u8>) {
        let Self { reached, has_trace, snapshot_line_no, over } = self;
        let Reached { position, report, output_bytes, trace_bytes, last_time } = reached;
        (position.line_no, position.bytes).encode(to);
        (report.inputs, (report.abandoned, report.undeliverable)).encode(to);
        ((*output_bytes, *trace_bytes), (last_time.as_nanos(), *snapshot_line_no)).encode(to);
        (*has_trace, *over).encode(to);
    }

    fn read(from: &mut &[u8]) -> Option<Self> {
        let (line_no, bytes) = Encode::decode(from)?;
        let (inputs, (abandoned, undeliverable)) = Encode::decode(from)?;
        let ((output_bytes, trace_bytes), (last_time, snapshot_line_no)) =
            <((u64, u64), (u64, u64))>::decode(from)?;
        let (has_trace, over) = Encode::decode(from)?;
        let reached = Reached {
            position: Position { line_no, bytes },
            report: RunReport { inputs, abandoned, undeliverable },
            output_bytes,
            trace_bytes,
            last_time: Timestamp::from_nanos(last_time),
        };
        Some(Self { reached, has_trace, snapshot_line_no, over })
    }
}

impl<A: Application, I: Bytes, P: Places> Worker<A, I, P> {
    /// Returns whether it is worker 0.
    pub(crate) fn is_first(&self) -> bool {
        self.index == 0
    }

    /// At worker 0: tells all workers where the run goes on, with what each of them remembers, and the tallies.
    pub(crate) fn begin_run(&mut self, begin: &Begin, memory: &[Vec<u8>], tallies: &[u8]) {
        for to in 0..self.plan.owners.workers() {
            let mut bytes = Vec::new();
            begin.write(&mut bytes);
            write_bytes(if to == 0 { tallies } else { &[] }, &mut bytes);
            bytes.extend_from_slice(memory.get(to).map_or(&[][..], Vec::as_slice));
            self.send_pieces(to, BEFORE_ALL, &bytes);
        }
    }

    pub(super) fn waits_to_begin(&self) -> bool {
        self.saving.as_ref().is_some_and(|saving| saving.awaited.is_some())
    }

    /// Begins, once it is known where.
    pub(super) fn hear_begin(&mut self) -> Result<bool, BadPacket> {
        let Some(mut incoming) = self.saving.as_mut().and_then(|saving| saving.awaited.take()) else {
            return Ok(false);
        };
        self.take_pieces(0, BEFORE_ALL, &mut incoming)?;
        let begun = incoming.whole().map(|bytes| self.begin_with(bytes));
        match begun {
            None => {
                if let Some(saving) = &mut self.saving {
                    saving.awaited = Some(incoming);
                }
                Ok(false)
            }
            Some(Some(())) => Ok(true),
            Some(None) => {
                let (topic, bytes) = (Topic::Piece { number: 0 }, Vec::new());
                Err(Packet { from: 0, to: self.index, epoch: BEFORE_ALL, topic, bytes }.bad())
            }
        }
    }

    fn begin_with(&mut self, mut bytes: &[u8]) -> Option<()> {
        let Begin { reached, has_trace, snapshot_line_no, over } = Begin::read(&mut bytes)?;
        let tallies = read_bytes(&mut bytes)?;
        let Reached { position, report, output_bytes, trace_bytes, last_time } = reached;
        self.outcome.report = report;
        self.outcome.output_bytes = output_bytes;
        self.read_to = position.bytes;
        self.trace_start = trace_bytes;
        if let Some(signal) = over {
            self.outcome.ending.signal = signal;
            self.outcome.read_to = position.bytes;
            self.ending = Some(EndingState::Done);
            return Some(());
        }
        self.plan.cut = self.plan.cut.from(position.bytes);
        self.end = self.plan.cut.epochs();
        self.next_numbered.1 = position.line_no;
        if !has_trace {
            self.records.give_up();
        }
        self.runners.owner.memory().take_dealt(&self.plan.stages, bytes)?;
        self.runners.teller().memory().take_dealt(&[], tallies)?;
        for (owned, stage) in self.owned.iter_mut().zip(&self.plan.stages) {
            owned.watermark = self.runners.owner.memory().watermark(stage);
        }
        if let Some(saving) = &mut self.saving {
            saving.begin(position.line_no, snapshot_line_no);
            saving.saved_by.not_before.store(last_time.as_nanos(), Ordering::Relaxed);
        }
        Some(())
    }
}
