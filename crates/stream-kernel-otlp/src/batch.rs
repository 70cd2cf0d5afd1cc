//! Batches of spans of one resource, each span encoded when it is added, and the request made of a batch.

use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint};
use stream_kernel_trace_reader::spans::{self, SCOPE_NAME, SCOPE_VERSION};

use crate::messages::{Resource, Scope, Span};

/// The size in bytes, before compression, at which a batch is full, however few spans it has. Only a single larger span
/// exceeds it. Receivers usually take up to 20 MiB.
pub const MAX_BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Spans on their way to a receiver.
#[derive(Default)]
pub(crate) struct Batch {
    /// The resource, encoded.
    resource: Vec<u8>,
    /// The spans, each with key and length as a field of their scope.
    spans: Vec<u8>,
    pub(crate) len: usize,
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns whether the batch holds `spans` spans, or as many bytes as it may.
    pub(crate) fn is_full(&self, spans: usize) -> bool {
        self.len >= spans || self.spans.len() >= MAX_BATCH_BYTES
    }

    /// Sets the resource of all spans.
    pub(crate) fn set_resource(&mut self, resource: spans::Resource) {
        self.resource = Resource::from(resource).encode_to_vec();
    }

    pub(crate) fn push(&mut self, span: spans::Span) {
        push_message(&mut self.spans, field::SPANS, &Span::from(span));
        self.len += 1;
    }

    pub(crate) fn clear(&mut self) {
        self.spans.clear();
        // Memory that one unusually large span needed is freed.
        self.spans.shrink_to(2 * MAX_BATCH_BYTES);
        self.len = 0;
    }

    /// Returns the request: an `ExportTraceServiceRequest` with one resource and one scope.
    pub(crate) fn request(&self) -> Vec<u8> {
        let scope = Scope { name: SCOPE_NAME.to_owned(), version: SCOPE_VERSION.to_owned() };
        let mut encoded_scope = Vec::new();
        push_message(&mut encoded_scope, field::SCOPE, &scope);
        let scope_spans = encoded_scope.len() + self.spans.len();
        let resource_spans = field_len(self.resource.len()) + field_len(scope_spans);
        let mut request = Vec::with_capacity(field_len(resource_spans));
        push_header(&mut request, field::RESOURCE_SPANS, resource_spans);
        push_header(&mut request, field::RESOURCE, self.resource.len());
        request.extend_from_slice(&self.resource);
        push_header(&mut request, field::SCOPE_SPANS, scope_spans);
        request.extend_from_slice(&encoded_scope);
        request.extend_from_slice(&self.spans);
        request
    }
}

/// The numbers of fields around spans.
mod field {
    /// Of a request.
    pub(super) const RESOURCE_SPANS: u32 = 1;
    /// Of resource spans.
    pub(super) const RESOURCE: u32 = 1;
    pub(super) const SCOPE_SPANS: u32 = 2;
    /// Of scope spans.
    pub(super) const SCOPE: u32 = 1;
    pub(super) const SPANS: u32 = 2;
}

fn push_header(to: &mut Vec<u8>, number: u32, len: usize) {
    encode_key(number, WireType::LengthDelimited, to);
    encode_varint(len as u64, to);
}

fn push_message(to: &mut Vec<u8>, number: u32, message: &impl Message) {
    push_header(to, number, message.encoded_len());
    message.encode_raw(to);
}

/// Returns the length of a field with `len` bytes; the key of each of these fields has one.
fn field_len(len: usize) -> usize {
    1 + encoded_len_varint(len as u64) + len
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::tonic::common::v1::any_value::Value;
    use spans::{Attribute, AttributeValue, Resource, Span, SpanEvent};

    use super::*;

    fn attribute(value: AttributeValue) -> Attribute {
        Attribute { key: "k".into(), value }
    }

    fn span() -> Span {
        let values = [
            AttributeValue::Text("text".into()),
            AttributeValue::Integer(-7),
            AttributeValue::Number(0.5),
            AttributeValue::Bool(true),
            AttributeValue::Texts(vec!["a".into(), "b".into()]),
        ];
        Span {
            trace_id: [1; 16],
            id: [2; 8],
            parent: Some([3; 8]),
            name: "judge".into(),
            begin_ns: 4,
            end_ns: u64::MAX,
            attributes: values.map(attribute).to_vec(),
            attributes_left_out: 5,
            events: vec![SpanEvent {
                at_ns: 6,
                name: "exception",
                attributes: vec![attribute(AttributeValue::Integer(8))],
            }],
            failure: Some("why".into()),
        }
    }

    /// Read by the types that the OpenTelemetry project generates from its own definition.
    #[test]
    fn a_request_reads_back_with_the_types_of_otlp() {
        let mut batch = Batch::default();
        batch.set_resource(Resource { attributes: vec![attribute(AttributeValue::Text("r".into()))] });
        batch.push(span());
        batch.push(Span { parent: None, failure: None, ..span() });
        let request = ExportTraceServiceRequest::decode(&*batch.request()).unwrap();
        let [resource_spans] = &*request.resource_spans else { panic!("one resource") };
        let resource = resource_spans.resource.as_ref().unwrap();
        assert_eq!(
            resource.attributes[0].value.as_ref().unwrap().value,
            Some(Value::StringValue("r".into()))
        );
        let [scope_spans] = &*resource_spans.scope_spans else { panic!("one scope") };
        let scope = scope_spans.scope.as_ref().unwrap();
        assert_eq!((&*scope.name, &*scope.version), (SCOPE_NAME, SCOPE_VERSION));
        let [step, root] = &*scope_spans.spans else { panic!("two spans") };
        assert_eq!(
            (&*step.trace_id, &*step.span_id, &*step.parent_span_id),
            (&[1; 16][..], &[2; 8][..], &[3; 8][..])
        );
        assert_eq!((&*step.name, step.kind), ("judge", 1));
        assert_eq!((step.start_time_unix_nano, step.end_time_unix_nano), (4, u64::MAX));
        assert_eq!(step.dropped_attributes_count, 5);
        let values: Vec<_> =
            step.attributes.iter().map(|pair| pair.value.clone().unwrap().value.unwrap()).collect();
        assert!(matches!(
            &*values,
            [Value::StringValue(_), Value::IntValue(-7), Value::DoubleValue(0.5), Value::BoolValue(true), Value::ArrayValue(texts)]
                if texts.values.len() == 2
        ));
        assert_eq!((step.events[0].time_unix_nano, &*step.events[0].name), (6, "exception"));
        let status = step.status.as_ref().unwrap();
        assert_eq!((&*status.message, status.code), ("why", 2));
        assert!(root.parent_span_id.is_empty() && root.status.is_none());
    }

    #[test]
    fn a_batch_is_full_at_its_bounds() {
        let mut batch = Batch::default();
        batch.push(span());
        assert!(!batch.is_full(2));
        batch.push(span());
        assert!(batch.is_full(2));
        batch.clear();
        let long = Span { name: "x".repeat(MAX_BATCH_BYTES), ..span() };
        batch.push(long);
        assert!(batch.is_full(usize::MAX) && batch.len == 1);
        batch.clear();
        assert!(batch.is_empty() && batch.spans.capacity() <= 2 * MAX_BATCH_BYTES);
    }
}
