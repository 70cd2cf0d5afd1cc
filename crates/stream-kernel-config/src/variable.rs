//! Environment variables of a configuration, for listing.

use std::collections::HashSet;

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
    // Several variants of an enum may have the same key.
    let mut names = HashSet::new();
    found.retain(|variable| names.insert(variable.name.clone()));
    found
}

/// Returns the key path that a variable sets in a list: `APP__RULES__0__ABOVE` sets `rules.0.above`.
pub(crate) fn key_in_list(prefix: &str, schema: &Node, name: &str) -> Option<String> {
    key_below(schema, "", name.strip_prefix(prefix)?)
}

/// Returns the key path that the rest of a variable's name names below the one at `path`.
fn key_below(node: &Node, path: &str, rest: &str) -> Option<String> {
    if rest.is_empty() {
        return Some(path.to_owned());
    }
    let rest = rest.strip_prefix("__")?;
    let below = |key: &String, child| {
        key_below(child, &key_path::join(path, key), rest.strip_prefix(&key.to_uppercase())?)
    };
    match &node.kind {
        Kind::Map(keys) => keys.iter().find_map(|(key, child)| below(key, child)),
        Kind::Tagged(tagged) => tagged.keys().find_map(|(key, child)| below(key, child)),
        Kind::List(list) => {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (number, rest) = rest.split_at_checked(end).filter(|(number, _)| !number.is_empty())?;
            key_below(list.item(number.parse().ok()?)?, &key_path::join(path, number), rest)
        }
        _ => None,
    }
}

fn visit<'s>(name: &str, path: &str, node: &'s Node, found: &mut Vec<KeyVariable<'s>>) {
    let keys: Vec<_> = match &node.kind {
        Kind::Map(keys) => keys.iter().map(|(key, node)| (key, node)).collect(),
        Kind::Tagged(tagged) => tagged.keys().collect(),
        _ => return,
    };
    for (key, child) in keys {
        let (name, key) = (format!("{name}__{}", key.to_uppercase()), key_path::join(path, key));
        found.push(KeyVariable { name: name.clone(), key: key.clone(), node: child });
        visit(&name, &key, child, found);
    }
}
