//! The effective configuration: every key with its value and its origin.

use std::fmt::{self, Display};

use serde_json::Value;
use sha2::{Digest, Sha256};
use stream_kernel_text::{escaped, hex};

use crate::check::Checked;
use crate::key_path;
use crate::masking::mask_headers;
use crate::origin::Origin;
use crate::schema::{Kind, Node, Schema};
use crate::yaml_text;

/// Keys without influence on decisions and records; `*` stands for any one key, and a key below a list is in each of
/// its items.
const NOT_IN_DIGEST: [&[&str]; 13] = [
    &["adapters", "*", "settings", "path"],
    &["adapters", "*", "settings", "parts"],
    &["runtime", "checkpoint", "dir"],
    &["runtime", "cluster"],
    &["runtime", "epoch_bytes"],
    &["runtime", "metrics"],
    &["runtime", "limits"],
    &["runtime", "tracing", "redact", "key_file"],
    &["runtime", "tracing", "sink", "jsonl", "path"],
    &["runtime", "tracing", "sink", "otlp"],
    &["runtime", "tracing", "sinks", "jsonl", "path"],
    &["runtime", "tracing", "sinks", "otlp"],
    &["runtime", "workers"],
];

/// A configuration without mistakes, complete with defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct Effective {
    tree: Value,
    is_of_pipeline: bool,
    yaml: String,
    entries: Vec<Entry>,
}

/// A key whose value is not a map, or an empty map, with its value. Its `Display` is one line, safe for a terminal.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key path.
    pub key: String,
    /// The value; exact decimals are text with all places.
    pub value: Value,
    /// The value in YAML flow style.
    pub text: String,
    /// The origin of the value.
    pub origin: Origin,
}

impl Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}  # {}", escaped(&self.key), escaped(&self.text), self.origin)
    }
}

impl Effective {
    /// Masks secrets: the values of headers.
    pub(crate) fn new(schema: &Schema, mut checked: Checked) -> Self {
        let Schema { root: schema, is_of_pipeline, .. } = schema;
        let is_of_pipeline = *is_of_pipeline;
        if is_of_pipeline && let Some(tracing) = checked.tree.pointer_mut("/runtime/tracing") {
            mask_headers(tracing);
        }
        let mut entries = Vec::new();
        list(schema, "", &checked.tree, &checked, &mut entries);
        Self { yaml: yaml_text::document(schema, &checked.tree), tree: checked.tree, is_of_pipeline, entries }
    }

    /// Returns every key whose value is not a map, in declared order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns the configuration as JSON; exact decimals are text with all places.
    pub fn json(&self) -> &Value {
        &self.tree
    }

    /// Returns the digest of the configuration, `sha256:` and 64 hexadecimal digits: the hash of its [JSON](Self::json)
    /// without spaces.
    ///
    /// Of a pipeline's configuration it leaves out the keys for places of files and numbers of workers,
    /// `runtime.limits` and `runtime.metrics`: two runs with the same digest decide and trace alike, wherever the values
    /// came from and wherever the results go.
    pub fn digest(&self) -> String {
        let mut tree = self.tree.clone();
        for keys in NOT_IN_DIGEST.iter().filter(|_| self.is_of_pipeline) {
            remove(&mut tree, keys);
        }
        let hash = Sha256::digest(tree.to_string());
        format!("sha256:{}", hex(&hash))
    }

    /// Returns the configuration as YAML. As a file, it gives the same effective configuration.
    pub fn yaml(&self) -> &str {
        &self.yaml
    }
}

/// Removes the values at a key path, in which `*` stands for any one key.
fn remove(tree: &mut Value, keys: &[&str]) {
    if let Value::Array(items) = tree {
        return items.iter_mut().for_each(|item| remove(item, keys));
    }
    let (Some(map), Some((key, below))) = (tree.as_object_mut(), keys.split_first()) else { return };
    if below.is_empty() {
        map.remove(*key);
    } else {
        map.iter_mut()
            .filter(|(name, _)| *key == "*" || name == key)
            .for_each(|(_, value)| remove(value, below));
    }
}

fn list(schema: &Node, path: &str, value: &Value, checked: &Checked, entries: &mut Vec<Entry>) {
    match value {
        Value::Object(map)
            if matches!(schema.kind, Kind::Map(_) | Kind::FreeMap(_) | Kind::Tagged(_))
                && !map.is_empty() =>
        {
            for (key, item) in map {
                let Some(child) = schema.child_of(value, key) else { continue };
                list(child, &key_path::join(path, key), item, checked, entries);
            }
        }
        _ => {
            let (key, text) = (path.to_owned(), yaml_text::flow(schema, value));
            entries.push(Entry { key, value: value.clone(), text, origin: checked.provenance(path).origin });
        }
    }
}
