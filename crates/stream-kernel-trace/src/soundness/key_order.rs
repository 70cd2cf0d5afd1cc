//! Whether the keys of a record are all there, and in their order: what reading it by type does not tell.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

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
    let record: Entries<'_> = serde_json::from_slice(text).ok()?;
    if let Some(fault) = record.fault("the record", RECORD) {
        return Some(fault);
    }
    for (key, value) in &record.0 {
        let fault = match &**key {
            "msg_in" => fault_in_object("`msg_in`", value, MESSAGE),
            "msg_out" => {
                let messages: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
                messages.into_iter().find_map(|message| fault_in_object("`msg_out`", message, MESSAGE))
            }
            "error" => fault_in_object("`error`", value, ERROR),
            _ => None,
        };
        if fault.is_some() {
            return fault;
        }
    }
    None
}

fn fault_in_object(place: &str, value: &RawValue, expected: &[&str]) -> Option<String> {
    let object: Option<Entries<'_>> = serde_json::from_str(value.get()).ok()?;
    object?.fault(place, expected)
}

/// The entries of an object, as they stand.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl Entries<'_> {
    fn fault(&self, place: &str, expected: &[&str]) -> Option<String> {
        if let Some(missing) = expected.iter().find(|key| !self.0.iter().any(|(present, _)| present == *key))
        {
            return Some(format!("{place} lacks the key `{missing}`"));
        }
        let (found, due) = self.0.iter().zip(expected).find(|((present, _), due)| present != *due)?;
        Some(format!("{place} has the key `{}` where `{due}` is due", found.0))
    }
}

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;
        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(EntriesVisitor)
    }
}
