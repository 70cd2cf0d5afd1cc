//! Two records, field by field.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{ContextField, ContextSnapshot, TraceRecord};

/// How deep values are taken apart; what is nested deeper is compared as text.
const MAX_DEPTH: usize = 16;

/// The fields of a context that are another in every run.
const VOLATILE: [ContextField; 3] = [ContextField::TraceId, ContextField::RunId, ContextField::ReceivedAt];

/// A field that two records have with different values, or that one of them lacks.
#[derive(Clone, Debug, Serialize)]
pub struct FieldDifference {
    /// Where it is in the record: `msg_out[0].hash`, `ctx_after.tags.reason`.
    pub path: String,
    /// The value in the first record, as JSON; `None` where there is no such field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a: Option<Box<RawValue>>,
    /// The value in the second record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b: Option<Box<RawValue>>,
}

/// Returns the fields in which two records differ, in the order of the first, then those that only the second has.
///
/// Left out are the times (`t_enter`, `t_exit`, `duration_ms`, in snapshots `received_at`) and what names the run
/// (`trace_id`, in snapshots `trace_id` and `run_id`). Objects are compared by key, whatever their order.
pub fn differing_fields(a: &TraceRecord, b: &TraceRecord) -> Vec<FieldDifference> {
    let (of_a, of_b) = (flattened(a), flattened(b));
    let mut rest: HashMap<&str, &RawValue> =
        of_b.iter().map(|(path, value)| (path.as_str(), &**value)).collect();
    let mut differing = Vec::new();
    for (path, value) in &of_a {
        let other = rest.remove(path.as_str());
        if other.is_none_or(|other| canonical(value.get()) != canonical(other.get())) {
            let (a, b) = (Some(value.clone()), other.map(ToOwned::to_owned));
            differing.push(FieldDifference { path: path.clone(), a, b });
        }
    }
    let only_in_b = of_b.iter().filter(|(path, _)| rest.contains_key(path.as_str()));
    differing.extend(only_in_b.map(|(path, value)| FieldDifference {
        path: path.clone(),
        a: None,
        b: Some(value.clone()),
    }));
    differing
}

/// Returns whether [`differing_fields`] would find nothing; of contexts with the same text nothing is taken apart.
pub(super) fn is_same(a: &TraceRecord, b: &TraceRecord) -> bool {
    a.line_no == b.line_no
        && a.step_index == b.step_index
        && a.work_index == b.work_index
        && a.msg_out_count == b.msg_out_count
        && a.status == b.status
        && a.step_name == b.step_name
        && a.scenario == b.scenario
        && a.msg_in == b.msg_in
        && a.msg_out == b.msg_out
        && a.error == b.error
        && is_same_context(a.ctx_after.as_ref(), b.ctx_after.as_ref())
        && is_same_context(a.ctx_before.as_ref(), b.ctx_before.as_ref())
        && is_same_context(a.ctx_diff.as_ref(), b.ctx_diff.as_ref())
}

fn is_same_context(a: Option<&ContextSnapshot>, b: Option<&ContextSnapshot>) -> bool {
    if a == b {
        return true;
    }
    let (Some(a), Some(b)) = (a, b) else { return false };
    let (Some(in_a), Some(in_b)) = (members(a.as_json()), members(b.as_json())) else { return false };
    let stable = |members: Vec<Member<'_>>| -> BTreeMap<String, String> {
        let stable = members.into_iter().filter(|(field, _)| !is_volatile(field));
        let mut leaves = Leaves::default();
        for (field, value) in stable {
            leaves.add(&name(&field), value, 1);
        }
        leaves.0.into_iter().map(|(path, value)| (path, canonical(value.get()))).collect()
    };
    let is_same_text = || {
        let [mut a, mut b] =
            [in_a.iter(), in_b.iter()].map(|all| all.filter(|(field, _)| !is_volatile(field)));
        loop {
            match (a.next(), b.next()) {
                (None, None) => return true,
                (Some((field, value)), Some((other_field, other_value)))
                    if field == other_field && value.get() == other_value.get() => {}
                _ => return false,
            }
        }
    };
    is_same_text() || stable(in_a) == stable(in_b)
}

