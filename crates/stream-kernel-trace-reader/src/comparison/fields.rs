//! Comparison of two records, field by field.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::json_leaves::{Leaf, Member, differing, members, name, push_leaves, text};
use stream_kernel_trace::{ContextField, ContextSnapshot, TraceRecord};

/// The fields of a context that differ in every run.
const VOLATILE: [ContextField; 3] = [ContextField::TraceId, ContextField::RunId, ContextField::ReceivedAt];

/// A field with different values in two records, or one that a record lacks.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct FieldDifference {
    /// The path in the record: `msg_out[0].hash`, `ctx_after.tags.reason`.
    pub path: String,
    /// The value in the first record, as JSON; `None` if there is no such field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a: Option<Box<RawValue>>,
    /// The value in the second record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b: Option<Box<RawValue>>,
}

/// Returns the fields in which two records differ: those of the first in its order, then those that only the second
/// has.
///
/// The comparison ignores times (`t_enter`, `t_exit`, `duration_ms`, in snapshots `received_at`), the names of the run
/// (`trace_id`, in snapshots `trace_id` and `run_id`), `step_index`, which changes when a step is added before, and
/// with `ignores_scenario` the scenario's name. Objects are compared by key, in any order.
pub(super) fn differing_fields(
    a: &TraceRecord,
    b: &TraceRecord,
    ignores_scenario: bool,
) -> Vec<FieldDifference> {
    // Writing a record into memory does not fail.
    let [a, b] = [a, b].map(|record| serde_json::to_string(record).unwrap_or_default());
    let [of_a, of_b] = [&a, &b].map(|record| flattened(record, ignores_scenario));
    differing(of_a, &of_b, is_same_value)
        .into_iter()
        .map(|(path, a, b)| FieldDifference {
            path,
            a: a.map(ToOwned::to_owned),
            b: b.map(ToOwned::to_owned),
        })
        .collect()
}

/// Returns whether [`differing_fields`] would find nothing. Contexts with the same text are not parsed.
pub(super) fn is_same(a: &TraceRecord, b: &TraceRecord, ignores_scenario: bool) -> bool {
    let is_same_context =
        |a: &Option<_>, b: &Option<_>| is_same_context(a.as_ref(), b.as_ref(), ignores_scenario);
    a.line_no == b.line_no
        && a.work_index == b.work_index
        && a.msg_out_count == b.msg_out_count
        && a.status == b.status
        && a.step_name == b.step_name
        && (ignores_scenario || a.scenario == b.scenario)
        && a.msg_in == b.msg_in
        && a.msg_out == b.msg_out
        && a.error == b.error
        && is_same_context(&a.ctx_after, &b.ctx_after)
        && is_same_context(&a.ctx_before, &b.ctx_before)
        && is_same_context(&a.ctx_diff, &b.ctx_diff)
}

fn is_same_context(a: Option<&ContextSnapshot>, b: Option<&ContextSnapshot>, ignores_scenario: bool) -> bool {
    if a == b {
        return true;
    }
    let (Some(a), Some(b)) = (a, b) else { return false };
    let (Some(a), Some(b)) = (members(a.as_json()), members(b.as_json())) else { return false };
    let [a, b] = [a, b].map(|shown| {
        let mut leaves = Vec::new();
        push_context(&mut leaves, "", shown, ignores_scenario);
        leaves
    });
    differing(a, &b, is_same_value).is_empty()
}

/// Returns the values of a record by path, without the volatile ones.
fn flattened(record: &str, ignores_scenario: bool) -> Vec<Leaf<'_>> {
    let mut leaves = Vec::new();
    for (field, value) in members(record).unwrap_or_default() {
        match (&*field, members(value.get())) {
            ("trace_id" | "t_enter" | "t_exit" | "duration_ms" | "step_index", _) => {}
            ("scenario", _) if ignores_scenario => {}
            ("ctx_before" | "ctx_after" | "ctx_diff", Some(shown)) => {
                push_context(&mut leaves, &field, shown, ignores_scenario);
            }
            _ => push_leaves(&mut leaves, field.into_owned(), 1, value),
        }
    }
    leaves
}

/// Adds the values in the fields of a context at `path`, without the volatile ones.
fn push_context<'j>(leaves: &mut Vec<Leaf<'j>>, path: &str, fields: Vec<Member<'j>>, ignores_scenario: bool) {
    for (field, value) in fields {
        let is_left_out = VOLATILE.iter().any(|volatile| volatile.name() == field)
            || ignores_scenario && field == ContextField::ScenarioId.name();
        if !is_left_out {
            push_leaves(leaves, path.to_owned() + &name(&field), 2, value);
        }
    }
}

/// Returns whether two values are the same: a string can be escaped in several ways.
fn is_same_value(a: &str, b: &str) -> bool {
    a == b || text(a).is_some_and(|a| text(b) == Some(a))
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
        let fields = differing_fields(&a, &b, false);
        assert_eq!(is_same(&a, &b, false), fields.is_empty(), "the quick answer is the same as the full one");
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
        // Two runs with different field lists have this.
        let other_fields = check(r#"{"tags":{"x":"1"}}"#, r#"{"flags":{"x":"1"}}"#);
        assert_eq!(other_fields, [r#"ctx_after.tags.x: "1" -"#, r#"ctx_after.flags.x: - "1""#]);
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
    fn the_scenarios_name_is_ignored_on_request() {
        let scenes = ["one", "other"].map(|name| {
            let mut record = record(1, "a", "");
            record.scenario = name.to_owned();
            record.ctx_after = serde_json::from_value(serde_json::json!({"scenario_id": name})).unwrap();
            record
        });
        for (scenario, expected) in [(false, vec!["scenario", "ctx_after.scenario_id"]), (true, vec![])] {
            let fields = differing_fields(&scenes[0], &scenes[1], scenario);
            assert_eq!(fields.iter().map(|field| &*field.path).collect::<Vec<_>>(), expected);
            assert_eq!(is_same(&scenes[0], &scenes[1], scenario), scenario);
        }
    }

    #[test]
    fn the_position_in_the_pipeline_makes_no_difference() {
        let (a, b) = (record(1, "a", ""), TraceRecord { step_index: 1, ..record(1, "a", "") });
        assert!(is_same(&a, &b, false) && differing_fields(&a, &b, false).is_empty());
    }

    #[test]
    fn volatile_names_mean_something_only_at_the_top_of_a_snapshot() {
        assert_eq!(check(r#"{"tags":{"run_id":"1"}}"#, r#"{"tags":{"run_id":"2"}}"#).len(), 1);
    }

    #[test]
    fn a_key_with_a_point_is_one_key() {
        let fields = check(r#"{"tags":{"a.b":"1"}}"#, r#"{"tags":{"a":{"b":"1"}}}"#);
        assert_eq!(fields, [r#"ctx_after.tags["a.b"]: "1" -"#, r#"ctx_after.tags.a.b: - "1""#]);
    }
}
