//! OTLP/JSON lines, in the form of the OpenTelemetry Collector's file exporter: a line for each input.
//!
//! Field names are in lower camel case, 64-bit integers are strings, enums are numbers, ids are lower-case hexadecimal.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};
use stream_kernel_text::hex;

use super::{MAX_PART_BYTES, SpanReceiver};
use crate::spans::{Attribute, AttributeValue, Resource, SCOPE_NAME, SCOPE_VERSION, Span, SpanEvent};
use crate::write_json;

/// The span kind: internal, since a step neither answers a remote call nor makes one.
const KIND_INTERNAL: u8 = 1;
/// The status of a failed step. Otherwise the status is empty: instrumentation must not set the code for success.
const CODE_ERROR: u8 = 2;

/// Writes a line for each input: a span for each step, then the root span around them, whose end is known last.
pub(super) struct OtlpJson<W> {
    out: W,
    /// The resource of the run, as JSON.
    resource: Vec<u8>,
    /// The spans of the input, with commas between them.
    spans: Vec<u8>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonSpan<'a> {
    trace_id: String,
    #[serde(rename = "spanId")]
    id: String,
    /// Empty for a root span.
    parent_span_id: String,
    name: &'a str,
    kind: u8,
    start_time_unix_nano: String,
    end_time_unix_nano: String,
    attributes: Vec<Value>,
    #[serde(skip_serializing_if = "is_zero")]
    dropped_attributes_count: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    events: Vec<Value>,
    status: Value,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl<W: Write> OtlpJson<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, resource: Vec::new(), spans: Vec::new() }
    }

    fn write_line(&mut self) -> io::Result<()> {
        let out = &mut self.out;
        out.write_all(b"{\"resourceSpans\":[{\"resource\":")?;
        out.write_all(&self.resource)?;
        out.write_all(b",\"scopeSpans\":[{\"scope\":")?;
        write_json(&mut *out, &json!({"name": SCOPE_NAME, "version": SCOPE_VERSION}))?;
        out.write_all(b",\"spans\":[")?;
        out.write_all(&self.spans)?;
        out.write_all(b"]}]}]}\n")?;
        self.spans.clear();
        Ok(())
    }
}

impl<W: Write> SpanReceiver for OtlpJson<W> {
    fn begin_run(&mut self, resource: Resource) -> io::Result<()> {
        self.resource.clear();
        Ok(write_json(&mut self.resource, &json!({"attributes": attributes(&resource.attributes)}))?)
    }

    fn span(&mut self, span: Span) -> io::Result<()> {
        // The root span closes the last part.
        if self.spans.len() > MAX_PART_BYTES && span.parent.is_some() {
            self.write_line()?;
        }
        if !self.spans.is_empty() {
            self.spans.push(b',');
        }
        let json = JsonSpan {
            trace_id: hex(&span.trace_id),
            id: hex(&span.id),
            parent_span_id: span.parent.as_ref().map(|parent| hex(parent)).unwrap_or_default(),
            name: &span.name,
            kind: KIND_INTERNAL,
            start_time_unix_nano: span.begin_ns.to_string(),
            end_time_unix_nano: span.end_ns.to_string(),
            attributes: attributes(&span.attributes),
            dropped_attributes_count: span.attributes_left_out,
            events: span.events.iter().map(event).collect(),
            status: span.failure.map_or(json!({}), |message| json!({"message": message, "code": CODE_ERROR})),
        };
        Ok(write_json(&mut self.spans, &json)?)
    }

    fn end_input(&mut self) -> io::Result<()> {
        self.write_line()
    }
}

fn event(event: &SpanEvent) -> Value {
    json!({
        "timeUnixNano": event.at_ns.to_string(),
        "name": event.name,
        "attributes": attributes(&event.attributes),
    })
}

fn attributes(attributes: &[Attribute]) -> Vec<Value> {
    let json =
        attributes.iter().map(|Attribute { key, value }| json!({"key": key, "value": value_of(value)}));
    json.collect()
}

fn value_of(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::Text(text) => json!({"stringValue": text}),
        AttributeValue::Integer(integer) => json!({"intValue": integer.to_string()}),
        AttributeValue::Number(number) => json!({"doubleValue": number}),
        AttributeValue::Bool(value) => json!({"boolValue": value}),
        AttributeValue::Texts(texts) => {
            let texts: Vec<_> = texts.iter().map(|text| json!({"stringValue": text})).collect();
            json!({"arrayValue": {"values": texts}})
        }
    }
}
