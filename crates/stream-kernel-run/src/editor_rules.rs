//! Rules for editors: the checks of a run, as far as JSON Schema can express them.

use serde_json::{Value, json};
use stream_kernel_config::{Loader, Rule};
use stream_kernel_exec::MAX_STEPS;
use stream_kernel_trace::{ContextField, MAX_ENTRIES};

use crate::checks::{PIPELINE_KEY, WHITELIST_KEY};
use crate::cluster_checks::HOSTS_KEY;
use crate::hosts::MAX_HOSTS;
use crate::metrics_checks::METRICS_PATH_KEY;
use crate::redaction::{IDENTITY_KEY, KEY_FILE_KEY, TAGS_KEY};
use crate::worker_checks::{CHECKPOINT_KEY, CLUSTER_KEY, GATHER_KEY, WORKERS_KEY};
use crate::{InputSettings, OutputSettings};

const TRACING_KEY: &str = "runtime.tracing.enabled";
const SINK_KIND_KEY: &str = "runtime.tracing.sink.kind";
pub(crate) const TRACE_PATH_KEY: &str = "runtime.tracing.sink.jsonl.path";
const WRITE_MODE_KEY: &str = "runtime.tracing.sink.jsonl.write_mode";
const FLUSH_KEY: &str = "runtime.tracing.sink.jsonl.flush_every_n";
const FSYNC_KEY: &str = "runtime.tracing.sink.jsonl.fsync_every_n";
const COMPRESS_KEY: &str = "runtime.tracing.sink.jsonl.compress";
const ROTATE_KEY: &str = "runtime.tracing.sink.jsonl.rotate";

/// Adds the rules, and the names of context fields.
pub(crate) fn add(loader: Loader) -> Loader {
    let fields = ContextField::ALL.iter().map(|field| field.name());
    let loader = loader.item_names(WHITELIST_KEY, fields);
    let rules = [lists(), files(), checkpoints(), workers()];
    rules.into_iter().flatten().fold(loader, Loader::rule)
}

fn lists() -> Vec<Rule> {
    vec![
        Rule::new(PIPELINE_KEY, json!({"maxItems": MAX_STEPS, "uniqueItems": true})),
        Rule::new(TAGS_KEY, json!({"maxItems": MAX_ENTRIES})),
        Rule::new(HOSTS_KEY, json!({"minItems": 1, "maxItems": MAX_HOSTS, "uniqueItems": true})),
    ]
}

fn files() -> Vec<Rule> {
    vec![
        Rule::required(KEY_FILE_KEY, json!({"type": "string"})).when(IDENTITY_KEY, is("hash")),
        file_only(METRICS_PATH_KEY),
        to_file(file_only(TRACE_PATH_KEY)),
        traced(Rule::new(SINK_KIND_KEY, not_stdout())).when(OutputSettings::PATH_KEY, is("-")),
    ]
}

fn checkpoints() -> Vec<Rule> {
    let rules = vec![
        file_only(InputSettings::PATH_KEY),
        file_only(OutputSettings::PATH_KEY),
        Rule::new(OutputSettings::PARTS_KEY, is(false)),
        Rule::new(GATHER_KEY, is(false)),
        traced(Rule::new(SINK_KIND_KEY, not_stdout())),
        to_file(Rule::new(ROTATE_KEY, is(Value::Null))),
    ];
    rules.into_iter().map(|rule| rule.when(CHECKPOINT_KEY, json!({"type": "object"}))).collect()
}

fn workers() -> Vec<Rule> {
    let jsonl = |key, must: Value| to_file(Rule::new(key, must));
    let common = |key, must| jsonl(key, must).unless(OutputSettings::PARTS_KEY, is(true));
    let rules = vec![
        file_only(InputSettings::PATH_KEY),
        file_only(OutputSettings::PATH_KEY),
        traced(Rule::new(SINK_KIND_KEY, is("jsonl"))),
        jsonl(COMPRESS_KEY, is("none")),
        jsonl(ROTATE_KEY, is(Value::Null)),
        common(FSYNC_KEY, is(Value::Null)),
        common(FLUSH_KEY, json!({"minimum": 2})),
        common(WRITE_MODE_KEY, is("batch")).unless(FLUSH_KEY, json!({"minimum": 1})),
    ];
    let several = |rule: Rule| {
        rule.when_any([
            (WORKERS_KEY, json!({"minimum": 2})),
            (CLUSTER_KEY, json!({"type": "object"})),
            (OutputSettings::PARTS_KEY, is(true)),
        ])
    };
    let one_way = Rule::new(GATHER_KEY, is(false)).when(OutputSettings::PARTS_KEY, is(true));
    rules.into_iter().map(several).chain([one_way]).collect()
}

/// Returns the rule for traced runs.
fn traced(rule: Rule) -> Rule {
    rule.when(TRACING_KEY, is(true))
}

/// Returns the rule for runs whose records go to a file.
fn to_file(rule: Rule) -> Rule {
    traced(rule).unless(SINK_KIND_KEY, json!({"enum": ["otlp", "stdout"]}))
}

fn not_stdout() -> Value {
    json!({"enum": ["jsonl", "otlp"]})
}

/// Returns the rule that a path is not a standard stream.
fn file_only(key: &str) -> Rule {
    Rule::new(key, json!({"not": is("-")}))
}

fn is(value: impl Into<Value>) -> Value {
    json!({"const": value.into()})
}
