//! The schema derived from the types: the only source of keys, types, bounds, defaults and descriptions.

mod editors;
mod read;
mod tagged;
mod unknown;
mod words;

use std::ops::RangeInclusive;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::rule::Rule;
use crate::sink_rules;
pub(crate) use read::UnsupportedSchema;
pub(crate) use tagged::Tagged;
pub(crate) use unknown::{Retired, unknown_key};
pub(crate) use words::one_of;

/// The keyword that marks the schema of a [`Config`](crate::Config).
const OF_PIPELINE: &str = "x-of-pipeline";

/// The key of the profiles in a source.
pub(crate) const PROFILES: &str = "profiles";

/// The schema of a configuration in two forms: as JSON Schema, and read for checking.
#[derive(Debug)]
pub(crate) struct Schema {
    json: Value,
    pub(crate) root: Node,
    /// Whether it is that of a [`Config`](crate::Config).
    pub(crate) is_of_pipeline: bool,
}

/// The schema of one key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) nullable: bool,
    pub(crate) default: Option<Value>,
    pub(crate) description: Option<String>,
}

/// The application's part of the schema.
#[derive(Debug, Clone, Default)]
pub(crate) struct Additions {
    pub(crate) default_pipeline: Option<Vec<String>>,
    /// The limits by name, each with its description.
    pub(crate) limits: Vec<(String, String)>,
    /// The names of all steps, for editors.
    pub(crate) step_names: Vec<String>,
    /// Key paths of lists, each with the names that may be in it, for editors.
    pub(crate) item_names: Vec<(String, Vec<String>)>,
    /// For editors.
    pub(crate) rules: Vec<Rule>,
}

/// The type of a value, apart from null.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Bool,
    Integer {
        minimum: i128,
        maximum: i128,
    },
    Number {
        minimum: Option<f64>,
        maximum: Option<f64>,
    },
    Decimal(Decimal),
    Text {
        min_chars: usize,
    },
    OneOf(Vec<String>),
    List(List),
    /// Keys chosen by the user, values of one type.
    FreeMap(Box<Node>),
    /// Keys in declared order.
    Map(Vec<(String, Node)>),
    /// Keys that depend on the value of one of them.
    Tagged(Box<Tagged>),
}

/// The type of a list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct List {
    pub(crate) items: Items,
    /// The least and the greatest number of items.
    pub(crate) count: RangeInclusive<usize>,
    /// Whether no item may be there twice.
    pub(crate) is_set: bool,
}

/// The types of a list's items.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Items {
    /// All of one type.
    Same(Box<Node>),
    /// Each of a type of its own, as in a tuple.
    Each(Vec<Node>),
}

impl List {
    /// Returns the type of an item; none if the list cannot have it.
    pub(crate) fn item(&self, number: usize) -> Option<&Node> {
        match &self.items {
            Items::Same(item) => (number < *self.count.end()).then_some(item),
            Items::Each(items) => items.get(number),
        }
    }
}

/// An exact decimal, in units of `10^-places`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal {
    pub(crate) places: u8,
    pub(crate) minimum: u64,
    pub(crate) maximum: u64,
}

impl Schema {
    /// Derives the schema, and adds the application's default pipeline and limits.
    pub(crate) fn of<T: JsonSchema>(additions: &Additions) -> Result<Self, UnsupportedSchema> {
        let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
        let mut json = Value::from(settings.into_generator().into_root_schema_for::<T>());
        let is_of_pipeline = json.as_object_mut().is_some_and(|schema| schema.remove(OF_PIPELINE).is_some());
        if is_of_pipeline {
            let runtime = &mut json["properties"]["runtime"]["properties"];
            if let Some(steps) = &additions.default_pipeline {
                runtime["pipeline"]["default"] = steps.as_slice().into();
            }
            name_limits(runtime, &additions.limits);
        }
        let root = read::read_root(&json)?;
        Ok(Self { json, root, is_of_pipeline })
    }

    /// Returns the schema as JSON Schema for editors, with the application's part. No run needs it.
    pub(crate) fn for_editors(self, additions: &Additions) -> Value {
        let Self { mut json, root, is_of_pipeline } = self;
        relax_required(&mut json, &root);
        editors::rewrite(&mut json, &root);
        if is_of_pipeline && !additions.step_names.is_empty() {
            editors::offer_steps(&mut json, &additions.step_names);
        }
        for (key, names) in &additions.item_names {
            editors::name_items(&mut json, key, names);
        }
        add_profiles(&mut json);
        // A profile alone cannot breach a rule: the rest of its file may have the other keys.
        let of_sinks = if is_of_pipeline { sink_rules::for_editors() } else { Vec::new() };
        let rules = [of_sinks, additions.rules.clone()].concat();
        json["allOf"] = rules.iter().map(Rule::to_json).collect();
        json
    }
}

