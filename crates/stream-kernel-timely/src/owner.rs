//! Stages at the owner of their keys: it takes what all workers ask in line order, and answers what each line finds.

use std::collections::VecDeque;

use smallvec::SmallVec;

use stream_kernel_exec::{Entering, MessageSet, Paused, Place, Refusal, Share, Stage, SyncRunner, UndoMark};
use stream_kernel_run::{LineMessage, RawLine};

use crate::home::{Line, read_content, tell_written, write_refusal};
use crate::moves::{Moves, read_times};
use crate::owners::Owners;
use crate::packet::{
    Packet, read_bytes, read_number, split_head, write_bytes, write_head_behind, write_number,
};
use crate::planted::{Bug, is_planted};

/// The number of questions whose entries are prefetched at the same time.
const PREFETCHED_AT_ONCE: usize = 16;

/// A question begins with this if it holds the messages that enter the stage.
pub(crate) const MESSAGES: u8 = 0;
/// A question begins with this if it holds the line, and what that finds in earlier stages.
pub(crate) const LINE: u8 = 1;
/// A question begins with this if the line is at home at its owner, who takes it through the stage: then comes the line's index.
pub(crate) const HERE: u8 = 2;

/// A stage in an epoch at an owner.
pub(crate) struct OwnerStage {
    packets: Vec<Packet>,
    /// In line order: the worker that asks, the line, and where the question is in the worker's packet.
    asks: Vec<Ask>,
    moves: Moves,
    forgotten: Vec<u64>,
    /// What the lines have found, and where that of each begins.
    found: Vec<u8>,
    found_at: Vec<usize>,
    /// How far the changes had come before each question, if they may have to be undone.
    marks: Vec<UndoMark>,
    marks_an_ask: usize,
    /// How far the moves were taken in before each question.
    moves_at: Vec<usize>,
    pub(crate) round: u32,
    /// What was added to gates by the last round.
    added: Vec<u8>,
}

struct Ask {
    home: usize,
    line_no: u64,
    at: std::ops::Range<usize>,
    /// Whether the line is at home here.
    is_here: bool,
}

/// The messages of a line that enter a stage: one, mostly.
type Messages<M> = SmallVec<[Entering<M>; 1]>;

/// The runners of a worker that an owner needs.
pub(crate) struct OwnerRunners<'a, M> {
    pub(crate) scout: &'a mut SyncRunner<M>,
    pub(crate) owner: &'a mut SyncRunner<M>,
    pub(crate) stages: &'a [Stage],
    pub(crate) owners: &'a Owners,
    /// Whether what lines find that are at home here is noted.
    pub(crate) notes_passed: bool,
    pub(crate) index: usize,
    /// The lines that are at home here.
    pub(crate) lines: &'a mut [Line<M>],
}

/// What is to be taken through a stage.
enum Question<M> {
    /// Messages of a line, how many were emitted for it, and whether the line has only one that enters.
    Messages(Messages<M>, usize, bool),
    /// The line with this index, at home here.
    Here(usize, Paused<M>),
}

impl OwnerStage {
    /// Takes in what all workers ask of a stage, in the order of workers, who have the lines in order; `None` if that cannot be read.
    pub(crate) fn new<M: MessageSet>(
        packets: Vec<Packet>,
        runner: &mut SyncRunner<M>,
        stage: &Stage,
        watermark: Option<i64>,
    ) -> Option<Self> {
        let (mut times, mut asks) = (Vec::new(), Vec::new());
        let mut in_order: Vec<_> = packets.iter().enumerate().collect();
        if is_planted(Bug::WrongOrder) {
            in_order.reverse();
        }
        for (home, packet) in in_order {
            let (mut head, body) = split_head(&packet.bytes)?;
            read_times(&mut head, &mut times)?;
            // As many as are said to be there, if there can be that many.
            asks.reserve(usize::try_from(read_number(&mut head)?).ok()?.min(body.len()));
            let mut bytes = body;
            while !bytes.is_empty() {
                let line_no = read_number(&mut bytes)?;
                let ask = read_bytes(&mut bytes)?;
                let end = body.len() - bytes.len();
                let is_here = ask.first() == Some(&HERE);
                asks.push(Ask { home, line_no, at: end - ask.len()..end, is_here });
            }
        }
        let moves = Moves::of(runner.memory(), stage, watermark, &times);
        let forgotten = vec![0; moves.moves.len()];
        Some(Self {
            packets,
            moves,
            forgotten,
            found: Vec::new(),
            found_at: Vec::with_capacity(asks.len()),
            marks: Vec::new(),
            marks_an_ask: 0,
            moves_at: Vec::with_capacity(asks.len()),
            round: 0,
            added: Vec::new(),
            asks,
        })
    }

