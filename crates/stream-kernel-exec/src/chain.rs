//! Chains: all steps of an application composed into one function, for runs without observers.
//!
//! A chain does the work of the [runner](crate::SyncRunner) with the same steps, while each emits one message at a
//! time: that message goes to the next step that takes it, without a look at routes and inboxes, and the compiler sees
//! both ends. When a step emits several messages, or one to a named step, the runner takes over.

use std::marker::PhantomData;

use stream_kernel_trace::Context;

use crate::emitter::{Emitter, Outbox};
use crate::keyed_step::Keyed;
use crate::paused::At;
use crate::registry::{BuildError, Entry};
use crate::scenario::{BoundStep, ResolvedTarget};
use crate::step::{Stateless, TypedStep};
use crate::{Emits, KeyedStep, Memory, MessageSet, Step, StepError, VariantOf};

/// The steps of an application in their default order; see [`Registry::chain`](crate::Registry::chain).
///
/// `L` lists their types.
///
/// ```
/// # use stream_kernel_exec::trace::{CanonicalContent, Context};
/// # use stream_kernel_exec::{Chain, Emitter, Nothing, Payload, Plan, Registry, Step, StepError};
/// # use stream_kernel_exec::Kind;
/// # pub struct Line(String);
/// # impl Payload for Line { fn digest(&self, content: &mut CanonicalContent) { content.text("text", &self.0); } }
/// # stream_kernel_exec::messages! { pub enum Copying { Line } }
/// struct Trim;
///
/// impl Step<Copying> for Trim {
///     type Takes = Line;
///     type Emits = Line;
///     // ...
/// #   fn process(
/// #       &self,
/// #       line: Line,
/// #       _: &mut Context,
/// #       out: &mut Emitter<'_, Copying, Line>,
/// #   ) -> Result<(), StepError> {
/// #       out.emit(Line(line.0.trim().to_owned()));
/// #       Ok(())
/// #   }
/// }
/// # struct Write;
/// # impl Step<Copying> for Write {
/// #   type Takes = Line;
/// #   type Emits = Nothing;
/// #   fn process(
/// #       &self,
/// #       line: Line,
/// #       _: &mut Context,
/// #       out: &mut Emitter<'_, Copying, Nothing>,
/// #   ) -> Result<(), StepError> {
/// #       out.write(line.0.as_bytes());
/// #       Ok(())
/// #   }
/// # }
///
/// let steps = Chain::new().with("trim", |()| Trim).with("write", |()| Write);
/// let registry = Registry::<Copying, ()>::new().chain(steps);
/// # let pipeline = ["trim", "write"].map(str::to_owned);
/// # let plan = Plan { source: Kind::of::<Copying, Line>(), pipeline: &pipeline, strict: true };
/// # assert!(registry.bind(plan, &()).unwrap().is_chained());
/// ```
pub struct Chain<M, P, L = ()> {
    pub(crate) entries: Vec<Entry<M, P>>,
    pub(crate) links: L,
}

impl<M: MessageSet, P: 'static> Chain<M, P> {
    /// Returns a chain without steps.
    pub fn new() -> Self {
        Self { entries: Vec::new(), links: () }
    }
}

impl<M: MessageSet, P: 'static> Default for Chain<M, P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M: MessageSet, P: 'static, L: Compose<M, P>> Chain<M, P, L> {
    /// Adds the stateless step `name`, built by `build`.
    #[must_use]
    pub fn with<S: Step<M> + Send + 'static>(
        self,
        name: &'static str,
        build: impl Fn(&P) -> S + Clone + 'static,
    ) -> Chain<M, P, impl Compose<M, P>> {
        self.then(name, move |parameters: &P| Ok(Stateless(build(parameters))))
    }

    /// Adds the keyed step `name`, built by `build`.
    ///
    /// # Panics
    ///
    /// Panics if the step's state names the same memory twice: this is a bug in the application.
    #[must_use]
    pub fn with_keyed<S: KeyedStep<M> + Send + 'static>(
        self,
        name: &'static str,
        build: impl Fn(&P) -> S + Clone + 'static,
    ) -> Chain<M, P, impl Compose<M, P>> {
        Keyed::<M, S>::check_state(name);
        self.then(name, move |parameters: &P| Ok(Keyed::new(build(parameters))))
    }

    fn then<T, F>(mut self, name: &'static str, build: F) -> Chain<M, P, Then<L, T, F>>
    where
        T: TypedStep<M> + 'static,
        F: Fn(&P) -> Result<T, BuildError> + Clone + 'static,
    {
        self.entries.push(Entry::new(name, build.clone()));
        Chain { entries: self.entries, links: Then { before: self.links, build, built: PhantomData } }
    }
}

/// The composition of the steps of a [`Chain`]; implemented by the kernel alone.
pub trait Compose<M: MessageSet, P>: 'static {
    /// Builds the steps before `rest`, whose first has position `end`.
    #[doc(hidden)]
    fn compose<R: Links<M>>(&self, plan: &ChainPlan<'_, M, P>, end: usize, rest: R) -> Composed<M>;
}

/// A chain that is bound.
pub(crate) type Composed<M> = Result<Box<dyn BoundChain<M>>, BuildError>;

/// The bound steps of a chain, in the form for single steps.
pub struct ChainPlan<'a, M, P> {
    pub(crate) parameters: &'a P,
    pub(crate) memory: &'a Memory,
    pub(crate) steps: &'a [Option<BoundStep<M>>],
}

impl<M: MessageSet, P> Compose<M, P> for () {
    fn compose<R: Links<M>>(&self, _: &ChainPlan<'_, M, P>, _: usize, rest: R) -> Composed<M> {
        Ok(Box::new(rest))
    }
}

