//! Whether a record by itself has the form that a recorder writes.

use std::io::BufRead;

use jiff::Timestamp;

use super::Report;
use super::context_diff::fault_in_diff;
use super::key_order::fault_in_keys;
use crate::reading::TraceReader;
use stream_kernel_trace::{MAX_TEXT_CHARS, MessageSignature, Status, TRUNCATED, TraceRecord};

/// The most characters of a text in a record: those of a cut text with its mark.
const MAX_SHOWN_CHARS: usize = MAX_TEXT_CHARS + TRUNCATED.len();

/// Reports the findings of `record`, from the present line of `reader`.
pub(super) fn check<R: BufRead>(
    reader: &TraceReader<R>,
    record: &TraceRecord,
    times: &mut TimeReader,
    report: &mut Report<'_>,
) {
    if reader.begins_with_mark() && !reader.is_at_head() {
        report.add(
            "begins with a byte order mark (remove it: other programs read it at the head of a file only)"
                .to_owned(),
        );
    }
    if let Some(fault) = fault_in_keys(reader.line(), record) {
        report.add(fault);
    }
    check_place(record, report);
    check_times(record, times, report);
    let signatures = [("msg_in", &record.msg_in)];
    for (key, signature) in signatures.into_iter().chain(record.msg_out.iter().map(|out| ("msg_out", out))) {
        if let Some(fault) = fault_in_signature(key, signature) {
            report.add(fault);
            break;
        }
    }
    check_context(record, report);
    check_outcome(record, report);
}

fn check_times(record: &TraceRecord, times: &mut TimeReader, report: &mut Report<'_>) {
    let [entered, exited] = [("t_enter", &record.t_enter), ("t_exit", &record.t_exit)].map(|(key, text)| {
        let time = times.micros(text);
        if time.is_none() {
            report.add(format!(
                "`{key}` is `{text}` (expected a time in UTC with microseconds, such as `2026-01-21T01:23:45.123456Z`)"
            ));
        }
        time
    });
    let goes_back = record.t_exit < record.t_enter;
    if goes_back {
        report.add(format!("`t_exit` `{}` is before `t_enter` `{}`", record.t_exit, record.t_enter));
    }
    if record.duration_ms < 0.0 {
        report.add(format!("`duration_ms` is {}, less than 0", record.duration_ms));
    } else if let (Some(entered), Some(exited), false) = (entered, exited, goes_back) {
        let micros = exited.abs_diff(entered);
        if !is_duration(record.duration_ns(), micros) {
            report.add(format!(
                "`duration_ms` is {:?}, but `t_exit` is {micros} µs after `t_enter` (they differ by less than 1 µs)",
                record.duration_ms
            ));
        }
    }
}

/// Reads times: RFC 3339 in UTC with microseconds.
#[derive(Clone, Debug, Default)]
pub(super) struct TimeReader {
    /// The last second, as text and in microseconds since the Unix epoch: many records share a second.
    second: (String, i64),
}

impl TimeReader {
    /// Returns the microseconds since the Unix epoch, if `text` is such a time.
    fn micros(&mut self, text: &str) -> Option<i64> {
        let (second, fraction) = text.split_at_checked("2026-01-21T01:23:45.".len())?;
        let digits = fraction.strip_suffix('Z').filter(|digits| digits.len() == 6)?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        if *second != self.second.0 {
            // The parser accepts other forms as well, such as a space for the `T`: formatting the result again rules
            // these out.
            let time: Timestamp = format!("{second}000000Z").parse().ok()?;
            let is_such = format!("{time:.6}").starts_with(second);
            self.second = is_such.then(|| (second.to_owned(), time.as_microsecond()))?;
        }
        Some(self.second.1 + digits.parse::<i64>().ok()?)
    }
}

