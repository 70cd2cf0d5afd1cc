//! Home of an epoch's lines: they ask what they will find, and are told once they know.

use std::vec;

use stream_kernel_exec::{Memory, MessageSet, Paused, Refusal, Stage};
use stream_kernel_run::LineContent;

use crate::handover::Lines;
use crate::moves::{Moves, Times};
use crate::packet::{Packet, Torn, read_bytes, read_number, split_head, write_bytes, write_number};
use crate::part::Part;
use crate::planted::{Bug, is_planted};

/// A worker's lines of an epoch.
pub(crate) struct HomeEpoch<M> {
    pub(crate) part: Part,
    /// The number of the line before the first.
    pub(crate) line_no_before: u64,
    /// The end of the last line in the input; 0 without lines.
    pub(crate) end: u64,
    pub(crate) lines: Vec<Line<M>>,
    /// The stages so far, in order.
    pub(crate) stages: Vec<HomeStage>,
    /// The number of stages that have answered.
    pub(crate) answered: usize,
    /// By owner: the lines that the last of these stages has handed back.
    pub(crate) handed: Vec<HandedBack<M>>,
}

/// Lines that an owner has handed back.
pub(crate) struct HandedBack<M>(vec::IntoIter<Option<Paused<M>>>);

/// The number of lines that are prefetched at once.
const PREFETCHED_AT_ONCE: usize = 16;

impl<M: MessageSet> HandedBack<M> {
    pub(crate) fn new(lines: Lines<M>) -> Self {
        Self(lines.into_iter())
    }

    /// Takes the next line.
    pub(crate) fn next(&mut self) -> Option<Paused<M>> {
        let rest = self.0.as_slice();
        if rest.len().is_multiple_of(PREFETCHED_AT_ONCE) {
            rest.iter()
                .skip(PREFETCHED_AT_ONCE)
                .take(PREFETCHED_AT_ONCE)
                .flatten()
                .for_each(Paused::prefetch);
        }
        self.0.next().flatten()
    }
}

/// A line at home.
pub(crate) struct Line<M> {
    /// Its beginning in the part.
    pub(crate) start: usize,
    /// Its progress in looking ahead.
    pub(crate) paused: Option<Paused<M>>,
    /// The owner that passes it through its current stage: meanwhile it is not here.
    pub(crate) passed_to: Option<usize>,
    pub(crate) refused: Option<Refused>,
}

/// Why several workers cannot decide a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refused {
    /// The position of the step at which it shows.
    pub(crate) step: usize,
    pub(crate) why: &'static str,
}

/// The questions of an epoch's lines to a stage, and the answers.
#[derive(Default)]
pub(crate) struct HomeStage {
    /// The owners that each line has asked: the line's index, and the owner.
    asked: Vec<(usize, usize)>,
    pub(crate) times: Times,
    pub(crate) moves: Moves,
    /// By owner: its answers, in the order of the questions.
    answers: Vec<Vec<u8>>,
    /// By move of the watermark: how many entries it makes forgotten.
    forgotten: Vec<u64>,
    refusal: Option<(u64, Refusal)>,
}

/// A reader of a stage's answers.
pub(crate) struct AnswersRead<'a> {
    stage: &'a HomeStage,
    answers: Vec<&'a [u8]>,
    next: usize,
}

impl HomeStage {
    pub(crate) fn note_asked(&mut self, line: usize, owner: usize) {
        self.asked.push((line, owner));
    }

    /// Takes in the answers of all owners, in the order of owners.
    pub(crate) fn take_answers(&mut self, packets: Vec<Packet>) -> Option<()> {
        self.forgotten = vec![0; self.moves.moves.len()];
        for packet in packets {
            let (mut head, body) = split_head(&packet.bytes)?;
            self.refusal = read_refusal(&mut head).ok()?;
            for forgotten in &mut self.forgotten {
                let of_owner = read_number(&mut head)?;
                if packet.from == packet.to || !is_planted(Bug::OwnForgotten) {
                    *forgotten += of_owner;
                }
            }
            let answers = body.len();
            let mut bytes = packet.bytes;
            bytes.truncate(answers);
            self.answers.push(bytes);
        }
        Some(())
    }

    pub(crate) fn read(&self) -> AnswersRead<'_> {
        AnswersRead { stage: self, answers: self.answers.iter().map(Vec::as_slice).collect(), next: 0 }
    }
}

