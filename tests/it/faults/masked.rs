//! A trace without its times.

use std::io::Read;

use stream_kernel_trace_reader::reading::TraceInput;

/// What precedes a time in a record. Inside of a text the quotes would be escaped, so that nothing else looks like it.
const TIMES: [&str; 4] = ["\"t_enter\":", "\"t_exit\":", "\"duration_ms\":", "\"received_at\":"];

/// Returns the text of the trace, decompressed if it has to be; what cannot be read at its end is told, so that it is not taken for nothing.
fn text_of(trace: &[u8]) -> String {
    let mut input = TraceInput::new(trace);
    let mut text = Vec::new();
    if input.read_to_end(&mut text).is_err() || input.torn_frame().is_some() {
        text.extend_from_slice(b"a frame that is torn or damaged\n");
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// Returns the trace with every time left out, and nothing else: what of it must be the same in every run.
pub(super) fn masked(trace: &[u8]) -> String {
    let mut trace = text_of(trace);
    for name in TIMES {
        trace = without_values(&trace, name);
    }
    trace
}

/// Leaves out what stands behind each `name`, up to the end of the value: a number, a text without escapes, or two in braces.
fn without_values(trace: &str, name: &str) -> String {
    let mut parts = trace.split(name);
    let mut masked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = if part.starts_with('{') { part.find('}').map(|at| at + 1) } else { part.find([',', '}']) };
        masked += name;
        masked += &part[end.unwrap_or(0)..];
    }
    masked
}

/// Checks that no step begins before the one before it has ended, whatever the clocks show of the processes that wrote
/// the trace.
pub(super) fn check_times(trace: &[u8]) -> Result<(), String> {
    let trace = text_of(trace);
    // Both names end alike, and their times have the same length, so that they compare as texts.
    let times = trace.split("\"t_").filter_map(|part| {
        let (name, rest) = part.split_once("\":\"")?;
        ["enter", "exit"].contains(&name).then(|| rest.split_once('"').map(|(time, _)| time))?
    });
    let mut last = "";
    for time in times {
        if time < last {
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
