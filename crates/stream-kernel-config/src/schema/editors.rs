//! The form of the schema that editors understand: with what the checks know, and without what confuses editors.

use serde_json::{Value, json};

use super::{Items, Kind, List, Node};
use crate::decimal;
use crate::key_path;

/// The greatest whole number that JavaScript, in which editors read the schema, does not round.
const MAX_EXACT: i128 = (1 << 53) - 1;

/// Changes `schema`, from which `node` was read, for editors.
///
/// - Keywords beyond the standard become standard ones: `x-decimal`, and integers' `format`.
/// - Maps lose their defaults, in favour of their keys.
/// - Maps and texts lose the default null, with which yaml-language-server offers neither the key nor those after it.
/// - Titles are key paths.
pub(super) fn rewrite(schema: &mut Value, node: &Node) {
    edit(schema, node, "", None);
}

/// `default` is the value for this key in the default of a map around it.
fn edit(schema: &mut Value, node: &Node, path: &str, default: Option<&Value>) {
    let default = default.or(node.default.as_ref());
    if !path.is_empty() {
        schema["title"] = path.into();
    }
    set(schema, "default", default.filter(|value| is_offered(value, &node.kind)).cloned());
    let schema = match schema.get_mut("anyOf") {
        Some(choices) => &mut choices[0],
        None => schema,
    };
    set(schema, "format", None);
    set(schema, "x-decimal", None);
    match &node.kind {
        Kind::Integer { minimum, maximum } => {
            let exact = |bound: i128| (bound.abs() <= MAX_EXACT).then(|| super::integer(bound));
            set(schema, "minimum", exact(*minimum));
            set(schema, "maximum", exact(*maximum));
            set(schema, "const", exact(*minimum).filter(|_| minimum == maximum));
        }
        Kind::Decimal(bounds) => {
            let number = |units| decimal::format(units, bounds.places).parse::<f64>().ok();
            set(schema, "minimum", number(bounds.minimum).map(Value::from));
            set(schema, "maximum", number(bounds.maximum).map(Value::from));
            let fraction = match bounds.places {
                0 => String::new(),
                places => format!("([.][0-9]{{1,{places}}})?"),
            };
            schema["pattern"] = format!("^[0-9]+{fraction}$").into();
        }
        Kind::List(List { items: Items::Same(item), .. }) => edit(&mut schema["items"], item, "", None),
        Kind::List(List { items: Items::Each(each), .. }) => {
            for (number, item) in each.iter().enumerate() {
                edit(&mut schema["items"][number], item, "", None);
            }
        }
        Kind::FreeMap(values) => edit(&mut schema["additionalProperties"], values, "", None),
        Kind::Tagged(tagged) => {
            let mut variants = schema["oneOf"].take();
            for (number, keys) in tagged.variants.iter().enumerate() {
                edit_keys(&mut variants[number], keys, path, default);
            }
            // Without required keys, as in a profile, a value may fit several.
            set(schema, "oneOf", None);
            set(schema, "anyOf", Some(variants));
        }
        Kind::Map(keys) => edit_keys(schema, keys, path, default),
        Kind::Bool | Kind::Number { .. } | Kind::Text { .. } | Kind::OneOf(_) => {}
    }
}

fn edit_keys(schema: &mut Value, keys: &[(String, Node)], path: &str, default: Option<&Value>) {
    // The loader takes no unknown key, even if the type does not say so.
    set(schema, "additionalProperties", Some(false.into()));
    for (key, child) in keys {
        let default = default.and_then(|default| default.get(key));
        edit(&mut schema["properties"][key], child, &key_path::join(path, key), default);
    }
}

fn is_offered(default: &Value, kind: &Kind) -> bool {
    match kind {
        Kind::Map(_) | Kind::FreeMap(_) | Kind::Tagged(_) => false,
        Kind::Text { .. } | Kind::OneOf(_) | Kind::List(_) => !default.is_null(),
        _ => true,
    }
}

fn set(schema: &mut Value, keyword: &str, value: Option<Value>) {
    let Some(keywords) = schema.as_object_mut() else { return };
    match value {
        Some(value) => drop(keywords.insert(keyword.to_owned(), value)),
        None => drop(keywords.remove(keyword)),
    }
}

/// Adds the names of steps: as examples, because unknown steps may be skipped.
pub(super) fn offer_steps(schema: &mut Value, names: &[String]) {
    schema["properties"]["runtime"]["properties"]["pipeline"]["items"]["examples"] = json!(names);
}

/// Restricts the items of the list at `key` to `names`.
pub(super) fn name_items(schema: &mut Value, key: &str, names: &[String]) {
    let list = key.split('.').fold(schema, |schema, key| &mut schema["properties"][key]);
    list["items"]["enum"] = json!(names);
}
