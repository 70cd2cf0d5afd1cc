//! Saving how far a run has come, and now and then what it remembers: worker 0 says behind which epoch, and collects it.
//!
//! The end of an epoch is the same point of the run for all workers. Where what they remember is saved, each takes up no later epoch
//! before its part is on its way; an owner answers an epoch only after it has asked in it, so what it sends is its memory at that point.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use stream_kernel_exec::trace::Timestamp;
use stream_kernel_exec::{Encode, Memory};
use stream_kernel_run::{Application, ConfigOf, Position, Reached, is_snapshot_worth};

use super::pieces::Incoming;
use super::{Places, Worker};
use crate::packet::{BadPacket, Packet, Topic, read_bytes, write_bytes};
use crate::part::Bytes;
use crate::planted::{Bug, is_planted};
use crate::told::Save;

/// What is due is put off as long as the commit before is being made. When so many times the usual number of lines are not committed, no
/// more are read until it is.
const MAX_DELAY: u64 = 4;

/// How a run is saved.
#[derive(Clone)]
pub(crate) struct SavedBy {
    pub(crate) every_lines: u64,
    pub(crate) every_ms: u64,
    /// What deciding lines again must cost to be worth a snapshot, in bytes of one.
    pub(crate) min_snapshot_bytes: u64,
    pub(crate) now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Whether a commit is being made: worker 0 sets it when it asks for one, and whoever makes it takes it back.
    pub(crate) is_committing: Arc<AtomicBool>,
    /// In nanoseconds since 1970: what the run traces from now on is not earlier.
    pub(crate) not_before: Arc<AtomicU64>,
}

/// What a worker knows of the run's checkpoint.
pub(super) struct Saving {
    pub(super) saved_by: SavedBy,
    /// What has come of where to begin.
    pub(super) awaited: Option<Incoming>,
    /// The stores that the summary looks into, tallies aside: a bit each. If there are any, every commit needs them.
    summed_up: u64,
    /// What is to be saved behind which epochs.
    asked: BTreeMap<u64, Save>,
    /// The epoch behind which all that is remembered is to be saved before a later one is taken up.
    held: Option<u64>,
    /// At worker 0: what has come of each worker, by epoch, and how far all had come.
    collecting: BTreeMap<u64, (Save, Reached, Vec<Incoming>)>,
    saved: Option<Saved>,
    /// At worker 0: the last line when it last asked for something to be saved, and when that was.
    asked_at: (u64, Timestamp),
    snapshot_line_no: u64,
    /// At worker 0: about how many bytes a snapshot had by the last commit.
    snapshot_bytes: u64,
}

impl Saving {
    pub(super) fn new<A: Application>(saved_by: SavedBy, config: &ConfigOf<A>) -> Self {
        let mut memory: Memory = A::registry().build_memory(config);
        A::summary(config, &mut memory);
        Self {
            awaited: Some(Incoming::default()),
            summed_up: memory.looked_into() & !memory.tally_bits(),
            asked: BTreeMap::new(),
            held: None,
            collecting: BTreeMap::new(),
            saved: None,
            asked_at: (0, (saved_by.now)()),
            snapshot_line_no: 0,
            snapshot_bytes: 0,
            saved_by,
        }
    }

    pub(super) fn begin(&mut self, line_no: u64, snapshot_line_no: u64) {
        self.asked_at = (line_no, (self.saved_by.now)());
        self.snapshot_line_no = snapshot_line_no;
    }
}

/// What all workers have saved of a run.
#[derive(Debug, Default)]
pub(crate) struct Saved {
    pub(crate) reached: Reached,
    /// What workers remember, for [`Memory::gather`]: all of it, or what the summary looks into.
    pub(crate) parts: Vec<Vec<u8>>,
    pub(crate) has_all: bool,
}

impl<A: Application, I: Bytes, P: Places> Worker<A, I, P> {
    /// Returns what worker 0 wants to be saved behind the next epoch that is read; `None` if that is not to be read yet.
    pub(super) fn wish_to_save(&mut self) -> Option<Save> {
        let line_no = self.next_numbered.1;
        let Some(saving) = self.saving.as_mut().filter(|_| self.index == 0) else {
            return Some(Save::Nothing);
        };
        let Saving { saved_by, asked_at: (asked_line_no, asked_at), .. } = saving;
        let lines = line_no - *asked_line_no;
        let now = (saved_by.now)();
        let is_time = || now.nanos_since(*asked_at) / 1_000_000 >= saved_by.every_ms;
        if lines == 0 || !(lines >= saved_by.every_lines || is_time()) {
            return Some(Save::Nothing);
        }
        if saved_by.is_committing.load(Ordering::Acquire) {
            let is_late = lines >= saved_by.every_lines.saturating_mul(MAX_DELAY);
            return (!is_late).then_some(Save::Nothing);
        }
        saved_by.is_committing.store(true, Ordering::Release);
        saving.asked_at = (line_no, now);
        let lines = line_no - saving.snapshot_line_no;
        if is_snapshot_worth(lines, saving.snapshot_bytes, saving.saved_by.min_snapshot_bytes) {
            saving.snapshot_line_no = line_no;
            return Some(Save::Memory);
        }
        Some(Save::Position)
    }

