//! Rules of a configuration, in words: the enabled limits, and the disabled ones.

use std::num::NonZeroU64;

use stream_kernel_run::config::decimal;
use stream_kernel_text::{counted, grouped};

use crate::config::{
    Config, IdempotencyGateNode, Limits, MAX_CUSTOMERS, MAX_IDS, MondayApplication, Nodes, PrimeGate,
    UpdateWindowsNode,
};

/// Returns the limits of attempts and of memory, each with its label.
pub(crate) fn in_words(config: &Config) -> Vec<(&'static str, String)> {
    vec![("limits", limits(config)), ("memory", memory(config))]
}

/// Returns the sentence that `step` does not run, if it does not.
fn missing(config: &Config, step: &str) -> Option<String> {
    let runs = config.runtime.pipeline.iter().any(|name| name == step);
    (!runs).then(|| format!("`{step}` is not in the pipeline"))
}

fn limits(config: &Config) -> String {
    if let Some(missing) = missing(config, "evaluate_policies") {
        return format!("all off: {missing}");
    }
    let nodes = &config.nodes;
    let mut rules = vec![of_a_customer(&nodes.evaluate_policies.limits), prime_gate(nodes), monday(nodes)];
    rules.extend(missing(config, "update_windows").map(|missing| format!("nothing is counted: {missing}")));
    rules.join("; ")
}

fn or_off(limit: Option<String>, name: &str) -> String {
    limit.unwrap_or_else(|| format!("{name} off"))
}

fn of_a_customer(Limits { daily_amount, weekly_amount, daily_attempts }: &Limits) -> String {
    [
        or_off(daily_amount.map(|limit| format!("{limit} a day")), "daily amount"),
        or_off(weekly_amount.map(|limit| format!("{limit} a week")), "weekly amount"),
        or_off(daily_attempts.map(|limit| format!("{} a day", counted(limit, "attempt"))), "daily attempts"),
    ]
    .join(", ")
}

fn prime_gate(nodes: &Nodes) -> String {
    let PrimeGate { enabled, global_per_day, amount_cap } = &nodes.evaluate_policies.prime_gate;
    if !enabled {
        return "prime gate off".to_owned();
    }
    let cap = or_off(amount_cap.map(|cap| format!("{cap} each")), "amount cap");
    let number = or_off(global_per_day.map(|number| format!("{} a day", grouped(number))), "daily number");
    format!("prime gate on: {cap}, {number}")
}

fn monday(nodes: &Nodes) -> String {
    let multiplier = &nodes.compute_features.monday_multiplier;
    if !multiplier.enabled {
        return "Monday multiplier off".to_owned();
    }
    let factor = factor(multiplier.multiplier.millionths());
    match multiplier.apply_to {
        MondayApplication::Amount => format!("Monday multiplier on: amounts times {factor}"),
        MondayApplication::Limits => format!("Monday multiplier on: limits of amounts divided by {factor}"),
    }
}

/// Returns a factor of this many millionths without trailing zeros.
pub(crate) fn factor(millionths: u64) -> String {
    decimal::format(millionths, 6).trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn memory(config: &Config) -> String {
    let IdempotencyGateNode { remember_days, max_days_ahead } = config.nodes.idempotency_gate;
    let remembered = match (missing(config, "idempotency_gate"), remember_days, max_days_ahead) {
        (Some(missing), ..) => format!("no ids remembered ({missing})"),
        (None, None, _) => "ids remembered forever".to_owned(),
        (None, Some(days), None) => format!("ids remembered for {}", counted(days, "day")),
        (None, Some(days), Some(ahead)) => {
            let [days, ahead] = [days, ahead].map(|days| counted(days, "day"));
            format!("ids remembered for {days} before the latest, which moves by at most {ahead}")
        }
    };
    let at_most = |limit: Option<NonZeroU64>, what: &str| match limit {
        Some(limit) => format!("at most {}", counted(limit.get(), what)),
        None => format!("number of {what}s not limited"),
    };
    let ids = at_most(config.runtime.limit(MAX_IDS), "id");
    let customers = at_most(config.runtime.limit(MAX_CUSTOMERS), "customer");
    // Without the gate, its window is off too.
    let UpdateWindowsNode { daily_attempts, daily_accepted_amount, weekly_accepted_amount, .. } =
        &config.nodes.update_windows;
    let windows = [
        (daily_attempts, "daily attempts"),
        (daily_accepted_amount, "daily accepted amount"),
        (weekly_accepted_amount, "weekly accepted amount"),
    ];
    let off: Vec<_> =
        windows.iter().filter_map(|(switch, name)| (!switch.enabled).then_some(*name)).collect();
    let off = if off.is_empty() { String::new() } else { format!("; not counted: {}", off.join(", ")) };
    format!("{remembered}, {ids}, {customers}{off}")
}
