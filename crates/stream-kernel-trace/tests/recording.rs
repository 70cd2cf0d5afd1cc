//! Records of a step's work in every mode, as a sink and the tape receive them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use serde_json::value::RawValue;
use stream_kernel_trace::{
    CanonicalContent, Context, ContextField, ErrorEntry, FieldSet, IdentityRedaction, ManualClock, Message,
    Record, Recorder, Redaction, RedactionKey, RunLabel, ShortText, SignatureMode, SinkFailure, StepFault,
    StepRef, Timestamp, TraceRecord, TraceSettings, TraceSink,
};

/// A message with an identity, or without one if its name is empty.
struct Greeting(&'static str);

impl Message for Greeting {
    fn type_name(&self) -> &'static str {
        "Greeting"
    }

    fn identity(&self, identity: &mut ShortText) -> bool {
        identity.set(self.0);
        !self.0.is_empty()
    }

    fn digest(&self, content: &mut CanonicalContent) {
        content.text("to", self.0);
    }
}

/// Keeps lines for the test, and fails from the `fails_at`th record on.
#[derive(Clone, Default)]
struct Lines {
    lines: Arc<Mutex<Vec<String>>>,
    fails_at: Option<usize>,
}

impl TraceSink for Lines {
    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        let mut lines = self.lines.lock().unwrap();
        if self.fails_at == Some(lines.len()) {
            return Err(io::Error::other("disk full"));
        }
        let mut line = Vec::new();
        record.write_json(&mut line);
        lines.push(String::from_utf8(line).unwrap());
        Ok(())
    }
}

fn clock() -> ManualClock {
    // 2026-01-21T01:23:45.123456Z, a millisecond and a half per reading.
    ManualClock::new(Timestamp::from_nanos(1_768_958_625_123_456_000), 1_500_000)
}

fn context(settings: TraceSettings) -> Context {
    let label = RunLabel { run_id: "run".into(), scenario_id: "greetings".into() };
    Context::new(label, settings.context_diff.unwrap_or_default())
}

/// Records a step that greets two from one, a step that fails, and a second message of the first step.
fn record_three(recorder: &mut Recorder, context: &mut Context) {
    let (greet, fail) = (StepRef { index: 0, name: "greet" }, StepRef { index: 2, name: "fail" });
    context.begin_input(7);
    recorder.begin_input();

    recorder.enter(&Greeting("all"), context);
    context.tags.set("mood", "good");
    recorder.exit(greet, &[Greeting("ann"), Greeting("")], context, Ok(()));

    recorder.enter(&Greeting("ann"), context);
    context.errors.push(|| ErrorEntry::new("E7", "nobody there", "fail"));
    let fault = StepFault {
        type_name: "Absent".into(),
        message: "nobody \"there\"".into(),
        step_name: "fail".into(),
    };
    recorder.exit(fail, std::iter::empty::<&Greeting>(), context, Err(&fault));

    recorder.enter(&Greeting("again"), context);
    recorder.exit(greet, std::iter::empty::<&Greeting>(), context, Ok(()));
}

/// Records with `settings`, and returns the step's name and the raw JSON of `keys` of each record, or of all keys if
/// there are none.
fn check(settings: TraceSettings, keys: &[&str]) -> String {
    check_redacted(settings, Redaction::default(), keys)
}

fn check_redacted(settings: TraceSettings, redaction: Redaction, keys: &[&str]) -> String {
    let sink = Lines::default();
    let recorder = Recorder::new(settings, clock()).with_redaction(redaction);
    let mut recorder = recorder.with_sink(Box::new(sink.clone())).with_tape();
    let mut context = context(settings);
    record_three(&mut recorder, &mut context);
    recorder.finish().unwrap();

    let lines = sink.lines.lock().unwrap();
    let tape: Vec<String> =
        context.trace().iter().map(|record| serde_json::to_string(record).unwrap()).collect();
    assert_eq!(tape, *lines, "the tape says what the sink received, to the byte");
    for line in lines.iter() {
        let read: TraceRecord = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), *line, "a line survives being read");
    }
    if keys.is_empty() { lines.join("\n") } else { lines.iter().map(|line| excerpt(line, keys)).collect() }
}

