//! A worker's lines of an epoch on their way to the stages: they are read, numbered, and ask what they will find.

use stream_kernel_exec::{MessageSet, Paused, Place, Share, Stage};
use stream_kernel_run::Application;

use super::{EPOCHS_AHEAD, Places, Plan, Worker};
use crate::home::{AnswersRead, HomeEpoch, HomeStage, Line, write_content};
use crate::owner::{HERE, LINE, MESSAGES};
use crate::packet::{BadPacket, Packet, Topic, write_bytes, write_head_behind, write_number};
use crate::part::{Bytes, Part};
use crate::planted::{Bug, is_planted};
use crate::told::Lines;

/// Why several workers cannot decide a line that looks up several keys of a stage.
const SEVERAL_KEYS: &str = "several messages of the line come to it, and what it looks up for one may depend on another: several \
                            workers cannot share that (run with `runtime.workers: 1`)";

/// Why a line whose answers are torn cannot be decided.
pub(super) const UNREADABLE: &str = "what it finds there cannot be read";

impl<A: Application, I: Bytes, P: Places> Worker<A, I, P> {
    /// Reads the next part, unless too many epochs are under way.
    pub(super) fn read_part(&mut self) -> bool {
        let epoch = self.next_read;
        if epoch >= self.end || epoch >= self.next_written + EPOCHS_AHEAD {
            return false;
        }
        let Some(save) = self.wish_to_save() else { return false };
        self.next_read += 1;
        let buffer = self.spare.part.pop().unwrap_or_default();
        let trace_start = if self.saving.is_some() { self.trace_start } else { self.places.trace_start() };
        let mut lines = Lines { signal: self.signal, trace_start, save, ..Lines::default() };
        match Part::read(&self.input, &self.plan.cut, epoch, self.index, buffer) {
            Ok(part) => {
                lines.count = part.lines;
                self.parts.insert(epoch, part);
            }
            Err(error) => lines.read_error = Some(error.to_string()),
        }
        let mut bytes = Vec::new();
        lines.write(&mut bytes);
        self.send_to_all(epoch, Topic::Lines, &bytes);
        true
    }

    /// Numbers the lines of the next epoch, and asks what they find in the first stage.
    pub(super) fn number_lines(&mut self) -> Result<bool, BadPacket> {
        let (epoch, before_all) = self.next_numbered;
        if epoch >= self.end || self.is_held(epoch) {
            return Ok(false);
        }
        let Some(packets) = self.take(epoch, Topic::Lines) else { return Ok(false) };
        let (mut line_no, mut line_no_before) = (before_all, before_all);
        for (worker, packet) in packets.iter().enumerate() {
            let Lines { count, signal, read_error, trace_start, save } =
                Lines::read(&packet.bytes).ok_or_else(|| packet.bad())?;
            if worker == self.index {
                line_no_before = if is_planted(Bug::LineNumbers) { before_all } else { line_no };
            }
            line_no += count;
            if worker == 0 {
                self.trace_start = trace_start;
                self.heed_wish_to_save(epoch, save);
            }
            if signal != 0 && self.outcome.ending.signal == 0 {
                self.outcome.ending.signal = signal;
                self.end = self.end.min(epoch + 1);
            }
            if let (Some(error), None) = (read_error, &self.outcome.ending.read_error) {
                self.outcome.ending.read_error = Some((before_all, error));
                self.end = self.end.min(epoch);
            }
        }
        if line_no > Place::MAX_LINE && self.outcome.ending.read_error.is_none() {
            let error = format!("it has more lines than several workers can number: {}", Place::MAX_LINE);
            self.outcome.ending.read_error = Some((before_all, error));
            self.end = self.end.min(epoch);
        }
        self.next_numbered = (epoch + 1, line_no);
        if epoch >= self.end {
            return Ok(true);
        }
        // It was read, or the run ends before it.
        let Some(part) = self.parts.remove(&epoch) else { return Ok(true) };
        let lines = self.spare.lines.pop().unwrap_or_default();
        let home = HomeEpoch { part, line_no_before, end: 0, lines, stages: Vec::new(), answered: 0 };
        self.homes.insert(epoch, home);
        self.begin_lines(epoch);
        self.ask(epoch);
        Ok(true)
    }

    /// Takes the lines of an epoch to the first stage.
    fn begin_lines(&mut self, epoch: u64) {
        let Self { homes, input, runners, plan, write_error, .. } = self;
        let Some(home) = homes.get_mut(&epoch) else { return };
        let until = plan.stages.first().map(|stage| stage.steps.start);
        let mut reader = home.part.reader(input, home.line_no_before);
        for _ in 0..home.part.lines {
            let start = home.part.start(reader.bytes_read());
            let raw = match reader.next_line() {
                Ok(Some(raw)) => raw,
                Ok(None) => break,
                Err(error) => {
                    // The end of the last line is behind the part, and is read only now.
                    write_error.get_or_insert_with(|| format!("the input cannot be read: {error}"));
                    break;
                }
            };
            let line_no = raw.line_no();
            let paused = until.map(|until| runners.scout.start(line_no, raw, until));
            home.lines.push(Line { number: line_no, start, paused, refused: None });
            home.end = reader.bytes_read();
        }
    }

