//! Checks that need configuration, steps and files together.

use stream_kernel_config::{Config, Loaded, Problem, Warning, nearest};
use stream_kernel_exec::{MAX_STEPS, MessageSet, Plan, Registry, Scenario, WiringFault};
use stream_kernel_trace::ContextField;

use crate::{
    Application, ConfigOf, LineMessage, checkpoint_checks, metrics_checks, path_checks, rotation_checks,
    worker_checks,
};

const STRICT_KEY: &str = "runtime.strict";
pub(crate) const PIPELINE_KEY: &str = "runtime.pipeline";
pub(crate) const WHITELIST_KEY: &str = "runtime.tracing.context_diff.whitelist";

/// A scenario, and the warnings about it.
pub(crate) type Bound<M> = (Scenario<M>, Vec<Warning>);

/// Reports all mistakes and returns the scenario; none if it cannot be built.
pub(crate) fn check<A: Application>(loaded: &mut Loaded<ConfigOf<A>>) -> Option<Bound<A::Message>> {
    let scenario = check_pipeline::<A>(loaded);
    check_whitelist(loaded);
    path_checks::check(loaded);
    checkpoint_checks::check(loaded);
    worker_checks::check(loaded);
    rotation_checks::check(loaded);
    metrics_checks::check(loaded);
    A::check(loaded);
    scenario
}

fn check_pipeline<A: Application>(loaded: &mut Loaded<ConfigOf<A>>) -> Option<Bound<A::Message>> {
    let registry = A::registry();
    let strict = loaded.config().runtime.strict;
    // Placeholders for mistaken values say nothing about how steps fit.
    let is_certain = ![STRICT_KEY, PIPELINE_KEY].iter().any(|key| loaded.is_mistaken(key));
    let pipeline = loaded.config().runtime.pipeline.clone();
    let bind = |pipeline: &[String]| {
        registry.bind(Plan { source: A::Message::LINE_KIND, pipeline, strict }, loaded.config())
    };
    let at = |fault: &WiringFault| match fault.index() {
        Some(index) => format!("{PIPELINE_KEY}.{index}"),
        None => PIPELINE_KEY.to_owned(),
    };
    let faults = match bind(&pipeline) {
        Ok(scenario) => {
            let warning = |fault| loaded.warning(&at(fault), describe(&registry, fault, &pipeline));
            let warnings = scenario.warnings().iter().map(warning).collect();
            return Some((scenario, warnings));
        }
        Err(faults) => faults,
    };
    // A misspelt name would cause further faults, because its step is missing. The check runs again with the most
    // probable names, and only the faults that are left are reported.
    let meant = pipeline.iter().map(|name| nearest(name, registry.names()).unwrap_or(name).to_owned());
    let meant: Vec<String> = meant.collect();
    let left = bind(&meant).err();
    let is_left = |fault: &WiringFault| left.as_ref().is_some_and(|left| left.as_slice().contains(fault));
    let is_due = |fault: &&WiringFault| match fault {
        fault if fault.is_fatal() => true,
        // Alone it would be a warning.
        _ if !strict => false,
        WiringFault::UnknownStep { .. } => true,
        fault => is_certain && is_left(fault),
    };
    for fault in faults.as_slice().iter().filter(is_due) {
        loaded.report(&at(fault), describe(&registry, fault, &pipeline));
    }
    None
}

fn describe<M: MessageSet, R>(
    registry: &Registry<M, R>,
    fault: &WiringFault,
    pipeline: &[String],
) -> Problem {
    let missing =
        |place: &str| format!("check the order of the pipeline, and whether a step {place} is missing");
    let (expected, hint): (String, String) = match fault {
        WiringFault::UnknownStep { name, .. } => {
            let names: Vec<_> = registry.names().map(|name| format!("`{name}`")).collect();
            let hint = match nearest(name, registry.names()) {
                Some(nearest) if pipeline.iter().any(|name| name == nearest) => {
                    format!("did you mean `{nearest}`? it is listed already")
                }
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "remove it, or set `runtime.strict: false` to skip it".into(),
            };
            (format!("one of {}", names.join(", ")), hint)
        }
        WiringFault::RepeatedStep { .. } => ("each step once".into(), "remove one of them".into()),
        WiringFault::TooManySteps { .. } => {
            (format!("at most {MAX_STEPS} steps"), "shorten the pipeline".into())
        }
        WiringFault::NotBuilt { name, .. } => {
            ("parameters that it can be built from".into(), format!("check `nodes.{name}`"))
        }
        WiringFault::MemoryUndeclared { memory, .. } | WiringFault::MemoryKeyDiffers { memory, .. } => (
            "memory that the application declares so".into(),
            format!("declare `{memory}` in the application's registry as its steps use it"),
        ),
        WiringFault::Unfed { takes, .. } => {
            (format!("an earlier step that emits `{takes}`"), missing("before it"))
        }
        WiringFault::SourceUndeliverable { kind } => {
            (format!("a step that takes `{kind}`"), missing("at the beginning"))
        }
        WiringFault::Undeliverable { kind, .. } => {
            (format!("a later step that takes `{kind}`"), missing("after it"))
        }
        WiringFault::TargetMissing { target, kind, .. }
        | WiringFault::TargetNotLater { target, kind, .. }
        | WiringFault::TargetTakesOther { target, kind, .. } => (
            format!("a later step `{target}` that takes `{kind}`"),
            format!("list `{target}` after it, or leave both out"),
        ),
        _ => ("steps that fit".into(), "check the steps and their order".into()),
    };
    Problem::new(fault.to_string()).expected(expected).hint(hint)
}

fn check_whitelist<N, A>(loaded: &mut Loaded<Config<N, A>>) {
    let whitelist = loaded.config().runtime.tracing.context_diff.whitelist.clone();
    for (index, name) in whitelist.iter().enumerate() {
        if ContextField::named(name).is_some() {
            continue;
        }
        let fields: Vec<_> = ContextField::ALL.iter().map(|field| format!("`{field}`")).collect();
        let problem = Problem::new(format!("no context field is named `{name}`"))
            .expected(format!("one of {}", fields.join(", ")));
        let problem = match nearest(name, ContextField::ALL.iter().map(|field| field.name())) {
            _ if name == "trace" => problem.hint("the tape itself is never part of a snapshot"),
            _ if name.contains('.') => problem.hint("name the whole field, such as `tags`"),
            Some(nearest) => problem.hint(format!("did you mean `{nearest}`?")),
            None => problem
                .hint("remove it: what steps note is in `tags`, `metrics`, `notes`, `flags` and `errors`"),
        };
        loaded.report(&format!("{WHITELIST_KEY}.{index}"), problem);
    }
}
