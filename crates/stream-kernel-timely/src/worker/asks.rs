//! Questions of a worker's lines of an epoch: lines are read, numbered, and ask the stages what they will find.

use stream_kernel_exec::{MessageSet, Place, SyncRunner};
use stream_kernel_run::Application;

use super::asking::{Asked, Asking, UNREADABLE};
use super::{Places, Worker};
use crate::home::{AnswersRead, HandedBack, HomeEpoch, Line, Refused};
use crate::packet::{BadPacket, Packet, Topic};
use crate::part::{Bytes, Part};
use crate::plan::EPOCHS_AHEAD;
use crate::planted::{Bug, is_planted};
use crate::told::Lines;

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
        let home = HomeEpoch {
            part,
            line_no_before,
            end: 0,
            lines,
            stages: Vec::new(),
            answered: 0,
            handed: Vec::new(),
        };
        self.homes.insert(epoch, home);
        self.begin_lines(epoch);
        Ok(true)
    }

    /// Takes the lines of an epoch to the first stage, and asks what they find there.
    fn begin_lines(&mut self, epoch: u64) {
        let Self { homes, input, runners, plan, owned, handover, write_error, .. } = self;
        let Some(home) = homes.get_mut(&epoch) else { return };
        let HomeEpoch { part, line_no_before, end, lines, .. } = home;
        let scout = &mut runners.scout;
        let known = owned.first().and_then(|first| first.watermark);
        let mut asking = Asking::begin(plan, handover, (part, input), &[], known, scout);
        let until = plan.stages.first().map(|stage| stage.steps.start);
        let mut reader = part.reader(input, *line_no_before);
        for at in 0..usize::try_from(part.lines).unwrap_or(usize::MAX) {
            let start = part.start(reader.bytes_read());
            let raw = match reader.next_line() {
                Ok(Some(raw)) => raw,
                Ok(None) => break,
                Err(error) => {
                    // The end of the last line is beyond the part, and is read only now.
                    write_error.get_or_insert_with(|| format!("the input cannot be read: {error}"));
                    break;
                }
            };
            let paused = until.map(|until| scout.start(raw.line_no(), raw, until));
            lines.push(Line { start, paused, passed_to: None, refused: None });
            if let Some(line) = lines.last_mut() {
                asking.take(at, line, scout);
            }
            *end = reader.bytes_read();
        }
        drop(reader);
        let asked = asking.finish();
        self.send_asked(epoch, asked);
    }

    /// Sends the questions of the lines of an epoch to a stage.
    fn send_asked(&mut self, epoch: u64, asked: Option<Asked<A::Message>>) {
        let (Some(Asked { stage: asked, packets }), Some(home)) = (asked, self.homes.get_mut(&epoch)) else {
            return;
        };
        let topic = Topic::Asks { stage: home.stages.len() };
        home.stages.push(asked);
        for (owner, (bytes, handed)) in packets.into_iter().enumerate() {
            self.handover.put((self.index, owner, epoch, topic), handed);
            self.send(owner, epoch, topic, bytes);
        }
    }

    /// Takes the lines of an epoch on to the next stage, once their finds in this one have come; returns the stage that
    /// they were in.
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
            let topic = Topic::Answers { stage };
            let handed = (0..self.plan.owners.workers())
                .map(|owner| HandedBack::new(self.handover.take((owner, self.index, epoch, topic))));
            home.handed = handed.collect();
            if stages < self.plan.stages.len() {
                self.advance_lines(epoch, stage);
            }
            return Ok(Some(stage));
        }
        Ok(None)
    }

    /// Takes the lines of an epoch through a stage and on to the next, and asks what they find there.
    fn advance_lines(&mut self, epoch: u64, number: usize) {
        let Self { homes, input, runners, plan, owned, handover, .. } = self;
        let Some(home) = homes.get_mut(&epoch) else { return };
        let HomeEpoch { part, line_no_before, lines, stages: answered, handed, .. } = home;
        let scout = &mut runners.scout;
        let known = owned[number + 1].watermark;
        let mut asking = Asking::begin(plan, handover, (part, input), answered, known, scout);
        let (stage, until) = (&plan.stages[number], plan.stages[number + 1].steps.start);
        let mut answers = answered[number].read();
        for (at, line) in lines.iter_mut().enumerate() {
            let line_no = *line_no_before + 1 + at as u64;
            if let Some(owner) = line.passed_to.take() {
                line.take_passed((at, line_no), owner, stage.steps.start, &mut answers, handed, scout);
            } else if let Some(paused) = &mut line.paused {
                if answers.tell(scout.memory(), stage, at, line_no).is_none() {
                    line.refused = Some(Refused { step: stage.steps.start, why: UNREADABLE });
                }
                scout.advance(paused, until);
            }
            asking.take(at, line, scout);
        }
        let asked = asking.finish();
        self.send_asked(epoch, asked);
    }
}

impl<M: MessageSet> Line<M> {
    /// Takes the result of the owner of the stage that begins with `step` for the line with this index and number.
    pub(super) fn take_passed(
        &mut self,
        (at, line_no): (usize, u64),
        owner: usize,
        step: usize,
        answers: &mut AnswersRead<'_>,
        handed: &mut [HandedBack<M>],
        runner: &SyncRunner<M>,
    ) {
        self.paused = match handed.get_mut(owner).and_then(HandedBack::next) {
            line @ Some(_) => line,
            None => answers
                .of_this_line(at)
                .and_then(|mut answer| runner.unpack(line_no, &mut answer).filter(|_| answer.is_empty())),
        };
        if self.paused.is_none() {
            self.refused = Some(Refused { step, why: UNREADABLE });
        }
    }
}
