//! A worker: reads its parts of the input, asks, answers as an owner, tells its lines and writes what they say.
//!
//! It knows nothing of threads, sockets or the engine: it takes packets in any order and hands packets out, so that a test can deliver
//! them as it likes.

mod asking;
mod asks;
mod beginning;
mod ending;
mod gathering;
mod outcome;
mod pieces;
mod records;
mod rounds;
mod saving;
mod telling;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;

use stream_kernel_exec::{NoticeCounts, Role};
use stream_kernel_run::{Application, ConfigOf, Event};

use crate::handover::Handover;
use crate::home::{HomeEpoch, Line};
use crate::owner::{OwnerRunners, OwnerStage};
use crate::packet::{BadPacket, Packet, Topic};
use crate::part::Bytes;
use crate::plan::{Plan, Runners};
pub(crate) use beginning::Begin;
pub(crate) use outcome::{Outcome, TraceEnd};
pub(crate) use records::RecordBuffer;
pub(crate) use saving::{Saved, SavedBy};

/// Where a worker writes: output and trace are files of all workers, each of which knows its places in them.
pub(crate) trait Places {
    /// Returns where the run's records begin in the trace; asked of worker 0 alone.
    fn trace_start(&self) -> u64 {
        0
    }

    /// Writes a part of the output, at this offset.
    ///
    /// # Errors
    ///
    /// The error names the file.
    fn write_output(&mut self, bytes: &[u8], at: u64) -> io::Result<()>;

    /// Writes a part of the trace, at this offset.
    ///
    /// # Errors
    ///
    /// The error names the file.
    fn write_trace(&mut self, bytes: &[u8], at: u64) -> io::Result<()>;

    /// Makes durable what was written, of the trace as well if that `is_whole`.
    ///
    /// # Errors
    ///
    /// The error names the file.
    fn sync(&mut self, is_whole: bool) -> io::Result<()>;
}

/// A kind of work that a worker does, in the order in which an epoch goes through them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Work {
    /// Takes in where a run goes on that was saved.
    Begin,
    /// Collects what workers have saved.
    Save,
    /// Reads a part.
    Read,
    /// Numbers lines, takes them to the first stage and asks what they find there.
    Number,
    /// Answers as the owner of this stage, or agrees upon its gates and limits.
    Answer(usize),
    /// Takes lines through this stage, and asks what they find in the next.
    Advance(usize),
    /// Takes lines through to the end.
    Tell,
    /// Writes what lines have come to.
    Write,
    /// Adds up and gathers memory behind the last line.
    End,
}

/// A worker of a run.
pub(crate) struct Worker<A: Application, I, P> {
    index: usize,
    plan: Plan,
    config: Arc<ConfigOf<A>>,
    runners: Runners<A::Message>,
    records: RecordBuffer,
    input: I,
    places: P,
    /// Packets that wait until all of their kind are there, by sender.
    inbox: HashMap<(u64, Topic), Vec<Option<Packet>>>,
    handover: Handover<A::Message>,
    outgoing: Vec<Packet>,
    next_read: u64,
    /// The first epoch whose lines are not numbered yet, and the number of the last line before it.
    next_numbered: (u64, u64),
    next_told: u64,
    /// Where the last line ends that was told here.
    read_to: u64,
    trace_start: u64,
    next_written: u64,
    /// The epoch behind which the run ends.
    end: u64,
    homes: BTreeMap<u64, HomeEpoch<A::Message>>,
    /// Parts whose lines are not numbered yet.
    parts: BTreeMap<u64, crate::part::Part>,
    /// By stage: the next epoch that the owner takes, where the watermark is before it, and the epoch that owners agree upon.
    owned: Vec<OwnedStage<A::Message>>,
    /// What is told of the epoch that is not written yet.
    telling: Option<Telling>,
    spare: Spare<A::Message>,
    outcome: Outcome,
    /// Why the last epoch could not be written.
    write_error: Option<String>,
    /// Why its records could not.
    trace_error: Option<String>,
    /// The last line before it, and how many bytes of trace were there.
    trace_before: (u64, u64),
    pub(crate) signal: u8,
    notices: NoticeCounts,
    ending: Option<ending::EndingState>,
    /// What it knows of the run's checkpoint, if there is one.
    saving: Option<saving::Saving>,
}

