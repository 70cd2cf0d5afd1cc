//! JSON taken apart: the values in it by path, as they are written.

use serde_json::value::RawValue;

use crate::json_members::{Member, Members};

/// How deep values are taken apart, in names and positions; what is nested deeper is one value.
const MAX_DEPTH: usize = 16;

/// Values that are not taken apart further, by path: `tags.day`, `errors[0].code`. Empty objects and lists are such values.
#[derive(Default)]
pub(crate) struct Leaves<'j>(pub(crate) Vec<(String, &'j RawValue)>);

impl<'j> Leaves<'j> {
    /// Adds what is in `value`, which stands at `path`, that many names and positions deep.
    pub(crate) fn add(&mut self, path: String, depth: usize, value: &'j RawValue) {
        if depth < MAX_DEPTH {
            if let Some(members) = members(value.get()).filter(|members| !members.is_empty()) {
                for (key, value) in members {
                    self.add(path.clone() + &name(&key), depth + 1, value);
                }
                return;
            }
            if let Some(elements) = elements(value.get()).filter(|elements| !elements.is_empty()) {
                for (at, value) in elements.into_iter().enumerate() {
                    self.add(format!("{path}[{at}]"), depth + 1, value);
                }
                return;
            }
        }
        self.0.push((path, value));
    }
}

/// Returns `key` as it follows in a path: `.key`, or `["key"]` where it could be taken for several.
pub(crate) fn name(key: &str) -> String {
    let is_plain = !key.is_empty() && !key.contains(['.', '[', ']', '"']);
    if is_plain { format!(".{key}") } else { format!("[{key:?}]") }
}

/// Returns the members of a JSON object in their order; `None` of what is no object.
pub(crate) fn members(json: &str) -> Option<Vec<Member<'_>>> {
    json.starts_with('{').then(|| serde_json::from_str::<Members<'_>>(json).ok())?.map(|members| members.0)
}

/// Returns the elements of a JSON list; `None` of what is no list.
pub(crate) fn elements(json: &str) -> Option<Vec<&RawValue>> {
    json.starts_with('[').then(|| serde_json::from_str(json).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tells each value in `json` as `path: value`.
    fn check(json: &str) -> Vec<String> {
        let json = RawValue::from_string(json.to_owned()).unwrap();
        let mut leaves = Leaves::default();
        leaves.add("f".to_owned(), 1, &json);
        leaves.0.iter().map(|(path, value)| format!("{path}: {}", value.get())).collect()
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
    fn the_bound_of_depth_holds_and_what_is_deeper_is_one_value() {
        let nested = |depth: usize| "[".repeat(depth) + "1" + &"]".repeat(depth);
        let deepest = MAX_DEPTH - 1;
        let path = "f".to_owned() + &"[0]".repeat(deepest);
        assert_eq!(check(&nested(deepest)), [format!("{path}: 1")]);
        assert_eq!(check(&nested(MAX_DEPTH)), [format!("{path}: [1]")]);
        assert_eq!(check(&nested(100_000)).len(), 1);
    }
}
