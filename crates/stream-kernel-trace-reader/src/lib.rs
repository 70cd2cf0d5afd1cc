#![doc = include_str!("../README.md")]

pub mod comparison;
pub mod export;
mod json_leaves;
pub mod reading;
mod span_ids;
pub mod spans;
pub mod statistics;
pub mod validation;
mod value_text;
pub mod view;
mod write_json;

pub use span_ids::SpanIds;
pub use value_text::value_text;
pub use write_json::write_json;

/// The JSON Schema (2020-12) of a line of a trace.
///
/// ```
/// let schema: serde_json::Value = serde_json::from_str(stream_kernel_trace_reader::RECORD_SCHEMA)?;
/// assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
/// assert_eq!(schema["properties"]["line_no"]["minimum"], 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub const RECORD_SCHEMA: &str = include_str!("record_schema.json");
