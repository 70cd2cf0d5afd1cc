//! A worker: reads its parts of the input, asks, answers as an owner, tells its lines and writes what they say.
//!
//! It knows nothing of threads, sockets or the engine: it takes packets in any order and hands packets out, so that a test can deliver
//! them as it likes.

mod asks;
mod beginning;
mod ending;
mod gathering;
mod pieces;
mod rounds;
mod saving;
mod telling;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;

use stream_kernel_exec::trace::{Record, RecordSerializer, TraceSink};
use stream_kernel_exec::{MessageSet, NoticeCounts, Role, RunReport, Stage, StepFailure, SyncRunner};
use stream_kernel_run::{Application, ConfigOf, Event, SummaryRow};

use crate::home::{HomeEpoch, Line};
use crate::owner::{OwnerRunners, OwnerStage};
use crate::owners::Owners;
use crate::packet::{BadPacket, Packet, Topic};
use crate::part::{Bytes, Cut};
pub(crate) use beginning::Begin;
pub(crate) use saving::{Saved, SavedBy};

/// The number of epochs that are under way at the same time: readers wait until the first of them is written.
pub(crate) const EPOCHS_AHEAD: u64 = 3;

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

/// What is the same for all workers of a run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) stages: Vec<Stage>,
    pub(crate) owners: Owners,
    pub(crate) cut: Cut,
    /// Whether a line that looks up several keys of a stage would have to be abandoned by all of their owners if it fails.
    pub(crate) continues_after_errors: bool,
    /// Whether the owner of a stage may take lines through it that are at home with it, once and for all.
    pub(crate) passes_lines: bool,
    /// Whether what these lines find is noted for the owners of later stages, which may have to run this one again.
    pub(crate) notes_passed: bool,
    /// How many workers write what they tell, from worker 0 on; the others send it to worker 0.
    pub(crate) writers: usize,
}

impl<M: MessageSet> Runners<M> {
    /// Returns the runner that tells lines.
    pub(crate) fn teller(&mut self) -> &mut SyncRunner<M> {
        self.teller.as_mut().unwrap_or(&mut self.scout)
    }
}

/// The steps of a worker, three times: to look ahead, to answer, and to tell.
pub(crate) struct Runners<M> {
    pub(crate) scout: SyncRunner<M>,
    pub(crate) owner: SyncRunner<M>,
    /// Takes each line through all steps, from its bytes on: if records are made, or steps count that come before a stage. Otherwise the
    /// scout goes on from where the line waits.
    pub(crate) teller: Option<SyncRunner<M>>,
}

/// How a run has ended, the same in all workers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ending {
    /// The failure that has ended it.
    pub(crate) failure: Option<StepFailure>,
    /// Why the input cannot be read, and after which line.
    pub(crate) read_error: Option<(u64, String)>,
    /// Why a result could not be written.
    pub(crate) write_error: Option<String>,
    /// Where the trace ends, if it could not be written any more.
    pub(crate) trace_end: Option<TraceEnd>,
    /// The signal that has stopped it; 0 for none.
    pub(crate) signal: u8,
}

/// Where a trace ends that could not be written any more: the run goes on without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TraceEnd {
    /// The last line whose records are in it.
    pub(crate) line_no: u64,
    /// How many bytes of the run's records are whole.
    pub(crate) bytes: u64,
    pub(crate) error: String,
}

impl Ending {
    pub(crate) fn is_failure(&self) -> bool {
        self.failure.is_some() || self.read_error.is_some() || self.write_error.is_some()
    }
}

/// What a run has come to.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) ending: Ending,
    pub(crate) report: RunReport,
    pub(crate) output_bytes: u64,
    pub(crate) trace_bytes: u64,
    /// Where the next line would begin in the input.
    pub(crate) read_to: u64,
    /// The time of the last record, in nanoseconds since 1970.
    pub(crate) last_time_ns: u64,
    /// What comes behind the last line; worker 0 alone has it, and the summary.
    pub(crate) finish: Vec<u8>,
    pub(crate) summary: Vec<SummaryRow>,
}

/// Records of an epoch, in memory until it is known where they go.
#[derive(Clone, Default)]
pub(crate) struct RecordBuffer(Arc<std::sync::Mutex<Records>>);

#[derive(Default)]
struct Records {
    serializer: RecordSerializer,
    bytes: Vec<u8>,
    is_given_up: bool,
}

impl RecordBuffer {
    /// Takes the records, and leaves `buffer` for later ones.
    pub(crate) fn take(&self, buffer: &mut Vec<u8>) {
        let mut inner = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        std::mem::swap(&mut inner.bytes, buffer);
    }

    /// Drops all records from now on.
    fn give_up(&self) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).is_given_up = true;
    }
}

impl TraceSink for RecordBuffer {
    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        let mut inner = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Records { serializer, bytes, is_given_up } = &mut *inner;
        if !*is_given_up {
            serializer.write_json(record, bytes);
            bytes.push(b'\n');
        }
        Ok(())
    }
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
    owned: Vec<OwnedStage>,
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
#[derive(Default)]
struct OwnedStage {
    next: u64,
    watermark: Option<i64>,
    current: Option<OwnerStage>,
    /// Whether a limit may be reached in the current epoch: owners tell each other everything they counted.
    waits_for_counted: bool,
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
    pub(crate) input: I,
    pub(crate) places: P,
    /// How the run is saved, if it has a checkpoint: then it waits for where to [begin](Worker::begin_run).
    pub(crate) saved_by: Option<SavedBy>,
}

impl<A: Application, I: Bytes, P: Places> Worker<A, I, P> {
    pub(crate) fn new(parts: Parts<A, I, P>) -> Self {
        let Parts { index, plan, config, mut runners, records, input, places, saved_by } = parts;
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

    /// Returns what an owner needs for an epoch.
    fn owner_runners(&mut self, epoch: u64) -> OwnerRunners<'_, A::Message> {
        let Self {
            runners: Runners { scout, owner, .. },
            plan: Plan { stages, owners, notes_passed, .. },
            index,
            homes,
            ..
        } = self;
        let lines = homes.get_mut(&epoch).map_or(&mut [][..], |home| &mut home.lines);
        OwnerRunners { scout, owner, stages, owners, notes_passed: *notes_passed, index: *index, lines }
    }
}
