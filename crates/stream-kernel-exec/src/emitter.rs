//! What a step emits into.

use std::marker::PhantomData;

use crate::scenario::ResolvedTarget;
use crate::{Emits, MessageSet, VariantOf};

/// The number of messages that all steps together may emit for one input; one more makes the step fail.
pub const MAX_EMITTED_PER_INPUT: usize = 65_536;

/// Takes in what a step emits, in order.
pub struct Emitter<'a, M, E> {
    outbox: &'a mut Outbox<M>,
    targets: &'a [ResolvedTarget],
    emits: PhantomData<E>,
}

impl<'a, M: MessageSet, E: Emits<M>> Emitter<'a, M, E> {
    #[inline]
    pub(crate) fn new(outbox: &'a mut Outbox<M>, targets: &'a [ResolvedTarget]) -> Self {
        Self { outbox, targets, emits: PhantomData }
    }

    /// Emits a message to the first later step in the pipeline that takes its kind.
    #[inline]
    pub fn emit(&mut self, output: impl Into<E>) {
        let output: E = output.into();
        self.outbox.push(output.into(), Destination::ByKind);
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
}

/// Where an emitted message is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// To the first later step that takes its kind.
    ByKind,
    /// To the step at this position.
    Step(usize),
    /// To a target that was found to be out of reach when the scenario was bound.
    Unreachable,
    /// To a step that is not among the emitting step's targets.
    Undeclared,
}

/// What one step has emitted for one message, and how much more this input may bring.
#[derive(Debug)]
pub(crate) struct Outbox<M> {
    emissions: Vec<(M, Destination)>,
    room: usize,
    overflowed: bool,
}

impl<M> Outbox<M> {
    pub(crate) fn new() -> Self {
        Self { emissions: Vec::new(), room: MAX_EMITTED_PER_INPUT, overflowed: false }
    }

    /// Forgets the previous input.
    pub(crate) fn begin_input(&mut self) {
        self.emissions.clear();
        self.room = MAX_EMITTED_PER_INPUT;
        self.overflowed = false;
    }

    pub(crate) fn clear(&mut self) {
        self.emissions.clear();
    }

    pub(crate) fn emissions(&self) -> &[(M, Destination)] {
        &self.emissions
    }

    pub(crate) fn pop(&mut self) -> Option<(M, Destination)> {
        self.emissions.pop()
    }

    pub(crate) fn drain(&mut self) -> impl Iterator<Item = (M, Destination)> + '_ {
        self.emissions.drain(..)
    }

    pub(crate) fn overflowed(&self) -> bool {
        self.overflowed
    }

    #[inline]
    fn push(&mut self, message: M, destination: Destination) {
        if self.room == 0 {
            self.overflowed = true;
            return;
        }
        self.room -= 1;
        self.emissions.push((message, destination));
    }
}
