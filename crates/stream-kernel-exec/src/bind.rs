//! Binding of a plan: resolves names, builds steps, works out routes and finds every fault.

use stream_kernel_trace::Context;

use crate::chain::ChainPlan;
use crate::emitter::Outbox;
use crate::memory::Declared;
use crate::scenario::{BoundStep, ResolvedTarget};
use crate::step::{AnyStep, Target};
use crate::{
    Kind, MAX_STEPS, Memory, MessageSet, Plan, Registry, Scenario, StepError, WiringFault, WiringFaults,
};

impl<M: MessageSet, P> Registry<M, P> {
    /// Returns the scenario that executes `plan`.
    ///
    /// # Errors
    ///
    /// Returns every fault of the plan at once. If it is not strict, only faults that make a run impossible are errors;
    /// the others become the scenario's [`warnings`](Scenario::warnings).
    pub fn bind(&self, plan: Plan<'_>, parameters: &P) -> Result<Scenario<M>, WiringFaults> {
        if plan.pipeline.len() > MAX_STEPS {
            return Err(WiringFaults(vec![WiringFault::TooManySteps { count: plan.pipeline.len() }]));
        }
        let mut faults = Vec::new();
        let memory = self.build_memory(parameters);
        let mut steps = self.build_steps(plan.pipeline, parameters, &memory, &mut faults);
        let entry = first_taker(&steps, 0, plan.source);
        if entry.is_none() {
            faults.push(WiringFault::SourceUndeliverable { kind: plan.source.name_in::<M>() });
        }
        for index in 0..steps.len() {
            route(&mut steps, index, &mut faults);
        }
        find_unfed(&steps, entry, &mut faults);
        faults.sort_by_key(WiringFault::index);
        if faults.iter().any(|fault| plan.strict || fault.is_fatal()) {
            return Err(WiringFaults(faults));
        }
        let first_keyed = first_keyed(&steps);
        let with_slot = |&(type_id, announce)| Some((memory.slot_of(type_id)?, announce));
        let hints = self.hints.iter().filter_map(with_slot).collect();
        let is_usual = plan.strict && self.names().eq(plan.pipeline.iter().map(String::as_str));
        let chain = self.chain.as_ref().filter(|_| is_usual);
        let chain_plan = ChainPlan { parameters, memory: &memory, steps: &steps };
        let chain = chain.and_then(|compose| compose(&chain_plan).ok());
        let strict = plan.strict;
        Ok(Scenario { steps, chain, entry, strict, warnings: faults, memory, first_keyed, hints })
    }

    fn build_steps(
        &self,
        pipeline: &[String],
        parameters: &P,
        memory: &Memory,
        faults: &mut Vec<WiringFault>,
    ) -> Vec<Option<BoundStep<M>>> {
        let build = |(index, name): (usize, &String)| {
            let name = name.clone();
            if let Some(first) = pipeline[..index].iter().position(|earlier| *earlier == name) {
                faults.push(WiringFault::RepeatedStep { index, name, first });
                return None;
            }
            let Some(entry) = self.entry(&name) else {
                faults.push(WiringFault::UnknownStep { index, name });
                return None;
            };
            let mut step = (entry.build)(parameters).unwrap_or_else(|cause| {
                faults.push(WiringFault::NotBuilt { index, name: name.clone(), cause: cause.to_string() });
                Box::new(NotBuilt)
            });
            let finds = step.finds();
            let slots: Vec<_> =
                finds.iter().filter_map(|one| find_memory(index, &name, one, memory, faults)).collect();
            step.connect(&slots);
            Some(BoundStep {
                name: entry.name,
                finds,
                takes: entry.takes,
                emits: entry.emits.clone(),
                step,
                routes: vec![None; M::KINDS.len()],
                targets: Vec::new(),
            })
        };
        pipeline.iter().enumerate().map(build).collect()
    }
}

/// Stands in for a step that could not be built, so that its neighbours are not reported as faulty too.
///
/// It never runs, because a failed build is fatal.
struct NotBuilt;

impl<M: MessageSet> AnyStep<M> for NotBuilt {
    fn targets(&self) -> Vec<Target> {
        Vec::new()
    }

    fn process(
        &self,
        _: M,
        _: &mut Memory,
        _: &mut Context,
        _: &mut Outbox<M>,
        _: &[ResolvedTarget],
    ) -> Result<Option<M>, StepError> {
        Err(StepError::new("NotBuilt", "the step could not be built"))
    }
}

