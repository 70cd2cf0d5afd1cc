//! Environment variables of a configuration, for listing.

use serde_json::Value;

use crate::key_path;
use crate::schema::{Kind, Node};
use crate::yaml_text;

/// An environment variable that the loader reads.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    [profile].into_iter().chain(of_keys(prefix, schema)).collect()
}

/// Returns every variable that sets a key, in the schema's order.
pub(crate) fn of_keys(prefix: &str, schema: &Node) -> Vec<Variable> {
    let mut found = Vec::new();
    visit(prefix, "", schema, &mut found);
    found
}

fn visit(name: &str, path: &str, node: &Node, found: &mut Vec<Variable>) {
    let Kind::Map(keys) = &node.kind else { return };
    for (key, node) in keys {
        let (name, key) = (format!("{name}__{}", key.to_uppercase()), key_path::join(path, key));
        let default = match (&node.kind, &node.default) {
            (Kind::Map(_), Some(Value::Object(_))) => None,
            (_, Some(default)) => Some(yaml_text::flow(node, default)),
            (_, None) => node.nullable.then(|| "null".to_owned()),
        };
        let description = node.description.as_deref().unwrap_or_default();
        let description = description.split("\n\n").next().unwrap_or_default().replace('\n', " ");
        let (expected, of_key) = (node.in_words(), (name.clone(), key.clone()));
        found.push(Variable { name, key, expected, default, description });
        visit(&of_key.0, &of_key.1, node, found);
    }
}