    /// Asks what the lines of an epoch find in the next stage.
    fn ask(&mut self, epoch: u64) {
        let Self {
            homes,
            input,
            runners,
            plan: Plan { stages, owners, continues_after_errors, passes_lines, notes_passed, .. },
            owned,
            index,
            ..
        } = self;
        let Some(home) = homes.get_mut(&epoch) else { return };
        let number = home.stages.len();
        let Some(stage) = stages.get(number) else { return };
        let mut asks = vec![Vec::new(); owners.workers()];
        let mut counts = vec![0; owners.workers()];
        let mut asked = HomeStage::default();
        let known = owned[number].watermark;
        let mut earlier: Vec<AnswersRead<'_>> = home.stages.iter().map(HomeStage::read).collect();
        let passes = *passes_lines && !runners.scout.memory().is_agreed_upon(stage);
        let (mut share, mut ask) = (Share::default(), Vec::new());
        let (mut their_owners, mut times): (Vec<usize>, Vec<i64>) = (Vec::new(), Vec::new());
        for (at, line) in home.lines.iter_mut().enumerate() {
            let Some(paused) = line.paused.as_ref().filter(|_| line.refused.is_none()) else { continue };
            their_owners.clear();
            times.clear();
            let (mut touching, mut first_key) = (0, None);
            let mut has_several_keys = false;
            for (step, message) in paused.entering(stage) {
                runners.scout.share(stage, step, message, &mut share);
                let Some(key) = share.owner() else { continue };
                touching += 1;
                let key = owners.hash(key);
                has_several_keys |= first_key.is_some_and(|first| first != key);
                first_key = first_key.or(Some(key));
                let mut owner = owners.of_hash(key);
                if is_planted(Bug::WrongOwner) {
                    owner = usize::try_from(paused.line_no()).unwrap_or_default() % owners.workers();
                }
                if !their_owners.contains(&owner) {
                    their_owners.push(owner);
                }
                times.extend(share.time());
            }
            let takes_several = touching < 2 || stage.takes_several();
            if !takes_several || (has_several_keys && *continues_after_errors) {
                line.refused = Some((stage.steps.start, SEVERAL_KEYS));
                continue;
            }
            let line_no = paused.line_no();
            let mut may_move = false;
            for &time in &times {
                may_move |= asked.times.add(runners.scout.memory(), stage, line_no, time, known);
            }
            if their_owners.is_empty() {
                continue;
            }
            ask.clear();
            // Only all owners together know how many entries are forgotten because of a line.
            if passes && !may_move && paused.is_alone() && their_owners == [*index] {
                ask.push(HERE);
                write_number(at as u64, &mut ask);
                write_number(line_no, &mut asks[*index]);
                write_bytes(&ask, &mut asks[*index]);
                counts[*index] += 1;
                if *notes_passed && number + 1 < stages.len() && !is_planted(Bug::PassedUnnoted) {
                    asked.note_asked(at, *index);
                }
                continue;
            }
            if !pack(paused, stage, &mut ask) {
                ask.clear();
                ask.push(LINE);
                let content = home.part.reader_at(input, line.start, line_no - 1).next_line();
                let written = content.ok().flatten().and_then(|raw| {
                    write_content(raw.content(), &mut ask);
                    // What was read once is read again.
                    earlier.iter_mut().try_for_each(|answers| answers.write(at, line_no, &mut ask))
                });
                if written.is_none() {
                    line.refused = Some((stage.steps.start, UNREADABLE));
                }
            }
            for &owner in &their_owners {
                asked.note_asked(at, owner);
                write_number(line_no, &mut asks[owner]);
                write_bytes(&ask, &mut asks[owner]);
                counts[owner] += 1;
            }
        }
        let mut head = Vec::new();
        asked.times.write(&mut head);
        home.stages.push(asked);
        for (owner, (mut asks, count)) in asks.into_iter().zip(counts).enumerate() {
            let mut head = head.clone();
            write_number(count, &mut head);
            write_head_behind(&head, &mut asks);
            self.send(owner, epoch, Topic::Asks { stage: number }, asks);
        }
    }

    /// Takes the lines of an epoch on to the next stage, once what they find in this one is there; returns the stage that they were in.
    pub(super) fn advance_homes(&mut self) -> Result<Option<usize>, BadPacket> {
        let waiting: Vec<_> = self.homes.iter().map(|(epoch, home)| (*epoch, home.stages.len())).collect();
        for (epoch, stages) in waiting {
            let Some(stage) = stages.checked_sub(1) else { continue };
            let Some(packets) = self.take(epoch, Topic::Answers { stage }) else { continue };
            let bad = packets.first().map(Packet::bad);
            let Some(home) = self.homes.get_mut(&epoch) else { continue };
            if let (None, Some(bad)) = (home.stages[stage].take_answers(packets), bad) {
                return Err(bad);
            }
            home.answered = stages;
            if stages < self.plan.stages.len() {
                self.advance_lines(epoch, stage);
                self.ask(epoch);
            }
            return Ok(Some(stage));
        }
        Ok(None)
    }

    /// Takes the lines of an epoch through a stage and on to the next.
    fn advance_lines(&mut self, epoch: u64, stage: usize) {
        let Self { homes, runners, plan: Plan { stages, .. }, .. } = self;
        let Some(HomeEpoch { lines, stages: answered, .. }) = homes.get_mut(&epoch) else { return };
        let until = stages[stage + 1].steps.start;
        let mut answers = answered[stage].read();
        for (at, line) in lines.iter_mut().enumerate() {
            let Some(paused) = line.paused.take() else { continue };
            let line_no = paused.line_no();
            let told = answers.tell(runners.scout.memory(), &stages[stage], at, line_no);
            if told.is_none() {
                line.refused = Some((stages[stage].steps.start, UNREADABLE));
            }
            line.paused = Some(runners.scout.advance(paused, until));
        }
    }
}

/// Appends the messages of a line that enter a stage, and returns whether they can be sent as bytes.
fn pack<M: MessageSet>(paused: &Paused<M>, stage: &Stage, to: &mut Vec<u8>) -> bool {
    to.push(MESSAGES);
    write_number(paused.emitted() as u64, to);
    paused.entering(stage).all(|(step, message)| {
        write_number(step as u64, to);
        message.pack(to)
    })
}
