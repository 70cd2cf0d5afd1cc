//! OTLP/JSON lines, in the form of the OpenTelemetry Collector's file exporter: a trace for each input, a span for each
//! step.
//!
//! Field names are in lower camel case, 64-bit integers are strings, enums are numbers, ids are lower-case hexadecimal.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};
use stream_kernel_text::hex;
use stream_kernel_trace::{Timestamp, TraceRecord};

use super::{Format, MAX_PART_BYTES, Step};
use crate::{SpanIds, write_json};

/// The span kind: internal, since a step neither answers a remote call nor makes one.
const KIND_INTERNAL: u8 = 1;
/// The status of a failed step. Otherwise the status is empty: instrumentation must not set the code for success.
const CODE_ERROR: u8 = 2;

/// Writes a line for each input: a span for each step, then the root span around them, whose end is known last.
pub(super) struct Otlp<W> {
    out: W,
    input: Option<OpenInput>,
}

/// The input whose steps are being read.
struct OpenInput {
    ids: SpanIds,
    /// Step and work index of the record before.
    last: Option<(usize, u32)>,
    /// The number of records that did not follow their predecessor; they always do, unless the trace contains records
    /// twice.
    repeats: u64,
    run_id: String,
    scenario: String,
    line_no: u64,
    begin_ns: u64,
    end_ns: u64,
    records: u64,
    /// The error of its first failed step.
    failure: Option<String>,
    /// The spans of the steps, with commas between them.
    spans: Vec<u8>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Span<'a> {
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    events: Vec<Value>,
    status: Value,
}

impl<W: Write> Otlp<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, input: None }
    }
}

impl<W: Write> Format for Otlp<W> {
    fn step(&mut self, step: &Step<'_>) -> io::Result<()> {
        let input = self.input.get_or_insert_with(|| OpenInput::new(step));
        if input.spans.len() > MAX_PART_BYTES {
            input.write_line(&mut self.out)?;
            input.spans.clear();
        }
        input.push_step(step)
    }

    fn end_input(&mut self) -> io::Result<()> {
        let Some(mut input) = self.input.take() else { return Ok(()) };
        input.push_root()?;
        input.write_line(&mut self.out)
    }
}

impl OpenInput {
    fn new(step: &Step<'_>) -> Self {
        let record = step.record;
        let t_enter = Timestamp::from_nanos(step.begin_ns);
        Self {
            ids: SpanIds::new(record.run_id(), record.line_no, t_enter),
            last: None,
            repeats: 0,
            run_id: record.run_id().to_owned(),
            scenario: record.scenario.clone(),
            line_no: record.line_no,
            begin_ns: step.begin_ns,
            end_ns: step.begin_ns,
            records: 0,
            failure: None,
            spans: Vec::new(),
        }
    }

    fn push_step(&mut self, step: &Step<'_>) -> io::Result<()> {
        let record = step.record;
        let end_ns = step.begin_ns.saturating_add(step.duration_ns);
        let failure = record.error.as_ref().map(|error| &*error.message);
        self.records += 1;
        let place = Some((record.step_index, record.work_index));
        self.repeats += u64::from(place <= self.last);
        self.last = place;
        self.begin_ns = self.begin_ns.min(step.begin_ns);
        self.end_ns = self.end_ns.max(end_ns);
        if self.failure.is_none() {
            self.failure = failure.map(str::to_owned);
        }
        let id = self.ids.step_span(record.step_index, record.work_index, self.repeats);
        self.push(&Span {
            trace_id: hex(&self.ids.trace_id()),
            id: hex(&id),
            parent_span_id: hex(&self.ids.input_span()),
            name: &record.step_name,
            kind: KIND_INTERNAL,
            start_time_unix_nano: step.begin_ns.to_string(),
            end_time_unix_nano: end_ns.to_string(),
            attributes: attributes_of(step),
            events: events_of(step, end_ns),
            status: status(failure),
        })
    }

    fn push_root(&mut self) -> io::Result<()> {
        self.push(&Span {
            trace_id: hex(&self.ids.trace_id()),
            id: hex(&self.ids.input_span()),
            parent_span_id: String::new(),
            name: "input",
            kind: KIND_INTERNAL,
            start_time_unix_nano: self.begin_ns.to_string(),
            end_time_unix_nano: self.end_ns.to_string(),
            attributes: vec![
                attribute("scenario", text(&self.scenario)),
                attribute("run_id", text(&self.run_id)),
                attribute("line_no", integer(self.line_no)),
                attribute("records", integer(self.records)),
            ],
            events: Vec::new(),
            status: status(self.failure.as_deref()),
        })
    }

    fn push(&mut self, span: &Span<'_>) -> io::Result<()> {
        if !self.spans.is_empty() {
            self.spans.push(b',');
        }
        Ok(write_json(&mut self.spans, span)?)
    }

