//! Environment variables of a configuration, for listing.

use serde_json::Value;

use crate::key_path;
use crate::schema::{Kind, Node};
use crate::yaml_text;

/// An environment variable that the loader reads.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variable {
    /// Its name, such as `APP__RUNTIME__STRICT`.
    pub name: String,
    /// Its key path; empty for the variable that chooses a profile.
    pub key: String,
    /// Its accepted values, in words.
    pub expected: String,
    /// The default in YAML flow; none when the key is required, or a map whose keys have defaults of their own.
    pub default: Option<String>,
    /// The purpose of the key, in a sentence.
    pub description: String,
}

/// Returns the name of the variable that chooses a profile.
pub(crate) fn profile_variable(prefix: &str) -> String {
    format!("{prefix}_PROFILE")
}

/// Returns every variable that the loader reads, in the schema's order.
pub(crate) fn list(prefix: &str, schema: &Node) -> Vec<Variable> {
    let profile = Variable {
        name: profile_variable(prefix),
        key: String::new(),
        expected: "the name of a profile".to_owned(),
        default: None,
        description: "The profile that counts over the rest of its source.".to_owned(),
    };
    [profile].into_iter().chain(of_keys(prefix, schema).into_iter().map(described)).collect()
}

fn described(KeyVariable { name, key, node }: KeyVariable<'_>) -> Variable {
    let default = match (&node.kind, &node.default) {
        (Kind::Map(_), Some(Value::Object(_))) => None,
        (_, Some(default)) => Some(yaml_text::flow(node, default)),
        (_, None) => node.nullable.then(|| "null".to_owned()),
    };
    let description = node.description.as_deref().unwrap_or_default();
    let description = description.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    Variable { name, key, expected: node.in_words(), default, description }
}

/// An environment variable that sets a key.
pub(crate) struct KeyVariable<'s> {
    pub(crate) name: String,
    pub(crate) key: String,
    node: &'s Node,
}

/// Returns every variable that sets a key, in the schema's order.
pub(crate) fn of_keys<'s>(prefix: &str, schema: &'s Node) -> Vec<KeyVariable<'s>> {
    let mut found = Vec::new();
    visit(prefix, "", schema, &mut found);
    found
}

fn visit<'s>(name: &str, path: &str, node: &'s Node, found: &mut Vec<KeyVariable<'s>>) {
    let Kind::Map(keys) = &node.kind else { return };
    for (key, node) in keys {
        let (name, key) = (format!("{name}__{}", key.to_uppercase()), key_path::join(path, key));
        found.push(KeyVariable { name: name.clone(), key: key.clone(), node });
        visit(&name, &key, node, found);
    }
}