fn check_place(record: &TraceRecord, report: &mut Report<'_>) {
    let line_no = record.trace_id.rsplit_once(':').map(|(_, line_no)| line_no);
    if line_no != Some(itoa::Buffer::new().format(record.line_no)) {
        report
            .add(format!("`trace_id` is `{}`, which does not end in `:{}`", record.trace_id, record.line_no));
    }
    if is_too_long(&record.scenario) {
        report.add(format!("`scenario` is longer than {MAX_SHOWN_CHARS} characters"));
    }
    if record.line_no == 0 {
        report.add("`line_no` is 0 (lines are counted from 1)".to_owned());
    }
}

fn fault_in_signature(key: &str, signature: &MessageSignature) -> Option<String> {
    if let Some(hash) = &signature.hash
        && !(hash.len() == 32 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')))
    {
        return Some(format!("`hash` in `{key}` is `{hash}` (expected 32 lower-case hexadecimal digits)"));
    }
    let is_long = signature.identity.as_deref().is_some_and(is_too_long);
    is_long.then(|| format!("`identity` in `{key}` is longer than {MAX_SHOWN_CHARS} characters"))
}

fn is_too_long(text: &str) -> bool {
    text.len() > MAX_SHOWN_CHARS && text.chars().nth(MAX_SHOWN_CHARS).is_some()
}

fn check_context(record: &TraceRecord, report: &mut Report<'_>) {
    let snapshots = [
        ("ctx_before", &record.ctx_before),
        ("ctx_after", &record.ctx_after),
        ("ctx_diff", &record.ctx_diff),
    ];
    for (key, snapshot) in snapshots {
        if snapshot.as_ref().is_some_and(|snapshot| !snapshot.as_json().starts_with('{')) {
            report.add(format!("`{key}` is not an object"));
        }
    }
    let shown = snapshots.iter().filter(|(_, snapshot)| snapshot.is_some()).count();
    if shown != 0 && shown != snapshots.len() {
        report.add("some of `ctx_before`, `ctx_after` and `ctx_diff` are null, others are not".to_owned());
    }
    if let [Some(before), Some(after), Some(diff)] = snapshots.map(|(_, snapshot)| snapshot.as_ref())
        && let Some(fault) = fault_in_diff(before.as_json(), after.as_json(), diff.as_json())
    {
        report.add(fault);
    }
}

fn check_outcome(record: &TraceRecord, report: &mut Report<'_>) {
    if record.msg_out_count != record.msg_out.len() {
        report.add(format!(
            "`msg_out_count` is {}, but `msg_out` has {}",
            record.msg_out_count,
            record.msg_out.len()
        ));
    }
    match (&record.error, record.status) {
        (None, Status::Error) => report.add("`status` is `error`, but `error` is null".to_owned()),
        (Some(_), Status::Ok) => report.add("`status` is `ok`, but `error` is not null".to_owned()),
        _ => (),
    }
    let Some(error) = &record.error else { return };
    if !record.msg_out.is_empty() {
        report.add("a step that failed has messages in `msg_out`".to_owned());
    }
    if error.step_name != record.step_name {
        report.add(format!("`error.where` is `{}`, not the step `{}`", error.step_name, record.step_name));
    }
    if error.stack.is_some() {
        report.add("`error.stack` is not null".to_owned());
    }
    for (key, text) in [("type", &error.type_name), ("message", &error.message)] {
        if is_too_long(text) {
            report.add(format!("`error.{key}` is longer than {MAX_SHOWN_CHARS} characters"));
        }
    }
}

/// Returns whether a step with a duration of `nanos` can have begun and ended at times `micros` apart. All are from two
/// readings of one clock, in nanoseconds. The times are cut to microseconds, so their distance is wrong by less than 1
/// µs. A float holds the duration exactly up to 104 days, and longer ones to 52 binary digits.
fn is_duration(nanos: u64, micros: u64) -> bool {
    micros.saturating_mul(1_000).abs_diff(nanos) < 1_000 + (nanos >> 51)
}