fn is_volatile(context_field: &str) -> bool {
    VOLATILE.iter().any(|field| field.name() == context_field)
}

/// Returns the values of `record` by path, without what is volatile.
fn flattened(record: &TraceRecord) -> Vec<(String, Box<RawValue>)> {
    let mut leaves = Leaves::default();
    // Writing a record into memory does not fail.
    let json = serde_json::to_string(record).unwrap_or_default();
    for (field, value) in members(&json).unwrap_or_default() {
        match (&*field, members(value.get())) {
            ("trace_id" | "t_enter" | "t_exit" | "duration_ms", _) => {}
            ("ctx_before" | "ctx_after" | "ctx_diff", Some(shown)) => {
                for (context_field, value) in shown.iter().filter(|(name, _)| !is_volatile(name)) {
                    leaves.add(&(field.to_string() + "." + context_field), value, 2);
                }
            }
            _ => leaves.add(&field, value, 1),
        }
    }
    leaves.0
}

/// Values that are not taken apart further, by path.
#[derive(Default)]
struct Leaves(Vec<(String, Box<RawValue>)>);

impl Leaves {
    fn add(&mut self, path: &str, value: &RawValue, depth: usize) {
        if depth < MAX_DEPTH {
            if let Some(members) = members(value.get()).filter(|members| !members.is_empty()) {
                for (key, value) in members {
                    self.add(&(path.to_owned() + &name(&key)), value, depth + 1);
                }
                return;
            }
            if let Some(elements) = elements(value.get()).filter(|elements| !elements.is_empty()) {
                for (at, value) in elements.into_iter().enumerate() {
                    self.add(&format!("{path}[{at}]"), value, depth + 1);
                }
                return;
            }
        }
        self.0.push((path.to_owned(), value.to_owned()));
    }
}

/// Returns `key` as it follows in a path: `.key`, or `["key"]` where it could be taken for several.
fn name(key: &str) -> String {
    let is_plain = !key.is_empty() && !key.contains(['.', '[', ']', '"']);
    if is_plain { format!(".{key}") } else { format!("[{key:?}]") }
}

/// A key and its value.
pub(super) type Member<'j> = (Cow<'j, str>, &'j RawValue);

/// Returns the members of a JSON object in their order, as they are written; `None` of what is no object.
pub(super) fn members(json: &str) -> Option<Vec<Member<'_>>> {
    #[derive(Deserialize)]
    struct Key<'j>(#[serde(borrow)] Cow<'j, str>);
    struct Members;
    impl<'j> Visitor<'j> for Members {
        type Value = Vec<Member<'j>>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<M: MapAccess<'j>>(self, mut map: M) -> Result<Self::Value, M::Error> {
            let mut members = Vec::new();
            while let Some((Key(key), value)) = map.next_entry()? {
                members.push((key, value));
            }
            Ok(members)
        }
    }
    json.starts_with('{').then(|| serde_json::Deserializer::from_str(json).deserialize_map(Members).ok())?
}

fn elements(json: &str) -> Option<Vec<&RawValue>> {
    json.starts_with('[').then(|| serde_json::from_str(json).ok())?
}

/// Returns the text that a JSON string stands for; `None` of what is no string.
pub(super) fn text(json: &str) -> Option<String> {
    json.starts_with('"').then(|| serde_json::from_str(json).ok())?
}