    /// Takes note of what is to be saved behind an epoch.
    pub(super) fn heed_wish_to_save(&mut self, epoch: u64, save: Save) {
        let Some(saving) = self.saving.as_mut().filter(|_| save != Save::Nothing) else { return };
        saving.asked.insert(epoch, save);
        if save == Save::Memory || saving.summed_up != 0 {
            saving.held = Some(epoch);
        }
    }

    /// Returns whether an epoch has to wait until what is remembered was saved.
    pub(super) fn is_held(&self, epoch: u64) -> bool {
        let held = self.saving.as_ref().and_then(|saving| saving.held);
        held.is_some_and(|held| epoch > held) && !is_planted(Bug::SavedLate)
    }

    /// Returns the time of the last record here, in nanoseconds since 1970.
    pub(super) fn last_time_ns(&mut self) -> u64 {
        self.runners.teller().last_time().as_nanos()
    }

    /// Makes durable what was written up to the end of an epoch, and tells worker 0, if that was asked for.
    pub(super) fn save_if_asked(&mut self, epoch: u64) {
        let Some(saving) = &mut self.saving else { return };
        let Some(save) = saving.asked.remove(&epoch) else { return };
        saving.held = saving.held.filter(|held| *held != epoch);
        let wanted = if save == Save::Memory { u64::MAX } else { saving.summed_up };
        // The last commit of a run that ends here is another one.
        if self.outcome.ending.is_failure() {
            return;
        }
        if self.index == 0 {
            let reached = Reached {
                position: Position { line_no: self.outcome.report.inputs, bytes: 0 },
                report: self.outcome.report,
                output_bytes: self.outcome.output_bytes,
                trace_bytes: self.trace_start + self.outcome.trace_bytes,
                last_time: Timestamp::default(),
            };
            let incoming = (0..self.plan.owners.workers()).map(|_| Incoming::default()).collect();
            if let Some(saving) = &mut self.saving {
                saving.collecting.insert(epoch, (save, reached, incoming));
            }
        }
        if let (None, Err(error)) = (&self.write_error, self.places.sync(true)) {
            self.write_error = Some(error.to_string());
        }
        let mut bytes = Vec::new();
        self.write_error.is_some().encode(&mut bytes);
        let snapshot_bytes = self.runners.owner.memory().snapshot_bytes();
        ((self.read_to, self.last_time_ns()), snapshot_bytes).encode(&mut bytes);
        write_bytes(&self.runners.teller().memory().tallies(), &mut bytes);
        if wanted != 0 {
            let is_first = self.index == 0;
            bytes.extend(self.runners.owner.memory().owned(&self.plan.stages, wanted, is_first));
        }
        self.send_pieces(0, epoch, &bytes);
    }

    /// At worker 0: collects what workers have saved, and returns whether that of an epoch has become whole.
    pub(super) fn collect_saved(&mut self) -> Result<bool, BadPacket> {
        let Some(saving) = self.saving.as_mut().filter(|saving| saving.saved.is_none()) else {
            return Ok(false);
        };
        let Some((epoch, (save, reached, mut incoming))) = saving.collecting.pop_first() else {
            return Ok(false);
        };
        for (from, incoming) in incoming.iter_mut().enumerate() {
            self.take_pieces(from, epoch, incoming)?;
        }
        let whole: Option<Vec<_>> = incoming.iter().map(Incoming::whole).collect();
        let put_together = whole.map(|whole| put_together(reached, &whole));
        let Some(saving) = &mut self.saving else { return Ok(false) };
        match put_together {
            None => {
                saving.collecting.insert(epoch, (save, reached, incoming));
                Ok(false)
            }
            Some(None) => {
                let (topic, bytes) = (Topic::Piece { number: 0 }, Vec::new());
                Err(Packet { from: 0, to: self.index, epoch, topic, bytes }.bad())
            }
            // What could not be written ends the run behind the next epoch, which must be read for that.
            Some(Some((None, _))) => {
                saving.saved_by.is_committing.store(false, Ordering::Release);
                Ok(true)
            }
            Some(Some((Some(mut saved), snapshot_bytes))) => {
                saving.snapshot_bytes = snapshot_bytes;
                if is_planted(Bug::SavedWithinLine) {
                    saved.reached.position.bytes = self.plan.cut.end_of(epoch);
                }
                saved.has_all = save == Save::Memory;
                saving.saved = Some(saved);
                Ok(true)
            }
        }
    }

    /// At worker 0: takes what all workers have saved of the run, if something is there.
    pub(crate) fn take_saved(&mut self) -> Option<Saved> {
        self.saving.as_mut()?.saved.take()
    }
}

/// Puts together what workers have saved: `None` if that cannot be read, and nothing of the run if one could not write. Returns as well how
/// many bytes a snapshot has.
fn put_together(mut reached: Reached, whole: &[&[u8]]) -> Option<(Option<Saved>, u64)> {
    let (mut parts, mut total, mut is_written) = (Vec::new(), 0, true);
    for mut bytes in whole.iter().copied() {
        is_written &= !bool::decode(&mut bytes)?;
        let ((read_to, last_time), snapshot_bytes) = <((u64, u64), u64)>::decode(&mut bytes)?;
        reached.position.bytes = reached.position.bytes.max(read_to);
        reached.last_time = reached.last_time.max(Timestamp::from_nanos(last_time));
        total += snapshot_bytes;
        parts.push(read_bytes(&mut bytes)?.to_vec());
        parts.push(bytes.to_vec());
    }
    Some((is_written.then_some(Saved { reached, parts, has_all: false }), total))
}
