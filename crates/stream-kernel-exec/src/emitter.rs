//! The emitter, which receives the messages of a step.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use crate::scenario::ResolvedTarget;
use crate::{Emits, MessageSet, VariantOf};

/// The number of messages that all steps together may emit for one input; at one more the step fails.
pub const MAX_EMITTED_PER_INPUT: usize = 65_536;

/// Receives a step's messages, in order.
pub struct Emitter<'a, M, E> {
    /// The first message, if it has no named target: nearly always the only one.
    first: Option<E>,
    outbox: &'a mut Outbox<M>,
    targets: &'a [ResolvedTarget],
}

impl<'a, M: MessageSet, E: Emits<M>> Emitter<'a, M, E> {
    #[inline]
    pub(crate) fn new(outbox: &'a mut Outbox<M>, targets: &'a [ResolvedTarget]) -> Self {
        Self { first: None, outbox, targets }
    }

    /// Returns the first message if it has no named target; the rest is in the outbox.
    #[inline]
    pub(crate) fn into_first(self) -> Option<E> {
        self.first
    }

    /// Emits a message to the first later step in the pipeline that takes its kind.
    #[inline]
    pub fn emit(&mut self, output: impl Into<E>) {
        let output = output.into();
        if self.first.is_none() && self.outbox.emissions.is_empty() {
            self.first = Some(output);
        } else {
            self.outbox.push(output.into(), Destination::ByKind);
        }
    }

    /// Emits a message to the step named `step_name`, which must be among this step's
    /// [`targets`](crate::Step::targets).
    pub fn emit_to<P: VariantOf<M> + Into<E>>(&mut self, step_name: &str, output: P) {
        let target = self
            .targets
            .iter()
            .find(|target| target.declared.kind == P::KIND && target.declared.step_name == step_name);
        let destination = match target {
            None => Destination::Undeclared,
            Some(ResolvedTarget { index: None, .. }) => Destination::Unreachable,
            Some(ResolvedTarget { index: Some(index), .. }) => Destination::Step(*index),
        };
        let output: E = output.into();
        self.outbox.push(output.into(), destination);
    }

    /// Writes finished bytes to the output of the run. They are there once the input is done, after those of earlier
    /// inputs; those of an input that fails never are.
    #[inline]
    pub fn write(&mut self, bytes: &[u8]) {
        self.outbox.written.extend_from_slice(bytes);
    }

    /// Reports something to people, at most `most` times a run for each `topic`; the last report says that no more
    /// follow.
    pub fn notice(&mut self, topic: &'static str, most: u32, text: impl fmt::Display) {
        self.outbox.notices.add(topic, most, text);
    }
}

/// The destination of an emitted message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// To the first later step that takes its kind.
    ByKind,
    /// To the step at this position.
    Step(usize),
    /// A target that was out of reach when the scenario was bound.
    Unreachable,
    /// A step that is not among the emitting step's targets.
    Undeclared,
}

/// A step's messages for one input message, and the remaining budget of the input.
#[derive(Debug)]
pub(crate) struct Outbox<M> {
    emissions: Vec<(M, Destination)>,
    /// The number of messages that this input may still emit.
    capacity: usize,
    overflowed: bool,
    /// The output of this input so far.
    pub(crate) written: Vec<u8>,
    pub(crate) notices: Notices,
}

/// A report for people: topic, limit and text.
pub type Notice = (Cow<'static, str>, u32, String);

/// The reports for people.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    /// Of this input.
    new: Vec<Notice>,
    /// Of the inputs that are done, not yet taken.
    ready: Vec<String>,
    counts: NoticeCounts,
    /// Whether somebody else counts, who knows the other workers' notices as well.
    pub(crate) are_counted_elsewhere: bool,
    uncounted: Vec<Notice>,
}

/// The number of notices by topic: only the first ones are shown.
#[derive(Debug, Default)]
pub struct NoticeCounts(BTreeMap<String, u32>);

impl NoticeCounts {
    fn is_open(&self, topic: &str, most: u32) -> bool {
        self.0.get(topic).is_none_or(|count| *count < most)
    }

