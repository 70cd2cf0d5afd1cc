//! The spans of an input, built step by step.

use stream_kernel_trace::{Outcome, Tags, Timestamp, TraceRecord};

use super::value::value_of;
use super::{Attribute, AttributeValue, MAX_ANNOTATIONS, Resource, Service, Span, SpanEvent};
use crate::SpanIds;
use crate::export::Step;
use crate::reading::ValueChange;

/// The fields of a context that hold what steps noted, apart from lists.
const MAPS: [&str; 3] = ["tags", "metrics", "flags"];
/// The other such fields.
const LISTS: [&str; 2] = ["notes", "errors"];

/// The input whose steps are being read.
pub(crate) struct InputSpans {
    ids: SpanIds,
    /// Step and work index of the record before.
    last: Option<(usize, u32)>,
    /// The number of records that did not follow their predecessor; they always do, unless the trace contains records
    /// twice.
    repeats: u64,
    line_no: u64,
    begin_ns: u64,
    end_ns: u64,
    records: u64,
    /// The first failed step, and its error.
    failure: Option<(String, String)>,
    /// What the steps noted: paths, and the last values as JSON.
    annotations: Vec<(String, String)>,
    left_out: u32,
}

impl InputSpans {
    /// Begins an input with its first step.
    pub(crate) fn new(step: &Step<'_>) -> Self {
        let record = step.record;
        let t_enter = Timestamp::from_nanos(step.begin_ns);
        Self {
            ids: SpanIds::new(record.run_id(), record.line_no, t_enter),
            last: None,
            repeats: 0,
            line_no: record.line_no,
            begin_ns: step.begin_ns,
            end_ns: step.begin_ns,
            records: 0,
            failure: None,
            annotations: Vec::new(),
            left_out: 0,
        }
    }

    /// Returns the resource, if this is the first input of its run.
    pub(crate) fn resource(&self, service: &Service, step: &Step<'_>) -> Resource {
        Resource::of(service, step.record, self.ids.trace_id())
    }

    /// Returns the span of the next step.
    pub(crate) fn step(&mut self, service: &Service, step: &Step<'_>) -> Span {
        let record = step.record;
        let end_ns = step.begin_ns.saturating_add(step.duration_ns);
        self.records += 1;
        let place = Some((record.step_index, record.work_index));
        self.repeats += u64::from(place <= self.last);
        self.last = place;
        self.begin_ns = self.begin_ns.min(step.begin_ns);
        self.end_ns = self.end_ns.max(end_ns);
        let failure = record.error.as_ref().map(|error| error.message.clone());
        if let (None, Some(message)) = (&self.failure, &failure) {
            self.failure = Some((record.step_name.clone(), message.clone()));
        }
        step.changes.iter().for_each(|change| self.annotate(change));
        Span {
            trace_id: self.ids.trace_id(),
            id: self.ids.step_span(record.step_index, record.work_index, self.repeats),
            parent: Some(self.ids.input_span()),
            name: record.step_name.clone(),
            begin_ns: step.begin_ns,
            end_ns,
            attributes: attributes_of(&service.namespace, step),
            attributes_left_out: 0,
            events: events_of(step, end_ns),
            failure,
        }
    }

    fn annotate(&mut self, change: &ValueChange) {
        let known = self.annotations.iter().position(|(path, _)| *path == change.path);
        match (known, &change.after) {
            (Some(known), Some(after)) => self.annotations[known].1.clone_from(after),
            (Some(known), None) => drop(self.annotations.remove(known)),
            (None, Some(after)) if self.annotations.len() < MAX_ANNOTATIONS => {
                self.annotations.push((change.path.clone(), after.clone()));
            }
            (None, Some(_)) => self.left_out += 1,
            (None, None) => {}
        }
    }

    /// Returns the outcome of the input, by the steps so far.
    pub(crate) fn outcome(&self, service: &Service) -> Option<Outcome> {
        let tags = self.annotations.iter().filter_map(|(path, json)| {
            let AttributeValue::Text(text) = value_of(json) else { return None };
            Some((path.strip_prefix("tags.")?.to_owned(), text))
        });
        (service.outcome)(&tags.collect::<Tags>())
    }