    pub(crate) fn moves(&self) -> &Moves {
        &self.moves
    }

    /// Runs the stage for the questions from `from` on, before which the watermark was moved `next_move` times.
    pub(crate) fn run<M: LineMessage>(
        &mut self,
        from: usize,
        mut next_move: usize,
        runners: &mut OwnerRunners<'_, M>,
        stage: usize,
    ) -> Option<()> {
        let described = &runners.stages[stage];
        let keeps_undo = described.is_tried();
        let notes_here =
            runners.notes_passed && stage + 1 < runners.stages.len() && !is_planted(Bug::PassedUnnoted);
        let until = runners.stages.get(stage + 1).map_or(described.steps.end, |next| next.steps.start);
        let mut queue: VecDeque<Question<M>> = VecDeque::new();
        let mut next = from;
        for at in from..self.asks.len() {
            if queue.is_empty() {
                let end = self.asks.len().min(next + PREFETCHED_AT_ONCE);
                for ask in next..end {
                    let question = self.question(ask, runners, stage)?;
                    match &question {
                        Question::Messages(entering, ..) => {
                            for Entering { step, message, .. } in entering {
                                runners.owner.announce(*step, message);
                            }
                        }
                        Question::Here(_, paused) => {
                            for (step, message) in paused.entering(described) {
                                runners.owner.announce(step, message);
                            }
                        }
                    }
                    queue.push_back(question);
                }
                next = end;
                runners.owner.prefetch();
            }
            let question = queue.pop_front()?;
            let line_no = self.asks[at].line_no;
            self.moves_at.push(next_move);
            self.found_at.push(self.found.len());
            self.take_moves(&mut next_move, line_no, runners, described);
            if keeps_undo {
                runners.owner.memory().mark(described, &mut self.marks);
                self.marks_an_ask = self.marks.len() / (at + 1);
            }
            match question {
                Question::Messages(entering, emitted, is_alone) => {
                    let line = (emitted, is_alone);
                    runners.owner.run_stage(line_no, described, line, entering.into_iter(), &mut self.found);
                }
                Question::Here(line, paused) => {
                    let found = notes_here.then_some(&mut self.found);
                    runners.lines[line].paused = Some(runners.owner.pass(paused, described, until, found));
                }
            }
        }
        self.take_moves(&mut next_move, u64::MAX, runners, described);
        Some(())
    }

    /// Takes in the moves of the watermark up to a line, which is left before its own move.
    fn take_moves<M: MessageSet>(
        &mut self,
        next: &mut usize,
        line_no: u64,
        runners: &mut OwnerRunners<'_, M>,
        stage: &Stage,
    ) {
        let memory = runners.owner.memory();
        let (before, _) = self.moves.before(line_no);
        while let Some(one) = self.moves.moves.get(*next)
            && one.line_no <= line_no
        {
            let (before, _) = self.moves.before(one.line_no);
            memory.set_watermark(stage, before);
            memory.set_place(stage, Place::line(one.line_no));
            memory.set_forgotten(stage, 0);
            memory.set_watermark(stage, Some(one.to));
            self.forgotten[*next] = memory.forgotten(stage);
            memory.set_forgotten(stage, 0);
            *next += 1;
        }
        memory.set_watermark(stage, before);
    }

