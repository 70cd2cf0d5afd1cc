//! Whether a record's `ctx_diff` has each field's value before and after the step, as in the snapshots.

use serde_json::Value;
use serde_json::value::RawValue;

use crate::json_leaves::{Member, before_and_after, members};

/// Returns the first finding of `diff` between the snapshots `before` and `after`, if any. If it is not an object,
/// another check reports that.
pub(super) fn fault_in_diff(before: &str, after: &str, diff: &str) -> Option<String> {
    if before == after && diff == "{}" {
        return None;
    }
    let [Some(before), Some(after), Some(diff)] = [before, after, diff].map(members) else { return None };
    for (field, change) in &diff {
        let Some((was, is)) = before_and_after(change) else {
            return Some(format!(
                "`ctx_diff` has `{field}` in another form than `{{\"before\":..,\"after\":..}}`"
            ));
        };
        for (side, said, snapshot) in [("before", was, &before), ("after", is, &after)] {
            if !value_of(field, snapshot).is_some_and(|shown| is_same(shown.get(), said.get())) {
                return Some(format!("`ctx_diff` has another `{field}` as `{side}` than `ctx_{side}` has"));
            }
        }
    }
    let is_in_diff = |field: &str| value_of(field, &diff).is_some();
    let is_unchanged = |field: &str, value: &RawValue| {
        value_of(field, &after).is_some_and(|after| is_same(value.get(), after.get()))
    };
    let changed = before.iter().find(|(field, value)| !is_in_diff(field) && !is_unchanged(field, value));
    let added = || after.iter().find(|(field, _)| value_of(field, &before).is_none());
    let (field, _) = changed.or_else(added)?;
    Some(format!("`{field}` differs between `ctx_before` and `ctx_after`, but not according to `ctx_diff`"))
}

fn value_of<'j>(field: &str, members: &[Member<'j>]) -> Option<&'j RawValue> {
    members.iter().find(|(name, _)| name == field).map(|&(_, value)| value)
}

/// Returns whether two JSON texts have the same value, or may have: content nested too deep is not compared.
pub(super) fn is_same(a: &str, b: &str) -> bool {
    let value = |json| serde_json::from_str::<Value>(json).ok();
    a == b || value(a).zip(value(b)).is_none_or(|(a, b)| a == b)
}
