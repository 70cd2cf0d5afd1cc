//! Configuration of the application: the parameters of the steps, and the adapters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use stream_kernel_run::config::{Loaded, Problem, Rule};
use stream_kernel_run::{InputSource, LineAdapters, OutputSink};

use crate::domain::{Cents, Multiplier, WeekStart};

/// The configuration of fund-load.
pub type Config = stream_kernel_run::config::Config<Nodes, Adapters>;

/// The key in `runtime.limits` for the number of remembered ids.
pub(crate) const MAX_IDS: &str = "max_ids";
/// The key in `runtime.limits` for the number of known customers.
pub(crate) const MAX_CUSTOMERS: &str = "max_customers";

/// Parameters by step name; a step that has none is not listed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Nodes {
    /// The day and the week that an attempt counts for.
    pub compute_time_keys: ComputeTimeKeysNode,
    /// Which attempts are the first with their ids.
    pub idempotency_gate: IdempotencyGateNode,
    /// What the policies look at besides the attempt itself.
    pub compute_features: ComputeFeaturesNode,
    /// The limits.
    pub evaluate_policies: EvaluatePoliciesNode,
    /// What is counted.
    pub update_windows: UpdateWindowsNode,
}

/// Parameters of `compute_time_keys`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ComputeTimeKeysNode {
    /// The weekday on which weeks start.
    pub week_start: WeekStart,
}

/// Parameters of `idempotency_gate`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IdempotencyGateNode {
    /// For how many days before the latest day of all attempts so far ids are remembered; null: forever.
    #[schemars(range(min = 1, max = 36_500))]
    pub remember_days: Option<u16>,
    /// By how many days an attempt may move the latest day; one that is further ahead does not move it. Null: any number.
    #[schemars(range(min = 1, max = 36_500))]
    pub max_days_ahead: Option<u16>,
}

/// Parameters of `compute_features`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ComputeFeaturesNode {
    /// What is different on Mondays.
    pub monday_multiplier: MondayMultiplier,
    /// Whether it matters that an id is a prime number. The three switches of the prime gate must agree.
    pub prime_gate: Switch,
}

/// What is different on Mondays, in UTC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MondayMultiplier {
    /// Whether anything is.
    pub enabled: bool,
    /// The factor.
    pub multiplier: Multiplier,
    /// What the factor changes.
    pub apply_to: MondayApplication,
}

impl Default for MondayMultiplier {
    fn default() -> Self {
        let two = Multiplier::from_millionths(2_000_000).unwrap_or(Multiplier::ONE);
        Self { enabled: false, multiplier: two, apply_to: MondayApplication::Amount }
    }
}

/// What the Monday multiplier changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MondayApplication {
    /// The amount counts so many times.
    #[default]
    Amount,
    /// The limits of amounts are so many times smaller.
    Limits,
}

/// Something that is on or off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Switch {
    /// Whether it is on.
    pub enabled: bool,
}

/// Parameters of `evaluate_policies`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluatePoliciesNode {
    /// The limits of each customer; null: not checked.
    pub limits: Limits,
    /// The limits of attempts whose id is a prime number.
    pub prime_gate: PrimeGate,
}

/// The limits of each customer; null: not checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// How much may be loaded in a day.
    pub daily_amount: Option<Cents>,
    /// How much may be loaded in a week.
    pub weekly_amount: Option<Cents>,
    /// How often loading may be tried in a day.
    pub daily_attempts: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            daily_amount: Some(Cents(500_000)),
            weekly_amount: Some(Cents(2_000_000)),
            daily_attempts: Some(3),
        }
    }
}

/// The limits of attempts whose id is a prime number; null: not checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PrimeGate {
    /// Whether they are checked. The three switches of the prime gate must agree.
    pub enabled: bool,
    /// How many may be accepted in a day, over all customers.
    pub global_per_day: Option<u64>,
    /// How much one of them may load.
    pub amount_cap: Option<Cents>,
}

impl Default for PrimeGate {
    fn default() -> Self {
        Self { enabled: false, global_per_day: Some(1), amount_cap: Some(Cents(999_900)) }
    }
}

/// Parameters of `update_windows`: what is counted. A window that a limit needs cannot be off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateWindowsNode {
    /// Attempts of a customer in a day.
    pub daily_attempts: Switch,
    /// Amounts accepted of a customer in a day.
    pub daily_accepted_amount: Switch,
    /// Amounts accepted of a customer in a week.
    pub weekly_accepted_amount: Switch,
    /// Accepted attempts in a day whose id is a prime number. The three switches of the prime gate must agree.
    pub daily_prime_gate: Switch,
}

impl Default for UpdateWindowsNode {
    fn default() -> Self {
        let [on, off] = [true, false].map(|enabled| Switch { enabled });
        Self {
            daily_attempts: on,
            daily_accepted_amount: on,
            weekly_accepted_amount: on,
            daily_prime_gate: off,
        }
    }
}

