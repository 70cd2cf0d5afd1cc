//! An epoch that is told: its lines are taken through all steps, and what they say goes to its places in output and trace.

use stream_kernel_exec::{InputOutcome, MessageSet, RunReport, Stage, StepError, StepFailure, SyncRunner};
use stream_kernel_run::{Application, Event, LineMessage, RawLine};

use super::asking::UNREADABLE;
use super::gathering::Placed;
use super::{Places, Telling, TraceEnd, Worker};
use crate::home::{AnswersRead, HandedBack, HomeEpoch, HomeStage, Line, Refused};
use crate::packet::{BadPacket, Topic};
use crate::part::Bytes;
use crate::plan::Runners;
use crate::planted::{Bug, is_planted};
use crate::told::{Remark, Told};

impl<A: Application, I: Bytes, P: Places> Worker<A, I, P> {
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
        let HomeEpoch { part, mut lines, stages: answered, line_no_before, end, mut handed, .. } = home;
        self.read_to = self.read_to.max(end);
        let mut answers: Vec<_> = answered.iter().map(HomeStage::read).collect();
        let mut reader = part.reader(&self.input, line_no_before);
        for (at, line) in lines.drain(..).enumerate() {
            let line_no = line_no_before + 1 + at as u64;
            let done = if self.runners.teller.is_some() {
                let Ok(Some(raw)) = reader.next_line() else { break };
                retell_line(&mut self.runners, &self.plan.stages, at, &line, raw, &mut answers)
            } else {
                let scout = &mut self.runners.scout;
                finish_line(scout, &self.plan.stages, (at, line_no), line, &mut answers, &mut handed)
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
                notices.into_iter().map(|(topic, most, text)| Remark::Notice(topic.into_owned(), most, text));
            told.remarks.extend(notices);
        }
        drop((answers, reader));
        self.spare.part.push(part.into_buffer());
        self.spare.lines.push(lines);
        let mut trace = std::mem::take(&mut self.spare.trace);
        self.records.take(&mut trace);
        told.report = difference(self.runners.teller().report(), before);
        (told.output_bytes, told.trace_bytes) = (output.len() as u64, trace.len() as u64);
        (told.write_error, told.trace_error) = (self.write_error.take(), self.trace_error.take());
        let mut bytes = Vec::new();
        told.write(&mut bytes);
        let telling = Telling { output, trace };
        self.send_gathered(epoch, &telling);
        self.telling = Some(telling);
        self.send_to_all(epoch, Topic::Told, &bytes);
        true
    }

