//! The JSON Schema of a record, made from the types that read it.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use crate::{ContextSnapshot, TraceRecord};

/// The form of a time; which days a month has is for the format `date-time` to say.
pub(crate) const TIME: &str = concat!(
    "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z$",
);

/// Returns the JSON Schema (2020-12) of a line of a trace.
///
/// ```
/// let schema = stream_kernel_trace::record_schema();
/// assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
/// assert_eq!(schema["properties"]["line_no"]["minimum"], 1);
/// ```
pub fn record_schema() -> Value {
    // As it is written, not as it is read: every key is always there.
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    generator.into_root_schema_for::<TraceRecord>().to_value()
}

/// Returns what some keys of a record say about others.
pub(crate) fn rules() -> Value {
    json!([
        {
            "description": "A step that failed says why, and has emitted nothing.",
            "if": {"properties": {"status": {"const": "ok"}}},
            "then": {"properties": {"error": {"type": "null"}}},
            "else": {"properties": {"error": {"type": "object"}, "msg_out": {"maxItems": 0}}},
        },
        {
            "description": "The context is shown before and after the step, with the difference, or not at all.",
            "if": {"properties": {"ctx_before": {"type": "null"}}},
            "then": {"properties": {"ctx_after": {"type": "null"}, "ctx_diff": {"type": "null"}}},
            "else": {"properties": {"ctx_after": {"type": "object"}, "ctx_diff": {"type": "object"}}},
        },
    ])
}

/// Fields of a context are the application's business, but for being an object.
impl JsonSchema for ContextSnapshot {
    fn schema_name() -> Cow<'static, str> {
        "ContextSnapshot".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Fields of a context, by name.",
            "type": "object",
        })
    }
}

/// Stands for a [`ContextSnapshot`] that holds what was changed.
pub(crate) struct ContextDiff;

impl JsonSchema for ContextDiff {
    fn schema_name() -> Cow<'static, str> {
        "ContextDiff".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Of each field that was changed, what it was and what it is.",
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": false,
                "properties": {"before": true, "after": true},
                "required": ["before", "after"],
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const RECORD: &str = r#"{"trace_id":"run:1","scenario":"s","line_no":1,"step_index":0,"step_name":"a","work_index":0,"t_enter":"2026-01-21T01:23:45.123456Z","t_exit":"2026-01-21T01:23:45.123599Z","duration_ms":0.143,"msg_in":{"type_name":"In","identity":null,"hash":null},"msg_out":[],"msg_out_count":0,"ctx_before":{},"ctx_after":{},"ctx_diff":{},"status":"error","error":{"type":"t","message":"m","where":"a","stack":null}}"#;

    #[test]
    fn every_object_is_closed_and_needs_every_key_that_a_record_has() {
        let schema = record_schema();
        let record: Value = serde_json::from_str(RECORD).unwrap();
        let objects = [
            (&schema, &record),
            (&schema["$defs"]["MessageSignature"], &record["msg_in"]),
            (&schema["$defs"]["RecordedError"], &record["error"]),
        ];
        for (schema, example) in objects {
            let keys: Vec<&String> = example.as_object().unwrap().keys().collect();
            let properties: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
            assert_eq!(properties, keys);
            let required: HashSet<&str> =
                schema["required"].as_array().unwrap().iter().map(|key| key.as_str().unwrap()).collect();
            assert_eq!(required, keys.iter().map(|key| key.as_str()).collect());
            assert_eq!(schema["additionalProperties"], false);
        }
    }

    #[test]
    fn ranges_and_formats_are_told() {
        let schema = record_schema();
        let property = |name: &str| serde_json::to_string(&schema["properties"][name]).unwrap();
        insta::assert_snapshot!([property("line_no"), property("t_enter"), property("duration_ms"), property("ctx_diff")].join("\n"), @r##"
        {"type":"integer","format":"uint64","minimum":1,"description":"The input's line, from 1."}
        {"type":"string","description":"When the step took the message: RFC 3339, UTC, microseconds.","pattern":"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\\.[0-9]{6}Z$","format":"date-time"}
        {"type":"number","format":"double","description":"How long that took, in milliseconds.","minimum":0}
        {"anyOf":[{"$ref":"#/$defs/ContextDiff"},{"type":"null"}],"description":"The shown fields that the step changed: of each `{\"before\":..,\"after\":..}`."}
        "##);
        insta::assert_snapshot!(serde_json::to_string_pretty(&schema["$defs"]["MessageSignature"]["properties"]).unwrap(), @r#"
        {
          "type_name": {
            "type": "string",
            "description": "The message's kind."
          },
          "identity": {
            "type": [
              "string",
              "null"
            ],
            "description": "By what people know it.",
            "maxLength": 270
          },
          "hash": {
            "type": [
              "string",
              "null"
            ],
            "description": "The hash of its content, in lower-case hexadecimal.",
            "pattern": "^[0-9a-f]{32}$"
          }
        }
        "#);
        insta::assert_snapshot!(schema["$defs"]["RecordedError"]["properties"], @r#"{"type":{"type":"string","description":"The kind of failure.","maxLength":270},"message":{"type":"string","description":"What happened.","maxLength":270},"where":{"type":"string","description":"The name of the step."},"stack":{"type":"null","description":"Always null: the field is kept for readers that expect it."}}"#);
    }
}
