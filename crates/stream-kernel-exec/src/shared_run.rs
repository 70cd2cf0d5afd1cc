//! Runs whose memory several workers share: a line is taken from stage to stage, and a stage is run where its memory is.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::emitter::{Destination, Notice};
use crate::memory::{Place, Role, Share, Stage};
use crate::prepared::Reached;
use crate::runner::{Emitted, SyncRunner, panic_text, receiver, run_step};
use crate::scenario::BoundStep;
use crate::{InputOutcome, MessageSet, StepError, StepFailure};

/// A line that has come to the beginning of a stage.
#[derive(Debug)]
pub struct Paused<M> {
    line_no: u64,
    /// How many messages were emitted for it.
    emitted: usize,
    /// How many of them no step receives.
    undeliverable: u64,
    /// What its steps have written to the output, and their notices: mostly none.
    told: Option<Box<(Vec<u8>, Vec<Notice>)>>,
    at: At<M>,
}

#[derive(Debug)]
enum At<M> {
    /// One message is on its way, as mostly.
    One(usize, M),
    /// Several are, or none, in the order in which they are due.
    Many(Vec<(usize, M)>),
    /// The step at this position has failed.
    Failed(usize, StepError),
}

impl<M> Paused<M> {
    /// Returns the line's number.
    pub fn line_no(&self) -> u64 {
        self.line_no
    }

    /// Returns how many messages were emitted for it.
    pub fn emitted(&self) -> usize {
        self.emitted
    }

    /// Returns whether it has one message only.
    pub fn is_alone(&self) -> bool {
        matches!(self.at, At::One(..))
    }

    /// Returns the messages that enter a stage, each with the position of the step that takes it.
    pub fn entering(&self, stage: &Stage) -> impl Iterator<Item = (usize, &M)> {
        let (one, many) = match &self.at {
            At::One(step, message) => (Some((*step, message)), &[][..]),
            At::Many(messages) => (None, messages.as_slice()),
            At::Failed(..) => (None, &[][..]),
        };
        let many = many.iter().map(|(step, message)| (*step, message));
        one.into_iter().chain(many).filter(|(step, _)| stage.steps.contains(step))
    }

    /// Returns the messages themselves.
    pub fn into_entering(self, stage: &Stage) -> impl Iterator<Item = Entering<M>> {
        let (one, many) = match self.at {
            At::One(step, message) => (Some((step, message)), Vec::new()),
            At::Many(messages) => (None, messages),
            At::Failed(..) => (None, Vec::new()),
        };
        let entering = one.into_iter().chain(many).filter(|(step, _)| stage.steps.contains(step));
        entering.enumerate().map(|(index, (step, message))| Entering { step, index, message })
    }
}

/// A message that enters a stage.
#[derive(Debug)]
pub struct Entering<M> {
    /// The position of the step that takes it.
    pub step: usize,
    /// Which of the messages of its line that enter the stage it is.
    pub index: usize,
    /// The message.
    pub message: M,
}

impl<M: MessageSet> SyncRunner<M> {
    /// Takes a role for the memory that workers share.
    pub fn take_role(&mut self, role: Role, stages: &[Stage]) {
        self.scenario.memory.take_role(role, stages);
        self.shared_stages = stages.to_vec();
        self.outbox.notices.are_counted_elsewhere = true;
    }

    /// Returns the notices since the last call, for whoever [counts](crate::NoticeCounts) those of all workers.
    pub fn take_uncounted_notices(&mut self) -> Vec<Notice> {
        self.outbox.notices.take_uncounted()
    }

    /// Takes an input through the steps before position `until`. Nothing of what it does counts before it is
    /// [finished](Self::finish_paused).
    pub fn start(&mut self, line_no: u64, input: impl Into<M>, until: usize) -> Paused<M> {
        let at = match self.scenario.entry {
            Some(entry) => At::One(entry, input.into()),
            None => At::Many(Vec::new()),
        };
        let undeliverable = u64::from(self.scenario.entry.is_none());
        self.advance(Paused { line_no, emitted: 0, undeliverable, told: None, at }, until)
    }

    /// Takes a line on through the steps before position `until`; what it finds there must be [told](crate::Memory::read_found).
    pub fn advance(&mut self, mut paused: Paused<M>, until: usize) -> Paused<M> {
        self.run_until(&mut paused, until);
        self.scenario.memory.end_line();
        paused
    }

