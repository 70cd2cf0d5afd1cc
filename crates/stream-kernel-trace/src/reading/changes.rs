//! What a step changed in the context, value by value.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::ContextSnapshot;

/// How deep a path goes, in names and positions; what is nested deeper is one value.
const MAX_PATH_DEPTH: usize = 8;

/// A value in the context that a step changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueChange {
    /// Where the value is, such as `tags.day` or `errors[0].code`.
    pub path: String,
    /// What it was before, as JSON; `None` if it was not there.
    pub before: Option<String>,
    /// What it was after, as JSON; `None` if it was no longer there.
    pub after: Option<String>,
}

/// Returns what `diff`, a record's `ctx_diff`, says the step changed: in the order of the values after the step, then
/// what was removed. A field that has not the form `{"before":..,"after":..}` is given whole, as the value after.
///
/// ```
/// use stream_kernel_trace::ContextSnapshot;
/// use stream_kernel_trace::reading::value_changes;
///
/// let diff = r#"{"tags":{"before":{"id":"7"},"after":{"id":"7","day":"2000-01-03"}}}"#;
/// let diff: ContextSnapshot = serde_json::from_str(diff)?;
/// let changes = value_changes(&diff)?;
/// assert_eq!(changes.len(), 1);
/// assert_eq!((&*changes[0].path, &changes[0].before), ("tags.day", &None));
/// assert_eq!(changes[0].after.as_deref(), Some(r#""2000-01-03""#));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
///
/// Returns an error if `diff` is no JSON object.
pub fn value_changes(diff: &ContextSnapshot) -> serde_json::Result<Vec<ValueChange>> {
    changes_in(diff.as_json())
}

fn changes_in(diff: &str) -> serde_json::Result<Vec<ValueChange>> {
    let Members(fields) = serde_json::from_str(diff)?;
    let mut changes = Vec::new();
    for (name, field) in fields {
        match serde_json::from_str::<Members<'_>>(field.get()).map(|members| members.0).as_deref() {
            Ok([(first, before), (second, after)]) if first == "before" && second == "after" => {
                push_changes(&mut changes, &name, before.get(), after.get());
            }
            _ => changes.push(ValueChange { path: name, before: None, after: Some(field.get().to_owned()) }),
        }
    }
    Ok(changes)
}

fn push_changes(changes: &mut Vec<ValueChange>, field: &str, before: &str, after: &str) {
    let values_of = |json| {
        let mut values = Vec::new();
        push_values(&mut values, field.to_owned(), json, 1);
        values
    };
    let (before_values, after_values) = (values_of(before), values_of(after));
    let as_map = |values: &[(String, String)]| values.iter().cloned().collect::<HashMap<_, _>>();
    let (mut was, is) = (as_map(&before_values), as_map(&after_values));
    let changes_before = changes.len();
    for (path, value) in after_values {
        let before = was.remove(&path);
        if before.as_ref() != Some(&value) {
            changes.push(ValueChange { path, before, after: Some(value) });
        }
    }
    for (path, value) in before_values {
        if !is.contains_key(&path) {
            changes.push(ValueChange { path, before: Some(value), after: None });
        }
    }
    // Such as `[]` that became `{}`: no single value changed, but the field did.
    if changes.len() == changes_before && before != after {
        let (before, after) = (Some(before.to_owned()), Some(after.to_owned()));
        changes.push(ValueChange { path: field.to_owned(), before, after });
    }
}

/// Collects the values in `json` with their paths. An empty object or list holds none.
fn push_values(values: &mut Vec<(String, String)>, path: String, json: &str, depth: usize) {
    if depth < MAX_PATH_DEPTH {
        if let Ok(Members(members)) = serde_json::from_str(json) {
            for (name, value) in members {
                push_values(values, format!("{path}.{name}"), value.get(), depth + 1);
            }
            return;
        }
        if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(json) {
            for (position, item) in items.into_iter().enumerate() {
                push_values(values, format!("{path}[{position}]"), item.get(), depth + 1);
            }
            return;
        }
    }
    values.push((path, json.to_owned()));
}

/// The members of a JSON object in the order in which they stand.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tells each change as `path: before -> after`.
    fn check(diff: &str) -> Vec<String> {
        let told = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        (changes_in(diff).unwrap().into_iter())
            .map(|change| format!("{}: {} -> {}", change.path, told(change.before), told(change.after)))
            .collect()
    }

    #[test]
    fn only_what_changed_is_told_in_the_order_in_which_it_stands() {
        let told = check(
            r#"{"tags":{"before":{"z":"1","gone":"x","a":"2"},"after":{"z":"1","a":"3","b":"4"}},
                "metrics":{"before":{},"after":{"cents":123456789012345678901234567890}}}"#,
        );
        assert_eq!(
            told,
            [
                r#"tags.a: "2" -> "3""#,
                r#"tags.b: - -> "4""#,
                r#"tags.gone: "x" -> -"#,
                "metrics.cents: - -> 123456789012345678901234567890",
            ]
        );
    }

    #[test]
    fn lists_and_plain_values_have_paths_too() {
        let told = check(
            r#"{"errors":{"before":[],"after":[{"code":"E1","details":null}]},"received_at":{"before":null,"after":"now"}}"#,
        );
        assert_eq!(
            told,
            [r#"errors[0].code: - -> "E1""#, "errors[0].details: - -> null", r#"received_at: null -> "now""#]
        );
    }

    #[test]
    fn a_field_that_changed_without_a_value_changing_is_told_whole() {
        assert_eq!(check(r#"{"notes":{"before":[],"after":{}}}"#), ["notes: [] -> {}"]);
        assert_eq!(check("{}"), Vec::<String>::new());
    }

    #[test]
    fn what_has_another_form_is_given_whole() {
        assert!(changes_in("[1]").is_err());
        assert_eq!(check(r#"{"tags":7,"x":{"after":1}}"#), ["tags: - -> 7", r#"x: - -> {"after":1}"#]);
    }

    #[test]
    fn a_path_ends_at_its_bound() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        let told = |depth| check(&format!(r#"{{"f":{{"before":0,"after":{}}}}}"#, nested(depth)));
        let deepest = MAX_PATH_DEPTH - 1;
        let path = format!("f{}", "[0]".repeat(deepest));
        assert_eq!(told(deepest)[0], format!("{path}: - -> 1"));
        assert_eq!(told(deepest + 1)[0], format!("{path}: - -> [1]"));
        assert_eq!(told(100_000).len(), 2);
    }
}
