//! JSON taken apart: the members of objects, and the values by path, in their original spelling.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The depth to which values are taken apart, in names and positions; deeper content is one value.
const MAX_DEPTH: usize = 16;

/// A key and its value.
pub(crate) type Member<'j> = (Cow<'j, str>, &'j RawValue);

/// The members of a JSON object, in their order, repeated ones included.
pub(crate) struct Members<'j>(pub(crate) Vec<Member<'j>>);

impl<'j> Deserialize<'j> for Members<'j> {
    fn deserialize<D: Deserializer<'j>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        struct Key<'j>(#[serde(borrow)] Cow<'j, str>);
        struct InOrder;
        impl<'j> Visitor<'j> for InOrder {
            type Value = Members<'j>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'j>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((Key(key), value)) = map.next_entry()? {
                    members.push((key, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// A value that is not taken apart further, and its path: `tags.day`, `errors[0].code`. Empty objects and lists are
/// such values.
pub(crate) type Leaf<'j> = (String, &'j RawValue);

/// Adds the leaves of `value` at `path`, which is `depth` names and positions deep.
pub(crate) fn push_leaves<'j>(leaves: &mut Vec<Leaf<'j>>, path: String, depth: usize, value: &'j RawValue) {
    if depth < MAX_DEPTH {
        if let Some(members) = members(value.get()).filter(|members| !members.is_empty()) {
            for (key, value) in members {
                push_leaves(leaves, path.clone() + &name(&key), depth + 1, value);
            }
            return;
        }
        if let Some(elements) = elements(value.get()).filter(|elements| !elements.is_empty()) {
            for (at, value) in elements.into_iter().enumerate() {
                push_leaves(leaves, format!("{path}[{at}]"), depth + 1, value);
            }
            return;
        }
    }
    leaves.push((path, value));
}

/// Returns the paths whose values differ between `a` and `b`, with both values: in the order of `a`, then those that
/// only `b` has.
pub(crate) fn differing<'j>(
    a: Vec<Leaf<'j>>,
    b: &[Leaf<'j>],
    is_same: impl Fn(&str, &str) -> bool,
) -> Vec<(String, Option<&'j RawValue>, Option<&'j RawValue>)> {
    let mut rest: HashMap<&str, &RawValue> = b.iter().map(|(path, value)| (&**path, *value)).collect();
    let mut differing = Vec::new();
    for (path, value) in a {
        let other = rest.remove(&*path);
        if other.is_none_or(|other| !is_same(value.get(), other.get())) {
            differing.push((path, Some(value), other));
        }
    }
    let only_in_b = b.iter().filter(|(path, _)| rest.contains_key(&**path));
    differing.extend(only_in_b.map(|(path, value)| (path.clone(), None, Some(*value))));
    differing
}

/// Returns `key` as a part of a path: `.key`, or `["key"]` where that would be ambiguous.
pub(crate) fn name(key: &str) -> String {
    let is_plain = !key.is_empty() && !key.contains(['.', '[', ']', '"']);
    if is_plain { format!(".{key}") } else { format!("[{key:?}]") }
}

/// Returns the members of a JSON object in their order; `None` if it is not an object.
pub(crate) fn members(json: &str) -> Option<Vec<Member<'_>>> {
    json.starts_with('{').then(|| serde_json::from_str::<Members<'_>>(json).ok())?.map(|members| members.0)
}

/// Returns the values of `{"before":..,"after":..}`; `None` for any other form.
pub(crate) fn before_and_after(change: &RawValue) -> Option<(&RawValue, &RawValue)> {
    match members(change.get())?.as_slice() {
        [(first, before), (second, after)] if first == "before" && second == "after" => Some((before, after)),
        _ => None,
    }
}

/// Returns the elements of a JSON list; `None` if it is not a list.
pub(crate) fn elements(json: &str) -> Option<Vec<&RawValue>> {
    json.starts_with('[').then(|| serde_json::from_str(json).ok())?
}

/// Returns the text of a JSON string; `None` if it is not a string.
pub(crate) fn text(json: &str) -> Option<String> {
    json.starts_with('"').then(|| serde_json::from_str(json).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns each value in `json` as `path: value`.
    fn check(json: &str) -> Vec<String> {
        let json = RawValue::from_string(json.to_owned()).unwrap();
        let mut leaves = Vec::new();
        push_leaves(&mut leaves, "f".to_owned(), 1, &json);
        leaves.iter().map(|(path, value)| format!("{path}: {}", value.get())).collect()
    }

    #[test]
    fn every_value_has_a_path_of_its_own() {
        assert_eq!(check(r#"{"a":[1,{"b":{}}],"c":[]}"#), ["f.a[0]: 1", "f.a[1].b: {}", "f.c: []"]);
        assert_eq!(
            check(r#"{"a.b":1,"a":{"b":2},"":3,"[0]":4}"#),
            [r#"f["a.b"]: 1"#, "f.a.b: 2", r#"f[""]: 3"#, r#"f["[0]"]: 4"#]
        );
    }

    #[test]
    fn values_beyond_the_bound_of_depth_are_one_value() {
        let nested = |depth: usize| "[".repeat(depth) + "1" + &"]".repeat(depth);
        let deepest = MAX_DEPTH - 1;
        let path = "f".to_owned() + &"[0]".repeat(deepest);
        assert_eq!(check(&nested(deepest)), [format!("{path}: 1")]);
        assert_eq!(check(&nested(MAX_DEPTH)), [format!("{path}: [1]")]);
        assert_eq!(check(&nested(100_000)).len(), 1);
    }
}
