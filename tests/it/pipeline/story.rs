//! Decisions and traces as readable text.

use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use stream_kernel_exec::trace::{ContextSnapshot, TraceRecord};

use super::harness::Outcome;

/// Returns the hash of the output, the counts, and a row for each line that `is_told`: its number, the reason, and its
/// output.
pub(crate) fn decisions(outcome: &Outcome, is_told: impl Fn(Option<&str>) -> bool) -> String {
    let mut story = format!("output, sha256 {}\n\n", sha256(&outcome.output));
    for row in &outcome.summary {
        writeln!(story, "{:>5}  {:indent$}{}", row.count, "", row.label, indent = 2 * row.level).unwrap();
    }
    let output = String::from_utf8(outcome.output.clone()).unwrap();
    for (line_no, (line, reason)) in (1..).zip(output.lines().zip(&outcome.reasons)) {
        if is_told(reason.as_deref()) {
            let decision = reason.as_deref().unwrap_or("-");
            write!(story, "\n{line_no:>5}  {decision:<24}  {}", visible(line)).unwrap();
        }
    }
    story
}

/// Returns the hash of the trace, and for each line among `told` its steps, by index, and their final annotations.
pub(crate) fn notes(trace: &[u8], told: &[u64]) -> String {
    let records = records(trace);
    let mut story = format!("trace of {} records, sha256 {}\n", records.len(), sha256(trace));
    for input in records.chunk_by(|record, next| record.line_no == next.line_no) {
        let [.., last] = input else { unreachable!("a chunk is not empty") };
        if told.contains(&last.line_no) {
            let steps: String = input.iter().map(|record| record.step_index.to_string()).collect();
            let Noted { tags, metrics } = noted(last.ctx_after.as_ref());
            write!(story, "\n{:>5}  {steps:<8}  {}", last.line_no, visible(tags.get())).unwrap();
            write!(story, "\n{:17}{}", "", metrics.get()).unwrap();
        }
    }
    story
}

/// Returns a row for each record of a line: the step, its input and output; and below, its annotations.
pub(crate) fn steps(trace: &[u8], line_no: u64) -> String {
    let mut story = String::new();
    for record in records(trace).iter().filter(|record| record.line_no == line_no) {
        let TraceRecord { step_index, step_name, msg_in, msg_out, .. } = record;
        let emits: Vec<_> = msg_out.iter().map(|message| message.type_name.as_str()).collect();
        let emits = if emits.is_empty() { "nothing".to_owned() } else { emits.join(", ") };
        writeln!(story, "{step_index} {step_name}: {} -> {emits}", msg_in.type_name).unwrap();
        let (before, after) = (noted(record.ctx_before.as_ref()), noted(record.ctx_after.as_ref()));
        for (field, before, after) in
            [("tags", before.tags, after.tags), ("metrics", before.metrics, after.metrics)]
        {
            if before.get() != after.get() {
                writeln!(story, "    {field:<8} {}", added(before.get(), after.get())).unwrap();
            }
        }
    }
    story
}

/// Returns the records of a line unchanged, for the step `step` or, without one, for all.
pub(crate) fn raw(trace: &[u8], line_no: u64, step: Option<&str>) -> String {
    let about = format!("{{\"trace_id\":\"run:{line_no}\",");
    let step = step.map_or_else(String::new, |step| format!("\"step_name\":\"{step}\""));
    let trace = std::str::from_utf8(trace).unwrap();
    trace.split_inclusive('\n').filter(|line| line.starts_with(&about) && line.contains(&step)).collect()
}

/// The `tags` and `metrics` in a snapshot of the context.
#[derive(Deserialize)]
struct Noted<'a> {
    #[serde(borrow)]
    tags: &'a RawValue,
    #[serde(borrow)]
    metrics: &'a RawValue,
}

fn noted(snapshot: Option<&ContextSnapshot>) -> Noted<'_> {
    serde_json::from_str(snapshot.map_or("null", ContextSnapshot::as_json)).unwrap()
}

/// Returns the members that were added at the end of an object.
fn added<'a>(before: &str, after: &'a str) -> &'a str {
    let added = after.strip_prefix(before.trim_end_matches('}')).unwrap_or(after);
    added.trim_start_matches(',').trim_end_matches('}')
}

fn records(trace: &[u8]) -> Vec<TraceRecord> {
    std::str::from_utf8(trace).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

/// Returns `text` with escapes for everything that a terminal does not show.
fn visible(text: &str) -> String {
    let show = |character: char| match character {
        ' ' => " ".to_owned(),
        hidden if hidden.is_control() || hidden.is_whitespace() || hidden == '\u{feff}' => {
            hidden.escape_unicode().to_string()
        }
        shown => shown.to_string(),
    };
    text.chars().map(show).collect()
}
