//! A step's changes to the context, value by value.

use serde_json::value::RawValue;

use crate::json_leaves::{Leaf, Members, before_and_after, differing, elements, members, push_leaves};
use stream_kernel_trace::ContextSnapshot;

/// A value in the context that a step changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ValueChange {
    /// The path of the value, such as `tags.day`, `errors[0].code` or, for a name that contains a point, `tags["a.b"]`.
    pub path: String,
    /// The value before the step, as JSON; `None` if there was none.
    pub before: Option<String>,
    /// The value after the step, as JSON; `None` if there is none.
    pub after: Option<String>,
}

/// Returns the changes in `diff`, a record's `ctx_diff`: in the order of the values after the step, then the removed
/// ones. A field without the form `{"before":..,"after":..}` is given whole, as the value after.
///
/// ```
/// use stream_kernel_trace::ContextSnapshot;
/// use stream_kernel_trace_reader::reading::value_changes;
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
/// Returns an error if `diff` is not a JSON object.
pub fn value_changes(diff: &ContextSnapshot) -> serde_json::Result<Vec<ValueChange>> {
    let json = |value: Option<&RawValue>| value.map(|value| value.get().to_owned());
    let change = |path, before, after| ValueChange { path, before: json(before), after: json(after) };
    let Members(fields) = serde_json::from_str(diff.as_json())?;
    let mut changes = Vec::new();
    for (name, field) in fields {
        let Some((before, after)) = before_and_after(field) else {
            changes.push(change(name.into_owned(), None, Some(field)));
            continue;
        };
        let differing = differing(values_of(&name, after), &values_of(&name, before), |a, b| a == b);
        // For example, `[]` became `{}`: no single value changed, but the field did.
        if differing.is_empty() && before.get() != after.get() {
            changes.push(change(name.into_owned(), Some(before), Some(after)));
        }
        changes.extend(differing.into_iter().map(|(path, after, before)| change(path, before, after)));
    }
    Ok(changes)
}

/// Returns the changes in `diff`. Anything but an object is one change of `ctx_diff`, with all of it after.
pub fn shown_changes(diff: Option<&ContextSnapshot>) -> Vec<ValueChange> {
    let Some(diff) = diff else { return Vec::new() };
    value_changes(diff).unwrap_or_else(|_| {
        let (path, after) = ("ctx_diff".to_owned(), Some(diff.as_json().to_owned()));
        vec![ValueChange { path, before: None, after }]
    })
}

/// Returns the values in a field, without the empty ones.
fn values_of<'j>(field: &str, json: &'j RawValue) -> Vec<Leaf<'j>> {
    let mut leaves = Vec::new();
    push_leaves(&mut leaves, field.to_owned(), 1, json);
    leaves.retain(|(_, value)| !is_empty(value.get()));
    leaves
}

/// Returns whether `json` is an object or a list without values.
fn is_empty(json: &str) -> bool {
    members(json).is_some_and(|members| members.is_empty())
        || elements(json).is_some_and(|elements| elements.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns each change as `path: before -> after`.
    fn check(diff: &str) -> Vec<String> {
        let told = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        (value_changes(&serde_json::from_str(diff).unwrap()).unwrap().into_iter())
            .map(|change| format!("{}: {} -> {}", change.path, told(change.before), told(change.after)))
            .collect()
    }

    #[test]
    fn only_changes_are_listed_in_their_order() {
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
    fn unchanged_neighbours_are_not_listed() {
        let told = check(
            r#"{"tags":{"before":{"a":"1","b":{"x":1,"y":2},"c":"3"},"after":{"a":"1","b":{"x":1,"y":3},"c":"3"}}}"#,
        );
        assert_eq!(told, ["tags.b.y: 2 -> 3"]);
        // The same values in another order are not a change.
        let told = check(r#"{"tags":{"before":{"a":"1","b":"2"},"after":{"b":"2","a":"1"}}}"#);
        assert_eq!(told, [r#"tags: {"a":"1","b":"2"} -> {"b":"2","a":"1"}"#]);
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
    fn a_field_without_changed_values_is_given_whole() {
        assert_eq!(check(r#"{"notes":{"before":[],"after":{}}}"#), ["notes: [] -> {}"]);
        assert_eq!(check("{}"), Vec::<String>::new());
    }

    #[test]
    fn other_forms_are_given_whole() {
        assert!(value_changes(&serde_json::from_str("[1]").unwrap()).is_err());
        assert_eq!(check(r#"{"tags":7,"x":{"after":1}}"#), ["tags: - -> 7", r#"x: - -> {"after":1}"#]);
    }

    #[test]
    fn a_name_with_a_point_is_one_name() {
        let told = check(r#"{"tags":{"before":{},"after":{"a.b":"1","a":{"b":"2"}}}}"#);
        assert_eq!(told, [r#"tags["a.b"]: - -> "1""#, r#"tags.a.b: - -> "2""#]);
    }
}
