//! The messages of OTLP that spans need, with the field numbers of `opentelemetry-proto`.

use prost::Message;
use stream_kernel_trace_reader::spans::{self, AttributeValue};

/// The span kind: internal, since a step neither answers a remote call nor makes one.
const KIND_INTERNAL: i32 = 1;
/// The status of a failed step. Otherwise there is none: instrumentation must not set the code for success.
const CODE_ERROR: i32 = 2;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Scope {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) version: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(int32, tag = "6")]
    kind: i32,
    #[prost(fixed64, tag = "7")]
    start_time_unix_nano: u64,
    #[prost(fixed64, tag = "8")]
    end_time_unix_nano: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "10")]
    dropped_attributes_count: u32,
    #[prost(message, repeated, tag = "11")]
    events: Vec<Event>,
    #[prost(message, optional, tag = "15")]
    status: Option<Status>,
}

#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(fixed64, tag = "1")]
    time_unix_nano: u64,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(message, repeated, tag = "3")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(string, tag = "2")]
    message: String,
    #[prost(int32, tag = "3")]
    code: i32,
}

#[derive(Clone, PartialEq, Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct AnyValue {
    #[prost(oneof = "any_value::Value", tags = "1, 2, 3, 4, 5")]
    value: Option<any_value::Value>,
}

mod any_value {
    #[derive(Clone, PartialEq, prost::Oneof)]
    pub(super) enum Value {
        #[prost(string, tag = "1")]
        Text(String),
        #[prost(bool, tag = "2")]
        Bool(bool),
        #[prost(int64, tag = "3")]
        Integer(i64),
        #[prost(double, tag = "4")]
        Number(f64),
        #[prost(message, tag = "5")]
        Array(super::ArrayValue),
    }
}

#[derive(Clone, PartialEq, Message)]
struct ArrayValue {
    #[prost(message, repeated, tag = "1")]
    values: Vec<AnyValue>,
}

/// The answer to spans.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ExportResponse {
    #[prost(message, optional, tag = "1")]
    pub(crate) partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct PartialSuccess {
    #[prost(int64, tag = "1")]
    pub(crate) rejected_spans: i64,
    #[prost(string, tag = "2")]
    pub(crate) error_message: String,
}

/// The answer that tells an error: `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct RpcStatus {
    #[prost(string, tag = "2")]
    pub(crate) message: String,
}

impl From<spans::Span> for Span {
    fn from(span: spans::Span) -> Self {
        Self {
            trace_id: span.trace_id.to_vec(),
            id: span.id.to_vec(),
            parent_span_id: span.parent.map(|parent| parent.to_vec()).unwrap_or_default(),
            name: span.name,
            kind: KIND_INTERNAL,
            start_time_unix_nano: span.begin_ns,
            end_time_unix_nano: span.end_ns,
            attributes: key_values(span.attributes),
            dropped_attributes_count: span.attributes_left_out,
            events: span.events.into_iter().map(Event::from).collect(),
            status: span.failure.map(|message| Status { message, code: CODE_ERROR }),
        }
    }
}

impl From<spans::Resource> for Resource {
    fn from(resource: spans::Resource) -> Self {
        Self { attributes: key_values(resource.attributes) }
    }
}

impl From<spans::SpanEvent> for Event {
    fn from(event: spans::SpanEvent) -> Self {
        let attributes = key_values(event.attributes);
        Self { time_unix_nano: event.at_ns, name: event.name.to_owned(), attributes }
    }
}

fn key_values(attributes: Vec<spans::Attribute>) -> Vec<KeyValue> {
    let pairs = attributes.into_iter();
    pairs.map(|pair| KeyValue { key: pair.key.into_owned(), value: Some(any_value(pair.value)) }).collect()
}

fn any_value(value: AttributeValue) -> AnyValue {
    use any_value::Value;

    let value = match value {
        AttributeValue::Text(text) => Value::Text(text),
        AttributeValue::Integer(integer) => Value::Integer(integer),
        AttributeValue::Number(number) => Value::Number(number),
        AttributeValue::Bool(value) => Value::Bool(value),
        AttributeValue::Texts(texts) => {
            let values = texts.into_iter().map(|text| any_value(AttributeValue::Text(text)));
            Value::Array(ArrayValue { values: values.collect() })
        }
    };
    AnyValue { value: Some(value) }
}
