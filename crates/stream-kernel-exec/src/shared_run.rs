//! Runs with memory that several workers share: a line goes from stage to stage, and a stage runs where its memory is.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::emitter::{Destination, Notice};
use crate::memory::{Place, Role, Share, Stage};
use crate::paused::{At, Entering, Paused};
use crate::runner::execution::{Emitted, panic_text, receiver, run_step};
use crate::runner::{Failed, SyncRunner};
use crate::{InputOutcome, MessageSet, StepError, StepFailure};

impl<M: MessageSet> SyncRunner<M> {
    /// Takes a role for the memory that workers share.
    pub fn take_role(&mut self, role: Role, stages: &[Stage]) {
        self.scenario.memory.take_role(role, stages);
        self.shared_stages = stages.to_vec();
        self.outbox.notices.are_counted_elsewhere = true;
    }

    /// Returns the notices since the last call, for the [counter](crate::NoticeCounts) of all workers' notices.
    pub fn take_uncounted_notices(&mut self) -> Vec<Notice> {
        self.outbox.notices.take_uncounted()
    }

    /// Takes an input through the steps before position `until`. Its changes take effect only when it is
    /// [finished](Self::finish_paused).
    pub fn start(&mut self, line_no: u64, input: impl Into<M>, until: usize) -> Paused<M> {
        let mut paused = self.enter(line_no, input);
        self.advance(&mut paused, until);
        paused
    }

    /// Returns an input before the first step.
    pub(crate) fn enter(&self, line_no: u64, input: impl Into<M>) -> Paused<M> {
        let at = match self.scenario.entry {
            Some(entry) => At::One(entry, input.into()),
            None => At::none(),
        };
        let undeliverable = u64::from(self.scenario.entry.is_none());
        Paused { line_no, emitted: 0, undeliverable, told: None, at, is_recorded: true }
    }

    /// Takes a line further, through the steps before position `until`; its findings in memory must be
    /// [supplied](crate::Memory::read_found).
    pub fn advance(&mut self, paused: &mut Paused<M>, until: usize) {
        self.run_until(paused, until);
        self.scenario.memory.end_line();
    }

    /// At an owner: takes a line through a stage for good, and on through the stateless steps before position `until`.
    /// Its changes in memory stay, and nobody needs its findings.
    pub fn pass(&mut self, paused: &mut Paused<M>, stage: &Stage, until: usize) {
        let place = Place::new(paused.line_no, stage.steps.start, 0);
        self.scenario.memory.begin_message(stage, place, false);
        self.run_until(paused, until);
        if let Some(name) = self.scenario.memory.strayed(stage) {
            paused.at = At::Failed(stage.steps.start, key_differs(name));
        }
        self.end_stage(if let At::Failed(_, error) = &paused.at { Some(error) } else { None });
    }

    /// Ends a line at an owner, with the error of a step if one has failed.
    fn end_stage(&mut self, error: Option<&StepError>) {
        match error {
            Some(error) if self.ends_at(error) => self.scenario.memory.roll_back(),
            _ => self.scenario.memory.end_line(),
        }
    }

    pub(crate) fn run_until(&mut self, paused: &mut Paused<M>, until: usize) {
        let next = match std::mem::replace(&mut paused.at, At::none()) {
            At::One(step, message) if step < until => Some((step, message)),
            At::Many(messages) => self.take_in(messages),
            at => {
                paused.at = at;
                return;
            }
        };
        self.context.begin_input(paused.line_no);
        self.outbox.begin_input();
        self.outbox.resume(paused.emitted, paused.told.take());
        let undeliverable_before = self.report.undeliverable;
        let done = match next {
            Some((step, message)) => self.run_from(step, message, until, &mut paused.at),
            None => self.run_steps(None, 0, until),
        };
        paused.undeliverable += self.report.undeliverable - undeliverable_before;
        self.report.undeliverable = undeliverable_before;
        paused.emitted = self.outbox.emitted();
        match done {
            Ok(()) if matches!(paused.at, At::One(..)) => {}
            Ok(()) => paused.at = self.take_waiting(until),
            Err(Failed { step, error }) => {
                self.clear_inboxes();
                paused.at = At::Failed(step, error);
            }
        }
        if !matches!(paused.at, At::Failed(..)) {
            paused.told = self.outbox.take_told();
        }
        self.outbox.notices.end_input(false);
    }

    /// Takes a [packed](Paused::pack) line off the front of `from`; `None` if there is no line of this pipeline.
    pub fn unpack(&self, line_no: u64, from: &mut &[u8]) -> Option<Paused<M>> {
        Paused::unpack(line_no, self.scenario.steps.len(), from)
    }

    /// Takes a line through the rest of the steps; its findings in the stage where it waits must be
    /// [supplied](crate::Memory::read_found).
    ///
    /// # Errors
    ///
    /// As for [`process`](Self::process).
    pub fn finish_paused(&mut self, paused: Paused<M>) -> Result<InputOutcome, StepFailure> {
        let Paused { line_no, emitted, undeliverable, told, at, is_recorded } = paused;
        self.begin_input(line_no, is_recorded);
        self.outbox.resume(emitted, told);
        self.report.undeliverable += undeliverable;
        let done = match at {
            At::Failed(step, error) => Err(Failed { step, error }),
            At::One(step, message) => self.run_from(step, message, usize::MAX, &mut At::none()),
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

    /// Takes the messages that wait for a step at `from` or after it.
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

    /// Computes the partitioning key of a message that enters a stage.
    pub fn share(&mut self, stage: &Stage, step: usize, message: &M, share: &mut Share) {
        share.begin(stage);
        if let Some(step) = &self.scenario.steps[step] {
            step.step.share(message, &mut self.scenario.memory, share);
        }
    }

    /// At an owner: notes the lookups of a message that enters a stage at this step, so that they can be
    /// [prefetched](Self::prefetch).
    pub fn announce(&mut self, step: usize, message: &M) {
        if let Some(step) = &self.scenario.steps[step] {
            step.step.announce(message, &mut self.scenario.memory);
        }
    }

    /// At an owner: takes messages of a line from another worker, its home, through a stage, and appends their findings
    /// to `found`. `emitted` messages were emitted for the line before. A message `is_alone` if no others of its line
    /// enter the stage, here or elsewhere. Messages that the stage emits to later steps are dropped: the home emits
    /// them.
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
            self.run_from(step, message, stage.steps.end, &mut At::none()).map_err(|failed| failed.error)
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
        // Each with the index of its origin among the line's messages, and whether it is the origin itself.
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

    /// Counts a line that cannot be decided, and returns the failure that ends the run, attributed to the step at
    /// position `step`.
    pub fn refuse(&mut self, line_no: u64, step: usize, error: StepError) -> StepFailure {
        self.context.begin_input(line_no);
        self.outbox.begin_input();
        self.report.inputs += 1;
        self.report.abandoned += 1;
        self.scenario.memory.roll_back();
        self.failure(Failed { step, error })
    }

    /// Returns why several workers cannot decide a line, if a step has looked up something that its message did not ask
    /// for.
    pub(crate) fn check_strayed(&self) -> Result<(), Failed> {
        for stage in &self.shared_stages {
            if let Some(name) = self.scenario.memory.strayed(stage) {
                return Err(Failed { step: stage.steps.start, error: key_differs(name) });
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
