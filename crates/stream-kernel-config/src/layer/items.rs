//! Items of lists in assignments: a number in the place of a key, as in `rules.0.above`.
//!
//! Lists do not merge, so such a layer holds the list as the layers so far give it, with the item changed. What it does
//! not change keeps its tag, and with it its origin.

use std::rc::Rc;

use figment::value::Value;
use serde_json::Value as Json;

use super::assignment::nested;
use super::{Layer, Layers, Maps, Reading, index};
use crate::key_path;
use crate::mistake::Problem;
use crate::origin::Provenance;
use crate::place::Place;
use crate::schema::Node as SchemaNode;
use crate::yaml::{Entry, Node, Tree};

/// An item of a list on the way to the value of an assignment.
pub(super) struct Item<'s, 'k> {
    /// The key path of the list, as it was written.
    pub(super) list: &'k str,
    pub(super) number: usize,
    /// The list when no layer gives one.
    pub(super) default: Option<&'s Json>,
    pub(super) schema: &'s SchemaNode,
    /// The keys below the item, if the value is not the item itself.
    pub(super) below: Option<&'k str>,
}

impl Item<'_, '_> {
    pub(super) fn path(&self) -> String {
        key_path::join(self.list, &self.number.to_string())
    }
}

impl Reading<'_> {
    /// Returns whether every item is there; the first one that is not is a mistake. A list that only its default gives
    /// becomes a layer.
    pub(super) fn find_items(&mut self, items: &[Item<'_, '_>], text: &Provenance) -> bool {
        items.iter().all(|item| {
            let mut merged = self.layers.merged();
            if let (None, Some(default @ Json::Array(_))) = (find(&merged, item.list), item.default) {
                let root = nested(item.list, written(default));
                self.layers.push_in_lists([Provenance::DEFAULT].into(), item.list, &root);
                merged = self.layers.merged();
            }
            let problem = match find(&merged, item.list) {
                Some(Value::Array(_, items)) if item.number < items.len() => return true,
                Some(Value::Array(_, items)) => beyond(items.len()),
                None | Some(Value::Empty(..)) => beyond(0),
                Some(_) => Problem::new("the value so far is not a list").expected("a list with this item"),
            };
            // The item may be in a list or a layer that is mistaken as a whole.
            if !self.findings.is_replaced_whole(item.list) {
                let list = item.list;
                let hint = match find(&merged, list) {
                    Some(Value::Array(_, items)) if items.len() == 1 => {
                        format!("use 0, or set `{list}` as a whole")
                    }
                    Some(Value::Array(_, items)) if !items.is_empty() => {
                        format!("use a number from 0 to {}, or set `{list}` as a whole", items.len() - 1)
                    }
                    _ => format!("set `{list}` as a whole"),
                };
                self.mistake(item.path(), text.origin.clone(), problem.hint(hint));
            }
            false
        })
    }
}

fn beyond(count: usize) -> Problem {
    Problem::new(match count {
        0 => "the list has no items".to_owned(),
        1 => "the list has 1 item".to_owned(),
        count => format!("the list has {count} items"),
    })
    .expected("the number of an item that is there, counted from 0")
}

impl Layers {
    /// Returns the text at a key path, if the layers so far give one.
    pub(super) fn text_at(&self, key_path: &str) -> Option<String> {
        find(&self.merged(), key_path)?.as_str().map(str::to_owned)
    }

    /// Puts a value over the layers so far, at a key path in which numbers name items of lists. `root` is the value
    /// within a map for each key, and for each number.
    pub(super) fn push_in_lists(&mut self, texts: Rc<[Provenance]>, key_path: &str, root: &Node) {
        let mut marks = std::collections::BTreeMap::new();
        let above = index(root, "", root.place, &mut marks);
        let keys: Vec<_> = key_path.split('.').collect();
        let value = over(Some(self.merged()), above, &keys);
        self.put(Layer { maps: Maps::NotOutermost, texts, marks }, value);
    }
}

/// Returns a value over another: maps merge, everything else replaces, except for lists on the way of `keys`: there the
/// map above names an item by its number.
fn over(below: Option<Value>, above: Value, keys: &[&str]) -> Value {
    let key = keys.first();
    let further = keys.get(1..).unwrap_or_default();
    match (below, above) {
        (Some(Value::Array(_, mut items)), Value::Dict(tag, mut entries)) if key.is_some() => {
            let number = key.and_then(|key| key.parse::<usize>().ok());
            let value = key.and_then(|key| entries.remove(*key));
            if let (Some(item), Some(value)) = (number.and_then(|number| items.get_mut(number)), value) {
                *item = over(Some(item.clone()), value, further);
            }
            Value::Array(tag, items)
        }
        (Some(Value::Dict(_, mut known)), Value::Dict(tag, entries)) => {
            for (name, value) in entries {
                let below = known.remove(&name);
                known.insert(name, over(below, value, further));
            }
            Value::Dict(tag, known)
        }
        (_, above) => above,
    }
}

/// Returns the value at a key path, in which numbers name items of lists.
fn find<'v>(value: &'v Value, key_path: &str) -> Option<&'v Value> {
    key_path.split('.').try_fold(value, |value, key| match value {
        Value::Dict(_, entries) => entries.get(key),
        Value::Array(_, items) => items.get(key.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Returns a default as if it were written in a text.
fn written(default: &Json) -> Node {
    let tree = match default {
        Json::String(text) => return Node::scalar(Place::START, text, false),
        Json::Null | Json::Bool(_) | Json::Number(_) => {
            return Node::scalar(Place::START, &default.to_string(), true);
        }
        Json::Array(items) => Tree::List(items.iter().map(written).collect()),
        Json::Object(entries) => {
            let entry = |(key, value): (&String, &Json)| Entry {
                key: key.clone(),
                place: Place::START,
                value: written(value),
            };
            Tree::Map(entries.iter().map(entry).collect())
        }
    };
    Node { place: Place::START, tree }
}
