//! Gathering of results: where process 0 writes for all, other workers send their results to worker 0, which writes
//! them at their places.
//!
//! At most two epochs of them wait there: an epoch is told once worker 0 has told the one before, which happens after
//! worker 0 has written the one before that.

use stream_kernel_run::Application;

use super::{Places, Telling, Worker};
use crate::packet::{BadPacket, Packet, Topic, read_bytes, write_bytes};
use crate::part::Bytes;
use crate::told::Told;

/// The places of a worker's epoch in output and trace, and its lengths.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed {
    pub(super) output_at: u64,
    pub(super) trace_at: u64,
    output_bytes: u64,
    trace_bytes: u64,
}

impl Placed {
    pub(super) fn new((output_at, trace_at): (u64, u64), told: &Told) -> Self {
        Self { output_at, trace_at, output_bytes: told.output_bytes, trace_bytes: told.trace_bytes }
    }
}

impl<A: Application, I: Bytes, P: Places> Worker<A, I, P> {
    /// Returns whether process 0 writes for all.
    fn is_gathered(&self) -> bool {
        self.plan.writers < self.plan.owners.workers()
    }

    /// Returns whether this worker writes its own results.
    pub(super) fn writes(&self) -> bool {
        self.index < self.plan.writers
    }

    /// Sends results to worker 0, if this worker does not write them; an empty packet if it does.
    pub(super) fn send_gathered(&mut self, epoch: u64, Telling { output, trace }: &Telling) {
        if !self.is_gathered() {
            return;
        }
        let mut bytes = Vec::new();
        if !self.writes() {
            bytes.reserve(output.len() + trace.len() + 20);
            write_bytes(output, &mut bytes);
            write_bytes(trace, &mut bytes);
        }
        self.send(0, epoch, Topic::Gathered, bytes);
    }

    /// Takes the results of other workers, at worker 0, once all have come: none if nobody sends any.
    pub(super) fn take_gathered(&mut self, epoch: u64) -> Option<Vec<Packet>> {
        if self.index > 0 || !self.is_gathered() {
            return Some(Vec::new());
        }
        self.take(epoch, Topic::Gathered)
    }

    /// Writes the results of other workers at their places. Those after the one that has ended the run have none.
    pub(super) fn write_gathered(&mut self, packets: &[Packet], placed: &[Placed]) -> Result<(), BadPacket> {
        for (packet, place) in packets.iter().zip(placed).skip(self.plan.writers) {
            let mut rest = packet.bytes.as_slice();
            let output = read_bytes(&mut rest).ok_or_else(|| packet.bad())?;
            let trace = read_bytes(&mut rest).ok_or_else(|| packet.bad())?;
            let fits = (output.len() as u64, trace.len() as u64) == (place.output_bytes, place.trace_bytes);
            if !fits || !rest.is_empty() {
                return Err(packet.bad());
            }
            self.write_at((output, place.output_at), (trace, place.trace_at));
        }
        Ok(())
    }
}
