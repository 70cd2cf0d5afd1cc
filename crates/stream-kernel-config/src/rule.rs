//! Rules between keys, for the schema that editors read.

use serde_json::{Map, Value, json};

/// A rule between keys, which the schema for editors states so that they show a breach at its key.
///
/// The loader does not check it: whoever [adds](crate::Loader::rule) a rule checks it after loading.
///
/// ```
/// use serde_json::json;
/// use stream_kernel_config::{Loader, Rule};
///
/// // With a checkpoint, the output cannot be standard output.
/// let rule = Rule::new("adapters.output.path", json!({"not": {"const": "-"}}))
///     .when("runtime.checkpoint", json!({"type": "object"}));
/// let loader = Loader::new("APP").rule(rule);
/// ```
#[derive(Debug, Clone)]
pub struct Rule {
    demand: Value,
    conditions: Vec<Value>,
}

impl Rule {
    /// Returns the rule that `key`, a key path, has a value that matches the JSON Schema `must`, if it is there.
    pub fn new(key: &str, must: Value) -> Self {
        Self {
            demand: below(key, titled(key, must), &|path, _| titled(path, json!({}))),
            conditions: Vec::new(),
        }
    }

    /// Returns the rule that `key`, a key path, is there and has a value that matches the JSON Schema `must`.
    pub fn required(key: &str, must: Value) -> Self {
        let demand = below(key, titled(key, must), &|path, key| titled(path, json!({"required": [key]})));
        Self { demand, conditions: Vec::new() }
    }

    /// Restricts the rule to configurations in which `key` has a value that matches the JSON Schema `is`.
    pub fn when(mut self, key: &str, is: Value) -> Self {
        self.conditions.push(given(key, is));
        self
    }

    /// Restricts the rule to configurations in which at least one of the keys has a value that matches its JSON Schema.
    pub fn when_any<'a>(mut self, keys: impl IntoIterator<Item = (&'a str, Value)>) -> Self {
        let given: Vec<_> = keys.into_iter().map(|(key, is)| given(key, is)).collect();
        self.conditions.push(json!({"anyOf": given}));
        self
    }

    /// Restricts the rule to configurations in which `key` is absent or does not match the JSON Schema `is`.
    pub fn unless(mut self, key: &str, is: Value) -> Self {
        self.conditions.push(json!({"not": given(key, is)}));
        self
    }

    /// Returns the rule as JSON Schema of a whole configuration.
    ///
    /// The demand is made of a breach only: editors offer the keys of a demand without their defaults and descriptions.
    pub(crate) fn to_json(&self) -> Value {
        let mut all = self.conditions.clone();
        all.push(json!({"not": self.demand}));
        json!({"if": {"allOf": all}, "then": self.demand})
    }
}

/// Returns the schema of configurations that have a value at `key` that matches `is`.
fn given(key: &str, is: Value) -> Value {
    below(key, is, &|_, key| json!({"type": "object", "required": [key]}))
}

/// Returns the schema of configurations whose value at `path` matches `leaf`; `at_each` returns the other keywords for
/// the map at a path that has a key.
fn below(path: &str, leaf: Value, at_each: &dyn Fn(&str, &str) -> Value) -> Value {
    let (outer, key) = path.rsplit_once('.').unwrap_or(("", path));
    let mut map = at_each(outer, key);
    map["properties"] = Value::Object(Map::from_iter([(key.to_owned(), leaf)]));
    if outer.is_empty() { map } else { below(outer, map, at_each) }
}

/// Adds the title by which an editor names the source of a message.
fn titled(path: &str, mut schema: Value) -> Value {
    if !path.is_empty() {
        schema["title"] = path.into();
    }
    schema
}
