//! OTLP/JSON lines, as the OpenTelemetry Collector's file exporter writes them: a trace an input, a span a step.

mod message;

use std::io::{self, Write};

use stream_kernel_trace::{SpanIds, Timestamp, TraceRecord, write_json};

use super::step::Step;
use super::{Format, MAX_PART_BYTES};
use message::{Event, Hex, KeyValue, Resource, Span, SpanKind, SpanStatus, Value};

/// Writes a line for each input: a span for each step, then the root span around them, whose end is known only then.
pub(super) struct Otlp<W> {
    out: W,
    input: Option<OpenInput>,
}

/// The input whose steps are being read.
struct OpenInput {
    ids: SpanIds,
    /// Step and work index of the record before.
    last: Option<(usize, u32)>,
    /// How often they did not go on from one record to the next, as they do unless records stand there more than once.
    repeats: u64,
    run_id: String,
    scenario: String,
    line_no: u64,
    begin_ns: u64,
    end_ns: u64,
    records: u64,
    /// Why its first failed step failed.
    failure: Option<String>,
    /// The spans of the steps, with commas between them.
    spans: Vec<u8>,
}

impl<W: Write> Otlp<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, input: None }
    }
}

impl<W: Write> Format for Otlp<W> {
    fn begin_input(&mut self, step: &Step<'_>) -> io::Result<()> {
        let record = step.record;
        let t_enter = Timestamp::from_nanos(step.begin_ns).render();
        self.input = Some(OpenInput {
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
        });
        Ok(())
    }

    fn step(&mut self, step: &Step<'_>) -> io::Result<()> {
        let Some(input) = &mut self.input else { return Ok(()) };
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

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl OpenInput {
    fn push_step(&mut self, step: &Step<'_>) -> io::Result<()> {
        let end_ns = step.begin_ns.saturating_add(step.duration_ns);
        let failure = step.record.error.as_ref().map(|error| &*error.message);
        self.records += 1;
        let place = Some((step.record.step_index, step.record.work_index));
        self.repeats += u64::from(place <= self.last);
        self.last = place;
        self.begin_ns = self.begin_ns.min(step.begin_ns);
        self.end_ns = self.end_ns.max(end_ns);
        if self.failure.is_none() {
            self.failure = failure.map(str::to_owned);
        }
        let span = Span {
            trace_id: Hex(&self.ids.trace_id()),
            span_id: Hex(&self.ids.step_span(step.record.step_index, step.record.work_index, self.repeats)),
            parent_span_id: Hex(&self.ids.input_span()),
            name: &step.record.step_name,
            kind: SpanKind::INTERNAL,
            start_time_unix_nano: step.begin_ns.to_string(),
            end_time_unix_nano: end_ns.to_string(),
            attributes: attributes_of(step),
            events: events_of(step, end_ns),
            status: SpanStatus::of(failure),
        };
        push_span(&mut self.spans, &span)
    }

    fn push_root(&mut self) -> io::Result<()> {
        let span = Span {
            trace_id: Hex(&self.ids.trace_id()),
            span_id: Hex(&self.ids.input_span()),
            parent_span_id: Hex(&[]),
            name: "input",
            kind: SpanKind::INTERNAL,
            start_time_unix_nano: self.begin_ns.to_string(),
            end_time_unix_nano: self.end_ns.to_string(),
            attributes: vec![
                KeyValue::new("scenario", Value::text(&self.scenario)),
                KeyValue::new("run_id", Value::text(&self.run_id)),
                KeyValue::new("line_no", Value::integer(self.line_no)),
                KeyValue::new("records", Value::integer(self.records)),
            ],
            events: Vec::new(),
            status: SpanStatus::of(self.failure.as_deref()),
        };
        push_span(&mut self.spans, &span)
    }

    fn write_line(&self, out: &mut impl Write) -> io::Result<()> {
        // A trace names no program. What was run is what people look for among the services of a tracing backend.
        let resource = Resource {
            attributes: vec![
                KeyValue::new("service.name", Value::text(&self.scenario)),
                KeyValue::new("run_id", Value::text(&self.run_id)),
            ],
        };
        out.write_all(b"{\"resourceSpans\":[{\"resource\":")?;
        write_json(&mut *out, &resource)?;
        out.write_all(b",\"scopeSpans\":[{\"scope\":{\"name\":\"stream-kernel\"},\"spans\":[")?;
        out.write_all(&self.spans)?;
        out.write_all(b"]}]}]}\n")
    }
}

fn push_span(spans: &mut Vec<u8>, span: &Span<'_>) -> io::Result<()> {
    if !spans.is_empty() {
        spans.push(b',');
    }
    Ok(write_json(spans, span)?)
}

/// Returns what the record says of the messages, under the record's own names, and what the context's changed values are.
fn attributes_of<'a>(step: &'a Step<'_>) -> Vec<KeyValue<'a>> {
    let TraceRecord { msg_in, msg_out, .. } = step.record;
    let mut attributes = vec![
        KeyValue::new("line_no", Value::integer(step.record.line_no)),
        KeyValue::new("step_index", Value::integer(step.record.step_index as u64)),
        KeyValue::new("work_index", Value::integer(step.record.work_index.into())),
        KeyValue::new("msg_in.type_name", Value::text(&msg_in.type_name)),
    ];
    for (key, value) in [("msg_in.identity", &msg_in.identity), ("msg_in.hash", &msg_in.hash)] {
        attributes.extend(value.as_ref().map(|value| KeyValue::new(key, Value::text(value))));
    }
    let emitted = msg_out.iter().map(|message| &*message.type_name);
    attributes.push(KeyValue::new("msg_out.type_name", Value::texts(emitted)));
    for change in &step.changes {
        let after = change.after.as_deref().map(Value::json);
        attributes.extend(after.map(|after| KeyValue::new(format!("ctx.{}", change.path), after)));
    }
    if let Some(error) = &step.record.error {
        attributes.push(KeyValue::new("error.type", Value::text(&error.type_name)));
    }
    attributes
}

/// Returns an event for each value of the context that the step changed, and one for the failure. They are seen when it ends.
fn events_of<'a>(step: &'a Step<'_>, end_ns: u64) -> Vec<Event<'a>> {
    let event = |name, attributes| Event { time_unix_nano: end_ns.to_string(), name, attributes };
    let changes = step.changes.iter().map(|change| {
        let values = [("before", &change.before), ("after", &change.after)];
        let values = values.into_iter().filter_map(|(key, value)| Some((key, value.as_deref()?)));
        let mut attributes = vec![KeyValue::new("path", Value::text(&change.path))];
        attributes.extend(values.map(|(key, json)| KeyValue::new(key, Value::json(json))));
        event("ctx_diff", attributes)
    });
    let exception = step.record.error.iter().map(|error| {
        let attributes = vec![
            KeyValue::new("exception.type", Value::text(&error.type_name)),
            KeyValue::new("exception.message", Value::text(&error.message)),
        ];
        event("exception", attributes)
    });
    changes.chain(exception).collect()
}
