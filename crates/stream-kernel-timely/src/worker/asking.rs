//! Questions of a worker's lines of an epoch to a stage, as the lines come to it one after the other.

use stream_kernel_exec::{MessageSet, Paused, Share, Stage, SyncRunner};

use crate::handover::{Handover, Lines};
use crate::home::{AnswersRead, HomeStage, Line, Refused, write_content};
use crate::owner::{LINE, MESSAGES, PASS};
use crate::packet::{write_bytes, write_head_behind, write_number};
use crate::part::{Bytes, Part};
use crate::plan::Plan;
use crate::planted::{Bug, is_planted};

/// Why several workers cannot decide a line that looks up several keys of a stage.
pub(super) const SEVERAL_KEYS: &str = "several messages of the line come to it, and what it looks up for one may depend on another: several \
                                       workers cannot share that (run with `runtime.workers: 1`)";

/// The questions of the lines so far.
pub(super) struct Asking<'a, M, I> {
    /// The stage that lines ask, if one is left.
    stage: Option<&'a Stage>,
    plan: &'a Plan,
    handover: &'a Handover<M>,
    /// The source of lines that are sent in their original form.
    source: (&'a Part, &'a I),
    /// Their finds in earlier stages.
    earlier: Vec<AnswersRead<'a>>,
    /// A lower bound of the watermark.
    known: Option<i64>,
    passes: bool,
    asked: HomeStage,
    /// By owner: the questions, and their number.
    asks: Vec<(Vec<u8>, u64)>,
    /// By owner: the lines that are handed over to be passed.
    handed: Vec<Lines<M>>,
    // Of the current line, for reuse.
    share: Share,
    ask: Vec<u8>,
    owners: Vec<usize>,
    times: Vec<i64>,
}

/// The questions of all lines of an epoch to a stage.
pub(super) struct Asked<M> {
    pub(super) stage: HomeStage,
    /// By owner: the packet, and the lines that are handed over beside it.
    pub(super) packets: Vec<(Vec<u8>, Lines<M>)>,
}

impl<'a, M: MessageSet, I: Bytes> Asking<'a, M, I> {
    /// Begins with the stage after those that have answered.
    pub(super) fn begin(
        plan: &'a Plan,
        handover: &'a Handover<M>,
        source: (&'a Part, &'a I),
        answered: &'a [HomeStage],
        known: Option<i64>,
        runner: &mut SyncRunner<M>,
    ) -> Self {
        let stage = plan.stages.get(answered.len());
        let workers = plan.owners.workers();
        // A line that a limit refuses learns it at home.
        let has_limits = stage.is_some_and(|stage| runner.memory().has_limits(stage));
        let passes = plan.passes_lines && (!has_limits || is_planted(Bug::PassedUnlimited));
        // Keys are spread evenly, so each owner gets about the same number of lines.
        let lines = if passes { usize::try_from(source.0.lines).unwrap_or_default() / workers } else { 0 };
        let handed = |owner| Vec::with_capacity(if handover.reaches(owner) { lines + lines / 8 } else { 0 });
        Self {
            stage,
            plan,
            handover,
            source,
            earlier: answered.iter().map(HomeStage::read).collect(),
            known,
            passes,
            asked: HomeStage::default(),
            asks: vec![(Vec::new(), 0); workers],
            handed: (0..workers).map(handed).collect(),
            share: Share::default(),
            ask: Vec::new(),
            owners: Vec::new(),
            times: Vec::new(),
        }
    }

    /// Takes in the line with index `at`, which has come to the stage.
    pub(super) fn take(&mut self, at: usize, line: &mut Line<M>, runner: &mut SyncRunner<M>) {
        let (Some(stage), Some(paused), None) = (self.stage, &line.paused, line.refused) else { return };
        let line_no = paused.line_no();
        self.ask.clear();
        if let Some((step, message)) = paused.alone() {
            if !stage.steps.contains(&step) {
                return;
            }
            runner.share(stage, step, message, &mut self.share);
            let Some(key) = self.share.owner() else { return };
            let owner = owner_of(self.plan, line_no, self.plan.owners.hash(key));
            // Only all owners together know how many entries a line makes forgotten.
            let may_move = self
                .share
                .time()
                .is_some_and(|time| self.asked.times.add(runner.memory(), stage, line_no, time, self.known));
            self.owners.clear();
            self.owners.push(owner);
            if self.passes && !may_move {
                if self.handover.reaches(owner) {
                    line.passed_to = Some(owner);
                    self.handed[owner].push(line.paused.take());
                    return;
                }
                self.ask.push(PASS);
                if paused.pack(&mut self.ask) {
                    line.passed_to = Some(owner);
                    line.paused = None;
                    self.send(at, line_no);
                    return;
                }
                self.ask.clear();
            }
        } else {
            if let Err(why) = self.work_out(stage, paused, runner) {
                line.refused = Some(Refused { step: stage.steps.start, why });
                return;
            }
            for &time in &self.times {
                self.asked.times.add(runner.memory(), stage, line_no, time, self.known);
            }
            if self.owners.is_empty() {
                return;
            }
        }
        if !pack(paused, stage, &mut self.ask) && self.write_line(at, line, line_no).is_none() {
            line.refused = Some(Refused { step: stage.steps.start, why: UNREADABLE });
        }
        self.send(at, line_no);
    }

