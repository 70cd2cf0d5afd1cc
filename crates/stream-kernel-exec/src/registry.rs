//! The registry: an application's steps and memory by name, and their builders.

use std::any::TypeId;

use crate::chain::{Chain, ChainPlan, Compose, Composed};
use crate::keyed_step::Keyed;
use crate::memory::{AnyStore, Declared, MAX_DECLARATIONS, Store, announce};
use crate::step::{AnyStep, Stateless, TypedStep};
use crate::{Declaration, Emits, KeyedStep, Kind, Memory, MessageSet, Step, VariantOf, Watermark};

/// Why a step could not be built.
pub type BuildError = Box<dyn std::error::Error>;

/// An application's steps and memory, by name.
///
/// `P` are the parameters that steps and memory are built from. [`bind`](Self::bind) makes a scenario of them.
pub struct Registry<M, P> {
    pub(crate) entries: Vec<Entry<M, P>>,
    pub(crate) memories: Vec<MemoryEntry<P>>,
    /// Tables that forget, each with its watermark.
    pub(crate) forgetting: Vec<(TypeId, TypeId)>,
    /// The memory of later look-ups, with what announces them.
    pub(crate) hints: Vec<(TypeId, Announce<M>)>,
    /// Composes all steps, if they were added as a chain.
    pub(crate) chain: Option<ChainBuilder<M, P>>,
}

/// A registered step: its description, and its builder.
pub(crate) struct Entry<M, P> {
    pub(crate) name: &'static str,
    pub(crate) takes: Kind,
    pub(crate) emits: Vec<Kind>,
    pub(crate) build: Builder<M, P>,
}

impl<M: MessageSet, P> Entry<M, P> {
    pub(crate) fn new<T: TypedStep<M> + 'static>(
        name: &'static str,
        build: impl Fn(&P) -> Result<T, BuildError> + 'static,
    ) -> Self {
        let build = move |parameters: &P| Ok(Box::new(build(parameters)?) as Box<dyn AnyStep<M>>);
        Self { name, takes: T::Takes::KIND, emits: T::Emits::kinds(), build: Box::new(build) }
    }
}