impl<'a> AnswersRead<'a> {
    /// Returns the answers to the line with this index; lines are asked for in order.
    fn of_line(&mut self, line: usize, mut each: impl FnMut(&'a [u8]) -> Option<()>) -> Option<()> {
        while let Some(&(asked, owner)) = self.stage.asked.get(self.next)
            && asked <= line
        {
            self.next += 1;
            let answer = read_bytes(self.answers.get_mut(owner)?)?;
            if asked == line {
                each(answer)?;
            }
        }
        Some(())
    }

    /// Returns the answer of the only owner that the line with this index has asked.
    pub(crate) fn of_this_line(&mut self, line: usize) -> Option<&'a [u8]> {
        let mut only = None;
        self.of_line(line, |answer| {
            only = Some(answer);
            Some(())
        })?;
        only
    }

    /// Gives a memory the finds of the line with this index in the stage.
    pub(crate) fn tell(
        &mut self,
        memory: &mut Memory,
        stage: &Stage,
        line: usize,
        line_no: u64,
    ) -> Option<()> {
        let (before, index) = self.stage.moves.before(line_no);
        memory.set_watermark(stage, before);
        if let Some(&forgotten) = index.and_then(|index| self.stage.forgotten.get(index)) {
            memory.set_forgotten(stage, forgotten);
        }
        if let Some((_, refusal)) = self.stage.refusal.filter(|(refused, _)| *refused == line_no) {
            memory.refuse(stage, if is_planted(Bug::RefusedAtOnce) { (0, refusal.1) } else { refusal });
        }
        self.of_line(line, |answer| memory.read_found(stage, answer))
    }

    /// Appends the finds of the line with this index in the stage, for an owner that passes the line.
    pub(crate) fn write(&mut self, line: usize, line_no: u64, to: &mut Vec<u8>) -> Option<()> {
        let (before, _) = self.stage.moves.before(line_no);
        to.push(u8::from(before.is_some()));
        to.extend_from_slice(&before.unwrap_or_default().to_le_bytes());
        let mut answers = Vec::new();
        self.of_line(line, |answer| {
            answers.push(answer);
            Some(())
        })?;
        write_number(answers.len() as u64, to);
        for answer in answers {
            write_bytes(answer, to);
        }
        Some(())
    }
}

/// Gives a memory the finds that [`AnswersRead::write`] wrote.
pub(crate) fn tell_written(memory: &mut Memory, stage: &Stage, from: &mut &[u8]) -> Option<()> {
    let (&is_some, rest) = from.split_first()?;
    let (before, rest) = rest.split_first_chunk()?;
    *from = rest;
    memory.set_watermark(stage, (is_some == 1).then_some(i64::from_le_bytes(*before)));
    for _ in 0..read_number(from)? {
        memory.read_found(stage, read_bytes(from)?)?;
    }
    Some(())
}

/// Appends a line's content.
pub(crate) fn write_content(content: &LineContent, to: &mut Vec<u8>) {
    match content {
        LineContent::Whole(text) => {
            to.push(0);
            write_bytes(text, to);
        }
        LineContent::Overlong { bytes, sha256 } => {
            to.push(1);
            write_number(*bytes, to);
            to.extend_from_slice(sha256);
        }
    }
}

/// Takes a line's content off the front.
pub(crate) fn read_content(from: &mut &[u8]) -> Option<LineContent> {
    let (&kind, rest) = from.split_first()?;
    *from = rest;
    match kind {
        0 => Some(LineContent::Whole(read_bytes(from)?.into())),
        1 => {
            let bytes = read_number(from)?;
            let (sha256, rest) = from.split_first_chunk()?;
            *from = rest;
            Some(LineContent::Overlong { bytes, sha256: *sha256 })
        }
        _ => None,
    }
}

/// Appends which line a limit refuses, if any.
pub(crate) fn write_refusal(refusal: Option<(u64, Refusal)>, to: &mut Vec<u8>) {
    let Some((line_no, (addition, which))) = refusal else { return to.push(0) };
    to.push(1);
    write_number(line_no, to);
    write_number(addition.into(), to);
    write_number(which as u64, to);
}

/// Takes off the front which line a limit refuses, if any.
fn read_refusal(from: &mut &[u8]) -> Result<Option<(u64, Refusal)>, Torn> {
    let (&is_some, rest) = from.split_first().ok_or(Torn)?;
    *from = rest;
    if is_some == 0 {
        return Ok(None);
    }
    let mut number = || read_number(from).ok_or(Torn);
    let (line_no, addition, which) = (number()?, number()?, number()?);
    let addition = u32::try_from(addition).map_err(|_| Torn)?;
    let which = usize::try_from(which).ok().filter(|which| *which < 2).ok_or(Torn)?;
    Ok(Some((line_no, (addition, which))))
}
