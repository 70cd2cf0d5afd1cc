//! Stages at the owner of their keys: it takes all workers' questions in line order, and answers with what each line
//! finds.

mod question;

use std::mem;

use stream_kernel_exec::{Paused, Place, Refusal, Stage, SyncRunner, UndoMark};
use stream_kernel_run::LineMessage;

use crate::handover::Lines;
use crate::home::write_refusal;
use crate::moves::{Moves, read_times};
use crate::owners::Owners;
use crate::packet::{
    Packet, read_bytes, read_number, split_head, write_bytes, write_head_behind, write_number,
};
use crate::planted::{Bug, is_planted};
use question::{Ask, Question, QuestionAt, read_question};
pub(crate) use question::{LINE, MESSAGES, PASS};

/// The number of questions whose entries are prefetched at the same time.
const PREFETCHED_AT_ONCE: usize = 16;

/// A stage in an epoch at an owner.
pub(crate) struct OwnerStage<M> {
    packets: Vec<Packet>,
    /// The workers that ask, in the order of their lines.
    homes: Vec<usize>,
    /// By home: the lines that it has handed over, to be passed.
    handed: Vec<Lines<M>>,
    /// The questions, in line order. Lines that were handed over are among them only if they may have to be passed
    /// again.
    asks: Vec<Ask>,
    /// These lines in their original form, packed.
    kept: Vec<u8>,
    /// Whether all lines are done.
    was_run: bool,
    moves: Moves,
    forgotten: Vec<u64>,
    /// The answers, in the order of the questions.
    found: Vec<u8>,
    /// Marks in the changes before each question, if they may have to be undone.
    marks: Vec<UndoMark>,
    marks_an_ask: usize,
    pub(crate) round: u32,
    /// The additions to gates in the last round.
    added: Vec<u8>,
}

/// The runners of a worker that an owner needs.
pub(crate) struct OwnerRunners<'a, M> {
    pub(crate) scout: &'a mut SyncRunner<M>,
    pub(crate) owner: &'a mut SyncRunner<M>,
    pub(crate) stages: &'a [Stage],
    pub(crate) owners: &'a Owners,
    pub(crate) index: usize,
}

/// Prefetches the content of the first lines.
fn prefetch<M: LineMessage>(lines: &[Option<Paused<M>>]) {
    for line in lines.iter().take(PREFETCHED_AT_ONCE).filter_map(Option::as_ref) {
        line.prefetch();
    }
}

/// Returns the step before which a stage ends for lines that are passed through it.
fn end_of_pass(stages: &[Stage], number: usize) -> usize {
    stages.get(number + 1).map_or(stages[number].steps.end, |next| next.steps.start)
}

