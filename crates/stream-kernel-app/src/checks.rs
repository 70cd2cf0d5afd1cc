//! What can only be checked once configuration, steps and files are seen together.

use std::collections::BTreeSet;

use stream_kernel_config::{Loaded, Problem, nearest};
use stream_kernel_exec::{MessageSet, Plan, Registry, Scenario, WiringFault};
use stream_kernel_trace::ContextField;

use crate::{Application, LineMessage, path_checks};

const PIPELINE_KEY: &str = "runtime.pipeline";
const WHITELIST_KEY: &str = "runtime.tracing.context_diff.whitelist";

/// Reports everything that is wrong and returns the scenario; none if there is no right one.
pub(crate) fn check<A: Application>(
    loaded: &mut Loaded<A::Nodes, A::Adapters>,
    resources: &A::Resources,
) -> Option<Scenario<A::Message>> {
    let scenario = check_pipeline::<A>(loaded, resources);
    check_whitelist(loaded);
    path_checks::check(loaded);
    A::check(loaded);
    scenario
}

fn check_pipeline<A: Application>(
    loaded: &mut Loaded<A::Nodes, A::Adapters>,
    resources: &A::Resources,
) -> Option<Scenario<A::Message>> {
    let registry = A::registry();
    let strict = loaded.config().runtime.strict;
    let pipeline = loaded.config().runtime.pipeline.clone();
    let bind = |pipeline: &[String]| {
        registry.bind(Plan { source: A::Message::LINE_KIND, pipeline, strict }, resources)
    };
    let faults = match bind(&pipeline) {
        Ok(scenario) => return Some(scenario),
        Err(faults) => faults,
    };
    // A misspelt name would bring further faults along: what it stands for is not there. They are looked for again with
    // the names that are most probably meant, so that only those that are left then are reported.
    let meant = pipeline.iter().map(|name| nearest_step(&registry, name).unwrap_or(name).to_owned());
    let meant: Vec<String> = meant.collect();
    let left = bind(&meant).err();
    let is_left = |fault| left.as_ref().is_some_and(|left| left.as_slice().contains(fault));
    let unknown = |fault: &WiringFault| matches!(fault, WiringFault::UnknownStep { .. });
    for fault in faults.as_slice().iter().filter(|fault| unknown(fault) || is_left(fault)) {
        report_fault(loaded, &registry, fault, &pipeline);
    }
    None
}

fn report_fault<N, A, M: MessageSet, R>(
    loaded: &mut Loaded<N, A>,
    registry: &Registry<M, R>,
    fault: &WiringFault,
    pipeline: &[String],
) {
    let key = fault.index().map_or(PIPELINE_KEY.to_owned(), |index| format!("{PIPELINE_KEY}.{index}"));
    let problem = Problem::new(fault.to_string());
    let known: BTreeSet<_> = pipeline.iter().map(String::as_str).collect();
    let missing = |takes_part: &str| {
        format!("check the order of the pipeline, and whether a step {takes_part} is missing")
    };
    let problem = match fault {
        WiringFault::UnknownStep { name, .. } => {
            let names: Vec<_> = registry.names().map(|name| format!("`{name}`")).collect();
            let problem = problem.expected(format!("one of {}", names.join(", ")));
            match nearest_step(registry, name) {
                Some(nearest) if known.contains(nearest) => {
                    problem.hint(format!("did you mean `{nearest}`? it is listed already"))
                }
                Some(nearest) => problem.hint(format!("did you mean `{nearest}`?")),
                None => problem.hint("remove it, or set `runtime.strict: false` to skip it"),
            }
        }
        WiringFault::RepeatedStep { .. } => problem.expected("each step once").hint("remove one of them"),
        WiringFault::TooManySteps { .. } => problem.hint("shorten the pipeline"),
        WiringFault::NotBuilt { .. } => problem.hint("check its parameters under `nodes`"),
        WiringFault::Unfed { takes, .. } => {
            problem.expected(format!("an earlier step that emits `{takes}`")).hint(missing("before it"))
        }
        WiringFault::SourceUndeliverable { kind } => {
            problem.expected(format!("a step that takes `{kind}`")).hint(missing("at the beginning"))
        }
        WiringFault::Undeliverable { kind, .. } => {
            problem.expected(format!("a later step that takes `{kind}`")).hint(missing("after it"))
        }
        WiringFault::TargetMissing { target, .. }
        | WiringFault::TargetNotLater { target, .. }
        | WiringFault::TargetTakesOther { target, .. } => {
            problem.hint(format!("list `{target}` after it, or leave both out"))
        }
    };
    loaded.report(&key, problem);
}

/// Returns the registered name that `name` most probably means; none if it is one, or if none is near.
fn nearest_step<M: MessageSet, R>(registry: &Registry<M, R>, name: &str) -> Option<&'static str> {
    nearest(name, registry.names())
}

fn check_whitelist<N, A>(loaded: &mut Loaded<N, A>) {
    let whitelist = loaded.config().runtime.tracing.context_diff.whitelist.clone();
    for (index, name) in whitelist.iter().enumerate() {
        if name.parse::<ContextField>().is_ok() {
            continue;
        }
        let fields: Vec<_> = ContextField::ALL.iter().map(|field| format!("`{field}`")).collect();
        let problem = Problem::new(format!("no context field is named `{name}`"))
            .expected(format!("one of {}", fields.join(", ")));
        let problem = match nearest(name, ContextField::ALL.iter().map(|field| field.name())) {
            _ if name == "trace" => problem.hint("the tape itself is never part of a snapshot"),
            _ if name.contains('.') => problem.hint("name the whole field, such as `tags`"),
            Some(nearest) => problem.hint(format!("did you mean `{nearest}`?")),
            None => problem,
        };
        loaded.report(&format!("{WHITELIST_KEY}.{index}"), problem);
    }
}