    /// At an owner: takes a line that is at home here through a stage, and on through the stateless steps before position `until`. What that
    /// changes in memory stays. What it finds is appended to `found`, if that is given.
    pub fn pass(
        &mut self,
        mut paused: Paused<M>,
        stage: &Stage,
        until: usize,
        found: Option<&mut Vec<u8>>,
    ) -> Paused<M> {
        let place = Place::new(paused.line_no, stage.steps.start, 0);
        self.scenario.memory.begin_message(stage, place, found.is_some());
        self.run_until(&mut paused, until);
        if let Some(found) = found {
            self.scenario.memory.write_found(stage, found);
        }
        if let Some(name) = self.scenario.memory.strayed(stage) {
            paused.at = At::Failed(stage.steps.start, key_differs(name));
        }
        self.end_stage(if let At::Failed(_, error) = &paused.at { Some(error) } else { None });
        paused
    }

    /// Ends a line at an owner, with the error of a step if one has failed.
    fn end_stage(&mut self, error: Option<&StepError>) {
        match error {
            Some(error) if self.ends_at(error) => self.scenario.memory.roll_back(),
            _ => self.scenario.memory.end_line(),
        }
    }

    fn run_until(&mut self, paused: &mut Paused<M>, until: usize) {
        let next = match std::mem::replace(&mut paused.at, At::Many(Vec::new())) {
            at @ At::Failed(..) => return paused.at = at,
            At::One(step, message) if step >= until => return paused.at = At::One(step, message),
            At::One(step, message) => Some((step, message)),
            At::Many(messages) => self.take_in(messages),
        };
        self.context.begin_input(paused.line_no);
        self.outbox.begin_input();
        self.outbox.resume(paused.emitted, paused.told.take());
        let undeliverable = self.report.undeliverable;
        let done = match next {
            Some((step, message)) => self.run_from(step, message, until),
            None => self.run_steps(None, 0, until).map(|()| None),
        };
        paused.undeliverable += self.report.undeliverable - undeliverable;
        self.report.undeliverable = undeliverable;
        paused.emitted = self.outbox.emitted();
        paused.at = match done {
            Ok(Some((step, message))) => At::One(step, message),
            Ok(None) => self.take_waiting(until),
            Err(StepFailure { step_name, error, .. }) => {
                let is_meant =
                    |step: &Option<BoundStep<M>>| step.as_ref().is_some_and(|step| step.name == step_name);
                At::Failed(self.scenario.steps.iter().position(is_meant).unwrap_or_default(), error)
            }
        };
        if !matches!(paused.at, At::Failed(..)) {
            paused.told = self.outbox.take_told();
        }
        if self.waiting > 0 {
            self.clear_inboxes();
        }
        self.outbox.notices.end_input(false);
    }

    /// Takes a line through the rest of the steps; what it finds in the stage where it waits must be [told](crate::Memory::read_found).
    ///
    /// # Errors
    ///
    /// As for [`process`](Self::process).
    pub fn finish_paused(&mut self, paused: Paused<M>) -> Result<InputOutcome, StepFailure> {
        let Paused { line_no, emitted, undeliverable, told, at } = paused;
        self.begin_input(line_no);
        self.outbox.resume(emitted, told);
        self.report.undeliverable += undeliverable;
        let done = match at {
            At::Failed(step, error) => Err(self.failure(step, error)),
            At::One(step, message) => self.run_rest(Reached::Waiting(step, message)),
            At::Many(messages) => {
                self.take_in(messages);
                self.run_steps(None, 0, usize::MAX)
            }
        };
        self.end_input(done)
    }

    /// Lets messages wait for their steps.
    fn take_in(&mut self, messages: Vec<(usize, M)>) -> Option<(usize, M)> {
        self.waiting = messages.len();
        for (step, message) in messages {
            self.inboxes[step].push_back(message);
        }
        None
    }

    /// Takes the messages that wait for a step at `from` or behind it.
    fn take_waiting(&mut self, from: usize) -> At<M> {
        let mut waiting = self.inboxes.iter_mut().enumerate().skip(from);
        if self.waiting == 1 {
            let one = waiting.find_map(|(step, inbox)| Some((step, inbox.pop_front()?)));
            if let Some((step, message)) = one {
                self.waiting = 0;
                return At::One(step, message);
            }
            return At::Many(Vec::new());
        }
        self.waiting = 0;
        At::Many(
            waiting.flat_map(|(step, inbox)| inbox.drain(..).map(move |message| (step, message))).collect(),
        )
    }

    /// Works out what a message that enters a stage is shared out by.
    pub fn share(&mut self, stage: &Stage, step: usize, message: &M, share: &mut Share) {
        share.begin(stage);
        if let Some(step) = &self.scenario.steps[step] {
            step.step.share(message, &mut self.scenario.memory, share);
        }
    }

