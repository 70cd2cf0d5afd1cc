//! The steps that an application has, by name, and how each is built.

use crate::step::{AnyStep, Typed};
use crate::{Emits, Kind, MessageSet, Step, VariantOf};

/// Why a step could not be built.
pub type BuildError = Box<dyn std::error::Error>;

/// The steps that an application has, by name.
///
/// `R` is whatever the application's steps are built from: parameters and ports to state. [`bind`](Self::bind) makes a
/// scenario of them.
pub struct Registry<M, R> {
    pub(crate) entries: Vec<Entry<M, R>>,
}

/// A registered step: what is known of it before it is built, and how to build it.
pub(crate) struct Entry<M, R> {
    pub(crate) name: &'static str,
    pub(crate) takes: Kind,
    pub(crate) emits: Vec<Kind>,
    pub(crate) build: Builder<M, R>,
}

type Builder<M, R> = Box<dyn Fn(&R) -> Result<Box<dyn AnyStep<M>>, BuildError>>;

impl<M: MessageSet, R> Registry<M, R> {
    /// Returns a registry without steps.
    pub fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// Adds the step `name`, built by `build`.
    ///
    /// # Panics
    ///
    /// Panics if the name is taken: that is a mistake in the application's code.
    #[must_use]
    pub fn with<S: Step<M> + 'static>(self, name: &'static str, build: impl Fn(&R) -> S + 'static) -> Self {
        self.with_fallible(name, move |resources| Ok(build(resources)))
    }

    /// Adds the step `name`, built by `build`, which may refuse.
    ///
    /// # Panics
    ///
    /// Panics if the name is taken: that is a mistake in the application's code.
    #[must_use]
    pub fn with_fallible<S: Step<M> + 'static>(
        mut self,
        name: &'static str,
        build: impl Fn(&R) -> Result<S, BuildError> + 'static,
    ) -> Self {
        assert!(self.entry(name).is_none(), "step `{name}` is registered twice");
        self.entries.push(Entry {
            name,
            takes: S::Takes::KIND,
            emits: S::Emits::kinds(),
            build: Box::new(move |resources| Ok(Box::new(Typed(build(resources)?)))),
        });
        self
    }

    /// Returns the names of the steps in the order in which they were added.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.entries.iter().map(|entry| entry.name)
    }

    pub(crate) fn entry(&self, name: &str) -> Option<&Entry<M, R>> {
        self.entries.iter().find(|entry| entry.name == name)
    }
}

impl<M: MessageSet, R> Default for Registry<M, R> {
    fn default() -> Self {
        Self::new()
    }
}
