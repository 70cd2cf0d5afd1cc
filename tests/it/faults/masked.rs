//! Traces without their times.

use std::io::Read;

use memchr::memmem::Finder;
use memchr::{memchr, memchr2};
use stream_kernel_trace_reader::reading::TraceInput;

/// The text before a time in a record. Inside a text the quotes would be escaped, so nothing else looks like it.
const TIMES: [&str; 4] = ["\"t_enter\":", "\"t_exit\":", "\"duration_ms\":", "\"received_at\":"];

/// Returns the text of the trace, decompressed if necessary; an unreadable end is named, so that it differs from no
/// end.
fn text_of(trace: &[u8]) -> Vec<u8> {
    let mut input = TraceInput::new(trace);
    let mut text = Vec::with_capacity(trace.len());
    if input.read_to_end(&mut text).is_err() || input.torn_frame().is_some() {
        text.extend_from_slice(b"a frame that is torn or damaged\n");
    }
    text
}

/// Returns the trace without any times: the part that must be the same in every run.
pub(super) fn masked(trace: &[u8]) -> String {
    let mut trace = text_of(trace);
    for name in TIMES {
        remove_values(&mut trace, name.as_bytes());
    }
    // Mostly it is text; to look for what is not would take longer than all else here.
    String::from_utf8(trace).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Removes the value of each `name`.
///
/// In place, with searches that are optimised in every build: sweeps through faults do this more than anything else.
fn remove_values(trace: &mut Vec<u8>, name: &[u8]) {
    let finder = Finder::new(name);
    let (mut kept, mut at) = (0, 0);
    while let Some(found) = finder.find(&trace[at..]) {
        let value = at + found + name.len();
        trace.copy_within(at..value, kept);
        kept += value - at;
        at = value + value_len(&trace[value..]);
    }
    trace.copy_within(at.., kept);
    trace.truncate(kept + trace.len() - at);
}

/// Returns the length of the value at the beginning of a text: a number, a text without escapes, or two in braces.
fn value_len(text: &[u8]) -> usize {
    let end =
        if text.starts_with(b"{") { memchr(b'}', text).map(|at| at + 1) } else { memchr2(b',', b'}', text) };
    end.unwrap_or(0)
}

/// Checks that no step begins before the one before it has ended, whatever the clocks of the processes show.
pub(super) fn check_times(trace: &[u8]) -> Result<(), String> {
    let trace = text_of(trace);
    // Both have times of the same length, so that they compare as texts.
    let finder = Finder::new("\"t_e");
    let times = finder.find_iter(&trace).filter_map(|at| {
        let part = &trace[at..];
        let names: [&[u8]; 2] = [b"\"t_enter\":\"", b"\"t_exit\":\""];
        let rest = names.into_iter().find_map(|name| part.strip_prefix(name))?;
        rest.split(|byte| *byte == b'"').next()
    });
    let mut last = &b""[..];
    for time in times {
        if time < last {
            let [time, last] = [time, last].map(String::from_utf8_lossy);
            return Err(format!("the time {time} comes after {last}"));
        }
        last = time;
    }
    Ok(())
}

#[test]
fn a_time_that_goes_back_is_found() {
    let record = |enter: &str, exit: &str| format!(r#"{{"t_enter":"{enter}","t_exit":"{exit}","n":1}}"#);
    let check = |records: &[String]| check_times(records.join("\n").as_bytes());
    assert_eq!(check(&[record("01", "02"), record("02", "03")]), Ok(()));
    assert!(check(&[record("02", "01")]).is_err());
    assert!(check(&[record("01", "03"), record("02", "03")]).is_err());
}

#[test]
fn times_are_left_out_and_nothing_else() {
    let record = r#"{"t_enter":"2026-01-21T01:23:45.123456Z","t_exit":"2026-01-21T01:23:45.123599Z","duration_ms":0.143,"ctx_before":{"received_at":null},"ctx_diff":{"received_at":{"before":null,"after":"x"}},"text":"\"t_exit\":1"}"#;
    insta::assert_snapshot!(masked(record.as_bytes()), @r#"{"t_enter":,"t_exit":,"duration_ms":,"ctx_before":{"received_at":},"ctx_diff":{"received_at":},"text":"\"t_exit\":1"}"#);
}