    /// Works out which owners a line with several messages has to ask, and the times at which it may move the
    /// watermark.
    ///
    /// # Errors
    ///
    /// Several workers cannot decide the line, with the reason.
    fn work_out(
        &mut self,
        stage: &Stage,
        paused: &Paused<M>,
        runner: &mut SyncRunner<M>,
    ) -> Result<(), &'static str> {
        self.owners.clear();
        self.times.clear();
        let (mut touching, mut first_key, mut has_several_keys) = (0, None, false);
        for (step, message) in paused.entering(stage) {
            runner.share(stage, step, message, &mut self.share);
            let Some(key) = self.share.owner() else { continue };
            touching += 1;
            let key = self.plan.owners.hash(key);
            has_several_keys |= first_key.is_some_and(|first| first != key);
            first_key = first_key.or(Some(key));
            let owner = owner_of(self.plan, paused.line_no(), key);
            if !self.owners.contains(&owner) {
                self.owners.push(owner);
            }
            self.times.extend(self.share.time());
        }
        let takes_several = touching < 2 || stage.takes_several();
        let is_refused = !takes_several || (has_several_keys && self.plan.continues_after_errors);
        if is_refused { Err(SEVERAL_KEYS) } else { Ok(()) }
    }

    /// Writes the line in its original form, and its finds so far.
    fn write_line(&mut self, at: usize, line: &Line<M>, line_no: u64) -> Option<()> {
        let (part, input) = self.source;
        self.ask.clear();
        self.ask.push(LINE);
        // A line that was read once can be read again.
        let raw = part.reader_at(input, line.start, line_no - 1).next_line().ok()??;
        write_content(raw.content(), &mut self.ask);
        self.earlier.iter_mut().try_for_each(|answers| answers.write(at, line_no, &mut self.ask))
    }

    /// Adds the question to those of its owners.
    fn send(&mut self, at: usize, line_no: u64) {
        for &owner in &self.owners {
            self.asked.note_asked(at, owner);
            let (asks, count) = &mut self.asks[owner];
            write_number(line_no, asks);
            write_bytes(&self.ask, asks);
            *count += 1;
        }
    }

    /// Returns the packets to the owners of the stage; `None` if no stage is left.
    pub(super) fn finish(self) -> Option<Asked<M>> {
        self.stage?;
        let mut times = Vec::new();
        self.asked.times.write(&mut times);
        let packets = self.asks.into_iter().zip(self.handed).map(|((mut asks, count), lines)| {
            let mut head = times.clone();
            write_number(count, &mut head);
            write_head_behind(&head, &mut asks);
            (asks, lines)
        });
        Some(Asked { packets: packets.collect(), stage: self.asked })
    }
}

/// Returns the owner of the key with this hash.
fn owner_of(plan: &Plan, line_no: u64, key: u64) -> usize {
    if is_planted(Bug::WrongOwner) {
        return usize::try_from(line_no).unwrap_or_default() % plan.owners.workers();
    }
    plan.owners.of_hash(key)
}

/// Why a line with corrupt answers cannot be decided.
pub(super) const UNREADABLE: &str = "what it finds there cannot be read";

/// Appends the messages of a line that enter a stage, and returns whether they can be packed.
fn pack<M: MessageSet>(paused: &Paused<M>, stage: &Stage, to: &mut Vec<u8>) -> bool {
    to.push(MESSAGES);
    write_number(paused.emitted() as u64, to);
    paused.entering(stage).all(|(step, message)| {
        write_number(step as u64, to);
        message.pack(to)
    })
}