type ChainBuilder<M, P> = Box<dyn Fn(&ChainPlan<'_, M, P>) -> Composed<M>>;

/// Declared memory, and its builder.
pub(crate) struct MemoryEntry<P> {
    pub(crate) declared: Declared,
    pub(crate) build: StoreBuilder<P>,
}

type StoreBuilder<P> = Box<dyn Fn(&P) -> Box<dyn AnyStore>>;

/// Announces the later look-up of a message that waits for its turn, in the memory with this position.
pub(crate) type Announce<M> = fn(&M, &mut Memory, usize);

type Builder<M, P> = Box<dyn Fn(&P) -> Result<Box<dyn AnyStep<M>>, BuildError>>;

impl<M: MessageSet, P> Registry<M, P> {
    /// Returns a registry without steps.
    pub fn new() -> Self {
        Self {
            entries: Vec::new(),
            memories: Vec::new(),
            forgetting: Vec::new(),
            hints: Vec::new(),
            chain: None,
        }
    }

    /// Declares memory, built by `build`.
    ///
    /// # Panics
    ///
    /// Panics if the name is taken or longer than 255 bytes, or if [`MAX_DECLARATIONS`] are declared already: these are
    /// bugs in the application.
    #[must_use]
    pub fn memory<D: Declaration>(mut self, build: impl Fn(&P) -> D::Store + 'static) -> Self {
        let declared = Declared::of::<D>();
        let name = D::NAME;
        assert!(
            self.memories.iter().all(|one| one.declared.name != name),
            "memory `{name}` is declared twice"
        );
        assert!(
            self.memories.len() < MAX_DECLARATIONS,
            "more than {MAX_DECLARATIONS} declarations of memory"
        );
        self.memories
            .push(MemoryEntry { declared, build: Box::new(move |parameters| Box::new(build(parameters))) });
        self
    }

    /// Makes the table `T`, built so that [it forgets](crate::Table::forgets), forget by the watermark `W`.
    #[must_use]
    pub fn forgets_by<T: Declaration, W: Declaration<Store = Watermark>>(mut self) -> Self {
        self.forgetting.push((TypeId::of::<T>(), TypeId::of::<W>()));
        self
    }

    /// Prefetches the result of `key_of` from `D` for a message that carries a `T` and waits for the first keyed step.
    ///
    /// That step's own key is always prefetched; this is for look-ups of later steps.
    #[must_use]
    pub fn prefetch<D: Declaration, T: VariantOf<M> + Prefetch<D>>(mut self) -> Self {
        let announce: Announce<M> = |message, memory, slot| {
            if let Some(payload) = T::peek(message) {
                announce::<D>(memory, slot, payload.key());
            }
        };
        self.hints.push((TypeId::of::<D>(), announce));
        self
    }

    /// Adds the stateless step `name`, built by `build`.
    ///
    /// # Panics
    ///
    /// Panics if the name is taken: a bug in the application.
    #[must_use]
    pub fn with<S: Step<M> + Send + 'static>(
        self,
        name: &'static str,
        build: impl Fn(&P) -> S + 'static,
    ) -> Self {
        self.with_fallible(name, move |parameters| Ok(build(parameters)))
    }

    /// Adds the stateless step `name`; `build` may refuse.
    ///
    /// # Panics
    ///
    /// Panics if the name is taken: a bug in the application.
    #[must_use]
    pub fn with_fallible<S: Step<M> + Send + 'static>(
        self,
        name: &'static str,
        build: impl Fn(&P) -> Result<S, BuildError> + 'static,
    ) -> Self {
        self.add(Entry::new(name, move |parameters| build(parameters).map(Stateless)))
    }

    /// Adds the keyed step `name`, built by `build`.
    ///
    /// # Panics
    ///
    /// Panics if the name is taken, or if the step's state names the same memory twice: bugs in the application.
    #[must_use]
    pub fn with_keyed<S: KeyedStep<M> + Send + 'static>(
        self,
        name: &'static str,
        build: impl Fn(&P) -> S + 'static,
    ) -> Self {
        Keyed::<M, S>::check_state(name);
        self.add(Entry::new(name, move |parameters| Ok(Keyed::new(build(parameters)))))
    }

    /// Adds all steps as a chain, which the compiler turns into one function. It is faster.
    ///
    /// A run uses it if nobody traces or observes, and its pipeline is strict and has these steps in this order.
    /// Decisions, output, errors and counts are the same either way.
    ///
    /// # Panics
    ///
    /// Panics if two steps have the same name, or if the registry has steps already: bugs in the application.
    #[must_use]
    pub fn chain<L: Compose<M, P>>(mut self, chain: Chain<M, P, L>) -> Self
    where
        P: 'static,
    {
        assert!(self.entries.is_empty(), "a chain has all steps of a registry");
        let Chain { entries, links } = chain;
        let len = entries.len();
        self = entries.into_iter().fold(self, Self::add);
        self.chain = Some(Box::new(move |plan| links.compose(plan, len, ())));
        self
    }

    fn add(mut self, entry: Entry<M, P>) -> Self {
        let name = entry.name;
        assert!(self.entry(name).is_none(), "step `{name}` is registered twice");
        self.entries.push(entry);
        self.chain = None;
        self
    }

    /// Returns the names of the steps in the order in which they were added.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.entries.iter().map(|entry| entry.name)
    }

    /// Returns empty memory, built from `parameters`.
    ///
    /// # Panics
    ///
    /// Panics if [`forgets_by`](Self::forgets_by) names undeclared memory or a table that does not forget: bugs in the
    /// application.
    pub fn build_memory(&self, parameters: &P) -> Memory {
        let is_declared = |id: &TypeId| self.memories.iter().any(|entry| entry.declared.type_id == *id);
        let is_whole =
            self.forgetting.iter().all(|(table, watermark)| is_declared(table) && is_declared(watermark));
        assert!(is_whole, "`forgets_by` names memory that is not declared");
        let stores: Vec<_> =
            self.memories.iter().map(|entry| (entry.declared, (entry.build)(parameters))).collect();
        let has_watermark = |id| self.forgetting.iter().any(|(table, _)| *table == id);
        for (declared, store) in &stores {
            assert!(
                !store.is_forgetting() || has_watermark(declared.type_id),
                "`{}` forgets, but no `forgets_by` says by which watermark",
                declared.name
            );
        }
        Memory::new(stores, self.forgetting.iter().copied())
    }

    pub(crate) fn entry(&self, name: &str) -> Option<&Entry<M, P>> {
        self.entries.iter().find(|entry| entry.name == name)
    }
}

impl<M: MessageSet, P> Default for Registry<M, P> {
    fn default() -> Self {
        Self::new()
    }
}

/// A payload with the key of a later step's look-up in `D`: see [`Registry::prefetch`].
pub trait Prefetch<D: Declaration> {
    /// Returns the key.
    fn key(&self) -> <D::Store as Store>::Key;
}
