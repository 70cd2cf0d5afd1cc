//! Whether a record's keys are complete and in order, which typed parsing does not check.

use serde_json::value::RawValue;
use stream_kernel_trace::{ContextSnapshot, TraceRecord};

use crate::json_leaves::members;

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

/// Returns the first finding in the keys of `record`, whose text is `text`, if any.
pub(super) fn fault_in_keys(text: &[u8], record: &TraceRecord) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?.trim_start();
    if after_record(text, record).is_some() {
        return None;
    }
    if let Some(fault) = fault_in_object("the record", text, RECORD) {
        return Some(fault);
    }
    for (key, value) in members(text)? {
        let fault = match &*key {
            "msg_in" => fault_in_object("`msg_in`", value.get(), MESSAGE),
            "msg_out" => {
                let messages: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
                messages.into_iter().find_map(|message| fault_in_object("`msg_out`", message.get(), MESSAGE))
            }
            "error" if value.get() != "null" => fault_in_object("`error`", value.get(), ERROR),
            // serde also reads a unit variant from an object.
            "status" if !value.get().starts_with('"') => Some("`status` is not a text".to_owned()),
            _ => None,
        };
        if fault.is_some() {
            return fault;
        }
    }
    None
}

/// Returns the rest of `text` after the last key of `record`, if all keys are there and in order, and only contexts
/// have escapes. Parsing every record again would double the time of a check.
fn after_record<'t>(text: &'t str, record: &TraceRecord) -> Option<&'t str> {
    let rest = after_keys(text, &RECORD[..10])?;
    let rest = after_keys(after_keys(rest, MESSAGE)?, &RECORD[10..11])?;
    let rest = record.msg_out.iter().try_fold(rest, |rest, _| after_keys(rest, MESSAGE))?;
    let mut rest = after_keys(rest, &RECORD[11..12])?;
    for (key, context) in RECORD[12..15].iter().zip([&record.ctx_before, &record.ctx_after, &record.ctx_diff])
    {
        let context = context.as_ref().map_or("null", ContextSnapshot::as_json);
        rest = after_keys(rest, &[key])?.strip_prefix(context)?;
    }
    let rest = after_keys(rest, &RECORD[15..])?;
    if record.error.is_some() { after_keys(rest, ERROR) } else { Some(rest) }
}

/// Returns the rest of `text` after `keys`, if they are next.
fn after_keys<'t>(text: &'t str, keys: &[&str]) -> Option<&'t str> {
    keys.iter().try_fold(text, |text, key| {
        let (before, after) = text.split_once("\":")?;
        (!before.contains('\\') && before.strip_suffix(key)?.ends_with('"')).then_some(after)
    })
}

/// Returns the finding of the object at `place`, if any.
fn fault_in_object(place: &str, json: &str, expected: &[&str]) -> Option<String> {
    // serde also reads a struct from a list of its values.
    let Some(members) = members(json) else { return Some(format!("{place} is not an object")) };
    if let Some(missing) = expected.iter().find(|key| !members.iter().any(|(present, _)| present == *key)) {
        return Some(format!("{place} lacks the key `{missing}`"));
    }
    let (found, due) = members.iter().zip(expected).find(|((present, _), due)| present != *due)?;
    Some(format!("{place} has the key `{}` where `{due}` is due", found.0))
}