/// Returns the positions of the memory that a step looks into.
fn find_memory(
    index: usize,
    name: &str,
    wanted: &Declared,
    memory: &Memory,
    faults: &mut Vec<WiringFault>,
) -> Option<usize> {
    let slot = memory.slot(wanted.name);
    let (name, memory_name) = (name.to_owned(), wanted.name);
    match slot.map(|slot| memory.declared()[slot]) {
        None => faults.push(WiringFault::MemoryUndeclared { index, name, memory: memory_name }),
        Some(declared) if declared.type_id != wanted.type_id => {
            let (key, declared) = (wanted.key, declared.key);
            faults.push(WiringFault::MemoryKeyDiffers { index, name, memory: memory_name, key, declared });
        }
        Some(_) => {}
    }
    slot
}

/// Returns the position of the first keyed step, or 0 if there is none: running ahead would gain nothing then.
fn first_keyed<M: MessageSet>(steps: &[Option<BoundStep<M>>]) -> usize {
    let is_keyed = |step: &Option<BoundStep<M>>| step.as_ref().is_some_and(|step| !step.finds.is_empty());
    steps.iter().position(is_keyed).unwrap_or_default()
}

/// Works out the routes of the outputs of the step at `index`.
fn route<M: MessageSet>(steps: &mut [Option<BoundStep<M>>], index: usize, faults: &mut Vec<WiringFault>) {
    let Some(step) = &steps[index] else { return };
    let name = step.name;
    let routes: Vec<_> =
        (step.emits.iter()).map(|&kind| (kind, first_taker(steps, index + 1, kind))).collect();
    let targets: Vec<_> = (step.step.targets().into_iter())
        .map(|declared| resolve_target(steps, index, name, declared, faults))
        .collect();

    let Some(step) = &mut steps[index] else { return };
    for (kind, to) in routes {
        step.routes[kind.index()] = to;
        // A kind that is only sent to named targets needs no taker.
        if to.is_none() && !targets.iter().any(|target: &ResolvedTarget| target.declared.kind == kind) {
            faults.push(WiringFault::Undeliverable { index, name: name.into(), kind: kind.name_in::<M>() });
        }
    }
    step.targets = targets;
}

fn resolve_target<M: MessageSet>(
    steps: &[Option<BoundStep<M>>],
    index: usize,
    name: &str,
    declared: Target,
    faults: &mut Vec<WiringFault>,
) -> ResolvedTarget {
    let position =
        steps.iter().position(|step| step.as_ref().is_some_and(|step| step.name == declared.step_name));
    let takes = position.and_then(|position| steps[position].as_ref()).map(|step| step.takes);
    let (name, kind, target) = (name.to_owned(), declared.kind.name_in::<M>(), declared.step_name.clone());
    let fault = match (position, takes) {
        (Some(position), _) if position <= index => {
            Some(WiringFault::TargetNotLater { index, name, kind, target })
        }
        (Some(_), Some(takes)) if takes != declared.kind => {
            Some(WiringFault::TargetTakesOther { index, name, kind, target, takes: takes.name_in::<M>() })
        }
        (Some(_), _) => None,
        (None, _) => Some(WiringFault::TargetMissing { index, name, kind, target }),
    };
    let index = if fault.is_some() { None } else { position };
    faults.extend(fault);
    ResolvedTarget { declared, index }
}

fn first_taker<M>(steps: &[Option<BoundStep<M>>], from: usize, kind: Kind) -> Option<usize> {
    (from..steps.len()).find(|&index| steps[index].as_ref().is_some_and(|step| step.takes == kind))
}

fn find_unfed<M: MessageSet>(
    steps: &[Option<BoundStep<M>>],
    entry: Option<usize>,
    faults: &mut Vec<WiringFault>,
) {
    for (index, step) in steps.iter().enumerate() {
        let Some(step) = step else { continue };
        let is_fed = entry == Some(index)
            || steps[..index].iter().flatten().any(|earlier| {
                earlier.routes.contains(&Some(index))
                    || earlier.targets.iter().any(|target| target.index == Some(index))
            });
        if !is_fed {
            let (name, takes) = (step.name.to_owned(), step.takes.name_in::<M>());
            faults.push(WiringFault::Unfed { index, name, takes });
        }
    }
}