/// A stage at its owner, from epoch to epoch.
struct OwnedStage<M> {
    next: u64,
    watermark: Option<i64>,
    current: Option<OwnerStage<M>>,
    /// Whether a limit may be reached in the current epoch: owners tell each other everything they counted.
    waits_for_counted: bool,
}

impl<M> Default for OwnedStage<M> {
    fn default() -> Self {
        Self { next: 0, watermark: None, current: None, waits_for_counted: false }
    }
}

/// An epoch that is told, and waits for its places.
struct Telling {
    output: Vec<u8>,
    trace: Vec<u8>,
}

/// Buffers to be used again: new ones would have to be paged in.
struct Spare<M> {
    output: Vec<u8>,
    trace: Vec<u8>,
    part: Vec<Vec<u8>>,
    lines: Vec<Vec<Line<M>>>,
}

impl<M> Default for Spare<M> {
    fn default() -> Self {
        Self { output: Vec::new(), trace: Vec::new(), part: Vec::new(), lines: Vec::new() }
    }
}

/// What a worker is made of.
pub(crate) struct Parts<A: Application, I, P> {
    pub(crate) index: usize,
    pub(crate) plan: Plan,
    pub(crate) config: Arc<ConfigOf<A>>,
    pub(crate) runners: Runners<A::Message>,
    /// Where the teller's records go.
    pub(crate) records: RecordBuffer,
    /// Shared with the other workers of the process.
    pub(crate) handover: Handover<A::Message>,
    pub(crate) input: I,
    pub(crate) places: P,
    /// How the run is saved, if it has a checkpoint: then it waits for where to [begin](Worker::begin_run).
    pub(crate) saved_by: Option<SavedBy>,
}

impl<A: Application, I: Bytes, P: Places> Worker<A, I, P> {
    pub(crate) fn new(parts: Parts<A, I, P>) -> Self {
        let Parts { index, plan, config, mut runners, records, handover, input, places, saved_by } = parts;
        runners.scout.take_role(Role::Home, &plan.stages);
        runners.owner.take_role(Role::Owner, &plan.stages);
        if let Some(teller) = &mut runners.teller {
            teller.take_role(Role::Home, &plan.stages);
        }
        let end = plan.cut.epochs();
        Self {
            index,
            runners,
            records,
            input,
            places,
            inbox: HashMap::new(),
            handover,
            outgoing: Vec::new(),
            next_read: 0,
            next_numbered: (0, 0),
            next_told: 0,
            read_to: 0,
            trace_start: 0,
            next_written: 0,
            end,
            homes: BTreeMap::new(),
            parts: BTreeMap::new(),
            owned: plan.stages.iter().map(|_| OwnedStage::default()).collect(),
            telling: None,
            spare: Spare::default(),
            outcome: Outcome::default(),
            write_error: None,
            trace_error: None,
            trace_before: (0, 0),
            signal: 0,
            notices: NoticeCounts::default(),
            ending: None,
            saving: saved_by.map(|saved_by| saving::Saving::new::<A>(saved_by, &config)),
            config,
            plan,
        }
    }

    /// Takes in a packet, in whatever order they come.
    ///
    /// # Errors
    ///
    /// It is not one that a worker of this run sends.
    pub(crate) fn receive(&mut self, packet: Packet) -> Result<(), BadPacket> {
        if packet.topic == Topic::Alive {
            return Ok(());
        }
        let workers = self.plan.owners.workers();
        let senders = self.inbox.entry((packet.epoch, packet.topic)).or_insert_with(|| vec![None; workers]);
        match senders.get_mut(packet.from) {
            Some(place @ None) if packet.to == self.index => {
                *place = Some(packet);
                Ok(())
            }
            _ => Err(packet.bad()),
        }
    }