    /// Writes an epoch at its places in output and trace, once all workers have said how much they write.
    pub(super) fn write_epoch(&mut self, tell: &mut dyn FnMut(Event<'_>)) -> Result<bool, BadPacket> {
        let epoch = self.next_written;
        let is_told =
            self.inbox.get(&(epoch, Topic::Told)).is_some_and(|told| told.iter().all(Option::is_some));
        if self.telling.is_none() || !is_told {
            return Ok(false);
        }
        let Some(gathered) = self.take_gathered(epoch) else { return Ok(false) };
        let Some(packets) = self.take(epoch, Topic::Told) else { return Ok(false) };
        let Some(telling) = self.telling.take() else { return Ok(false) };
        let before = (self.outcome.report.inputs, self.outcome.trace_bytes);
        let mut places = None;
        let mut of_all = Vec::new();
        let told: Result<Vec<_>, _> =
            packets.iter().map(|packet| Told::read(&packet.bytes).ok_or_else(|| packet.bad())).collect();
        let told = told?;
        for told in &told {
            if let (Some(error), None) = (&told.write_error, &self.outcome.ending.write_error) {
                self.outcome.ending.write_error = Some(error.clone());
                self.end = epoch;
            }
            self.heed_trace_error(told.trace_error.clone());
        }
        for (worker, told) in told.into_iter().enumerate() {
            if worker == self.index && !is_planted(Bug::OwnPlace) {
                places = Some((self.outcome.output_bytes, self.outcome.trace_bytes));
            }
            of_all.push(Placed::new((self.outcome.output_bytes, self.outcome.trace_bytes), &told));
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
        if let Some((output_at, trace_at)) = places.filter(|_| self.writes()) {
            self.write_at((&output, output_at), (&trace, trace_at));
        }
        self.write_gathered(&gathered, &of_all)?;
        self.trace_before = before;
        output.clear();
        trace.clear();
        (self.spare.output, self.spare.trace) = (output, trace);
        self.next_written += 1;
        if self.end < self.next_written {
            self.end = self.next_written;
        }
        self.save_if_asked(epoch);
        Ok(true)
    }

    /// Writes at these places of output and trace, the latter unless it has ended. Without a checkpoint, the run goes on without a trace
    /// that cannot be written.
    pub(super) fn write_at(&mut self, (output, output_at): (&[u8], u64), (trace, trace_at): (&[u8], u64)) {
        if let (Err(error), None) = (self.places.write_output(output, output_at), &self.write_error) {
            self.write_error = Some(error.to_string());
        }
        if self.outcome.ending.trace_end.is_some() {
            return;
        }
        let is_kept = self.saving.is_some();
        let Err(error) = self.places.write_trace(trace, self.trace_start + trace_at) else { return };
        let kept = if is_kept { &mut self.write_error } else { &mut self.trace_error };
        kept.get_or_insert_with(|| error.to_string());
    }

    /// Takes in why a worker could not write the records of the epoch before.
    pub(super) fn heed_trace_error(&mut self, error: Option<String>) {
        if let (Some(error), None) = (error, &self.outcome.ending.trace_end) {
            let (line_no, bytes) = self.trace_before;
            self.outcome.ending.trace_end = Some(TraceEnd { line_no, bytes, error });
        }
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
    let (line_no, mut refused) = (raw.line_no(), line.refused);
    for (answers, stage) in answers.iter_mut().zip(stages) {
        if answers.tell(teller.memory(), stage, at, line_no).is_none() {
            refused = Some(Refused { step: stage.steps.start, why: UNREADABLE });
        }
    }
    match refused {
        None => teller.process(line_no, raw),
        Some(refused) => Err(refuse(teller, line_no, refused)),
    }
}

/// Takes a line through the rest of the steps, from the last stage on.
fn finish_line<M: MessageSet>(
    scout: &mut SyncRunner<M>,
    stages: &[Stage],
    (at, line_no): (usize, u64),
    mut line: Line<M>,
    answers: &mut [AnswersRead<'_>],
    handed: &mut [HandedBack<M>],
) -> Result<InputOutcome, StepFailure> {
    let mut step = 0;
    if let (Some(answers), Some(stage)) = (answers.last_mut(), stages.last()) {
        step = stage.steps.start;
        if let Some(owner) = line.passed_to {
            line.take_passed((at, line_no), owner, step, answers, handed, scout);
        } else if answers.tell(scout.memory(), stage, at, line_no).is_none() {
            line.refused = Some(Refused { step, why: UNREADABLE });
        }
    }
    match (line.refused, line.paused) {
        (None, Some(paused)) => scout.finish_paused(paused),
        (refused, _) => Err(refuse(scout, line_no, refused.unwrap_or(Refused { step, why: UNREADABLE }))),
    }
}

fn refuse<M: MessageSet>(
    runner: &mut SyncRunner<M>,
    line_no: u64,
    Refused { step, why }: Refused,
) -> StepFailure {
    runner.refuse(line_no, step, StepError::new("NotShared", why).stopping())
}

fn difference(now: RunReport, before: RunReport) -> RunReport {
    RunReport {
        inputs: now.inputs - before.inputs,
        abandoned: now.abandoned - before.abandoned,
        undeliverable: now.undeliverable - before.undeliverable,
    }
}
