//! Stages at the owner of their keys: it takes what all workers ask in line order, and answers what each line finds.

use std::ops::Range;

use smallvec::SmallVec;

use stream_kernel_exec::{Entering, Paused, Place, Refusal, Share, Stage, SyncRunner, UndoMark};
use stream_kernel_run::{LineMessage, RawLine};

use crate::handover::Lines;
use crate::home::{read_content, tell_written, write_refusal};
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
/// A question begins with this if it holds a line that the owner takes through the stage once and for all.
pub(crate) const PASS: u8 = 2;

/// A stage in an epoch at an owner.
pub(crate) struct OwnerStage<M> {
    packets: Vec<Packet>,
    /// By home: the lines that it has handed over.
    handed: Vec<Lines<M>>,
    /// In line order.
    asks: Vec<Ask>,
    moves: Moves,
    forgotten: Vec<u64>,
    /// What is answered, in the order of the questions.
    found: Vec<u8>,
    /// How far the changes had come before each question, if they may have to be undone.
    marks: Vec<UndoMark>,
    marks_an_ask: usize,
    pub(crate) round: u32,
    /// What was added to gates by the last round.
    added: Vec<u8>,
}

/// What a line asks.
struct Ask {
    line_no: u64,
    /// The worker that asks.
    home: usize,
    question: QuestionAt,
    /// Where the answer begins in what was found.
    found_at: usize,
    /// How far the moves were taken in before.
    next_move: usize,
}

/// Where a question is.
enum QuestionAt {
    /// In the packet of the worker that asks.
    Packet(Range<usize>),
    /// The line with this index of those that its home has handed over is passed.
    Handed(usize),
}

/// The messages of a line that enter a stage: one, mostly.
type Messages<M> = SmallVec<[Entering<M>; 1]>;

/// The runners of a worker that an owner needs.
pub(crate) struct OwnerRunners<'a, M> {
    pub(crate) scout: &'a mut SyncRunner<M>,
    pub(crate) owner: &'a mut SyncRunner<M>,
    pub(crate) stages: &'a [Stage],
    pub(crate) owners: &'a Owners,
    pub(crate) index: usize,
}

/// What another worker, or a line that is not passed, asks.
enum Question<M> {
    /// Messages of a line, how many were emitted for it, and whether the line has only one that enters.
    Messages(Messages<M>, usize, bool),
    /// A line to be passed.
    Pass(Paused<M>),
}