    /// Takes the packets to other workers, and to itself, that are ready.
    pub(crate) fn take_outgoing(&mut self) -> Vec<Packet> {
        std::mem::take(&mut self.outgoing)
    }

    /// Does all that can be done with the packets so far. `tell` hears what people may want to know, at worker 0.
    ///
    /// # Errors
    ///
    /// A packet cannot be read.
    pub(crate) fn work(&mut self, tell: &mut dyn FnMut(Event<'_>)) -> Result<(), BadPacket> {
        while self.outgoing.is_empty() && self.work_once(tell)?.is_some() {}
        Ok(())
    }

    /// Does a piece of work that can be done, and returns its kind; `None` if all of it waits for packets.
    ///
    /// # Errors
    ///
    /// A packet cannot be read.
    pub(crate) fn work_once(&mut self, tell: &mut dyn FnMut(Event<'_>)) -> Result<Option<Work>, BadPacket> {
        if self.collect_saved()? {
            return Ok(Some(Work::Save));
        }
        if self.ending.is_some() {
            return Ok(self.work_on_ending()?.then_some(Work::End));
        }
        if self.waits_to_begin() {
            return Ok(self.hear_begin()?.then_some(Work::Begin));
        }
        if self.next_written == self.end {
            self.begin_ending();
            return Ok(Some(Work::End));
        }
        Ok(if self.write_epoch(tell)? {
            Some(Work::Write)
        } else if self.tell_epoch() {
            Some(Work::Tell)
        } else if let Some(stage) = self.answer_stages()? {
            Some(Work::Answer(stage))
        } else if let Some(stage) = self.advance_homes()? {
            Some(Work::Advance(stage))
        } else if self.number_lines()? {
            Some(Work::Number)
        } else {
            self.read_part().then_some(Work::Read)
        })
    }

    /// Returns what the run has come to, once it is at its end.
    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        self.ending.as_ref().is_some_and(ending::EndingState::is_done).then_some(&self.outcome)
    }

    /// Tells other workers that this one is there.
    pub(crate) fn say_alive(&mut self, to: impl Iterator<Item = usize>) {
        for to in to {
            self.send(to, 0, Topic::Alive, Vec::new());
        }
    }

    /// Takes what the run has come to, once it is at its end.
    pub(crate) fn take_outcome(&mut self) -> Option<Outcome> {
        self.outcome().is_some().then(|| std::mem::take(&mut self.outcome))
    }

    /// Returns how far the run has come: the number of the last line that is written, and the end of its epoch in bytes.
    pub(crate) fn position(&self) -> (u64, u64) {
        let bytes = self.next_written.checked_sub(1).map_or(0, |epoch| self.plan.cut.end_of(epoch));
        (self.outcome.report.inputs, bytes)
    }

    /// Takes the packets of a kind, by sender, once all are there.
    fn take(&mut self, epoch: u64, topic: Topic) -> Option<Vec<Packet>> {
        let packets = self.inbox.get(&(epoch, topic))?;
        if packets.iter().any(Option::is_none) {
            return None;
        }
        Some(self.inbox.remove(&(epoch, topic))?.into_iter().flatten().collect())
    }

    fn send(&mut self, to: usize, epoch: u64, topic: Topic, bytes: Vec<u8>) {
        self.outgoing.push(Packet { from: self.index, to, epoch, topic, bytes });
    }

    fn send_to_all(&mut self, epoch: u64, topic: Topic, bytes: &[u8]) {
        for to in 0..self.plan.owners.workers() {
            self.send(to, epoch, topic, bytes.to_vec());
        }
    }

    /// Returns what an owner needs.
    fn owner_runners(&mut self) -> OwnerRunners<'_, A::Message> {
        let Self { runners: Runners { scout, owner, .. }, plan: Plan { stages, owners, .. }, index, .. } =
            self;
        OwnerRunners { scout, owner, stages, owners, index: *index }
    }
}
