//! Scenarios: a checked pipeline, with its steps and the route of every output.

use crate::chain::BoundChain;
use crate::memory::{Declared, StoreKind};
use crate::registry::Announce;
use crate::step::{AnyStep, Target};
use crate::{Kind, Memory, MessageSet, NotShared, Stage, WiringFault};

/// The number of names that a pipeline may list.
pub const MAX_STEPS: usize = 256;

/// The plan of a scenario.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// The kind of message that comes in.
    pub source: Kind,
    /// The steps by name, in the order of execution; at most [`MAX_STEPS`].
    pub pipeline: &'a [String],
    /// Whether steps that do not fit are errors. Otherwise they are warnings, and messages that cannot be delivered are
    /// dropped and counted.
    pub strict: bool,
}

/// A pipeline that is ready to run: every name is resolved, every step built, every route known.
///
/// Only [`Registry::bind`](crate::Registry::bind) makes one.
pub struct Scenario<M> {
    /// `None` stands for an unknown step that was skipped, so that the others keep their positions.
    pub(crate) steps: Vec<Option<BoundStep<M>>>,
    /// The same steps as one, if they are the registry's chain and all fit.
    pub(crate) chain: Option<Box<dyn BoundChain<M>>>,
    /// The step that takes the source's messages.
    pub(crate) entry: Option<usize>,
    pub(crate) strict: bool,
    pub(crate) warnings: Vec<WiringFault>,
    pub(crate) memory: Memory,
    /// The position of the first keyed step: those before it may run before earlier inputs are done.
    pub(crate) first_keyed: usize,
    pub(crate) hints: Vec<(usize, Announce<M>)>,
}

impl<M: MessageSet> Scenario<M> {
    /// Returns the faults of a pipeline that is not strict.
    pub fn warnings(&self) -> &[WiringFault] {
        &self.warnings
    }

    /// Returns whether the steps run as one function while nobody traces or observes: see
    /// [`Registry::chain`](crate::Registry::chain).
    pub fn is_chained(&self) -> bool {
        self.chain.is_some()
    }

    /// Returns how the steps are wired, in the order of execution.
    pub fn wiring(&self) -> impl Iterator<Item = StepWiring<'_>> {
        self.steps.iter().enumerate().filter_map(|(index, step)| {
            let step = step.as_ref()?;
            let by_kind = step.emits.iter().map(|kind| (*kind, step.routes[kind.index()]));
            let named = step.targets.iter().map(|target| (target.declared.kind, target.index));
            let routes = by_kind
                .chain(named)
                .map(|(kind, to)| Route {
                    kind: kind.name_in::<M>(),
                    to: to.and_then(|to| self.step_name(to)),
                })
                .collect();
            Some(StepWiring { index, name: step.name, takes: step.takes.name_in::<M>(), routes })
        })
    }

    /// Returns the stages by which several workers share the memory.
    ///
    /// # Errors
    ///
    /// Returns the reason if the pipeline cannot run on several workers.
    pub fn stages(&self) -> Result<Vec<Stage>, NotShared> {
        let steps: Vec<_> =
            self.steps.iter().map(|step| step.as_ref().map(|step| (step.name, &*step.finds))).collect();
        self.memory.stages(&steps)
    }

    /// Returns whether any step before position `end` adds to a tally.
    pub fn counts_before(&self, end: usize) -> bool {
        let is_tally = |one: &Declared| one.kind == StoreKind::Tally;
        self.steps.iter().take(end).flatten().any(|step| step.finds.iter().any(is_tally))
    }

    /// Returns whether lines can always be [packed](crate::Paused::pack) between the beginning of the first stage
    /// and the end of the last.
    pub fn always_packs(&self, stages: &[Stage]) -> bool {
        let (Some(first), Some(last)) = (stages.first(), stages.last()) else { return true };
        let is_on_the_way = |to: Option<usize>| to.is_some_and(|to| to >= first.steps.start);
        let source = self.entry.filter(|entry| is_on_the_way(Some(*entry)));
        let source = source.and_then(|entry| self.steps[entry].as_ref()).map(|step| step.takes);
        let emitted = self.steps.iter().take(last.steps.end).flatten().flat_map(|step| {
            let by_kind = step.emits.iter().copied().filter(|kind| is_on_the_way(step.routes[kind.index()]));
            let by_name = step.targets.iter().filter(|target| is_on_the_way(target.index));
            by_kind.chain(by_name.map(|target| target.declared.kind))
        });
        source.into_iter().chain(emitted).all(M::always_packs)
    }

    fn step_name(&self, index: usize) -> Option<&str> {
        self.steps[index].as_ref().map(|step| step.name)
    }
}

/// A step's place in a scenario, for people to read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StepWiring<'a> {
    /// Its position in the pipeline, from 0.
    pub index: usize,
    /// Its name.
    pub name: &'a str,
    /// The kind of message that it takes.
    pub takes: &'static str,
    /// The receivers of each kind that it emits: by kind first, then the targets that it names.
    pub routes: Vec<Route<'a>>,
}

/// The route of a kind of message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route<'a> {
    /// The kind of message.
    pub kind: &'static str,
    /// The receiving step's name; `None` if no step receives it.
    pub to: Option<&'a str>,
}

/// A step in its place.
pub(crate) struct BoundStep<M> {
    pub(crate) name: &'static str,
    /// The memory that it looks into; none for a stateless step.
    pub(crate) finds: Vec<Declared>,
    pub(crate) takes: Kind,
    pub(crate) emits: Vec<Kind>,
    pub(crate) step: Box<dyn AnyStep<M>>,
    /// By [`Kind::index`]: the first later step that takes the kind.
    pub(crate) routes: Vec<Option<usize>>,
    pub(crate) targets: Vec<ResolvedTarget>,
}

/// A target that a step named, and where it is.
#[derive(Clone, Debug)]
pub(crate) struct ResolvedTarget {
    pub(crate) declared: Target,
    /// `None` if it does not exist, is not later in the pipeline, or does not take the kind.
    pub(crate) index: Option<usize>,
}
