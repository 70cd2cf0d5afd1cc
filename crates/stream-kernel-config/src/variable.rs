//! The environment variables of a configuration, for listing them.

use serde_json::Value;

use crate::layer::{profile_variable, variable_names};
use crate::schema::{Kind, Node};
use crate::yaml_text;

/// An environment variable that would be heeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name, such as `APP__RUNTIME__STRICT`.
    pub name: String,
    /// The key path that it sets; empty for the one that chooses a profile.
    pub key: String,
    /// What it may hold, in words.
    pub expected: String,
    /// The default in YAML flow; none when the key is required, or a map whose keys have defaults of their own.
    pub default: Option<String>,
    /// What the key is for, in a sentence.
    pub description: String,
}

/// Returns every variable that would be heeded, in the schema's order.
pub(crate) fn list(prefix: &str, schema: &Node) -> Vec<Variable> {
    let variable = |(name, key, node): (String, String, &Node)| {
        let default = match (&node.kind, &node.default) {
            (Kind::Map(_), Some(Value::Object(_))) => None,
            (_, Some(default)) => Some(yaml_text::flow(node, default)),
            (_, None) => node.nullable.then(|| "null".to_owned()),
        };
        let description = node.description.as_deref().unwrap_or_default();
        let description = description.split("\n\n").next().unwrap_or_default().replace('\n', " ");
        Variable { name, key, expected: node.in_words(), default, description }
    };
    let profile = Variable {
        name: profile_variable(prefix),
        key: String::new(),
        expected: "the name of a profile".to_owned(),
        default: None,
        description: "The profile that counts over the rest of its source.".to_owned(),
    };
    [profile].into_iter().chain(variable_names(prefix, schema).into_iter().map(variable)).collect()
}
