//! Steps: typed functions from one payload to any number of them.

use stream_kernel_trace::Context;

use crate::emitter::Outbox;
use crate::memory::{Declared, Share};
use crate::scenario::ResolvedTarget;
use crate::{Emits, Emitter, Kind, Memory, MessageSet, StepError, VariantOf};

/// A step of a pipeline that depends on its message alone. It takes one kind of message and emits any number.
///
/// It may run ahead of earlier inputs. It knows nothing of other steps, tracing or configuration. For a step that
/// remembers something between inputs, use a [`KeyedStep`](crate::KeyedStep).
///
/// ```
/// # use stream_kernel_exec::trace::{CanonicalContent, Context};
/// # use stream_kernel_exec::{Emitter, Payload, Step, StepError};
/// # pub struct Line(String);
/// # impl Payload for Line { fn digest(&self, content: &mut CanonicalContent) { content.text("text", &self.0); } }
/// # pub struct Word(String);
/// # impl Payload for Word { fn digest(&self, content: &mut CanonicalContent) { content.text("text", &self.0); } }
/// # stream_kernel_exec::messages! { pub enum Counting { Line, Word } }
/// struct SplitWords;
///
/// impl Step<Counting> for SplitWords {
///     type Takes = Line;
///     type Emits = Word;
///
///     fn process(
///         &self,
///         line: Line,
///         context: &mut Context,
///         out: &mut Emitter<'_, Counting, Word>,
///     ) -> Result<(), StepError> {
///         context.metrics.set("bytes", line.0.len() as u64);
///         for word in line.0.split_whitespace() {
///             out.emit(Word(word.to_owned()));
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait Step<M: MessageSet> {
    /// The payload that the step takes.
    type Takes: VariantOf<M>;
    /// The payloads that it emits.
    type Emits: Emits<M>;

    /// Returns the targets that this step names, so that they can be checked before anything runs.
    fn targets(&self) -> Vec<Target> {
        Vec::new()
    }

    /// Takes one message and emits its outputs.
    ///
    /// # Errors
    ///
    /// Return an error only if the program cannot do its work. A bad input is data and becomes a message.
    fn process(
        &self,
        input: Self::Takes,
        context: &mut Context,
        out: &mut Emitter<'_, M, Self::Emits>,
    ) -> Result<(), StepError>;
}

/// A step that another one names as the receiver of some of its messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The receiving step's name.
    pub step_name: String,
    /// The kind of message that it is sent.
    pub kind: Kind,
}

impl Target {
    /// Returns the target that sends messages with payload `P` to the step named `step_name`.
    pub fn new<M: MessageSet, P: VariantOf<M>>(step_name: impl Into<String>) -> Self {
        Self { step_name: step_name.into(), kind: P::KIND }
    }
}

/// A step without its types, so that a pipeline can hold any.
pub(crate) trait AnyStep<M: MessageSet>: Send {
    fn targets(&self) -> Vec<Target>;

    /// Returns the memory that the step looks into; none if it is stateless.
    fn finds(&self) -> Vec<Declared> {
        Vec::new()
    }

    /// Sets the positions of this memory.
    fn connect(&mut self, slots: &[usize]) {
        let _ = slots;
    }

    /// Notes that `message` will be looked up soon.
    fn announce(&self, message: &M, memory: &mut Memory) {
        let _ = (message, memory);
    }

    /// Adds the step's look-up for `message` to the message's share key.
    fn share(&self, message: &M, memory: &mut Memory, share: &mut Share) {
        let _ = (message, memory, share);
    }

    /// Handles a message. Returns the first output if it is routed by its kind; the others are in the outbox.
    fn process(
        &self,
        message: M,
        memory: &mut Memory,
        context: &mut Context,
        outbox: &mut Outbox<M>,
        targets: &[ResolvedTarget],
    ) -> Result<Option<M>, StepError>;
}

/// A step with its types, stateless or keyed.
pub(crate) trait TypedStep<M: MessageSet>: AnyStep<M> {
    type Takes: VariantOf<M>;
    type Emits: Emits<M>;

    fn run(
        &self,
        input: Self::Takes,
        memory: &mut Memory,
        context: &mut Context,
        out: &mut Emitter<'_, M, Self::Emits>,
    ) -> Result<(), StepError>;
}

/// Takes the payload out of the message enum, lets the step handle it, and puts what it emits back in.
#[inline]
pub(crate) fn run_any<M: MessageSet, T: TypedStep<M>>(
    step: &T,
    message: M,
    memory: &mut Memory,
    context: &mut Context,
    outbox: &mut Outbox<M>,
    targets: &[ResolvedTarget],
) -> Result<Option<M>, StepError> {
    let mut out = Emitter::new(outbox, targets);
    step.run(take(message)?, memory, context, &mut out)?;
    Ok(out.into_first().map(Into::into))
}

/// Takes the payload out of the message enum.
#[inline]
fn take<M: MessageSet, P: VariantOf<M>>(message: M) -> Result<P, StepError> {
    P::from_message(message).map_err(|message| {
        // The scenario routes by kind, so this would be a bug in the kernel.
        StepError::new("WrongKind", format_args!("was handed a `{}`", message.kind().name_in::<M>()))
    })
}

/// A stateless step.
pub(crate) struct Stateless<S>(pub(crate) S);

impl<M: MessageSet, S: Step<M> + Send> AnyStep<M> for Stateless<S> {
    fn targets(&self) -> Vec<Target> {
        self.0.targets()
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

impl<M: MessageSet, S: Step<M> + Send> TypedStep<M> for Stateless<S> {
    type Takes = S::Takes;
    type Emits = S::Emits;

    #[expect(clippy::inline_always, reason = "a part of the one function of a chain")]
    #[inline(always)]
    fn run(
        &self,
        input: S::Takes,
        _: &mut Memory,
        context: &mut Context,
        out: &mut Emitter<'_, M, S::Emits>,
    ) -> Result<(), StepError> {
        self.0.process(input, context, out)
    }
}