    /// Counts a notice, and returns its text for people; `None` if there were already `most` of its topic.
    pub fn count(&mut self, topic: &str, most: u32, mut text: String) -> Option<String> {
        if !self.is_open(topic, most) {
            return None;
        }
        let count = self.0.entry(topic.to_owned()).or_default();
        *count += 1;
        if *count == most {
            text += "; further lines of this kind are not reported";
        }
        Some(text)
    }
}

impl Notices {
    fn add(&mut self, topic: &'static str, most: u32, text: impl fmt::Display) {
        if self.counts.is_open(topic, most) {
            self.new.push((topic.into(), most, text.to_string()));
        }
    }

    /// Ends an input; its notices count unless it has failed.
    #[inline]
    pub(crate) fn end_input(&mut self, is_done: bool) {
        if !self.new.is_empty() {
            self.count_new(is_done);
        }
    }

    #[cold]
    fn count_new(&mut self, is_done: bool) {
        let new = self.new.drain(..).filter(|_| is_done);
        if self.are_counted_elsewhere {
            self.uncounted.extend(new);
            return;
        }
        let counts = &mut self.counts;
        self.ready.extend(new.filter_map(|(topic, most, text)| counts.count(&topic, most, text)));
    }

    pub(crate) fn take_uncounted(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.uncounted)
    }

    pub(crate) fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.ready)
    }
}

impl<M> Outbox<M> {
    pub(crate) fn new() -> Self {
        Self {
            emissions: Vec::new(),
            capacity: MAX_EMITTED_PER_INPUT,
            overflowed: false,
            written: Vec::new(),
            notices: Notices::default(),
        }
    }

    /// Forgets the previous input.
    pub(crate) fn begin_input(&mut self) {
        self.emissions.clear();
        self.capacity = MAX_EMITTED_PER_INPUT;
        self.overflowed = false;
        self.written.clear();
    }

    /// Takes the output and the notices, if there are any.
    #[inline]
    pub(crate) fn take_told(&mut self) -> Option<Box<(Vec<u8>, Vec<Notice>)>> {
        if self.written.is_empty() && self.notices.new.is_empty() {
            return None;
        }
        Some(Box::new((std::mem::take(&mut self.written), std::mem::take(&mut self.notices.new))))
    }

    /// Continues an input that has already emitted `emitted` messages, with the output and notices in `told`.
    #[inline]
    pub(crate) fn resume(&mut self, emitted: usize, told: Option<Box<(Vec<u8>, Vec<Notice>)>>) {
        self.capacity = MAX_EMITTED_PER_INPUT.saturating_sub(emitted);
        if let Some(told) = told {
            (self.written, self.notices.new) = *told;
        }
    }

    /// Returns the number of messages that were emitted for this input.
    pub(crate) fn emitted(&self) -> usize {
        MAX_EMITTED_PER_INPUT - self.capacity
    }

    pub(crate) fn clear(&mut self) {
        self.emissions.clear();
    }

    pub(crate) fn emissions(&self) -> &[(M, Destination)] {
        &self.emissions
    }

    /// Counts the first message of a step, and returns it if it is the only one. If not, it is put before the others.
    #[inline]
    pub(crate) fn take_single<E: Into<M>>(&mut self, first: E) -> Option<E> {
        if self.emissions.is_empty() && self.capacity > 0 {
            self.capacity -= 1;
            return Some(first);
        }
        self.put_first(first.into());
        None
    }

    #[cold]
    fn put_first(&mut self, first: M) {
        self.overflowed |= self.capacity == 0;
        self.capacity = self.capacity.saturating_sub(1);
        self.emissions.insert(0, (first, Destination::ByKind));
    }

    /// Takes a message that is alone and that no step receives.
    pub(crate) fn put_back(&mut self, message: M) {
        self.emissions.push((message, Destination::ByKind));
    }

    pub(crate) fn drain(&mut self) -> impl Iterator<Item = (M, Destination)> + '_ {
        self.emissions.drain(..)
    }

    pub(crate) fn overflowed(&self) -> bool {
        self.overflowed
    }

    #[inline]
    fn push(&mut self, message: M, destination: Destination) {
        if self.capacity == 0 {
            self.overflowed = true;
            return;
        }
        self.capacity -= 1;
        self.emissions.push((message, destination));
    }
}