fn excerpt(line: &str, keys: &[&str]) -> String {
    let record: BTreeMap<String, Box<RawValue>> = serde_json::from_str(line).unwrap();
    let values = keys.iter().map(|key| format!("  {key}: {}\n", record[*key]));
    format!("{}\n{}", record["step_name"], values.collect::<String>())
}

#[test]
fn by_default_a_record_shows_kinds_and_no_context() {
    insta::assert_snapshot!(check(TraceSettings::default(), &[]), @r#"
    {"trace_id":"run:7","scenario":"greetings","line_no":7,"step_index":0,"step_name":"greet","work_index":0,"t_enter":"2026-01-21T01:23:45.123456Z","t_exit":"2026-01-21T01:23:45.124956Z","duration_ms":1.5,"msg_in":{"type_name":"Greeting","identity":null,"hash":null},"msg_out":[{"type_name":"Greeting","identity":null,"hash":null},{"type_name":"Greeting","identity":null,"hash":null}],"msg_out_count":2,"ctx_before":null,"ctx_after":null,"ctx_diff":null,"status":"ok","error":null}
    {"trace_id":"run:7","scenario":"greetings","line_no":7,"step_index":2,"step_name":"fail","work_index":0,"t_enter":"2026-01-21T01:23:45.126456Z","t_exit":"2026-01-21T01:23:45.127956Z","duration_ms":1.5,"msg_in":{"type_name":"Greeting","identity":null,"hash":null},"msg_out":[],"msg_out_count":0,"ctx_before":null,"ctx_after":null,"ctx_diff":null,"status":"error","error":{"type":"Absent","message":"nobody \"there\"","where":"fail","stack":null}}
    {"trace_id":"run:7","scenario":"greetings","line_no":7,"step_index":0,"step_name":"greet","work_index":1,"t_enter":"2026-01-21T01:23:45.129456Z","t_exit":"2026-01-21T01:23:45.130956Z","duration_ms":1.5,"msg_in":{"type_name":"Greeting","identity":null,"hash":null},"msg_out":[],"msg_out_count":0,"ctx_before":null,"ctx_after":null,"ctx_diff":null,"status":"ok","error":null}
    "#);
}

#[test]
fn identities_are_shown_where_there_are_any() {
    let settings = TraceSettings { signature: SignatureMode::TypeAndIdentity, ..TraceSettings::default() };
    insta::assert_snapshot!(check(settings, &["msg_in", "msg_out"]), @r#"
    "greet"
      msg_in: {"type_name":"Greeting","identity":"all","hash":null}
      msg_out: [{"type_name":"Greeting","identity":"ann","hash":null},{"type_name":"Greeting","identity":null,"hash":null}]
    "fail"
      msg_in: {"type_name":"Greeting","identity":"ann","hash":null}
      msg_out: []
    "greet"
      msg_in: {"type_name":"Greeting","identity":"again","hash":null}
      msg_out: []
    "#);
}

#[test]
fn hashes_and_a_whitelist_of_fields() {
    let settings = TraceSettings {
        signature: SignatureMode::Hash,
        context_diff: Some(FieldSet::of([ContextField::Tags, ContextField::Errors])),
    };
    insta::assert_snapshot!(check(settings, &["msg_in", "msg_out", "ctx_before", "ctx_after", "ctx_diff"]), @r#"
    "greet"
      msg_in: {"type_name":"Greeting","identity":"all","hash":"8338103d54513519a7c1ec982ca9727e"}
      msg_out: [{"type_name":"Greeting","identity":"ann","hash":"fcb48873cbc1ad8e1b0d83b18e09ea71"},{"type_name":"Greeting","identity":null,"hash":"cb66a20d1796c7368aef50384f24e237"}]
      ctx_before: {"tags":{},"errors":[]}
      ctx_after: {"tags":{"mood":"good"},"errors":[]}
      ctx_diff: {"tags":{"before":{},"after":{"mood":"good"}}}
    "fail"
      msg_in: {"type_name":"Greeting","identity":"ann","hash":"fcb48873cbc1ad8e1b0d83b18e09ea71"}
      msg_out: []
      ctx_before: {"tags":{"mood":"good"},"errors":[]}
      ctx_after: {"tags":{"mood":"good"},"errors":[{"code":"E7","message":"nobody there","step":"fail","details":null}]}
      ctx_diff: {"errors":{"before":[],"after":[{"code":"E7","message":"nobody there","step":"fail","details":null}]}}
    "greet"
      msg_in: {"type_name":"Greeting","identity":"again","hash":"280e788b1cd4dff8c6feae791afde2e2"}
      msg_out: []
      ctx_before: {"tags":{"mood":"good"},"errors":[{"code":"E7","message":"nobody there","step":"fail","details":null}]}
      ctx_after: {"tags":{"mood":"good"},"errors":[{"code":"E7","message":"nobody there","step":"fail","details":null}]}
      ctx_diff: {}
    "#);
}

#[test]
fn the_full_context() {
    let settings = TraceSettings { context_diff: Some(FieldSet::ALL), ..TraceSettings::default() };
    insta::assert_snapshot!(check(settings, &["ctx_before", "ctx_after", "ctx_diff"]), @r#"
    "greet"
      ctx_before: {"trace_id":"run:7","run_id":"run","scenario_id":"greetings","line_no":7,"received_at":"2026-01-21T01:23:45.123456Z","tags":{},"metrics":{},"notes":[],"flags":{},"errors":[]}
      ctx_after: {"trace_id":"run:7","run_id":"run","scenario_id":"greetings","line_no":7,"received_at":"2026-01-21T01:23:45.123456Z","tags":{"mood":"good"},"metrics":{},"notes":[],"flags":{},"errors":[]}
      ctx_diff: {"tags":{"before":{},"after":{"mood":"good"}}}
    "fail"
      ctx_before: {"trace_id":"run:7","run_id":"run","scenario_id":"greetings","line_no":7,"received_at":"2026-01-21T01:23:45.123456Z","tags":{"mood":"good"},"metrics":{},"notes":[],"flags":{},"errors":[]}
      ctx_after: {"trace_id":"run:7","run_id":"run","scenario_id":"greetings","line_no":7,"received_at":"2026-01-21T01:23:45.123456Z","tags":{"mood":"good"},"metrics":{},"notes":[],"flags":{},"errors":[{"code":"E7","message":"nobody there","step":"fail","details":null}]}
      ctx_diff: {"errors":{"before":[],"after":[{"code":"E7","message":"nobody there","step":"fail","details":null}]}}
    "greet"
      ctx_before: {"trace_id":"run:7","run_id":"run","scenario_id":"greetings","line_no":7,"received_at":"2026-01-21T01:23:45.123456Z","tags":{"mood":"good"},"metrics":{},"notes":[],"flags":{},"errors":[{"code":"E7","message":"nobody there","step":"fail","details":null}]}
      ctx_after: {"trace_id":"run:7","run_id":"run","scenario_id":"greetings","line_no":7,"received_at":"2026-01-21T01:23:45.123456Z","tags":{"mood":"good"},"metrics":{},"notes":[],"flags":{},"errors":[{"code":"E7","message":"nobody there","step":"fail","details":null}]}
      ctx_diff: {}
    "#);
}

#[test]
fn an_empty_whitelist_gives_empty_snapshots() {
    let context_diff = Some(FieldSet::EMPTY);
    let lines = check(TraceSettings { context_diff, ..TraceSettings::default() }, &[]);
    for line in lines.lines() {
        assert!(line.contains(r#","ctx_before":{},"ctx_after":{},"ctx_diff":{},"#), "{line}");
    }
}

#[test]
fn the_hash_is_of_the_content_alone() {
    // printf 'Greeting\nto=3:ann\n' | sha256sum | cut -c1-32
    let settings = TraceSettings { signature: SignatureMode::Hash, ..TraceSettings::default() };
    let mut recorder = Recorder::new(settings, clock());
    let mut context = context(settings);
    record_three(&mut recorder, &mut context);
    let [first, second, third] = context.trace() else { panic!("three records") };
    let hash = Some("fcb48873cbc1ad8e1b0d83b18e09ea71".to_owned());
    assert_eq!(first.msg_out[0].hash, hash);
    assert_eq!(second.msg_in.hash, hash, "the same content, the same hash, wherever it is seen");
    assert_ne!(third.msg_in.hash, hash);
}

#[test]
fn a_failing_sink_is_dropped_and_the_tape_goes_on() {
    let sink = Lines { fails_at: Some(1), ..Lines::default() };
    let mut recorder =
        Recorder::new(TraceSettings::default(), clock()).with_sink(Box::new(sink.clone())).with_tape();
    let mut context = context(TraceSettings::default());
    record_three(&mut recorder, &mut context);

    assert_eq!(sink.lines.lock().unwrap().len(), 1);
    assert_eq!(context.trace().len(), 3);
    let failure = recorder.finish().unwrap_err();
    assert_eq!(failure.to_string(), "the trace breaks off at line 7, step `fail`, or shortly before");
    assert!(matches!(failure, SinkFailure::Refused { cause, .. } if cause.to_string() == "disk full"));
    recorder.finish().unwrap();
}

/// A hidden value must be in no record, wherever it could come from.
#[test]
fn hidden_identities_and_tags_are_hidden_everywhere() {
    let settings = TraceSettings { signature: SignatureMode::Hash, context_diff: Some(FieldSet::ALL) };
    let key = || RedactionKey::new(b"a key for this test").unwrap();
    let tags = || ["mood".to_owned()];
    let masked = Redaction::new(IdentityRedaction::Mask, tags(), None);
    let hashed = Redaction::new(IdentityRedaction::Hash, tags(), Some(key()));
    let shown = [masked, hashed].map(|redaction| check_redacted(settings, redaction, &[]));
    for hidden in ["\"all\"", "\"ann\"", "\"again\"", "\"good\""] {
        assert!(check(settings, &[]).contains(hidden), "{hidden} is there to be hidden");
        for records in &shown {
            assert!(!records.contains(hidden), "{hidden} stands in\n{records}");
        }
    }
    let [masked, hashed] = &shown;
    assert!(masked.contains(r#""identity":"***","hash":null"#), "a hash could be tried out: {masked}");
    assert!(!hashed.contains("***"), "{hashed}");
}

#[test]
fn with_a_sink_alone_the_tape_stays_empty() {
    let mut recorder = Recorder::new(TraceSettings::default(), clock()).with_sink(Box::new(Lines::default()));
    let mut context = context(TraceSettings::default());
    record_three(&mut recorder, &mut context);
    assert!(context.trace().is_empty());
}

/// A message that is handed on is not asked again. One that follows several messages, or none, must be asked, whatever
/// the caller says.
#[test]
fn only_a_lone_message_that_is_handed_on_keeps_its_signature() {
    let settings = TraceSettings { signature: SignatureMode::Hash, ..TraceSettings::default() };
    let mut recorder = Recorder::new(settings, clock());
    let mut context = context(settings);
    context.begin_input(7);
    recorder.begin_input();
    let step = StepRef { index: 0, name: "greet" };
    let emitted: [&[Greeting]; 4] =
        [&[Greeting("ann")], &[Greeting("ben"), Greeting("cid")], &[], &[Greeting("dot")]];
    for (message, emitted) in ["all", "ann", "cid", "eve"].map(Greeting).iter().zip(emitted) {
        recorder.enter(message, &mut context);
        recorder.exit(step, emitted, &mut context, Ok(()));
        recorder.hand_on();
    }
    let taken: Vec<_> = context.trace().iter().map(|record| record.msg_in.clone()).collect();
    let identities: Vec<_> = taken.iter().map(|message| message.identity.as_deref().unwrap()).collect();
    assert_eq!(identities, ["all", "ann", "cid", "eve"]);
    assert_eq!(taken[1], context.trace()[0].msg_out[0], "it is the same message");
}
