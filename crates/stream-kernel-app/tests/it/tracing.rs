//! Tracing: every step of the example is traced as configured, and its counts are the same without a trace.

use std::cell::Cell;
use std::sync::{Arc, Mutex};

use stream_kernel_exec::trace::MessageSignature;
use stream_kernel_run::{LineContent, RawLine};

use crate::scene::{Outcome, clock, example, prepare, run, set};

const REQUEST: &str = "192.0.2.1 - - [t] \"GET /a?b HTTP/1.1\" 200 10 \"-\" \"SomeBot\"\n";

/// Runs the lines with tracing on and these settings.
fn traced(settings: &[&str], lines: &str) -> Outcome {
    run(set(settings).set("runtime.tracing.enabled=true"), lines.as_bytes())
}

#[test]
fn the_steps_of_a_request_are_shown_with_annotations() {
    let settings = [
        "nodes.classify_request.group_by=[path]",
        "runtime.tracing.signature.mode=type_and_identity",
        "runtime.tracing.context_diff={mode: whitelist, whitelist: [tags, metrics, flags]}",
    ];
    insta::assert_snapshot!(traced(&settings, REQUEST).trace, @r#"
    {"trace_id":"test:1","scenario":"access_log","line_no":1,"step_index":0,"step_name":"parse_access_line","work_index":0,"t_enter":"1970-01-01T00:00:00.000000Z","t_exit":"1970-01-01T00:00:00.000001Z","duration_ms":0.001,"msg_in":{"type_name":"RawLine","identity":"1","hash":null},"msg_out":[{"type_name":"Request","identity":"GET /a?b","hash":null}],"msg_out_count":1,"ctx_before":{"tags":{},"metrics":{},"flags":{}},"ctx_after":{"tags":{"client":"192.0.2.1"},"metrics":{"bytes":10},"flags":{}},"ctx_diff":{"tags":{"before":{},"after":{"client":"192.0.2.1"}},"metrics":{"before":{},"after":{"bytes":10}}},"status":"ok","error":null}
    {"trace_id":"test:1","scenario":"access_log","line_no":1,"step_index":1,"step_name":"classify_request","work_index":0,"t_enter":"1970-01-01T00:00:00.000002Z","t_exit":"1970-01-01T00:00:00.000003Z","duration_ms":0.001,"msg_in":{"type_name":"Request","identity":"GET /a?b","hash":null},"msg_out":[{"type_name":"Hit","identity":"path /a","hash":null}],"msg_out_count":1,"ctx_before":{"tags":{"client":"192.0.2.1"},"metrics":{"bytes":10},"flags":{}},"ctx_after":{"tags":{"client":"192.0.2.1","path":"/a","status":"2xx"},"metrics":{"bytes":10},"flags":{"bot":true}},"ctx_diff":{"tags":{"before":{"client":"192.0.2.1"},"after":{"client":"192.0.2.1","path":"/a","status":"2xx"}},"flags":{"before":{},"after":{"bot":true}}},"status":"ok","error":null}
    {"trace_id":"test:1","scenario":"access_log","line_no":1,"step_index":2,"step_name":"count_requests","work_index":0,"t_enter":"1970-01-01T00:00:00.000004Z","t_exit":"1970-01-01T00:00:00.000005Z","duration_ms":0.001,"msg_in":{"type_name":"Hit","identity":"path /a","hash":null},"msg_out":[],"msg_out_count":0,"ctx_before":{"tags":{"client":"192.0.2.1","path":"/a","status":"2xx"},"metrics":{"bytes":10},"flags":{"bot":true}},"ctx_after":{"tags":{"client":"192.0.2.1","path":"/a","status":"2xx"},"metrics":{"bytes":10},"flags":{"bot":true}},"ctx_diff":{},"status":"ok","error":null}
    "#);
}

#[test]
fn each_hit_is_a_message_and_a_malformed_line_skips_steps() {
    let settings = ["runtime.tracing.signature.mode=type_and_identity"];
    let records = traced(&settings, &format!("{REQUEST}what?\n")).records;
    let story = records.iter().map(|record| {
        let name = |message: &MessageSignature| message.identity.clone().unwrap();
        let (taken, emitted) = (name(&record.msg_in), record.msg_out.iter().map(name).collect::<Vec<_>>());
        format!("{} {} {}: {taken} -> {emitted:?}\n", record.trace_id, record.step_name, record.work_index)
    });
    insta::assert_snapshot!(story.collect::<String>(), @r#"
    test:1 parse_access_line 0: 1 -> ["GET /a?b"]
    test:1 classify_request 0: GET /a?b -> ["path /a", "status 2xx"]
    test:1 count_requests 0: path /a -> []
    test:1 count_requests 1: status 2xx -> []
    test:2 parse_access_line 0: 2 -> ["2"]
    test:2 count_malformed 0: 2 -> []
    "#);
}

#[test]
fn a_hash_is_that_of_every_field_of_a_message() {
    let records = traced(&["runtime.tracing.signature.mode=hash"], &format!("{REQUEST}what?\n")).records;
    let hash_of = |kind| {
        let taken = records.iter().map(|record| &record.msg_in).find(|taken| taken.type_name == kind);
        taken.and_then(|taken| taken.hash.as_deref()).unwrap()
    };
    // printf 'Request\nclient=9:192.0.2.1\nmethod=3:GET\ntarget=4:/a?b\nstatus=200\nbytes=10\nuser_agent=7:SomeBot\n' \
    //     | sha256sum | cut -c1-32
    assert_eq!(hash_of("Request"), "0b5ec88d7a331ae31ed15d8afd9bbdc1");
    // printf 'Hit\ngroup=4:path\nvalue=2:/a\nbytes=10\n' | sha256sum | cut -c1-32
    assert_eq!(hash_of("Hit"), "2e3c8abd309945d38a96928e2e22e31e");
    // printf 'Malformed\nline_no=2\nreason=9:no client\n' | sha256sum | cut -c1-32
    assert_eq!(hash_of("Malformed"), "758f07bfc7f575e2b71cc8f4ae686ac1");
}

#[test]
fn tracing_changes_no_count() {
    let log = std::fs::read(example("access.log")).unwrap();
    let file = || set(&[]).file(example("access_log.yaml"));
    let untraced = run(file(), &log);
    assert_eq!(untraced.trace, "", "nothing is recorded while tracing is off");
    for mode in ["none", "whitelist", "full"] {
        let mode = format!("runtime.tracing.context_diff.mode={mode}");
        let traced = run(file().set("runtime.tracing.enabled=true").set(mode.as_str()), &log);
        assert_eq!(
            (traced.output, traced.summary),
            (untraced.output.clone(), untraced.summary.clone()),
            "{mode}"
        );
        assert_eq!(traced.trace.lines().next_back().map(|last| last.contains("\"line_no\":17")), Some(true));
    }
}

/// Setting up the system's clock takes milliseconds.
#[test]
fn no_clock_is_made_where_nothing_is_recorded() {
    let is_recording = |setting| {
        let made = Cell::new(false);
        let clock_for_it = || {
            made.set(true);
            clock()
        };
        (prepare(set(&[setting])).recorder(clock_for_it, None).is_some(), made.get())
    };
    assert_eq!(is_recording("runtime.tracing.enabled=false"), (false, false));
    assert_eq!(is_recording("runtime.tracing.enabled=true"), (true, true));
}

#[test]
fn without_a_sink_the_observer_finds_the_records_on_the_tape() {
    let job = prepare(set(&["runtime.tracing.enabled=true"]));
    let recorder = job.recorder(clock, None);
    let steps = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&steps);
    let mut session = job.start("test", recorder).with_observer(move |context| {
        seen.lock().unwrap().extend(context.trace().iter().map(|record| record.step_name.clone()));
    });
    let content = LineContent::Whole(b"what?"[..].into());
    session.take(RawLine::new(1, content), 6).unwrap();
    session.finish().unwrap();
    assert_eq!(*steps.lock().unwrap(), ["parse_access_line", "count_malformed"]);
}
