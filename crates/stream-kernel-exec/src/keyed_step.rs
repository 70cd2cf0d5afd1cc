//! Keyed steps: a step that sees its message and the value under that message's key.

use stream_kernel_trace::Context;

use crate::emitter::Outbox;
use crate::memory::{Declared, Share};
use crate::scenario::ResolvedTarget;
use crate::step::{AnyStep, Target, TypedStep, run_any};
use crate::{Emits, Emitter, Memory, MessageSet, State, StepError, VariantOf};

/// A step of a pipeline that depends only on its message and on the value under the message's key.
///
/// It finds the state after all earlier lines, however the run is executed.
///
/// ```
/// # use stream_kernel_exec::trace::{CanonicalContent, Context};
/// # use stream_kernel_exec::{Declaration, Emitter, Entry, KeyedStep, Nothing, Payload, StepError, Table};
/// # pub struct Word(u64);
/// # impl Payload for Word { fn digest(&self, content: &mut CanonicalContent) { content.unsigned("word", self.0); } }
/// # stream_kernel_exec::messages! { pub enum Counting { Word } }
/// /// How often each word was there.
/// struct Words;
///
/// impl Declaration for Words {
///     const NAME: &'static str = "words";
///     type Store = Table<u64, u32>;
/// }
///
/// struct CountWord;
///
/// impl KeyedStep<Counting> for CountWord {
///     type Takes = Word;
///     type Emits = Nothing;
///     type State = Words;
///
///     fn key(&self, word: &Word) -> u64 {
///         word.0
///     }
///
///     fn process(
///         &self,
///         _: Word,
///         mut count: Entry<'_, u64, u32>,
///         _: &mut Context,
///         _: &mut Emitter<'_, Counting, Nothing>,
///     ) -> Result<(), StepError> {
///         let before = count.get().unwrap_or_default();
///         count.set(&(before + 1))
///     }
/// }
/// ```
pub trait KeyedStep<M: MessageSet> {
    /// The payload that the step takes.
    type Takes: VariantOf<M>;
    /// The payloads that it emits.
    type Emits: Emits<M>;
    /// The memory that it looks into.
    type State: State;

    /// Returns the targets that this step names, so that they can be checked before anything runs.
    fn targets(&self) -> Vec<Target> {
        Vec::new()
    }

    /// Returns the key of a message. It must depend on the message alone.
    fn key(&self, input: &Self::Takes) -> <Self::State as State>::Keys;

    /// Takes one message and emits its outputs.
    ///
    /// # Errors
    ///
    /// Return an error only if the program cannot do its work. A bad input is data and becomes a message.
    fn process(
        &self,
        input: Self::Takes,
        state: <Self::State as State>::Access<'_>,
        context: &mut Context,
        out: &mut Emitter<'_, M, Self::Emits>,
    ) -> Result<(), StepError>;
}

/// A keyed step with the positions of its memory.
pub(crate) struct Keyed<M: MessageSet, S: KeyedStep<M>> {
    pub(crate) step: S,
    pub(crate) slots: <S::State as State>::Slots,
}

impl<M: MessageSet, S: KeyedStep<M>> Keyed<M, S> {
    pub(crate) fn new(step: S) -> Self {
        Self { step, slots: Default::default() }
    }

    /// Makes sure that the state names no memory twice.
    pub(crate) fn check_state(name: &str) {
        let finds = S::State::declared();
        let is_twice = |(at, one): (usize, &Declared)| finds[..at].iter().any(|other| other.name == one.name);
        assert!(
            !finds.iter().enumerate().any(is_twice),
            "the state of step `{name}` names the same memory twice"
        );
    }
}

impl<M: MessageSet, S: KeyedStep<M> + Send> AnyStep<M> for Keyed<M, S> {
    fn targets(&self) -> Vec<Target> {
        self.step.targets()
    }

    fn finds(&self) -> Vec<Declared> {
        S::State::declared()
    }

    fn connect(&mut self, slots: &[usize]) {
        let mut slots = slots.iter();
        self.slots = S::State::slots(&mut || slots.next().copied().unwrap_or_default());
    }

    fn announce(&self, message: &M, memory: &mut Memory) {
        if let Some(input) = S::Takes::peek(message) {
            S::State::announce(memory, self.slots, self.step.key(input));
        }
    }

    fn share(&self, message: &M, memory: &mut Memory, share: &mut Share) {
        if let Some(input) = S::Takes::peek(message) {
            S::State::share(memory, self.slots, self.step.key(input), share);
        }
    }

    fn process(
        &self,
        message: M,
        memory: &mut Memory,
        context: &mut Context,
        outbox: &mut Outbox<M>,
        targets: &[ResolvedTarget],
    ) -> Result<Option<M>, StepError> {
        run_any(self, message, memory, context, outbox, targets)
    }
}

impl<M: MessageSet, S: KeyedStep<M> + Send> TypedStep<M> for Keyed<M, S> {
    type Takes = S::Takes;
    type Emits = S::Emits;

    #[expect(clippy::inline_always, reason = "a part of the one function of a chain")]
    #[inline(always)]
    fn run(
        &self,
        input: S::Takes,
        memory: &mut Memory,
        context: &mut Context,
        out: &mut Emitter<'_, M, S::Emits>,
    ) -> Result<(), StepError> {
        let state = S::State::access(memory, self.slots, self.step.key(&input));
        // The scenario has connected each step to its memory, so this would be a bug in the kernel.
        let state = state.ok_or_else(|| StepError::new("NoMemory", "its memory is not there"))?;
        self.step.process(input, state, context, out)
    }
}
