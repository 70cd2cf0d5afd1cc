//! Stages: the steps that look into the same memory, and how workers share that.

use std::fmt;
use std::ops::Range;

use super::limits::{CountedBy, first_refusal, may_be_reached};
use super::shared::{Counted, Place, Refusal, Role, UndoMark, read_count, write_count};
use super::store::StoreKind;
use super::{Declared, Memory, Watermark};
use crate::Encode;

/// Consecutive steps that look into the same memory: the owner of a key runs them as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The positions of its steps in the pipeline.
    pub steps: Range<usize>,
    /// The name of the table, or of the gate if there is no table, by whose key its messages are shared out. `None`
    /// if one owner takes all of them, as where steps look into several tables, each by a key of its own.
    pub key: Option<&'static str>,
    key_slot: Option<usize>,
    /// Its tables and gates.
    slots: Vec<usize>,
    /// Its gates whose counts all owners add to.
    spread: Vec<usize>,
    watermark: Option<usize>,
    /// The table that forgets by it.
    forgetting: Option<usize>,
}

impl Stage {
    /// Returns whether its steps look into the store at this slot.
    pub(crate) fn has(&self, slot: usize) -> bool {
        self.slots.contains(&slot)
    }

    /// Returns whether the store at this slot is a gate that all owners add to.
    pub(crate) fn is_spread(&self, slot: usize) -> bool {
        self.spread.contains(&slot)
    }

    /// Returns whether the key of the store at this slot says whose a message is.
    pub(crate) fn is_shared_out_by(&self, slot: usize) -> bool {
        self.key_slot == Some(slot)
    }

    /// Returns whether several messages of a line may enter it: not if what one of them does shows to the others other than by their keys.
    pub fn takes_several(&self) -> bool {
        self.spread.is_empty() && self.watermark.is_none()
    }

    /// Returns whether what an epoch has changed may have to be undone.
    pub fn is_tried(&self) -> bool {
        !self.spread.is_empty()
    }
}

/// Why workers cannot share the memory of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotShared {
    /// The step at which that shows.
    pub step: String,
    why: String,
}

impl fmt::Display for NotShared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step `{}` {}", self.step, self.why)
    }
}

/// What a message is shared out by, and its time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// The slot of the memory that decides, if the stage has one.
    key_slot: Option<usize>,
    /// Whether the message looks anything up.
    touches: bool,
    owner: Vec<u8>,
    time: Option<i64>,
}

impl Share {
    /// Begins anew for a message that enters `stage`.
    pub(crate) fn begin(&mut self, stage: &Stage) {
        self.key_slot = stage.key_slot;
        self.touches = false;
        self.owner.clear();
        self.time = None;
    }

    pub(crate) fn add(
        &mut self,
        slot: usize,
        kind: StoreKind,
        owner: impl FnOnce(&mut Vec<u8>),
        time: impl FnOnce() -> Option<i64>,
    ) {
        self.touches |= kind != StoreKind::Tally;
        if self.key_slot == Some(slot) {
            owner(&mut self.owner);
        }
        self.time = self.time.or_else(time);
    }

    /// Returns the bytes whose hash says which worker is the owner; `None` if the message looks nothing up.
    pub fn owner(&self) -> Option<&[u8]> {
        self.touches.then_some(&self.owner)
    }

    /// Returns the time by which the message may move the stage's watermark, if it has one.
    pub fn time(&self) -> Option<i64> {
        self.time
    }
}

/// A step's name and what it finds.
pub(crate) type StepState<'a> = (&'a str, &'a [Declared]);