impl<M: LineMessage> OwnerStage<M> {
    /// Takes in all workers' questions to a stage, in the order of workers, whose lines are in order; `None` if the
    /// packets are corrupt.
    pub(crate) fn new(
        (packets, handed): (Vec<Packet>, Vec<Lines<M>>),
        runners: &mut OwnerRunners<'_, M>,
        stage: usize,
        watermark: Option<i64>,
    ) -> Option<Self> {
        let (mut times, mut asks, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        let mut homes: Vec<_> = (0..packets.len()).collect();
        if is_planted(Bug::WrongOrder) {
            homes.reverse();
        }
        for &home in &homes {
            let first = asks.len();
            let (mut head, body) = split_head(&packets[home].bytes)?;
            read_times(&mut head, &mut times)?;
            // As many as the packet announces, if it is long enough for that.
            asks.reserve(usize::try_from(read_number(&mut head)?).ok()?.min(body.len()));
            let mut bytes = body;
            while !bytes.is_empty() {
                let line_no = read_number(&mut bytes)?;
                let ask = read_bytes(&mut bytes)?;
                let end = body.len() - bytes.len();
                let question = QuestionAt::Packet(end - ask.len()..end);
                asks.push(Ask { line_no, home, question, found_at: 0, next_move: 0 });
            }
            if runners.stages[stage].is_tried() {
                for (index, paused) in handed[home].iter().enumerate() {
                    let paused = paused.as_ref()?;
                    let begin = kept.len();
                    if !paused.pack(&mut kept) {
                        return None;
                    }
                    let (line_no, question) = (paused.line_no(), QuestionAt::Kept(index, begin..kept.len()));
                    asks.push(Ask { line_no, home, question, found_at: 0, next_move: 0 });
                }
                asks[first..].sort_by_key(|ask| ask.line_no);
            }
            let numbers = asks[first..].iter().map(|ask| ask.line_no);
            if !numbers.clone().is_sorted_by(|one, next| one < next) || numbers.max() > Some(Place::MAX_LINE)
            {
                return None;
            }
        }
        let moves = Moves::of(runners.owner.memory(), &runners.stages[stage], watermark, &times);
        let forgotten = vec![0; moves.moves.len()];
        Some(Self {
            packets,
            homes,
            handed,
            asks,
            kept,
            was_run: false,
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

    /// Runs the stage for all lines.
    pub(crate) fn run(&mut self, runners: &mut OwnerRunners<'_, M>, stage: usize) -> Option<()> {
        self.run_on((0, 0), 0, runners, stage)
    }

    /// Runs the stage from the question `ask` of the home at index `first` on, before which the watermark was moved
    /// `next_move` times.
    fn run_on(
        &mut self,
        (first, mut ask): (usize, usize),
        mut next_move: usize,
        runners: &mut OwnerRunners<'_, M>,
        stage: usize,
    ) -> Option<()> {
        let described = &runners.stages[stage];
        for at in first..self.homes.len() {
            let home = self.homes[at];
            // Lines that may have to be passed again are among the questions.
            let mut lines =
                if described.is_tried() { Lines::new() } else { mem::take(&mut self.handed[home]) };
            let mut passed = 0;
            loop {
                let asks = self.asks.get(ask).filter(|ask| ask.home == home);
                let until = asks.map_or(u64::MAX, |ask| ask.line_no);
                let is_before =
                    |line: &Option<Paused<M>>| line.as_ref().is_some_and(|line| line.line_no() < until);
                let end = passed + lines[passed..].partition_point(is_before);
                self.pass_lines(&mut lines[passed..end], &mut next_move, runners, stage)?;
                passed = end;
                let next = lines.get(end).map_or(Some(u64::MAX), |line| Some(line.as_ref()?.line_no()))?;
                if until == u64::MAX {
                    break;
                }
                ask = self.answer_some(ask, (home, next), &mut next_move, runners, stage)?;
            }
            if !described.is_tried() {
                self.handed[home] = lines;
            }
        }
        self.take_moves(&mut next_move, u64::MAX, runners.owner, described);
        self.was_run = true;
        Some(())
    }

    /// Passes lines that a home has handed over.
    fn pass_lines(
        &mut self,
        mut lines: &mut [Option<Paused<M>>],
        next_move: &mut usize,
        runners: &mut OwnerRunners<'_, M>,
        number: usize,
    ) -> Option<()> {
        let OwnerRunners { owner, stages, .. } = runners;
        let (stage, until) = (&stages[number], end_of_pass(stages, number));
        prefetch(lines);
        let mut watermark_until = 0;
        while !lines.is_empty() {
            let (batch, later) = lines.split_at_mut(PREFETCHED_AT_ONCE.min(lines.len()));
            prefetch(later);
            for line in &*batch {
                if let Some((step, message)) = line.as_ref().and_then(Paused::alone) {
                    owner.announce(step, message);
                }
            }
            owner.prefetch();
            for paused in batch {
                let paused = paused.as_mut()?;
                if paused.line_no() >= watermark_until {
                    self.take_moves(next_move, paused.line_no(), owner, stage);
                    watermark_until = self.moves.until(*next_move);
                }
                owner.pass(paused, stage, until);
            }
            lines = later;
        }
        Some(())
    }

    /// Answers the next questions of a home, from the question with index `ask` on, before the line `before`: as many
    /// as are prefetched at once. Returns the index of the next question.
    fn answer_some(
        &mut self,
        ask: usize,
        (home, before): (usize, u64),
        next_move: &mut usize,
        runners: &mut OwnerRunners<'_, M>,
        number: usize,
    ) -> Option<usize> {
        let asks = self.asks[ask..].iter().take(PREFETCHED_AT_ONCE);
        let end = ask + asks.take_while(|ask| ask.home == home && ask.line_no < before).count();
        if end == ask {
            // It was handed over as well.
            return None;
        }
        let mut questions = Vec::with_capacity(PREFETCHED_AT_ONCE);
        for at in ask..end {
            questions.push(self.question(at, runners, number)?);
        }
        runners.owner.prefetch();
        let stage = &runners.stages[number];
        for (at, question) in (ask..end).zip(questions) {
            self.asks[at].next_move = *next_move;
            self.take_moves(next_move, self.asks[at].line_no, runners.owner, stage);
            self.answer(at, question, runners, number);
        }
        Some(end)
    }

    /// Returns the question with index `at`, and announces its look-ups; `None` if it is corrupt.
    fn question(
        &mut self,
        at: usize,
        runners: &mut OwnerRunners<'_, M>,
        number: usize,
    ) -> Option<Question<M>> {
        let Ask { line_no, home, question, .. } = &self.asks[at];
        let question = match question {
            QuestionAt::Packet(at) => {
                read_question(&self.packets[*home].bytes[at.clone()], *line_no, runners, number)?
            }
            QuestionAt::Kept(index, at) => {
                let line = self.handed[*home].get_mut(*index)?.take();
                let line = line.filter(|_| !self.was_run || is_planted(Bug::PassedTwice));
                let kept = || runners.owner.unpack(*line_no, &mut &self.kept[at.clone()]);
                Question::Pass(line.or_else(kept)?)
            }
        };
        let OwnerRunners { owner, stages, .. } = runners;
        match &question {
            Question::Messages(entering, ..) => {
                entering.iter().for_each(|one| owner.announce(one.step, &one.message));
            }
            Question::Pass(paused) => {
                paused.entering(&stages[number]).for_each(|(step, message)| owner.announce(step, message));
            }
        }
        Some(question)
    }

    /// Answers the question with index `at`.
    fn answer(&mut self, at: usize, question: Question<M>, runners: &mut OwnerRunners<'_, M>, number: usize) {
        let (stage, until) = (&runners.stages[number], end_of_pass(runners.stages, number));
        let begin = self.found.len();
        let line_no = self.asks[at].line_no;
        if stage.is_tried() {
            runners.owner.memory().mark(stage, &mut self.marks);
            self.marks_an_ask = self.marks.len() / (at + 1);
        }
        match question {
            Question::Messages(entering, emitted, is_alone) => {
                let (line, entering) = ((emitted, is_alone), entering.into_iter());
                runners.owner.run_stage(line_no, stage, line, entering, &mut self.found);
            }
            Question::Pass(mut paused) => {
                runners.owner.pass(&mut paused, stage, until);
                let Ask { home, question, .. } = &self.asks[at];
                if let QuestionAt::Kept(index, _) = question {
                    self.handed[*home][*index] = Some(paused);
                } else if !paused.pack(&mut self.found) {
                    // Its home reports that it cannot read the missing answer.
                    self.found.truncate(begin);
                }
            }
        }
        self.asks[at].found_at = begin;
    }

    /// Takes in the moves of the watermark before a line, without the line's own.
    fn take_moves(&mut self, next: &mut usize, line_no: u64, owner: &mut SyncRunner<M>, stage: &Stage) {
        let memory = owner.memory();
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

    /// Takes in the other owners' additions to gates, and runs the lines again that find something else now; `None` if
    /// the packets are corrupt.
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
        let Some(&Ask { home, found_at, next_move, .. }) = self.asks.get(from) else { return Some(()) };
        let first_mark = from * self.marks_an_ask;
        let marks = self.marks.get(first_mark..first_mark + self.marks_an_ask)?;
        runners.owner.memory().roll_back_to(described, marks);
        self.marks.truncate(first_mark);
        self.found.truncate(found_at);
        let home = self.homes.iter().position(|one| *one == home)?;
        self.run_on((home, from), next_move, runners, stage)
    }

    /// Returns this owner's additions to gates, and whether they differ from the last round.
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
        mem::take(&mut self.handed)
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
