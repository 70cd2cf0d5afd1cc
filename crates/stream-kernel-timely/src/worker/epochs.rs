//! An epoch of a worker, from its bytes to its places in output and trace.

use stream_kernel_exec::{
    InputOutcome, MessageSet, Paused, Place, Refusal, RunReport, Share, Stage, StepError, StepFailure,
    SyncRunner,
};
use stream_kernel_run::{Application, Event, LineMessage, RawLine};

use super::{EPOCHS_AHEAD, Places, Plan, Runners, Telling, Worker};
use crate::home::{AnswersRead, HomeEpoch, HomeStage, Line, write_content};
use crate::owner::{LINE, MESSAGES, OwnerStage};
use crate::packet::{BadPacket, Packet, Topic, read_bytes, write_bytes, write_number};
use crate::part::{Bytes, Part};
use crate::planted::{Bug, is_planted};
use crate::told::{Lines, Remark, Told};

/// Why several workers cannot decide a line that looks up several keys of a stage.
const SEVERAL_KEYS: &str = "several messages of the line come to it, and what it looks up for one may depend on another: several \
                            workers cannot share that (run with `runtime.workers: 1`)";

const UNREADABLE: &str = "what it finds there cannot be read";

impl<A: Application, I: Bytes, P: Places> Worker<A, I, P> {
    /// Reads the next part, unless too many epochs are under way.
    pub(super) fn read_part(&mut self) -> bool {
        let epoch = self.next_read;
        if epoch >= self.end || epoch >= self.next_written + EPOCHS_AHEAD {
            return false;
        }
        self.next_read += 1;
        let buffer = self.spare.part.pop().unwrap_or_default();
        let trace_start = self.places.trace_start();
        let mut lines = Lines { signal: self.signal, trace_start, ..Lines::default() };
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
        if epoch >= self.end {
            return Ok(false);
        }
        let Some(packets) = self.take(epoch, Topic::Lines) else { return Ok(false) };
        let (mut line_no, mut line_no_before) = (before_all, before_all);
        for (worker, packet) in packets.iter().enumerate() {
            let Lines { count, signal, read_error, trace_start } =
                Lines::read(&packet.bytes).ok_or_else(|| packet.bad())?;
            if worker == self.index {
                line_no_before = if is_planted(Bug::LineNumbers) { before_all } else { line_no };
            }
            line_no += count;
            if worker == 0 {
                self.trace_start = trace_start;
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
        let home = HomeEpoch { part, line_no_before, lines: Vec::new(), stages: Vec::new(), answered: 0 };
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
                    *write_error = Some(format!("the input cannot be read: {error}"));
                    break;
                }
            };
            let line_no = raw.line_no();
            let paused = until.map(|until| runners.scout.start(line_no, raw, until));
            home.lines.push(Line { number: line_no, start, paused, refused: None });
        }
    }

    /// Asks what the lines of an epoch find in the next stage.
    fn ask(&mut self, epoch: u64) {
        let Self {
            homes,
            input,
            runners,
            plan: Plan { stages, owners, continues_after_errors, .. },
            owned,
            ..
        } = self;
        let Some(home) = homes.get_mut(&epoch) else { return };
        let number = home.stages.len();
        let Some(stage) = stages.get(number) else { return };
        let mut asks = vec![Vec::new(); owners.workers()];
        let mut asked = HomeStage::default();
        let known = owned[number].watermark;
        let mut earlier: Vec<AnswersRead<'_>> = home.stages.iter().map(HomeStage::read).collect();
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
            for &time in &times {
                asked.times.add(runners.scout.memory(), stage, line_no, time, known);
            }
            if their_owners.is_empty() {
                continue;
            }
            ask.clear();
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
            }
        }
        let mut head = Vec::new();
        asked.times.write(&mut head);
        home.stages.push(asked);
        for (owner, asks) in asks.into_iter().enumerate() {
            let bytes = [head.as_slice(), &asks].concat();
            self.send(owner, epoch, Topic::Asks { stage: number }, bytes);
        }
    }

    /// Takes the lines of an epoch on to the next stage, once what they find in this one is there.
    pub(super) fn advance_homes(&mut self) -> Result<bool, BadPacket> {
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
            return Ok(true);
        }
        Ok(false)
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

    /// Answers, as an owner, what all workers ask of the stages.
    pub(super) fn answer_stages(&mut self) -> Result<bool, BadPacket> {
        for stage in 0..self.plan.stages.len() {
            let epoch = self.owned[stage].next;
            if self.owned[stage].current.is_some() {
                if self.agree(epoch, stage)? {
                    return Ok(true);
                }
                continue;
            }
            let Some(packets) = self.take(epoch, Topic::Asks { stage }) else { continue };
            let Some(bad) = packets.first().map(Packet::bad) else { continue };
            let described = &self.plan.stages[stage];
            let watermark = self.owned[stage].watermark;
            let new = OwnerStage::new(packets, &mut self.runners.owner, described, watermark);
            let mut current = new.ok_or_else(|| bad.clone())?;
            if let Some(asked) = self.homes.get_mut(&epoch).and_then(|home| home.stages.get_mut(stage)) {
                asked.moves = current.moves().clone();
            }
            current.run(0, 0, &mut self.owner_runners(), stage).ok_or(bad)?;
            if self.runners.owner.memory().is_agreed_upon(&self.plan.stages[stage]) {
                self.send_round(epoch, stage, &mut current);
                self.owned[stage].current = Some(current);
            } else {
                self.send_answers(epoch, stage, &current, None);
            }
            return Ok(true);
        }
        Ok(false)
    }

    fn send_round(&mut self, epoch: u64, stage: usize, current: &mut OwnerStage) {
        let described = &self.plan.stages[stage];
        let round = current.round;
        let (added, is_new) = current.added(&mut self.runners.owner, described);
        let mut bytes = vec![u8::from(is_new)];
        write_bytes(added, &mut bytes);
        self.runners.owner.memory().write_counts(described, &mut bytes);
        self.send_to_all(epoch, Topic::Round { stage, round }, &bytes);
    }

    /// Goes on with what owners have to agree upon, once all have said what they have to say.
    fn agree(&mut self, epoch: u64, stage: usize) -> Result<bool, BadPacket> {
        let Some(mut current) = self.owned[stage].current.take() else { return Ok(false) };
        let topic = if self.owned[stage].waits_for_counted {
            Topic::Counted { stage }
        } else {
            Topic::Round { stage, round: current.round }
        };
        let Some(packets) = self.take(epoch, topic) else {
            self.owned[stage].current = Some(current);
            return Ok(false);
        };
        let Some(bad) = packets.first().map(Packet::bad) else { return Ok(false) };
        let memory = self.runners.owner.memory();
        let described = &self.plan.stages[stage];
        if self.owned[stage].waits_for_counted {
            let counted = packets.iter().map(|packet| packet.bytes.as_slice());
            let refused = memory.first_refused(described, counted).ok_or(bad)?;
            self.owned[stage].waits_for_counted = false;
            self.send_answers(epoch, stage, &current, refused);
            return Ok(true);
        }
        let said: Option<Vec<_>> = packets.iter().map(|packet| read_round(&packet.bytes)).collect();
        let said = said.ok_or_else(|| bad.clone())?;
        if said.iter().any(|(is_new, ..)| *is_new) && !(is_planted(Bug::OneRound) && current.round > 0) {
            let index = self.index;
            let others = said.iter().enumerate().filter(|(worker, _)| *worker != index);
            let others = others.filter(|_| !is_planted(Bug::DeafToGates));
            let others = others.map(|(_, (_, added, _))| *added);
            current.hear_added(others, &mut self.owner_runners(), stage).ok_or(bad)?;
            current.round += 1;
            self.send_round(epoch, stage, &mut current);
            self.owned[stage].current = Some(current);
            return Ok(true);
        }
        let counts = said.iter().map(|(.., counts)| *counts);
        if memory.may_reach_limit(described, counts).ok_or(bad)? && !is_planted(Bug::LimitForEach) {
            let mut bytes = Vec::new();
            memory.write_counted(described, &mut bytes);
            self.send_to_all(epoch, Topic::Counted { stage }, &bytes);
            self.owned[stage].waits_for_counted = true;
            self.owned[stage].current = Some(current);
        } else {
            self.send_answers(epoch, stage, &current, None);
        }
        Ok(true)
    }

    fn send_answers(
        &mut self,
        epoch: u64,
        stage: usize,
        current: &OwnerStage,
        refusal: Option<(u64, Refusal)>,
    ) {
        let answers = current.answers(refusal, self.plan.owners.workers());
        for (home, bytes) in answers.into_iter().enumerate() {
            self.send(home, epoch, Topic::Answers { stage }, bytes);
        }
        self.runners.owner.memory().end_epoch(&self.plan.stages[stage]);
        self.owned[stage].watermark = current.moves().at_last();
        self.owned[stage].next = epoch + 1;
    }

    /// Takes the lines of the next epoch through all steps, once what they find is known and the epoch before is written.
    pub(super) fn tell_epoch(&mut self) -> bool {
        let epoch = self.next_told;
        let stages = self.plan.stages.len();
        // One epoch is told at a time: a failure in it ends the run.
        if epoch >= self.end || self.telling.is_some() {
            return false;
        }
        if self.homes.get(&epoch).is_none_or(|home| home.answered < stages) {
            return false;
        }
        let Some(home) = self.homes.remove(&epoch) else { return false };
        self.next_told += 1;
        let before = self.runners.teller().report();
        let mut told = Told::default();
        let mut output = std::mem::take(&mut self.spare.output);
        let HomeEpoch { part, lines, stages: answered, line_no_before, .. } = home;
        let mut answers: Vec<_> = answered.iter().map(HomeStage::read).collect();
        let mut reader = part.reader(&self.input, line_no_before);
        for (at, line) in lines.into_iter().enumerate() {
            let done = match self.runners.teller {
                Some(_) => {
                    let Ok(Some(raw)) = reader.next_line() else { break };
                    retell_line(&mut self.runners, &self.plan.stages, at, &line, raw, &mut answers)
                }
                None => finish_line(&mut self.runners.scout, &self.plan.stages, at, line, &mut answers),
            };
            let teller = self.runners.teller();
            output.extend_from_slice(teller.written());
            let notices = teller.take_uncounted_notices();
            match done {
                Ok(InputOutcome::Completed) => {}
                Ok(InputOutcome::Abandoned(failure)) => told.remarks.push(Remark::Abandoned(failure)),
                Err(failure) => {
                    told.failure = Some(failure);
                    break;
                }
            }
            let notices =
                notices.into_iter().map(|(topic, most, text)| Remark::Notice(topic.to_owned(), most, text));
            told.remarks.extend(notices);
        }
        drop((answers, reader));
        self.spare.part.push(part.into_buffer());
        let mut trace = std::mem::take(&mut self.spare.trace);
        self.records.take(&mut trace);
        told.report = difference(self.runners.teller().report(), before);
        (told.output_bytes, told.trace_bytes) = (output.len() as u64, trace.len() as u64);
        told.write_error = self.write_error.take();
        let mut bytes = Vec::new();
        told.write(&mut bytes);
        self.telling = Some(Telling { output, trace });
        self.send_to_all(epoch, Topic::Told, &bytes);
        true
    }

    /// Writes what was told of an epoch at its places, once it is known what all workers have to write.
    pub(super) fn write_epoch(&mut self, tell: &mut dyn FnMut(Event<'_>)) -> Result<bool, BadPacket> {
        let epoch = self.next_written;
        if self.telling.is_none() {
            return Ok(false);
        }
        let Some(packets) = self.take(epoch, Topic::Told) else { return Ok(false) };
        let Some(telling) = self.telling.take() else { return Ok(false) };
        let mut places = None;
        for (worker, packet) in packets.iter().enumerate() {
            let told = Told::read(&packet.bytes).ok_or_else(|| packet.bad())?;
            if let (Some(error), None) = (&told.write_error, &self.outcome.ending.write_error) {
                self.outcome.ending.write_error = Some(error.clone());
                self.end = epoch;
            }
            if worker == self.index && !is_planted(Bug::OwnPlace) {
                places = Some((self.outcome.output_bytes, self.outcome.trace_bytes));
            }
            let report = &mut self.outcome.report;
            report.inputs += told.report.inputs;
            report.abandoned += told.report.abandoned;
            report.undeliverable += told.report.undeliverable;
            self.outcome.output_bytes += told.output_bytes;
            self.outcome.trace_bytes += told.trace_bytes;
            if self.index == 0 {
                told.remarks.iter().for_each(|remark| self.notices_told(remark, tell));
            }
            if told.failure.is_some() {
                self.outcome.ending.failure = told.failure;
                self.end = epoch + 1;
                if !is_planted(Bug::NoCommonStop) {
                    break;
                }
            }
        }
        let Telling { mut output, mut trace } = telling;
        // Without places, an earlier home has ended the run before these lines.
        if let Some((output_at, trace_at)) = places {
            let written = self.places.write((&output, output_at), (&trace, self.trace_start + trace_at));
            self.write_error = written.err().map(|error| error.to_string());
        }
        output.clear();
        trace.clear();
        (self.spare.output, self.spare.trace) = (output, trace);
        self.next_written += 1;
        if self.end < self.next_written {
            self.end = self.next_written;
        }
        Ok(true)
    }

    fn notices_told(&mut self, remark: &Remark, tell: &mut dyn FnMut(Event<'_>)) {
        match remark {
            Remark::Abandoned(failure) => tell(Event::Abandoned(failure)),
            Remark::Notice(topic, most, text) => {
                if let Some(text) = self.notices.count(topic, *most, text.clone()) {
                    tell(Event::Notice(&text));
                }
            }
        }
    }
}

/// Takes a line through all steps, from its bytes on.
fn retell_line<M: LineMessage>(
    runners: &mut Runners<M>,
    stages: &[Stage],
    at: usize,
    line: &Line<M>,
    raw: RawLine,
    answers: &mut [AnswersRead<'_>],
) -> Result<InputOutcome, StepFailure> {
    let teller = runners.teller();
    let &Line { number: line_no, mut refused, .. } = line;
    for (answers, stage) in answers.iter_mut().zip(stages) {
        if answers.tell(teller.memory(), stage, at, line_no).is_none() {
            refused = Some((stage.steps.start, UNREADABLE));
        }
    }
    match refused {
        None => teller.process(line_no, raw),
        Some((step, why)) => Err(refuse(teller, line_no, step, why)),
    }
}

/// Takes a line through the rest of the steps, from the last stage on.
fn finish_line<M: MessageSet>(
    scout: &mut SyncRunner<M>,
    stages: &[Stage],
    at: usize,
    line: Line<M>,
    answers: &mut [AnswersRead<'_>],
) -> Result<InputOutcome, StepFailure> {
    let Line { number: line_no, paused, mut refused, .. } = line;
    if let (Some(answers), Some(stage)) = (answers.last_mut(), stages.last())
        && answers.tell(scout.memory(), stage, at, line_no).is_none()
    {
        refused = Some((stage.steps.start, UNREADABLE));
    }
    match (refused, paused) {
        (None, Some(paused)) => scout.finish_paused(paused),
        (refused, _) => {
            let (step, why) = refused.unwrap_or((0, UNREADABLE));
            Err(refuse(scout, line_no, step, why))
        }
    }
}

fn refuse<M: MessageSet>(
    runner: &mut SyncRunner<M>,
    line_no: u64,
    step: usize,
    why: &'static str,
) -> StepFailure {
    runner.refuse(line_no, step, StepError::new("NotShared", why).stopping())
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

/// Reads what an owner has said in a round: whether it has added anything new, what it has added, and what limits have counted.
fn read_round(bytes: &[u8]) -> Option<(bool, &[u8], &[u8])> {
    let (&is_new, mut rest) = bytes.split_first()?;
    let added = read_bytes(&mut rest)?;
    Some((is_new != 0, added, rest))
}

fn difference(now: RunReport, before: RunReport) -> RunReport {
    RunReport {
        inputs: now.inputs - before.inputs,
        abandoned: now.abandoned - before.abandoned,
        undeliverable: now.undeliverable - before.undeliverable,
    }
}
