//! Whether the keys of a record are all there, and in their order: what reading it by type does not tell.

use serde_json::value::RawValue;

use crate::json_members::Members;

const RECORD: &[&str] = &[
    "trace_id",
    "scenario",
    "line_no",
    "step_index",
    "step_name",
    "work_index",
    "t_enter",
    "t_exit",
    "duration_ms",
    "msg_in",
    "msg_out",
    "msg_out_count",
    "ctx_before",
    "ctx_after",
    "ctx_diff",
    "status",
    "error",
];
const MESSAGE: &[&str] = &["type_name", "identity", "hash"];
const ERROR: &[&str] = &["type", "message", "where", "stack"];

/// Returns what is wrong with the keys of the record that `text` holds, if anything is; the first thing only.
pub(super) fn fault_in_keys(text: &[u8]) -> Option<String> {
    let Ok(record) = serde_json::from_slice::<Members<'_>>(text) else {
        return Some("the record is no object".to_owned());
    };
    if let Some(fault) = fault_in_members(&record, "the record", RECORD) {
        return Some(fault);
    }
    for (key, value) in &record.0 {
        let fault = match &**key {
            "msg_in" => fault_in_object("`msg_in`", value, MESSAGE),
            "msg_out" => {
                let messages: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
                messages.into_iter().find_map(|message| fault_in_object("`msg_out`", message, MESSAGE))
            }
            "error" if value.get() != "null" => fault_in_object("`error`", value, ERROR),
            // A type of one word can also be read from an object.
            "status" if !value.get().starts_with('"') => Some("`status` is no text".to_owned()),
            _ => None,
        };
        if fault.is_some() {
            return fault;
        }
    }
    None
}

fn fault_in_object(place: &str, value: &RawValue, expected: &[&str]) -> Option<String> {
    match serde_json::from_str::<Members<'_>>(value.get()) {
        Ok(object) => fault_in_members(&object, place, expected),
        // A list of the values can be read as well.
        Err(_) => Some(format!("{place} is no object")),
    }
}

/// Returns what is wrong with the keys of `object`, which stands at `place`.
fn fault_in_members(object: &Members<'_>, place: &str, expected: &[&str]) -> Option<String> {
    let Members(members) = object;
    if members.iter().map(|(key, _)| &**key).eq(expected.iter().copied()) {
        return None;
    }
    if let Some(missing) = expected.iter().find(|key| !members.iter().any(|(present, _)| present == *key)) {
        return Some(format!("{place} lacks the key `{missing}`"));
    }
    let (found, due) = members.iter().zip(expected).find(|((present, _), due)| present != *due)?;
    Some(format!("{place} has the key `{}` where `{due}` is due", found.0))
}