impl Memory {
    /// Returns the stages of a pipeline: its steps by position, each with what it finds.
    pub(crate) fn stages(&self, steps: &[Option<StepState<'_>>]) -> Result<Vec<Stage>, NotShared> {
        let mut stages: Vec<Stage> = Vec::new();
        for (slot, declared) in self.declared().iter().enumerate() {
            if declared.kind == StoreKind::Tally {
                continue;
            }
            let Some(steps) = self.used_by(slot, steps) else { continue };
            // What shares a step is one stage.
            let (joined, others): (Vec<_>, Vec<_>) =
                stages.into_iter().partition(|stage| is_overlapping(&stage.steps, &steps));
            let start = joined.iter().map(|stage| stage.steps.start).fold(steps.start, usize::min);
            let end = joined.iter().map(|stage| stage.steps.end).fold(steps.end, usize::max);
            let mut slots: Vec<_> = joined.into_iter().flat_map(|stage| stage.slots).collect();
            slots.push(slot);
            slots.sort_unstable();
            let (key, key_slot, spread, watermark, forgetting) = (None, None, Vec::new(), None, None);
            stages = others;
            stages.push(Stage { steps: start..end, key, key_slot, slots, spread, watermark, forgetting });
        }
        stages.sort_by_key(|stage| stage.steps.start);
        stages.into_iter().map(|stage| self.finish_stage(stage, steps)).collect()
    }

    /// Returns the range of the steps that look into a store, or by whose watermark it forgets.
    fn used_by(&self, slot: usize, steps: &[Option<StepState<'_>>]) -> Option<Range<usize>> {
        let watermark =
            self.forgetting.iter().find(|(table, _)| *table == slot).map(|(_, watermark)| *watermark);
        let is_meant = |one: &Declared| {
            let found = self.slot(one.name);
            found == Some(slot) || (watermark.is_some() && found == watermark)
        };
        let uses = |step: &Option<StepState<'_>>| step.is_some_and(|(_, finds)| finds.iter().any(is_meant));
        let first = steps.iter().position(uses)?;
        let last = steps.iter().rposition(uses)?;
        Some(first..last + 1)
    }

    /// Works out what the messages of a stage are shared out by.
    fn finish_stage(&self, mut stage: Stage, steps: &[Option<StepState<'_>>]) -> Result<Stage, NotShared> {
        let of_kind =
            |kind| stage.slots.iter().copied().filter(move |slot| self.declared()[*slot].kind == kind);
        let [tables, gates, watermarks] = [StoreKind::Table, StoreKind::Gate, StoreKind::Watermark]
            .map(|kind| of_kind(kind).collect::<Vec<_>>());
        let at = |slot: usize| {
            let is_meant = |step: &Option<StepState<'_>>| {
                step.is_some_and(|(_, finds)| finds.iter().any(|one| self.slot(one.name) == Some(slot)))
            };
            let step = steps.iter().rfind(|step| is_meant(step)).copied().flatten();
            step.map_or_else(String::new, |(name, _)| name.to_owned())
        };
        let name = |slot: usize| self.declared()[slot].name;
        let mut forgetting =
            tables.iter().copied().filter(|table| self.forgetting.iter().any(|(one, _)| one == table));
        stage.forgetting = forgetting.next();
        if let Some(second) = forgetting.next() {
            let why = format!(
                "looks into `{}`, the second table of its stage that forgets (use one)",
                name(second)
            );
            return Err(NotShared { step: at(second), why });
        }
        if let [_, second, ..] = watermarks[..] {
            let why = format!("moves the watermark `{}`, the second of its stage (use one)", name(second));
            return Err(NotShared { step: at(second), why });
        }
        stage.key_slot = match (&tables[..], &gates[..]) {
            (&[table], _) => Some(table),
            (&[], &[gate]) => Some(gate),
            _ => None,
        };
        let keyless = steps[stage.steps.clone()].iter().flatten().find(|(_, finds)| {
            let mut slots = finds.iter().filter_map(|one| self.slot(one.name));
            let finds_key = slots.clone().any(|slot| Some(slot) == stage.key_slot);
            stage.key_slot.is_some() && !finds_key && slots.any(|slot| stage.slots.contains(&slot))
        });
        if let (Some((step, _)), Some(key)) = (keyless, stage.key_slot) {
            let why = format!(
                "shares memory with steps on `{}`, by whose key they are shared out, and has no such key (let it look into `{}` as well)",
                name(key),
                name(key)
            );
            return Err(NotShared { step: (*step).to_owned(), why });
        }
        if let (Some(&watermark), Some((step, finds))) = (watermarks.first(), steps[stage.steps.start]) {
            let is_first = finds.iter().any(|one| self.slot(one.name) == Some(watermark));
            if !is_first {
                let why = format!(
                    "is the first of a stage that goes by the watermark `{}`, and does not move it (let it look into that as well)",
                    name(watermark)
                );
                return Err(NotShared { step: step.to_owned(), why });
            }
        }
        stage.key = stage.key_slot.map(name);
        let open_gates = gates.into_iter().filter(|gate| self.stores[*gate].shared().is_open());
        stage.spread = if tables.len() == 1 { open_gates.collect() } else { Vec::new() };
        stage.watermark = watermarks.first().copied();
        stage.slots.retain(|slot| Some(*slot) != stage.watermark);
        Ok(stage)
    }

    /// Takes a role for all that workers share.
    pub fn take_role(&mut self, role: Role, stages: &[Stage]) {
        for stage in stages {
            for &slot in stage.slots.iter().chain(&stage.watermark) {
                let (is_tried, is_shared_out) = (stage.is_tried(), stage.key_slot == Some(slot));
                self.stores[slot].shared_mut().take_role(role, is_tried, is_shared_out);
            }
        }
    }

    /// At an owner: says where the run is.
    pub fn set_place(&mut self, stage: &Stage, place: Place) {
        for &slot in &stage.slots {
            self.stores[slot].shared_mut().set_place(place);
        }
    }

    /// At an owner: says that a message enters the stage, and whether what its line finds is to be [written](Self::write_found). The first
    /// key that is looked up is the message's own; those that follow from it have the same owner.
    pub(crate) fn begin_message(&mut self, stage: &Stage, place: Place, notes_found: bool) {
        for &slot in &stage.slots {
            self.stores[slot].shared_mut().begin_message(place, notes_found);
        }
    }

    /// At an owner: appends what the line has found.
    pub(crate) fn write_found(&mut self, stage: &Stage, to: &mut Vec<u8>) {
        for &slot in &stage.slots {
            self.stores[slot].shared_mut().write_found(to);
        }
    }

    /// At a home: takes in what an owner has found for the next line; `None` if these are not such bytes.
    pub fn read_found(&mut self, stage: &Stage, mut from: &[u8]) -> Option<()> {
        for &slot in &stage.slots {
            self.stores[slot].shared_mut().read_found(&mut from)?;
            self.touched |= 1 << slot;
        }
        from.is_empty().then_some(())
    }

    /// Returns the name of the memory into which a step of the stage has looked by another key than that of the message that entered it.
    pub(crate) fn strayed(&self, stage: &Stage) -> Option<&'static str> {
        let slot = stage.key_slot?;
        self.stores[slot].shared().has_strayed().then(|| self.declared[slot].name)
    }

    /// Sets the watermark of a stage to where it was before a line.
    pub fn set_watermark(&mut self, stage: &Stage, watermark: Option<i64>) {
        let Some(slot) = stage.watermark else { return };
        if self.stores[slot].watermark() != watermark {
            self.stores[slot].set_watermark(watermark);
            self.pass_on_watermarks(Some(slot));
        }
    }

    /// Returns where the watermark of a stage is.
    pub fn watermark(&self, stage: &Stage) -> Option<i64> {
        stage.watermark.and_then(|slot| self.stores[slot].watermark())
    }

    /// Returns whether a line at `time` may move a watermark that is at `known` or later. `earlier` is the last time of an earlier line
    /// for which it might, and the greatest.
    pub fn may_move_watermark(
        &mut self,
        stage: &Stage,
        time: i64,
        known: Option<i64>,
        earlier: Option<(i64, i64)>,
    ) -> bool {
        self.watermark_store(stage).is_some_and(|watermark| watermark.may_move(time, known, earlier))
    }

    /// Returns where a line at `time` moves a watermark that is at `before`, if it does.
    pub fn watermark_after(&mut self, stage: &Stage, before: Option<i64>, time: i64) -> Option<i64> {
        self.watermark_store(stage)?.after(before, time)
    }

    fn watermark_store(&mut self, stage: &Stage) -> Option<&mut Watermark> {
        self.stores[stage.watermark?].downcast()
    }

    /// At an owner: returns how many entries are forgotten because the watermark has moved since the last line.
    pub fn forgotten(&self, stage: &Stage) -> u64 {
        stage.forgetting.map_or(0, |slot| self.stores[slot].shared().forgotten())
    }

    /// At a home: takes how many entries of all owners are forgotten because of the next line. At an owner: counts on from there.
    pub fn set_forgotten(&mut self, stage: &Stage, forgotten: u64) {
        if let Some(slot) = stage.forgetting {
            self.stores[slot].shared_mut().set_forgotten(forgotten);
            self.touched |= 1 << slot;
        }
    }

    /// Appends how far the changes of the epoch have come, to be [rolled back to](Self::roll_back_to).
    pub fn mark(&self, stage: &Stage, marks: &mut Vec<UndoMark>) {
        marks.extend(stage.slots.iter().map(|&slot| self.stores[slot].shared().undo_mark()));
    }

    /// Undoes what came after these marks.
    pub fn roll_back_to(&mut self, stage: &Stage, marks: &[UndoMark]) {
        for (&slot, &mark) in stage.slots.iter().zip(marks) {
            self.stores[slot].shared_mut().roll_back_to(mark);
        }
    }

    /// At an owner: makes what the epoch has changed final.
    pub fn end_epoch(&mut self, stage: &Stage) {
        for &slot in &stage.slots {
            self.stores[slot].shared_mut().end_epoch();
        }
    }

    /// At an owner: appends what it has added in this epoch to gates that all owners add to.
    pub fn write_added(&self, stage: &Stage, to: &mut Vec<u8>) {
        for &slot in &stage.spread {
            self.stores[slot].shared().write_added(to);
        }
    }

    /// At an owner: takes what the other owners have added in this epoch, in place of what it was told before. Returns the first line
    /// that would now find something else, or `None` in place of all of it if these are not such bytes.
    pub fn hear_added<'a>(
        &mut self,
        stage: &Stage,
        others: impl Iterator<Item = &'a [u8]>,
    ) -> Option<Option<u64>> {
        for &slot in &stage.spread {
            self.stores[slot].shared_mut().clear_elsewhere();
        }
        for mut added in others {
            for &slot in &stage.spread {
                self.stores[slot].shared_mut().read_elsewhere(&mut added)?;
            }
            if !added.is_empty() {
                return None;
            }
        }
        Some(stage.spread.iter().filter_map(|&slot| self.stores[slot].shared().first_stale()).min())
    }

