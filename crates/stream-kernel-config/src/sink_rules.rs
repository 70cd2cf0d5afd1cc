//! Rules for a sink that the schema cannot express: one key depends on another.

use serde_json::{Value, json};

use crate::check::Checked;
use crate::layer::Layers;
use crate::mistake::{Findings, Problem};
use crate::rule::Rule;
use crate::sink::BATCH_FLUSH_EVERY_N;

const SINK: &str = "/runtime/tracing/sink";
const SINK_KEY: &str = "runtime.tracing.sink";
const KIND_KEY: &str = "runtime.tracing.sink.kind";
const JSONL_KEY: &str = "runtime.tracing.sink.jsonl";
const PATH_KEY: &str = "runtime.tracing.sink.jsonl.path";
const FLUSH_KEY: &str = "runtime.tracing.sink.jsonl.flush_every_n";

/// Returns the same rules for editors: the path of a JSONL sink is required.
pub(crate) fn for_editors() -> Vec<Rule> {
    let rule = Rule::required(PATH_KEY, json!({"type": "string"})).when(SINK_KEY, json!({"type": "object"}));
    vec![rule.unless(KIND_KEY, json!({"const": "stdout"}))]
}

/// Requires the path of a JSONL sink, and fills in the default for flushing batches.
pub(crate) fn apply(checked: &mut Checked, layers: &Layers, findings: &mut Findings) {
    let Some(sink) = checked.tree.pointer_mut(SINK).filter(|sink| !sink.is_null()) else { return };
    if sink["jsonl"]["write_mode"] == "batch" && !checked.provenance.contains_key(FLUSH_KEY) {
        sink["jsonl"]["flush_every_n"] = BATCH_FLUSH_EVERY_N.into();
    }
    let path = sink["jsonl"].get("path").unwrap_or(&Value::Null);
    let is_missing = sink["kind"] == "jsonl" && path.is_null();
    if is_missing && !findings.is_mistaken(KIND_KEY) && !findings.is_mistaken(PATH_KEY) {
        let problem = Problem::new("required value is missing: the sink's `kind` is `jsonl`")
            .expected("the path of a file");
        let hint = format!("set `{PATH_KEY}`, or `{KIND_KEY}` to `stdout`");
        findings.add_absent(PATH_KEY, layers.map_provenance(JSONL_KEY), problem.hint(hint));
    }
}