    /// At an owner: notes what a message that enters a stage will look up, to be [prefetched](Self::prefetch).
    pub fn announce(&mut self, step: usize, message: &M) {
        if let Some(step) = &self.scenario.steps[step] {
            step.step.announce(message, &mut self.scenario.memory);
        }
    }

    /// At an owner: takes messages of a line that is at home elsewhere through a stage, and appends what they have found to `found`.
    /// Before, `emitted` messages were emitted for the line. A message `is_alone` if no others of its line enter the stage, here or
    /// elsewhere. What the stage emits to later steps is dropped: its home emits that.
    pub fn run_stage(
        &mut self,
        line_no: u64,
        stage: &Stage,
        (emitted, is_alone): (usize, bool),
        mut entering: impl Iterator<Item = Entering<M>>,
        found: &mut Vec<u8>,
    ) {
        self.context.begin_input(line_no);
        self.outbox.begin_input();
        self.outbox.resume(emitted, None);
        let alone = if is_alone { entering.next() } else { None };
        let done = if let Some(Entering { step, message, .. }) = alone {
            self.scenario.memory.begin_message(stage, Place::new(line_no, step, 0), true);
            self.run_from(step, message, stage.steps.end).map(drop).map_err(|failure| failure.error)
        } else {
            let done = catch_unwind(AssertUnwindSafe(|| self.run_entering(line_no, stage, entering)));
            done.unwrap_or_else(|panic| Err(StepError::new("Panic", panic_text(panic.as_ref()))))
        };
        if self.waiting > 0 || done.is_err() {
            self.clear_inboxes();
        }
        self.outbox.notices.end_input(false);
        self.scenario.memory.write_found(stage, found);
        self.end_stage(done.as_ref().err());
    }

    fn run_entering(
        &mut self,
        line_no: u64,
        stage: &Stage,
        entering: impl Iterator<Item = Entering<M>>,
    ) -> Result<(), StepError> {
        let Self { scenario, context, outbox, .. } = self;
        let start = stage.steps.start;
        // Each with which message of the line it comes from, and whether it is that.
        let mut inboxes: Vec<VecDeque<(usize, bool, M)>> = Vec::new();
        for Entering { step, index, message } in entering {
            inboxes.resize_with(stage.steps.len(), VecDeque::new);
            inboxes[step - start].push_back((index, true, message));
        }
        let mut at = start;
        while let Some(inbox) = inboxes.get_mut(at - start) {
            let Some((origin, is_new, message)) = inbox.pop_front() else {
                at += 1;
                continue;
            };
            let Some(step) = &scenario.steps[at] else { continue };
            let place = Place::new(line_no, at, origin);
            if is_new {
                scenario.memory.begin_message(stage, place, true);
            } else {
                scenario.memory.set_place(stage, place);
            }
            let emitted: Vec<(M, Destination)> =
                match run_step(step, message, &mut scenario.memory, context, outbox, scenario.strict)? {
                    Emitted::One(to, message) => vec![(message, Destination::Step(to))],
                    Emitted::Other => outbox.drain().collect(),
                };
            for (message, destination) in emitted {
                let to = receiver(step, &message, destination).filter(|to| *to < stage.steps.end);
                if let Some(to) = to {
                    inboxes[to - start].push_back((origin, false, message));
                }
            }
        }
        Ok(())
    }

    /// Counts a line that cannot be decided, and returns the failure that ends the run, as of the step at position `step`.
    pub fn refuse(&mut self, line_no: u64, step: usize, error: StepError) -> StepFailure {
        self.context.begin_input(line_no);
        self.outbox.begin_input();
        self.report.inputs += 1;
        self.report.abandoned += 1;
        self.scenario.memory.roll_back();
        self.failure(step, error)
    }

    /// Returns why a line cannot be decided by several workers, if a step has looked up what its message did not ask for.
    pub(crate) fn check_strayed(&self) -> Result<(), StepFailure> {
        for stage in &self.shared_stages {
            if let Some(name) = self.scenario.memory.strayed(stage) {
                return Err(self.failure(stage.steps.start, key_differs(name)));
            }
        }
        Ok(())
    }
}

fn key_differs(name: &str) -> StepError {
    let text = format_args!(
        "it looks into `{name}` by another key than that of the message that came to it: several workers cannot share that (run \
         with `runtime.workers: 1`)"
    );
    StepError::new("KeyDiffers", text).stopping()
}