impl<M: LineMessage> OwnerStage<M> {
    /// Takes in what all workers ask of a stage, in the order of workers, who have the lines in order; `None` if that cannot be read.
    pub(crate) fn new(
        (packets, handed): (Vec<Packet>, Vec<Lines<M>>),
        runners: &mut OwnerRunners<'_, M>,
        stage: usize,
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
            let first = asks.len();
            // As many as are said to be there, if there can be that many.
            asks.reserve(usize::try_from(read_number(&mut head)?).ok()?.min(body.len()));
            let mut bytes = body;
            let mut take =
                |line_no, question| asks.push(Ask { line_no, home, question, found_at: 0, next_move: 0 });
            while !bytes.is_empty() {
                let line_no = read_number(&mut bytes)?;
                let ask = read_bytes(&mut bytes)?;
                let end = body.len() - bytes.len();
                take(line_no, QuestionAt::Packet(end - ask.len()..end));
            }
            for (index, line) in handed.get(home)?.iter().enumerate() {
                take(line.as_ref()?.line_no(), QuestionAt::Handed(index));
            }
            asks[first..].sort_by_key(|ask| ask.line_no);
        }
        let moves = Moves::of(runners.owner.memory(), &runners.stages[stage], watermark, &times);
        let forgotten = vec![0; moves.moves.len()];
        Some(Self {
            packets,
            handed,
            asks,
            moves,
            forgotten,
            found: Vec::new(),
            marks: Vec::new(),
            marks_an_ask: 0,
            round: 0,
            added: Vec::new(),
        })
    }

    pub(crate) fn moves(&self) -> &Moves {
        &self.moves
    }

    /// Runs the stage for the questions from `from` on, before which the watermark was moved `next_move` times.
    pub(crate) fn run(
        &mut self,
        from: usize,
        mut next_move: usize,
        runners: &mut OwnerRunners<'_, M>,
        stage: usize,
    ) -> Option<()> {
        let described = &runners.stages[stage];
        let keeps_undo = described.is_tried();
        let until = runners.stages.get(stage + 1).map_or(described.steps.end, |next| next.steps.start);
        let mut questions = Vec::with_capacity(PREFETCHED_AT_ONCE);
        for start in (from..self.asks.len()).step_by(PREFETCHED_AT_ONCE) {
            let batch = start..self.asks.len().min(start + PREFETCHED_AT_ONCE);
            for Ask { line_no, home, question, .. } in &self.asks[batch.clone()] {
                match question {
                    QuestionAt::Handed(index) => {
                        let paused = self.handed[*home].get(*index)?.as_ref()?;
                        runners.owner.announce(paused.entering(described));
                    }
                    QuestionAt::Packet(at) => {
                        let question = self.question(&self.packets[*home], (*line_no, at), runners, stage)?;
                        match &question {
                            Question::Messages(entering, ..) => {
                                let entering = entering.iter().map(|one| (one.step, &one.message));
                                runners.owner.announce(entering);
                            }
                            Question::Pass(paused) => runners.owner.announce(paused.entering(described)),
                        }
                        questions.push(question);
                    }
                }
            }
            runners.owner.prefetch();
            let mut questions = questions.drain(..);
            for at in batch {
                let line_no = self.asks[at].line_no;
                (self.asks[at].found_at, self.asks[at].next_move) = (self.found.len(), next_move);
                self.take_moves(&mut next_move, line_no, runners, described);
                if keeps_undo {
                    runners.owner.memory().mark(described, &mut self.marks);
                    self.marks_an_ask = self.marks.len() / (at + 1);
                }
                if let Ask { home, question: QuestionAt::Handed(index), .. } = self.asks[at] {
                    let line = self.handed[home].get_mut(index)?;
                    *line = Some(runners.owner.pass(line.take()?, described, until));
                    continue;
                }
                match questions.next()? {
                    Question::Messages(entering, emitted, is_alone) => {
                        let line = (emitted, is_alone);
                        runners.owner.run_stage(
                            line_no,
                            described,
                            line,
                            entering.into_iter(),
                            &mut self.found,
                        );
                    }
                    Question::Pass(paused) => {
                        let begin = self.found.len();
                        if !runners.owner.pass(paused, described, until).pack(&mut self.found) {
                            // Its home says that it cannot read what is not there.
                            self.found.truncate(begin);
                        }
                    }
                }
            }
        }
        self.take_moves(&mut next_move, u64::MAX, runners, described);
        Some(())
    }

    /// Takes in the moves of the watermark up to a line, which is left before its own move.
    fn take_moves(
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

    /// Reads a question of a packet; `None` if it cannot be read.
    fn question(
        &self,
        packet: &Packet,
        (line_no, at): (u64, &Range<usize>),
        runners: &mut OwnerRunners<'_, M>,
        number: usize,
    ) -> Option<Question<M>> {
        let mut bytes = &packet.bytes[at.clone()];
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
                let raw = RawLine::new(line_no, read_content(&mut bytes)?);
                for earlier in &runners.stages[..number] {
                    tell_written(runners.scout.memory(), earlier, &mut bytes)?;
                }
                let paused = runners.scout.start(line_no, raw, stage.steps.start);
                (paused.emitted(), paused.into_entering(stage).collect())
            }
            PASS => {
                let paused = runners.owner.unpack(line_no, &mut bytes)?;
                return bytes.is_empty().then_some(Question::Pass(paused));
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
    pub(crate) fn hear_added<'a>(
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
        let Some(&Ask { found_at, next_move, .. }) = self.asks.get(from) else { return Some(()) };
        self.found.truncate(found_at);
        self.run(from, next_move, runners, stage)
    }

    /// Returns what this owner has added to gates, and whether that is something else than in the last round.
    pub(crate) fn added(&mut self, runner: &mut SyncRunner<M>, stage: &Stage) -> (&[u8], bool) {
        let mut added = Vec::new();
        runner.memory().write_added(stage, &mut added);
        // Nothing was added before the first round.
        let is_new = if self.round == 0 { added.iter().any(|byte| *byte != 0) } else { added != self.added };
        self.added = added;
        (&self.added, is_new)
    }

    /// Takes the lines that are handed back, by home.
    pub(crate) fn take_handed(&mut self) -> Vec<Lines<M>> {
        std::mem::take(&mut self.handed)
    }

    /// Returns the answers to each worker.
    pub(crate) fn answers(&self, refusal: Option<(u64, Refusal)>, workers: usize) -> Vec<Vec<u8>> {
        let mut head = Vec::new();
        write_refusal(refusal, &mut head);
        for forgotten in &self.forgotten {
            write_number(*forgotten, &mut head);
        }
        let mut answers: Vec<_> = (0..workers).map(|_| Vec::with_capacity(self.found.len())).collect();
        let ends = self.asks.iter().skip(1).map(|next| next.found_at).chain([self.found.len()]);
        for (ask, end) in self.asks.iter().zip(ends) {
            if let QuestionAt::Packet(_) = ask.question {
                write_bytes(&self.found[ask.found_at..end], &mut answers[ask.home]);
            }
        }
        for answers in &mut answers {
            write_head_behind(&head, answers);
        }
        answers
    }
}