/// Turns the limits from a map of any names into a map of these names, so that each has a default and is listed;
/// without names there is no such map.
fn name_limits(runtime: &mut Value, names: &[(String, String)]) {
    if names.is_empty() {
        runtime.as_object_mut().into_iter().for_each(|keys| keys.retain(|key, _| key != "limits"));
        return;
    }
    let limits = &mut runtime["limits"];
    let any = limits["additionalProperties"].take();
    limits["additionalProperties"] = false.into();
    for (name, description) in names {
        let mut limit = any.clone();
        limit["description"] = description.as_str().into();
        limit["default"] = Value::Null;
        limits["properties"][name] = limit;
    }
}

/// Adds the profiles, in which every key is optional.
fn add_profiles(json: &mut Value) {
    let mut profile = serde_json::json!({"type": "object", "additionalProperties": false});
    profile["properties"] = json["properties"].clone();
    without_required(&mut profile);
    json["properties"][PROFILES] = serde_json::json!({
        "description": "Keys by the name of a profile, which count over the rest of the file if it is chosen.",
        "type": "object",
        "additionalProperties": profile,
    });
}

fn without_required(schema: &mut Value) {
    let Some(keywords) = schema.as_object_mut() else { return };
    // As a keyword it is a list; a property of that name would be a schema.
    if keywords.get("required").is_some_and(Value::is_array) {
        keywords.remove("required");
    }
    keywords.values_mut().for_each(without_required);
}

/// Removes optional keys, such as maps in which every key is optional, from the `required` lists.
fn relax_required(json: &mut Value, node: &Node) {
    let keys = match &node.kind {
        Kind::Map(keys) => keys,
        Kind::Tagged(tagged) => {
            // An optional one is a choice between it and null.
            let json = if json.get("anyOf").is_some() { &mut json["anyOf"][0] } else { json };
            let variants = json.get_mut("oneOf").and_then(Value::as_array_mut).into_iter().flatten();
            variants.zip(&tagged.variants).for_each(|(json, keys)| relax_required_keys(json, keys));
            return;
        }
        _ => return,
    };
    relax_required_keys(json, keys);
}

fn relax_required_keys(json: &mut Value, keys: &[(String, Node)]) {
    for (key, child) in keys {
        if let Some(json) = json.get_mut("properties").and_then(|properties| properties.get_mut(key)) {
            relax_required(json, child);
        }
    }
    let Some(map) = json.as_object_mut() else { return };
    if let Some(required) = map.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| keys.iter().any(|(key, child)| name == key && !child.may_be_absent()));
        if required.is_empty() {
            map.remove("required");
        }
    }
}

impl Node {
    /// Returns whether a configuration is complete without this key.
    pub(crate) fn may_be_absent(&self) -> bool {
        self.nullable
            || self.default.is_some()
            || matches!(&self.kind, Kind::Map(keys) if keys.iter().all(|(_, node)| node.may_be_absent()))
    }

    /// Returns the node of a key of this map.
    pub(crate) fn child(&self, key: &str) -> Option<&Self> {
        match &self.kind {
            Kind::Map(keys) => keys.iter().find(|(name, _)| name == key).map(|(_, node)| node),
            Kind::FreeMap(values) => Some(values),
            Kind::Tagged(tagged) => tagged.child(None, key),
            _ => None,
        }
    }

    /// Returns a valid value, in place of a missing or mistaken one.
    pub(crate) fn placeholder(&self) -> Value {
        if let Some(default) = &self.default {
            return default.clone();
        }
        match &self.kind {
            _ if self.nullable => Value::Null,
            Kind::Bool => false.into(),
            Kind::Integer { minimum, maximum } => integer(0.clamp(*minimum, *maximum)),
            Kind::Number { minimum, maximum } => {
                0.0_f64.max(minimum.unwrap_or(f64::MIN)).min(maximum.unwrap_or(f64::MAX)).into()
            }
            Kind::Decimal(decimal) => crate::decimal::format(decimal.minimum, decimal.places).into(),
            Kind::Text { min_chars } => "-".repeat(*min_chars).into(),
            Kind::OneOf(names) => names.first().map_or(Value::Null, |name| name.as_str().into()),
            Kind::List(list) => Value::Array(
                (0..*list.count.start()).filter_map(|n| Some(list.item(n)?.placeholder())).collect(),
            ),
            Kind::FreeMap(_) => Value::Object(serde_json::Map::new()),
            Kind::Map(keys) => placeholders(keys),
            Kind::Tagged(tagged) => placeholders(tagged.variants.first().map_or(&[], Vec::as_slice)),
        }
    }
}

fn placeholders(keys: &[(String, Node)]) -> Value {
    Value::Object(keys.iter().map(|(key, node)| (key.clone(), node.placeholder())).collect())
}

/// Returns the JSON number of an integer within the bounds of a 64-bit type.
pub(crate) fn integer(value: i128) -> Value {
    serde_json::Number::from_i128(value).map_or(Value::Null, Value::Number)
}