    /// Returns whether owners have to tell each other anything before an epoch of this stage is decided: what they have added to a gate, or
    /// how near a limit is.
    pub fn is_agreed_upon(&self, stage: &Stage) -> bool {
        !stage.spread.is_empty() || self.has_limits(stage)
    }

    /// Returns whether a limit of the stage may refuse a line.
    pub fn has_limits(&self, stage: &Stage) -> bool {
        self.limits(stage).iter().any(Option::is_some)
    }

    fn limits(&self, stage: &Stage) -> [Option<u64>; 2] {
        stage.key_slot.map_or([None; 2], |slot| self.stores[slot].shared().limits())
    }

    /// At an owner: appends how much limits count, and how much it has added in this epoch.
    pub fn write_counts(&self, stage: &Stage, to: &mut Vec<u8>) {
        let Some(slot) = stage.key_slot else { return };
        let (counts, counted) = self.stores[slot].shared().counted();
        let added = counted.iter().filter(|one| one.is_addition).count() as u64;
        (added, (counts[0], counts[1])).encode(to);
    }

    /// Returns whether a limit may be reached within the epoch, by the counts of all owners; `None` if these are not such bytes.
    pub fn may_reach_limit<'a>(&self, stage: &Stage, counts: impl Iterator<Item = &'a [u8]>) -> Option<bool> {
        let limits = self.limits(stage);
        let counts = counts.map(|mut counts| {
            let (added, (retained, owners)) = <(u64, (u64, u64))>::decode(&mut counts)?;
            counts.is_empty().then_some(([retained, owners], added))
        });
        Some(may_be_reached(limits, &counts.collect::<Option<Vec<_>>>()?))
    }

    /// At an owner: appends everything that limits have counted in the epoch.
    pub fn write_counted(&self, stage: &Stage, to: &mut Vec<u8>) {
        let Some(slot) = stage.key_slot else { return };
        let ([retained, owners], counted) = self.stores[slot].shared().counted();
        (retained, owners).encode(to);
        write_count(counted.len(), to);
        for Counted { place, is_addition, is_owner_new, counts: [retained, owners] } in counted {
            ((place.bits(), *is_addition), (*is_owner_new, (*retained, *owners))).encode(to);
        }
    }

    /// Returns the first line that a limit refuses, by what all owners have counted; `None` in place of all of it if these are not such
    /// bytes.
    pub fn first_refused<'a>(
        &self,
        stage: &Stage,
        counted: impl Iterator<Item = &'a [u8]>,
    ) -> Option<Option<(u64, Refusal)>> {
        let limits = self.limits(stage);
        let owners: Option<Vec<CountedBy>> = counted.map(read_counted).collect();
        Some(first_refusal(limits, &owners?))
    }

    /// At a home: takes what is refused on the next line.
    pub fn refuse(&mut self, stage: &Stage, refusal: Refusal) {
        if let Some(slot) = stage.key_slot {
            self.stores[slot].shared_mut().refuse(refusal);
            self.touched |= 1 << slot;
        }
    }
}

fn read_counted(mut from: &[u8]) -> Option<CountedBy> {
    let (retained, owners) = Encode::decode(&mut from)?;
    let count = read_count(&mut from)?;
    let mut counted = Vec::new();
    for _ in 0..count {
        let ((place, is_addition), (is_owner_new, (retained, owners))) = Encode::decode(&mut from)?;
        let place = Place::from_bits(place);
        counted.push(Counted { place, is_addition, is_owner_new, counts: [retained, owners] });
    }
    from.is_empty().then_some(([retained, owners], counted))
}

fn is_overlapping(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}