/// What fund-load is connected to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Adapters {
    /// Where attempts come from.
    pub input_source: InputSource,
    /// Where decisions go to.
    pub output_sink: OutputSink,
    /// Where the customers' figures are kept.
    pub window_store: WindowStoreAdapter,
}

impl LineAdapters for Adapters {
    fn input_source(&self) -> &InputSource {
        &self.input_source
    }

    fn output_sink(&self) -> &OutputSink {
        &self.output_sink
    }
}

/// Where the customers' figures are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WindowStoreAdapter {
    /// The kind of store.
    pub kind: WindowStoreKind,
}

/// The kind of window store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WindowStoreKind {
    /// In memory, for the time of the run.
    #[default]
    Memory,
}

/// Reports switches that contradict each other.
pub(crate) fn check(loaded: &mut Loaded<Config>) {
    let nodes = loaded.config().nodes.clone();
    check_windows(loaded, &nodes);
    check_prime_gates(loaded, &nodes);
    let gate = &nodes.idempotency_gate;
    if gate.max_days_ahead.is_some() && gate.remember_days.is_none() {
        let problem = Problem::new("it has no effect: ids are remembered forever")
            .expected("`nodes.idempotency_gate.remember_days` beside it")
            .hint("set that, or remove this");
        loaded.warn("nodes.idempotency_gate.max_days_ahead", problem);
    }
}

/// Returns the rules that [`check`] enforces, for editors.
pub(crate) fn editor_rules() -> Vec<Rule> {
    let is_on = || json!({"const": true});
    let windows = WINDOWS.map(|(window, limit)| {
        Rule::new(&switch(window), is_on()).unless(&limit_key(limit), json!({"type": "null"}))
    });
    // Each asks for the next one, and so any for all.
    let [first, second, third] = PRIME_GATES;
    let gates = [(first, second), (second, third), (third, first)]
        .map(|(gate, next)| Rule::required(next, is_on()).when(gate, is_on()));
    windows.into_iter().chain(gates).collect()
}

/// The windows, each with the limit that needs it.
const WINDOWS: [(&str, &str); 3] = [
    ("daily_attempts", "daily_attempts"),
    ("daily_accepted_amount", "daily_amount"),
    ("weekly_accepted_amount", "weekly_amount"),
];

/// The switches of the prime gate, which must agree.
const PRIME_GATES: [&str; 3] = [
    "nodes.compute_features.prime_gate.enabled",
    "nodes.evaluate_policies.prime_gate.enabled",
    "nodes.update_windows.daily_prime_gate.enabled",
];

fn switch(window: &str) -> String {
    format!("nodes.update_windows.{window}.enabled")
}

fn limit_key(limit: &str) -> String {
    format!("nodes.evaluate_policies.limits.{limit}")
}

fn check_windows(loaded: &mut Loaded<Config>, nodes: &Nodes) {
    let Limits { daily_amount, weekly_amount, daily_attempts } = &nodes.evaluate_policies.limits;
    let windows = &nodes.update_windows;
    let states = [
        (daily_attempts.is_some(), windows.daily_attempts.enabled),
        (daily_amount.is_some(), windows.daily_accepted_amount.enabled),
        (weekly_amount.is_some(), windows.weekly_accepted_amount.enabled),
    ];
    for ((window, limit), (is_limited, is_on)) in WINDOWS.into_iter().zip(states) {
        let (key, limit) = (switch(window), limit_key(limit));
        if is_limited && !is_on && !loaded.is_mistaken(&limit) && !loaded.is_mistaken(&key) {
            let problem = Problem::new(format!("the window is off, and the limit `{limit}` needs it"))
                .expected("true, as long as the limit is set")
                .hint(format!("switch it on, or set `{limit}: null` to check no such limit"));
            loaded.report(&key, problem);
        }
    }
}

fn check_prime_gates(loaded: &mut Loaded<Config>, nodes: &Nodes) {
    let [features, policies, windows] = [
        nodes.compute_features.prime_gate.enabled,
        nodes.evaluate_policies.prime_gate.enabled,
        nodes.update_windows.daily_prime_gate.enabled,
    ];
    let [first, second, third] = PRIME_GATES;
    let gates = [(first, features), (second, policies), (third, windows)];
    if gates.iter().any(|(key, _)| loaded.is_mistaken(key)) {
        return;
    }
    let on_or_off = |is_on| if is_on { "on" } else { "off" };
    // Two of the three switches agree: the odd one out is wrong, or the two are.
    for (key, is_on) in gates {
        let others = gates.iter().filter(|(other, _)| *other != key);
        if others.clone().all(|(_, other_is_on)| *other_is_on != is_on) {
            let others: Vec<_> =
                others.map(|(other, is_on)| format!("`{other}`, which is {}", on_or_off(*is_on))).collect();
            let problem = Problem::new(format!("the prime gate is {} here only", on_or_off(is_on)))
                .expected(format!("the same as {}", others.join(", and ")))
                .hint("the prime gate has three switches: set all of them alike");
            loaded.report(key, problem);
        }
    }
}