    fn write_line(&self, out: &mut impl Write) -> io::Result<()> {
        // A trace names no program. The scenario is what people look for among the services of a tracing backend.
        let attributes =
            [attribute("service.name", text(&self.scenario)), attribute("run_id", text(&self.run_id))];
        out.write_all(b"{\"resourceSpans\":[{\"resource\":")?;
        write_json(&mut *out, &json!({"attributes": attributes}))?;
        out.write_all(b",\"scopeSpans\":[{\"scope\":{\"name\":\"stream-kernel\"},\"spans\":[")?;
        out.write_all(&self.spans)?;
        out.write_all(b"]}]}]}\n")
    }
}

/// Returns the record's fields about messages, under the record's own names, and the context's changed values.
fn attributes_of(step: &Step<'_>) -> Vec<Value> {
    let TraceRecord { msg_in, msg_out, .. } = step.record;
    let mut attributes = vec![
        attribute("line_no", integer(step.record.line_no)),
        attribute("step_index", integer(step.record.step_index as u64)),
        attribute("work_index", integer(step.record.work_index.into())),
        attribute("msg_in.type_name", text(&msg_in.type_name)),
    ];
    for (key, value) in [("msg_in.identity", &msg_in.identity), ("msg_in.hash", &msg_in.hash)] {
        attributes.extend(value.as_ref().map(|value| attribute(key, text(value))));
    }
    let emitted: Vec<_> = msg_out.iter().map(|message| text(&message.type_name)).collect();
    attributes.push(attribute("msg_out.type_name", json!({"arrayValue": {"values": emitted}})));
    for change in &step.changes {
        let after = change.after.as_deref().map(value_of);
        attributes.extend(after.map(|after| attribute(&format!("ctx.{}", change.path), after)));
    }
    attributes.extend(step.record.error.iter().map(|error| attribute("error.type", text(&error.type_name))));
    attributes
}

/// Returns an event for each value of the context that the step changed, and one for a failure. All have the time of
/// the step's end.
fn events_of(step: &Step<'_>, end_ns: u64) -> Vec<Value> {
    let event = |name, attributes: Vec<Value>| json!({"timeUnixNano": end_ns.to_string(), "name": name, "attributes": attributes});
    let changes = step.changes.iter().map(|change| {
        let mut attributes = vec![attribute("path", text(&change.path))];
        for (key, value) in [("before", &change.before), ("after", &change.after)] {
            attributes.extend(value.as_ref().map(|json| attribute(key, value_of(json))));
        }
        event("ctx_diff", attributes)
    });
    let exception = step.record.error.iter().map(|error| {
        let type_name = attribute("exception.type", text(&error.type_name));
        event("exception", vec![type_name, attribute("exception.message", text(&error.message))])
    });
    changes.chain(exception).collect()
}

fn status(failure: Option<&str>) -> Value {
    failure.map_or(json!({}), |message| json!({"message": message, "code": CODE_ERROR}))
}

fn attribute(key: &str, value: Value) -> Value {
    [("key".to_owned(), key.into()), ("value".to_owned(), value)].into_iter().collect()
}

fn text(text: &str) -> Value {
    json!({"stringValue": text})
}

/// Returns an integer, as text if it does not fit into a signed 64-bit integer.
fn integer(value: u64) -> Value {
    let digits = value.to_string();
    if i64::try_from(value).is_ok() { json!({"intValue": digits}) } else { text(&digits) }
}

/// Returns the value of JSON text; JSON without an OTLP counterpart remains text.
fn value_of(json: &str) -> Value {
    match serde_json::from_str(json) {
        Ok(Value::String(string)) => text(&string),
        Ok(Value::Bool(value)) => json!({"boolValue": value}),
        Ok(Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
            (Some(value), _) => json!({"intValue": value.to_string()}),
            (None, Some(value)) if json.contains(['.', 'e', 'E']) => json!({"doubleValue": value}),
            _ => text(json),
        },
        _ => text(json),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_typed_and_integers_lose_no_digit() {
        let told = |json| value_of(json).to_string();
        let least = i64::MIN.to_string();
        let texts = [
            r#""a\"b""#,
            "true",
            &least,
            "9223372036854775808",
            "0.25",
            "1e3",
            "1e999",
            "null",
            r#"["late"]"#,
        ];
        insta::assert_snapshot!(texts.map(told).join("\n"), @r#"
        {"stringValue":"a\"b"}
        {"boolValue":true}
        {"intValue":"-9223372036854775808"}
        {"stringValue":"9223372036854775808"}
        {"doubleValue":0.25}
        {"doubleValue":1000.0}
        {"stringValue":"1e999"}
        {"stringValue":"null"}
        {"stringValue":"[\"late\"]"}
        "#);
        let most = i64::MAX.unsigned_abs();
        assert_eq!(integer(most), json!({"intValue": most.to_string()}));
        assert_eq!(integer(most + 1), json!({"stringValue": (most + 1).to_string()}));
    }
}
