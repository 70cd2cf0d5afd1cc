//! Spans: a trace in OpenTelemetry's terms, independent of any encoding.
//!
//! An input is a trace of its own: a span for each step, and a root span around them. The root span has the name of the
//! input's outcome and everything that its steps noted.

mod input;
mod value;

use std::borrow::Cow;

use stream_kernel_text::hex;
use stream_kernel_trace::{Outcome, OutcomeOf, TraceRecord};

use crate::reading::tags;
pub(crate) use input::InputSpans;

/// The name of the instrumentation scope of all spans.
pub const SCOPE_NAME: &str = "stream-kernel";
/// The version of the instrumentation scope of all spans.
pub const SCOPE_VERSION: &str = env!("CARGO_PKG_VERSION");
/// The most annotations of an input that its root span shows. [`Span::attributes_left_out`] counts further ones.
pub const MAX_ANNOTATIONS: usize = 1_024;

/// Returns the outcome of the input whose last record this is, if the record shows the tags after its step.
pub fn outcome_after(record: &TraceRecord, outcome: OutcomeOf) -> Option<Outcome> {
    let tags = tags(record.ctx_after.as_ref()?)?;
    outcome(&tags.into_iter().collect())
}

/// The program whose trace it is.
#[derive(Clone, Debug)]
pub struct Service {
    /// The name of the service, by which people select it in their tools; usually the program's name.
    pub name: String,
    /// The version of the program.
    pub version: String,
    /// The first part of the names of attributes for what the program's steps noted.
    pub namespace: String,
    /// Further attributes of the resource; they replace those of the same name.
    pub attributes: Vec<(String, String)>,
    /// Names the outcomes of inputs.
    pub outcome: OutcomeOf,
}

impl Service {
    /// Returns the program under its own name. It names outcomes with `outcome`.
    ///
    /// ```
    /// use stream_kernel_trace_reader::spans::Service;
    ///
    /// let service = Service::new("fund-load", "1.2.0", |_| None);
    /// assert_eq!(service.namespace, "fund_load");
    /// ```
    pub fn new(program: &str, version: &str, outcome: OutcomeOf) -> Self {
        Self {
            name: program.to_owned(),
            version: version.to_owned(),
            namespace: program.replace('-', "_"),
            attributes: Vec::new(),
            outcome,
        }
    }
}

/// The resource of spans: a run of a service.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Its attributes.
    pub attributes: Vec<Attribute>,
}

impl Resource {
    /// Returns the resource of a run, of which `record` is the first record and `trace_id` that record's trace.
    fn of(service: &Service, record: &TraceRecord, trace_id: [u8; 16]) -> Self {
        let mut attributes = vec![
            Attribute::text("service.name", &service.name),
            Attribute::text("service.version", &service.version),
            // Each run has its own, which is the same in every export of the run's records.
            Attribute::text("service.instance.id", &uuid_of(trace_id)),
            Attribute::text("stream_kernel.scenario", &record.scenario),
            Attribute::text("stream_kernel.run_id", record.run_id()),
        ];
        for (key, value) in &service.attributes {
            attributes.retain(|attribute| attribute.key != *key);
            attributes
                .push(Attribute { key: key.clone().into(), value: AttributeValue::Text(value.clone()) });
        }
        Self { attributes }
    }
}

/// Returns the id in the form of a UUID of version 8, whose content is free.
fn uuid_of(mut id: [u8; 16]) -> String {
    id[6] = id[6] & 0x0f | 0x80;
    id[8] = id[8] & 0x3f | 0x80;
    let digits = hex(&id);
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    parts.join("-")
}

/// A span: an input, or what a step did with a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The id of the input's trace.
    pub trace_id: [u8; 16],
    /// Its own id.
    pub id: [u8; 8],
    /// The id of the span around it; `None` for a root span.
    pub parent: Option<[u8; 8]>,
    /// The name: the step's, or the outcome of the input.
    pub name: String,
    /// The begin, in nanoseconds since the Unix epoch.
    pub begin_ns: u64,
    /// The end.
    pub end_ns: u64,
    /// What is known about it.
    pub attributes: Vec<Attribute>,
    /// The number of attributes that did not fit.
    pub attributes_left_out: u32,
    /// What happened at a point in time.
    pub events: Vec<SpanEvent>,
    /// The message of the error, if it failed.
    pub failure: Option<String>,
}

/// An event of a span.
#[derive(Clone, Debug, PartialEq)]
pub struct SpanEvent {
    /// The time, in nanoseconds since the Unix epoch.
    pub at_ns: u64,
    /// The name.
    pub name: &'static str,
    /// What is known about it.
    pub attributes: Vec<Attribute>,
}

/// An attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// The name, with its namespace.
    pub key: Cow<'static, str>,
    /// The value.
    pub value: AttributeValue,
}

impl Attribute {
    fn text(key: &'static str, text: &str) -> Self {
        Self { key: key.into(), value: AttributeValue::Text(text.to_owned()) }
    }

    fn integer(key: &'static str, integer: u64) -> Self {
        Self { key: key.into(), value: value::integer(integer) }
    }
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum AttributeValue {
    /// A text.
    Text(String),
    /// An integer.
    Integer(i64),
    /// A number.
    Number(f64),
    /// Whether something holds.
    Bool(bool),
    /// Several texts.
    Texts(Vec<String>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_have_valid_uuids() {
        let uuid = uuid_of([0xff; 16]);
        assert_eq!(uuid, "ffffffff-ffff-8fff-bfff-ffffffffffff");
        assert_ne!(uuid_of([1; 16]), uuid_of([2; 16]));
    }

    #[test]
    fn further_resource_attributes_replace_others() {
        let mut service = Service::new("p", "1", |_| None);
        let given = [("service.instance.id", "mine"), ("deployment.environment.name", "test")];
        service.attributes = given.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
        let Resource { attributes } = Resource::of(&service, &TraceRecord::default(), [1; 16]);
        let named =
            |key: &str| attributes.iter().filter(|attribute| attribute.key == key).collect::<Vec<_>>();
        assert_eq!(named("service.instance.id"), [&Attribute::text("service.instance.id", "mine")]);
        assert_eq!(named("deployment.environment.name").len(), 1);
        assert_eq!(named("service.name"), [&Attribute::text("service.name", "p")]);
    }
}
