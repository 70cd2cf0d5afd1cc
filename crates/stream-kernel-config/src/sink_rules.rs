//! Rules for a sink that the schema cannot express: one key depends on another.

use serde_json::Value;

use crate::check::Checked;
use crate::layer::Layers;
use crate::mistake::{Findings, Problem};
use crate::sink::BATCH_FLUSH_EVERY_N;

const SINK: &str = "/runtime/tracing/sink";
const KIND_KEY: &str = "runtime.tracing.sink.kind";
const JSONL_KEY: &str = "runtime.tracing.sink.jsonl";
const PATH_KEY: &str = "runtime.tracing.sink.jsonl.path";
const FLUSH_KEY: &str = "runtime.tracing.sink.jsonl.flush_every_n";

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