    /// Returns the root span, around those of all steps.
    pub(crate) fn root(self, service: &Service) -> Span {
        let outcome = self.outcome(service).map(|outcome| outcome.name);
        let mut attributes = vec![
            Attribute::integer("stream_kernel.line_no", self.line_no),
            Attribute::integer("stream_kernel.records", self.records),
        ];
        attributes.extend(outcome.iter().map(|name| Attribute::text("stream_kernel.outcome", name)));
        for (path, json) in &self.annotations {
            let Some(key) = key_of(&service.namespace, path, &attributes) else { continue };
            attributes.push(Attribute { key: key.into(), value: value_of(json) });
        }
        let name = match (&self.failure, outcome) {
            (Some((step_name, _)), _) => format!("ERROR {step_name}"),
            (None, Some(outcome)) => outcome,
            (None, None) => "input".to_owned(),
        };
        Span {
            trace_id: self.ids.trace_id(),
            id: self.ids.input_span(),
            parent: None,
            name,
            begin_ns: self.begin_ns,
            end_ns: self.end_ns,
            attributes,
            attributes_left_out: self.left_out,
            events: Vec::new(),
            failure: self.failure.map(|(_, message)| message),
        }
    }
}

/// Returns the name of the attribute for what was noted at `path`: without the field's name, unless another field has
/// the same name in it. What the kernel notes itself has no such name.
fn key_of(namespace: &str, path: &str, taken: &[Attribute]) -> Option<String> {
    let (field, name) = path.split_once('.').unwrap_or((path, ""));
    if MAPS.contains(&field) && !name.is_empty() {
        let key = format!("{namespace}.{name}");
        let is_taken = taken.iter().any(|attribute| attribute.key == key);
        return Some(if is_taken { format!("{namespace}.{path}") } else { key });
    }
    (MAPS.contains(&field) || LISTS.contains(&field)).then(|| format!("{namespace}.{path}"))
}

/// Returns what the record says about messages, and the values that the step noted.
fn attributes_of(namespace: &str, step: &Step<'_>) -> Vec<Attribute> {
    let TraceRecord { msg_in, msg_out, .. } = step.record;
    let mut attributes = vec![
        Attribute::integer("stream_kernel.line_no", step.record.line_no),
        Attribute::integer("stream_kernel.step_index", step.record.step_index as u64),
        Attribute::integer("stream_kernel.work_index", step.record.work_index.into()),
        Attribute::text("stream_kernel.msg_in.type_name", &msg_in.type_name),
    ];
    for (key, value) in
        [("stream_kernel.msg_in.identity", &msg_in.identity), ("stream_kernel.msg_in.hash", &msg_in.hash)]
    {
        attributes.extend(value.as_ref().map(|value| Attribute::text(key, value)));
    }
    let emitted = msg_out.iter().map(|message| message.type_name.clone()).collect();
    attributes.push(Attribute {
        key: "stream_kernel.msg_out.type_name".into(),
        value: AttributeValue::Texts(emitted),
    });
    for change in &step.changes {
        let Some(after) = &change.after else { continue };
        let Some(key) = key_of(namespace, &change.path, &attributes) else { continue };
        attributes.push(Attribute { key: key.into(), value: value_of(after) });
    }
    let error = step.record.error.iter();
    attributes.extend(error.map(|error| Attribute::text("error.type", &error.type_name)));
    attributes
}

/// Returns an event for each noted value that the step replaced or removed, and one for a failure. All have the time of
/// the step's end.
fn events_of(step: &Step<'_>, at_ns: u64) -> Vec<SpanEvent> {
    let replaced = step.changes.iter().filter_map(|change| {
        let before = value_of(change.before.as_ref()?);
        let mut attributes = vec![
            Attribute::text("stream_kernel.path", &change.path),
            Attribute { key: "stream_kernel.before".into(), value: before },
        ];
        let after = change.after.as_ref().map(|after| value_of(after));
        attributes.extend(after.map(|value| Attribute { key: "stream_kernel.after".into(), value }));
        Some(SpanEvent { at_ns, name: "stream_kernel.replaced", attributes })
    });
    let exception = step.record.error.iter().map(|error| {
        let type_name = Attribute::text("exception.type", &error.type_name);
        let attributes = vec![type_name, Attribute::text("exception.message", &error.message)];
        SpanEvent { at_ns, name: "exception", attributes }
    });
    replaced.chain(exception).collect()
}
