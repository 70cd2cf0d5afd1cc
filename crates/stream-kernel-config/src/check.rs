//! Check of the merged tree against the schema: finds every mistake, fills in every default, notes every origin.

mod scalar;

use std::collections::{BTreeMap, HashMap};

use figment::value::{Dict, Value as Merged};
use serde_json::{Map, Value};

use crate::key_path;
use crate::layer::Layers;
use crate::mistake::{Findings, Problem};
use crate::origin::Provenance;
use crate::schema::{Kind, List, Node, Retired, Tagged, unknown_key};
use crate::yaml::Scalar;

/// The merged tree, complete: it has every key, and valid replacements for mistaken values.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) tree: Value,
    /// The origin of each value that a layer gave, by key path; other values are defaults.
    pub(crate) provenance: BTreeMap<String, Provenance>,
}

impl Checked {
    /// Returns the origin of the value at `key`.
    pub(crate) fn provenance(&self, key: &str) -> Provenance {
        self.provenance.get(key).cloned().unwrap_or(Provenance::DEFAULT)
    }
}

/// Checks and completes the merged layers.
pub(crate) fn check(schema: &Node, layers: &Layers, retired: &[Retired], findings: &mut Findings) -> Checked {
    let mut checker = Checker { layers, retired, findings, provenance: BTreeMap::new() };
    let merged = layers.merged();
    let tree = checker.value(schema, "", Some(&merged), None);
    Checked { tree, provenance: checker.provenance }
}

struct Checker<'a> {
    layers: &'a Layers,
    retired: &'a [Retired],
    findings: &'a mut Findings,
    provenance: BTreeMap<String, Provenance>,
}

impl Checker<'_> {
    /// Checks the value at `path`. `default` is the value for this key in the default of a map around it.
    fn value(&mut self, node: &Node, path: &str, merged: Option<&Merged>, default: Option<&Value>) -> Value {
        let default = default.or(node.default.as_ref());
        let Some(merged) = merged else { return self.absent(node, path, default) };
        if !path.is_empty() {
            self.provenance.insert(path.to_owned(), self.layers.value_provenance(merged.tag(), path));
        }
        match (&node.kind, merged) {
            (_, Merged::Empty(..)) if node.nullable && self.is_null(merged, path) => Value::Null,
            (Kind::Map(keys), Merged::Dict(_, dict)) => self.map(keys, path, dict, default),
            (Kind::Tagged(tagged), Merged::Dict(_, dict)) => {
                let fallback = || default.cloned().unwrap_or_else(|| node.placeholder());
                self.variant(tagged, path, dict, default).unwrap_or_else(fallback)
            }
            (Kind::FreeMap(values), Merged::Dict(_, dict)) => {
                let child = |(key, merged): (&String, &Merged)| {
                    let path = key_path::join(path, key);
                    (key.clone(), self.value(values, &path, Some(merged), None))
                };
                Value::Object(dict.iter().map(child).collect())
            }
            (Kind::List(list), Merged::Array(tag, array)) if !list.count.contains(&array.len()) => {
                let provenance = self.layers.value_provenance(*tag, path);
                // A blank item was taken out, and is a mistake already.
                if !self.findings.is_replaced(path) {
                    self.findings.add(path, provenance, wrong_count(node, array.len()));
                }
                default.cloned().unwrap_or_else(|| node.placeholder())
            }
            (Kind::List(list), Merged::Array(_, array)) => self.list(list, path, array),
            _ => {
                let written = self.layers.written(merged.tag(), path);
                scalar::read(node, merged, written).unwrap_or_else(|problem| {
                    let provenance = self.layers.value_provenance(merged.tag(), path);
                    self.findings.add(path, provenance, problem);
                    default.cloned().unwrap_or_else(|| node.placeholder())
                })
            }
        }
    }

    /// Returns whether a value that YAML reads as null is spelled with the only word for null here.
    fn is_null(&self, merged: &Merged, path: &str) -> bool {
        self.layers.written(merged.tag(), path).is_none_or(Scalar::is_null)
    }

    /// Checks a map by the variant that it names; none if that is mistaken.
    fn variant(
        &mut self,
        tagged: &Tagged,
        path: &str,
        dict: &Dict,
        default: Option<&Value>,
    ) -> Option<Value> {
        let Tagged { tag, names, .. } = tagged;
        let tag_path = key_path::join(path, tag);
        let default_name = default.and_then(|default| default.get(tag));
        let name = self.value(names, &tag_path, dict.get(tag), default_name);
        if self.findings.is_replaced(&tag_path) {
            return None;
        }
        let keys = tagged.variant(name.as_str()?)?;
        Some(self.map(keys, path, dict, default.filter(|_| default_name == Some(&name))))
    }

    /// Checks a list that has the right number of items.
    fn list(&mut self, list: &List, path: &str, array: &[Merged]) -> Value {
        let mut items = Vec::new();
        // Each item by its text, with the first path that has it.
        let mut known: HashMap<String, String> = HashMap::new();
        for (number, merged) in array.iter().enumerate() {
            let Some(node) = list.item(number) else { break };
            let path = key_path::join(path, &number.to_string());
            let item = self.value(node, &path, Some(merged), None);
            if list.is_set {
                let first = known.entry(item.to_string()).or_insert_with(|| path.clone());
                if *first != path && !self.findings.is_replaced(&path) {
                    let origin =
                        self.provenance.get(first).unwrap_or(&Provenance::DEFAULT).origin.to_string();
                    let problem = Problem::new(format!("the same as `{first}` ({origin})"))
                        .expected("each item once")
                        .hint("remove one of them");
                    self.findings.add(&path, self.layers.value_provenance(merged.tag(), &path), problem);
                }
            }
            items.push(item);
        }
        Value::Array(items)
    }

    fn map(&mut self, keys: &[(String, Node)], path: &str, dict: &Dict, default: Option<&Value>) -> Value {
        for (key, value) in dict.iter().filter(|(key, _)| keys.iter().all(|(known, _)| known != *key)) {
            let child = key_path::join(path, key);
            let provenance = self.layers.key_provenance(value.tag(), &child);
            self.findings.add(child, provenance, unknown_key(keys, path, key, self.retired));
        }
        let mut complete = Map::new();
        for (key, child) in keys {
            let default = default.and_then(|default| default.get(key));
            let value = self.value(child, &key_path::join(path, key), dict.get(key), default);
            complete.insert(key.clone(), value);
        }
        Value::Object(complete)
    }

    /// Fills in keys that no layer gives.
    fn absent(&mut self, node: &Node, path: &str, default: Option<&Value>) -> Value {
        match (&node.kind, default) {
            (_, Some(Value::Null)) => Value::Null,
            (_, None) if node.nullable => Value::Null,
            (Kind::Map(keys), default) => self.map(keys, path, &Dict::new(), default),
            (_, Some(default)) => default.clone(),
            (_, None) => {
                // A key with a mistaken value is not missing.
                if !self.findings.is_mistaken(path) {
                    let problem = Problem::new("required value is missing").expected(node.in_words());
                    let provenance = self.layers.map_provenance(key_path::parent(path).unwrap_or_default());
                    self.findings.add_absent(path, provenance, problem.hint(format!("set `{path}`")));
                }
                node.placeholder()
            }
        }
    }
}

fn wrong_count(node: &Node, count: usize) -> Problem {
    let items = if count == 1 { "1 item".to_owned() } else { format!("{count} items") };
    let hint = "write as many items as are expected: `[item, item]`";
    Problem::new(format!("found a list of {items}")).expected(node.in_words()).hint(hint)
}
