//! The end of a run: worker 0 gathers what it needs of all memory, for what comes behind the last line and for the summary.

use stream_kernel_exec::{Encode, Memory};
use stream_kernel_run::Application;

use super::{Places, Worker};
use crate::packet::{BadPacket, Packet, Topic, read_bytes, write_bytes};
use crate::part::Bytes;

/// Packets after the last epoch count rounds of questions from here on.
const AFTER_ALL: u64 = 1 << 63;

/// How far the end has come.
pub(crate) enum EndingState {
    /// Worker 0 has asked for so much of the memory so far, in so many rounds, and has these parts.
    Gathers { wanted: u64, round: u64, parts: Vec<Vec<u8>> },
    /// Another worker answers what worker 0 asks for.
    Answers { round: u64 },
    /// It is over.
    Done,
}

impl EndingState {
    pub(super) fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }
}

impl<A: Application, I: Bytes, P: Places> Worker<A, I, P> {
    pub(super) fn begin_ending(&mut self) {
        let is_whole = self.trace_error.is_none() && self.outcome.ending.trace_end.is_none();
        if let (None, Err(error)) = (&self.write_error, self.places.sync(is_whole)) {
            self.write_error = Some(error.to_string());
        }
        let mut bytes = Vec::new();
        self.write_error.encode(&mut bytes);
        self.trace_error.encode(&mut bytes);
        (self.read_to, self.last_time_ns()).encode(&mut bytes);
        write_bytes(&self.runners.teller().memory().tallies(), &mut bytes);
        self.send_to_all(AFTER_ALL, Topic::Memory, &bytes);
        self.ending = Some(EndingState::Answers { round: AFTER_ALL });
    }

    pub(super) fn work_on_ending(&mut self) -> Result<bool, BadPacket> {
        match self.ending.take() {
            Some(EndingState::Answers { round }) if round == AFTER_ALL => self.hear_tallies(),
            Some(EndingState::Answers { round }) => Ok(self.answer_wanted(round)),
            Some(EndingState::Gathers { wanted, round, parts }) => self.gather(wanted, round, parts),
            state => {
                self.ending = state;
                Ok(false)
            }
        }
    }

    /// Takes in all tallies, and whether all results are written.
    fn hear_tallies(&mut self) -> Result<bool, BadPacket> {
        let Some(packets) = self.take(AFTER_ALL, Topic::Memory) else {
            self.ending = Some(EndingState::Answers { round: AFTER_ALL });
            return Ok(false);
        };
        let mut parts = Vec::new();
        for packet in &packets {
            let mut bytes = packet.bytes.as_slice();
            let error: Option<String> = Encode::decode(&mut bytes).ok_or_else(|| packet.bad())?;
            let trace_error = Encode::decode(&mut bytes).ok_or_else(|| packet.bad())?;
            self.heed_trace_error(trace_error);
            let (read_to, last_time_ns) = <(u64, u64)>::decode(&mut bytes).ok_or_else(|| packet.bad())?;
            self.outcome.read_to = self.outcome.read_to.max(read_to);
            self.outcome.last_time_ns = self.outcome.last_time_ns.max(last_time_ns);
            let tallies = read_bytes(&mut bytes).ok_or_else(|| packet.bad())?;
            parts.push(tallies.to_vec());
            if self.outcome.ending.write_error.is_none() {
                self.outcome.ending.write_error = error;
            }
        }
        if self.outcome.ending.is_failure() {
            self.ending = Some(EndingState::Done);
            return Ok(true);
        }
        if self.index == 0 {
            return self.conclude(0, AFTER_ALL + 1, parts, packets.first());
        }
        self.ending = Some(EndingState::Answers { round: AFTER_ALL + 1 });
        Ok(true)
    }

    /// Sends worker 0 what it wants of this worker's memory.
    fn answer_wanted(&mut self, round: u64) -> bool {
        if self.inbox.remove(&(round, Topic::Done)).is_some() {
            self.ending = Some(EndingState::Done);
            return true;
        }
        let wanted = self.inbox.remove(&(round, Topic::Wanted)).into_iter().flatten().flatten().next();
        let Some(wanted) = wanted else {
            self.ending = Some(EndingState::Answers { round });
            return false;
        };
        let wanted = wanted.bytes.try_into().map(u64::from_le_bytes).unwrap_or_default();
        let owned = self.runners.owner.memory().owned(&self.plan.stages, wanted, false);
        self.send(0, round, Topic::Memory, owned);
        self.ending = Some(EndingState::Answers { round: round + 1 });
        true
    }

    /// Takes in what was asked for, once it is there.
    fn gather(&mut self, wanted: u64, round: u64, mut parts: Vec<Vec<u8>>) -> Result<bool, BadPacket> {
        let Some(packets) = self.take(round, Topic::Memory) else {
            self.ending = Some(EndingState::Gathers { wanted, round, parts });
            return Ok(false);
        };
        let first = packets.first().cloned();
        parts.extend(packets.into_iter().map(|packet| packet.bytes));
        self.conclude(wanted, round + 1, parts, first.as_ref())
    }

    /// Works out what the application says at the end; if it has looked into memory that is not there yet, asks for that.
    fn conclude(
        &mut self,
        wanted: u64,
        round: u64,
        parts: Vec<Vec<u8>>,
        source: Option<&Packet>,
    ) -> Result<bool, BadPacket> {
        let mut memory: Memory = A::registry().build_memory(&self.config);
        let gathered = memory.gather(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
        if let (None, Some(source)) = (gathered, source) {
            return Err(source.bad());
        }
        let mut finish = Vec::new();
        // A run that was stopped has no end.
        if self.outcome.ending.signal == 0 {
            A::finish(&self.config, &mut memory, &mut finish);
        }
        let summary = A::summary(&self.config, &mut memory);
        let unknown = memory.looked_into() & !wanted & !memory.tally_bits();
        if unknown != 0 {
            for worker in 0..self.plan.owners.workers() {
                if worker == 0 {
                    let owned = self.runners.owner.memory().owned(&self.plan.stages, unknown, true);
                    self.send(0, round, Topic::Memory, owned);
                } else {
                    self.send(worker, round, Topic::Wanted, unknown.to_le_bytes().to_vec());
                }
            }
            self.ending = Some(EndingState::Gathers { wanted: wanted | unknown, round, parts });
            return Ok(true);
        }
        for worker in 1..self.plan.owners.workers() {
            self.send(worker, round, Topic::Done, Vec::new());
        }
        (self.outcome.finish, self.outcome.summary) = (finish, summary);
        self.ending = Some(EndingState::Done);
        Ok(true)
    }
}