    /// Returns what a line asks; `None` if that cannot be read.
    fn question<M: LineMessage>(
        &self,
        ask: usize,
        runners: &mut OwnerRunners<'_, M>,
        number: usize,
    ) -> Option<Question<M>> {
        let Ask { home, line_no, at, .. } = &self.asks[ask];
        let mut bytes = &self.packets[*home].bytes[at.clone()];
        let stage = &runners.stages[number];
        let (&kind, rest) = bytes.split_first()?;
        bytes = rest;
        let (emitted, mut entering) = match kind {
            MESSAGES => {
                let emitted = usize::try_from(read_number(&mut bytes)?).ok()?;
                let mut entering = Messages::new();
                while !bytes.is_empty() {
                    let step = usize::try_from(read_number(&mut bytes)?).ok()?;
                    let message = M::unpack(&mut bytes).filter(|_| stage.steps.contains(&step))?;
                    entering.push(Entering { step, index: entering.len(), message });
                }
                (emitted, entering)
            }
            LINE => {
                let raw = RawLine::new(*line_no, read_content(&mut bytes)?);
                for earlier in &runners.stages[..number] {
                    tell_written(runners.scout.memory(), earlier, &mut bytes)?;
                }
                let paused = runners.scout.start(*line_no, raw, stage.steps.start);
                (paused.emitted(), paused.into_entering(stage).collect())
            }
            HERE if *home == runners.index => {
                let line = usize::try_from(read_number(&mut bytes)?).ok()?;
                return Some(Question::Here(line, runners.lines.get_mut(line)?.paused.take()?));
            }
            _ => return None,
        };
        let is_alone = entering.len() == 1;
        if !is_alone {
            let mut share = Share::default();
            entering.retain(|one: &mut Entering<M>| {
                runners.scout.share(stage, one.step, &one.message, &mut share);
                share.owner().is_some_and(|owner| runners.owners.of(owner) == runners.index)
            });
        }
        Some(Question::Messages(entering, emitted, is_alone))
    }

    /// Takes in what the other owners have added to gates, and runs anew what finds something else by that; `None` if that cannot be read.
    pub(crate) fn hear_added<'a, M: LineMessage>(
        &mut self,
        others: impl Iterator<Item = &'a [u8]>,
        runners: &mut OwnerRunners<'_, M>,
        stage: usize,
    ) -> Option<()> {
        let described = &runners.stages[stage];
        let first_changed = runners.owner.memory().hear_added(described, others)?;
        let Some(line_no) = first_changed else { return Some(()) };
        let from = self.asks.partition_point(|ask| ask.line_no < line_no);
        let first_mark = from * self.marks_an_ask;
        let marks = &self.marks[first_mark..first_mark + self.marks_an_ask];
        runners.owner.memory().roll_back_to(described, marks);
        self.marks.truncate(first_mark);
        self.found.truncate(self.found_at[from]);
        let next_move = self.moves_at[from];
        self.found_at.truncate(from);
        self.moves_at.truncate(from);
        self.run(from, next_move, runners, stage)
    }

    /// Returns what this owner has added to gates, and whether that is something else than in the last round.
    pub(crate) fn added<M: MessageSet>(
        &mut self,
        runner: &mut SyncRunner<M>,
        stage: &Stage,
    ) -> (&[u8], bool) {
        let mut added = Vec::new();
        runner.memory().write_added(stage, &mut added);
        // Nothing was added before the first round.
        let is_new = if self.round == 0 { added.iter().any(|byte| *byte != 0) } else { added != self.added };
        self.added = added;
        (&self.added, is_new)
    }

    /// Returns the answers to each worker.
    pub(crate) fn answers(&self, refusal: Option<(u64, Refusal)>, workers: usize) -> Vec<Vec<u8>> {
        let mut head = Vec::new();
        write_refusal(refusal, &mut head);
        for forgotten in &self.forgotten {
            write_number(*forgotten, &mut head);
        }
        let mut answers: Vec<_> = (0..workers).map(|_| Vec::with_capacity(self.found.len())).collect();
        for (ask, (index, &start)) in self.asks.iter().zip(self.found_at.iter().enumerate()) {
            let end = self.found_at.get(index + 1).copied().unwrap_or(self.found.len());
            // What was not noted nobody asks for.
            if !ask.is_here || start < end {
                write_bytes(&self.found[start..end], &mut answers[ask.home]);
            }
        }
        for answers in &mut answers {
            write_head_behind(&head, answers);
        }
        answers
    }
}
