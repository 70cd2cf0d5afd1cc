//! The messages of OTLP as JSON: field names in lower camel case, 64-bit integers as strings, enums as numbers.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use stream_kernel_text::hex;

#[derive(Serialize)]
pub(super) struct Resource<'a> {
    pub(super) attributes: Vec<KeyValue<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "these are the names on the wire")]
pub(super) struct Span<'a> {
    pub(super) trace_id: Hex<'a>,
    pub(super) span_id: Hex<'a>,
    /// Empty for a root span.
    pub(super) parent_span_id: Hex<'a>,
    pub(super) name: &'a str,
    pub(super) kind: SpanKind,
    pub(super) start_time_unix_nano: String,
    pub(super) end_time_unix_nano: String,
    pub(super) attributes: Vec<KeyValue<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) events: Vec<Event<'a>>,
    pub(super) status: SpanStatus<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event<'a> {
    pub(super) time_unix_nano: String,
    pub(super) name: &'static str,
    pub(super) attributes: Vec<KeyValue<'a>>,
}

/// Bytes as OTLP/JSON has ids: lower-case hexadecimal, where protobuf's own mapping has base64.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hex<'a>(pub(super) &'a [u8]);

impl Serialize for Hex<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(self.0))
    }
}

#[derive(Serialize)]
pub(super) struct SpanKind(u8);

impl SpanKind {
    /// It neither answers a remote call nor makes one.
    pub(super) const INTERNAL: Self = Self(1);
}

/// Whether a step failed. If not, it is empty: the code for success is not for instrumentation to set.
#[derive(Serialize)]
pub(super) struct SpanStatus<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u8>,
}

impl<'a> SpanStatus<'a> {
    const ERROR: u8 = 2;

    /// Returns the status of a span that failed with this message, if it did.
    pub(super) fn of(failure: Option<&'a str>) -> Self {
        Self { message: failure, code: failure.map(|_| Self::ERROR) }
    }
}

#[derive(Serialize)]
pub(super) struct KeyValue<'a> {
    key: Cow<'a, str>,
    value: Value<'a>,
}

impl<'a> KeyValue<'a> {
    pub(super) fn new(key: impl Into<Cow<'a, str>>, value: Value<'a>) -> Self {
        Self { key: key.into(), value }
    }
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::enum_variant_names, reason = "these are the names on the wire")]
pub(super) enum Value<'a> {
    StringValue(Cow<'a, str>),
    BoolValue(bool),
    IntValue(String),
    DoubleValue(f64),
    ArrayValue { values: Vec<Value<'a>> },
}

impl<'a> Value<'a> {
    pub(super) fn text(text: &'a str) -> Self {
        Self::StringValue(text.into())
    }

    pub(super) fn texts(texts: impl Iterator<Item = &'a str>) -> Self {
        Self::ArrayValue { values: texts.map(Self::text).collect() }
    }

    /// Returns an integer; as text if it does not fit into 64 bits with a sign.
    pub(super) fn integer(value: u64) -> Self {
        let text = value.to_string();
        if i64::try_from(value).is_ok() { Self::IntValue(text) } else { Self::StringValue(text.into()) }
    }

    /// Returns the value that JSON text stands for; what OTLP has no like of stays JSON text.
    pub(super) fn json(json: &'a str) -> Self {
        match serde_json::from_str(json) {
            Ok(serde_json::Value::String(text)) => Self::StringValue(text.into()),
            Ok(serde_json::Value::Bool(value)) => Self::BoolValue(value),
            Ok(serde_json::Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
                (Some(value), _) => Self::IntValue(value.to_string()),
                (None, Some(value)) if json.contains(['.', 'e', 'E']) => Self::DoubleValue(value),
                _ => Self::text(json),
            },
            _ => Self::text(json),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_typed_and_integers_lose_no_digit() {
        let told = |json| serde_json::to_string(&Value::json(json)).unwrap();
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
        assert_eq!(Value::integer(most), Value::IntValue(most.to_string()));
        assert_eq!(Value::integer(most + 1), Value::StringValue((most + 1).to_string().into()));
    }
}