/// Returns `json` in the one form of values that are the same: strings can be escaped in several ways.
fn canonical(json: &str) -> String {
    text(json).map_or_else(|| json.to_owned(), |text| format!("\"{text}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::tests::record;

    /// Compares records with the `ctx_after`s given and returns each differing path with both values.
    fn check(a: &str, b: &str) -> Vec<String> {
        let with_context = |json: &str| {
            let mut record = record(1, "a", "");
            record.ctx_after = serde_json::from_str(json).unwrap();
            record
        };
        let (a, b) = (with_context(a), with_context(b));
        let fields = differing_fields(&a, &b);
        assert_eq!(is_same(&a, &b), fields.is_empty(), "the quick answer is the same as the full one");
        let shown =
            |value: Option<Box<RawValue>>| value.map_or("-".to_owned(), |value| value.get().to_owned());
        fields
            .into_iter()
            .map(|field| format!("{}: {} {}", field.path, shown(field.a), shown(field.b)))
            .collect()
    }

    #[test]
    fn values_are_compared_by_path() {
        let (a, b) = (
            r#"{"tags":{"x":"1","y":"2"},"notes":["n"]}"#,
            r#"{"tags":{"y":"3","z":"4"},"notes":["n","m"]}"#,
        );
        assert_eq!(
            check(a, b),
            [
                r#"ctx_after.tags.x: "1" -"#,
                r#"ctx_after.tags.y: "2" "3""#,
                r#"ctx_after.tags.z: - "4""#,
                r#"ctx_after.notes[1]: - "m""#,
            ]
        );
        assert_eq!(check("null", r#"{"tags":{}}"#), ["ctx_after: null -", "ctx_after.tags: - {}"]);
        assert_eq!(check("null", "{}"), ["ctx_after: null -"]);
        assert_eq!(check(r#"{"run_id":"a"}"#, "{}"), [""; 0]);
    }

    #[test]
    fn numbers_of_any_size_are_told_apart() {
        let (a, b) = (
            format!(r#"{{"metrics":{{"m":{}}}}}"#, u128::MAX),
            format!(r#"{{"metrics":{{"m":{}}}}}"#, u128::MAX - 1),
        );
        assert_eq!(check(&a, &b).len(), 1);
    }

    #[test]
    fn run_ids_times_order_and_spelling_make_no_difference() {
        let a = r#"{"trace_id":"a:1","run_id":"a","line_no":1,"received_at":"x","tags":{"x":"é","y":"2"}}"#;
        let b = r#"{"trace_id":"b:1","run_id":"b","line_no":1,"received_at":"y","tags":{ "y":"2", "x":"\u00e9"}}"#;
        assert_eq!(check(a, b), [""; 0]);
        assert_eq!(check(a, &b.replace(r#""line_no":1"#, r#""line_no":2"#)), ["ctx_after.line_no: 1 2"]);
    }

    #[test]
    fn volatile_names_mean_something_only_at_the_top_of_a_snapshot() {
        assert_eq!(check(r#"{"tags":{"run_id":"1"}}"#, r#"{"tags":{"run_id":"2"}}"#).len(), 1);
    }

    #[test]
    fn a_key_with_a_point_is_not_taken_for_two() {
        let fields = check(r#"{"tags":{"a.b":"1"}}"#, r#"{"tags":{"a":{"b":"1"}}}"#);
        assert_eq!(fields, [r#"ctx_after.tags["a.b"]: "1" -"#, r#"ctx_after.tags.a.b: - "1""#]);
    }

    #[test]
    fn the_bound_of_depth_holds_and_what_is_deeper_is_one_value() {
        let nested =
            |levels: usize, leaf: u8| "{\"k\":".repeat(levels) + &leaf.to_string() + &"}".repeat(levels);
        // The context itself stands at depth 1.
        let at_bound = check(&nested(MAX_DEPTH - 1, 1), &nested(MAX_DEPTH - 1, 2));
        assert!(at_bound[0].ends_with(".k: 1 2"), "{at_bound:?}");
        let beyond = check(&nested(MAX_DEPTH, 1), &nested(MAX_DEPTH, 2));
        assert!(beyond[0].ends_with(r#".k: {"k":1} {"k":2}"#), "{beyond:?}");
        assert_eq!(check(&nested(100_000, 1), &nested(100_000, 2)).len(), 1);
    }
}
