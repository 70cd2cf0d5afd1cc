//! Results that workers elsewhere send to worker 0, which writes them at their places: where process 0 writes for all.
//!
//! At most two epochs of them wait there: an epoch is told once worker 0 has told the one before, and that it does once it has
//! written the one before that.

use stream_kernel_run::Application;

use super::{Places, Telling, Worker};
use crate::packet::{BadPacket, Packet, Topic, read_bytes, write_bytes};
use crate::part::Bytes;
use crate::told::Told;

/// Where an epoch of a worker goes in output and trace, and how much it is.
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

    /// Returns whether this worker writes what it tells.
    pub(super) fn writes(&self) -> bool {
        self.index < self.plan.writers
    }

    /// Sends worker 0 what was told, if this worker does not write it; an empty packet if it does.
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

    /// Takes what workers elsewhere have told, at worker 0, once all of it is there: none if nobody sends anything.
    pub(super) fn take_gathered(&mut self, epoch: u64) -> Option<Vec<Packet>> {
        if self.index > 0 || !self.is_gathered() {
            return Some(Vec::new());
        }
        self.take(epoch, Topic::Gathered)
    }

    /// Writes what workers elsewhere have told at its places. Those behind the one that has ended the run have none.
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