/// A step after others.
pub(crate) struct Then<L, T, F> {
    before: L,
    build: F,
    built: PhantomData<fn() -> T>,
}

impl<M, P, L, T, F> Compose<M, P> for Then<L, T, F>
where
    M: MessageSet,
    P: 'static,
    L: Compose<M, P>,
    T: TypedStep<M> + 'static,
    F: Fn(&P) -> Result<T, BuildError> + 'static,
{
    fn compose<R: Links<M>>(&self, plan: &ChainPlan<'_, M, P>, end: usize, rest: R) -> Composed<M> {
        let index = end - 1;
        let mut step = (self.build)(plan.parameters)?;
        let slots: Vec<_> = step.finds().iter().filter_map(|one| plan.memory.slot(one.name)).collect();
        step.connect(&slots);
        let targets = plan.steps[index].as_ref().map_or_else(Vec::new, |step| step.targets.clone());
        self.before.compose(plan, index, Link { step, index, targets, rest })
    }
}

/// The environment of a chain's steps, besides their messages.
pub struct Surroundings<'a, M> {
    pub(crate) memory: &'a mut Memory,
    pub(crate) context: &'a mut Context,
    pub(crate) outbox: &'a mut Outbox<M>,
    /// The position of the step that handles a message, or did last.
    pub(crate) at: &'a mut usize,
    /// The message that has arrived at a step at or after the end of the run, if one has. It is written where it stays:
    /// a result of four words that is copied at once takes 7 % of a line.
    pub(crate) arrived: &'a mut At<M>,
}

type Done = Result<(), StepError>;

/// The steps of a chain from some position on.
pub trait Links<M: MessageSet>: Send + 'static {
    /// Takes a message through the steps from position `from` on: to its end, or to a step that emits several messages
    /// or one to a named step, which are left in the outbox. A message that arrives at a step at `until` or after it is
    /// put into [`Surroundings::arrived`], with that position.
    fn run(&self, from: usize, until: usize, message: M, around: &mut Surroundings<'_, M>) -> Done;

    /// Takes the output of an earlier step through these steps, as [`run`](Self::run) does.
    ///
    /// The compiler knows which step takes it, so that it becomes a message of the enum only where it must wait.
    fn hand_on<E: Emits<M>>(&self, until: usize, output: E, around: &mut Surroundings<'_, M>) -> Done;
}

/// A chain with erased types.
pub trait BoundChain<M>: Send {
    fn run(&self, from: usize, until: usize, message: M, around: &mut Surroundings<'_, M>) -> Done;
}

impl<M: MessageSet, L: Links<M>> BoundChain<M> for L {
    fn run(&self, from: usize, until: usize, message: M, around: &mut Surroundings<'_, M>) -> Done {
        Links::run(self, from, until, message, around)
    }
}

/// A step, and the steps after it.
pub(crate) struct Link<T, R> {
    step: T,
    /// The step's position.
    index: usize,
    targets: Vec<ResolvedTarget>,
    rest: R,
}

impl<T, R> Link<T, R> {
    /// Lets the step handle its input, and hands on its output if that is one message without a named target.
    #[expect(
        clippy::inline_always,
        reason = "as functions of their own the links of a chain take 2 % of a line"
    )]
    #[inline(always)]
    fn process<M>(&self, until: usize, input: T::Takes, around: &mut Surroundings<'_, M>) -> Done
    where
        M: MessageSet,
        T: TypedStep<M>,
        R: Links<M>,
    {
        *around.at = self.index;
        let mut out = Emitter::new(around.outbox, &self.targets);
        self.step.run(input, around.memory, around.context, &mut out)?;
        if let Some(first) = out.into_first()
            && let Some(output) = around.outbox.take_single(first)
        {
            return self.rest.hand_on(until, output, around);
        }
        Ok(())
    }

    /// Takes a message through the steps from this one on.
    ///
    /// A function of its own, so that the way to the first step is a few comparisons.
    #[inline(never)]
    fn begin<M>(&self, until: usize, message: M, around: &mut Surroundings<'_, M>) -> Done
    where
        M: MessageSet,
        T: TypedStep<M>,
        R: Links<M>,
    {
        if self.index >= until && message.kind() == T::Takes::KIND {
            around.arrived.put(self.index, message);
            return Ok(());
        }
        match T::Takes::from_message(message) {
            Ok(input) => self.process(until, input, around),
            Err(message) => self.rest.run(self.index, until, message, around),
        }
    }
}

impl<M: MessageSet, T: TypedStep<M> + 'static, R: Links<M>> Links<M> for Link<T, R> {
    #[inline]
    fn run(&self, from: usize, until: usize, message: M, around: &mut Surroundings<'_, M>) -> Done {
        if from > self.index {
            return self.rest.run(from, until, message, around);
        }
        self.begin(until, message, around)
    }

    #[expect(clippy::inline_always, reason = "see `process`")]
    #[inline(always)]
    fn hand_on<E: Emits<M>>(&self, until: usize, output: E, around: &mut Surroundings<'_, M>) -> Done {
        match output.into_payload::<T::Takes>() {
            Ok(input) if self.index >= until => {
                around.arrived.put(self.index, input.into());
                Ok(())
            }
            Ok(input) => self.process(until, input, around),
            Err(output) => self.rest.hand_on(until, output, around),
        }
    }
}

/// The end of a chain.
impl<M: MessageSet> Links<M> for () {
    #[inline]
    fn run(&self, _: usize, _: usize, message: M, around: &mut Surroundings<'_, M>) -> Done {
        around.outbox.put_back(message);
        Ok(())
    }

    #[inline]
    fn hand_on<E: Emits<M>>(&self, _: usize, output: E, around: &mut Surroundings<'_, M>) -> Done {
        around.outbox.put_back(output.into());
        Ok(())
    }
}
