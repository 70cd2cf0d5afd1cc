//! Trace and span ids: the same run and position give the same ids, in every export.

use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

/// The id of an input's trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TraceId(pub(super) [u8; 16]);

/// The id of a span within a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SpanId(pub(super) [u8; 8]);

impl TraceId {
    /// Returns the id of an input. `run` tells apart what a file holds of runs with the same id.
    pub(super) fn new(run_id: &str, run: u64, line_no: u64) -> Self {
        Self(digest([run_id.as_bytes(), &run.to_le_bytes(), &line_no.to_le_bytes()]))
    }
}

impl SpanId {
    /// Returns the id of the root span.
    pub(super) fn of_input(trace_id: TraceId) -> Self {
        Self::of_step(trace_id, 0)
    }

    /// Returns the id of a step's span, by its place among the input's records, from 1.
    pub(super) fn of_step(trace_id: TraceId, place: u64) -> Self {
        Self(digest([&trace_id.0, &place.to_le_bytes(), b"span"]))
    }
}

/// Returns the beginning of the digest. Only the first part may vary in length, so different parts are different content.
fn digest<const N: usize>(parts: [&[u8]; 3]) -> [u8; N] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    let mut id = [0; N];
    id.copy_from_slice(&hasher.finalize()[..N]);
    id
}

/// Bytes as OTLP/JSON has ids: lower-case hexadecimal, where protobuf's own mapping has base64.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hex<'a>(pub(super) &'a [u8]);

impl Serialize for Hex<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
        let text: String = self.0.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect();
        serializer.serialize_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stay_the_same_from_version_to_version_and_differ_by_run_and_position() {
        let id = TraceId::new("run", 1, 7);
        let told = |bytes| serde_json::to_string(&Hex(bytes)).unwrap();
        insta::assert_snapshot!(told(&id.0), @r#""1d44e6d27ec227cfc131b17d7af5e696""#);
        insta::assert_snapshot!(told(&SpanId::of_input(id).0), @r#""a8427aafdc944def""#);
        for other in [TraceId::new("run", 1, 8), TraceId::new("run", 2, 7), TraceId::new("ruin", 1, 7)] {
            assert_ne!(other, id);
            assert_ne!(SpanId::of_input(other), SpanId::of_input(id));
        }
        assert_ne!(SpanId::of_step(id, 1), SpanId::of_input(id));
    }
}
