//! Records as a reader sees them in a trace file.

use serde_json::Value;
use stream_kernel_trace::{ContextSnapshot, TraceRecord};

/// Returns the records of a trace file's text. Each line must be one, with all its keys in their order.
#[track_caller]
pub(super) fn records(trace: &str) -> Vec<TraceRecord> {
    assert!(trace.is_empty() || trace.ends_with('\n'), "the trace ends in a torn line");
    let read = |line: &str| {
        let record: TraceRecord =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(serde_json::to_string(&record).unwrap(), line, "all keys in their order");
        record
    };
    trace.lines().map(read).collect()
}

/// Returns the tag in the record's context after the step, if the context is shown and has it.
pub(super) fn tag(record: &TraceRecord, name: &str) -> Option<String> {
    let context: Value =
        serde_json::from_str(record.ctx_after.as_ref().map(ContextSnapshot::as_json)?).unwrap();
    context["tags"][name].as_str().map(str::to_owned)
}
