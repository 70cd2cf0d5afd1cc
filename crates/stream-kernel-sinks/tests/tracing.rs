//! Records as spans: what a subscriber of the `tracing` ecosystem gets, and what it may do.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fmt::{Debug, Write as _};
use std::io;
use std::sync::{Arc, Mutex};

use stream_kernel_sinks::{Dispatch, TracingSink};
use stream_kernel_trace::{
    CanonicalContent, Context, FieldSet, IdentityRedaction, ManualClock, Message, Recorder, Redaction,
    RunLabel, ShortText, SignatureMode, SinkFailure, StepFault, StepRef, Timestamp, TraceSettings,
};
use tracing_core::callsite::DefaultCallsite;
use tracing_core::field::{Field, Visit};
use tracing_core::metadata::{Kind, Level};
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::subscriber::{Interest, NoSubscriber};
use tracing_core::{Event, Metadata, Subscriber, dispatcher, metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{self, Layer, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, Registry};

struct Greeting(&'static str);

impl Message for Greeting {
    fn type_name(&self) -> &'static str {
        "Greeting"
    }

    fn identity(&self, identity: &mut ShortText) -> bool {
        identity.set(self.0);
        true
    }

    fn digest(&self, content: &mut CanonicalContent) {
        content.text("to", self.0);
    }
}

/// Text that several owners write to.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Log {
    fn line(&self, line: &str) {
        writeln!(self.0.lock().unwrap(), "{line}").unwrap();
    }

    fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().push_str(str::from_utf8(bytes).unwrap());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Logs each call, and numbers spans from 1.
struct Collecting {
    log: Log,
    spans: Mutex<u64>,
    wants: fn(&Metadata<'_>) -> bool,
    panics_at: Option<u64>,
}

impl Collecting {
    fn new(log: &Log) -> Self {
        Self { log: log.clone(), spans: Mutex::new(0), wants: |_| true, panics_at: None }
    }
}

impl Subscriber for Collecting {
    /// A panic here would break the registry of all subscribers of this process.
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        (self.wants)(metadata)
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let number = {
            let mut spans = self.spans.lock().unwrap();
            *spans += 1;
            *spans
        };
        assert_ne!(self.panics_at, Some(number), "no room for span {number}");
        let mut line = format!("open {number} {}", span.metadata().name());
        match span.parent() {
            Some(parent) => write!(line, " in {}", parent.into_u64()).unwrap(),
            None => assert!(span.is_root(), "a span of the host must not become the parent"),
        }
        span.record(&mut Fields(&mut line));
        self.log.line(&line);
        Id::from_u64(number)
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut line = format!("{} {}", metadata.level(), metadata.target());
        if let Some(parent) = event.parent() {
            write!(line, " in {}", parent.into_u64()).unwrap();
        }
        event.record(&mut Fields(&mut line));
        self.log.line(&line);
    }

    fn try_close(&self, id: Id) -> bool {
        self.log.line(&format!("close {}", id.into_u64()));
        true
    }

    fn record(&self, _: &Id, _: &Record<'_>) {
        unreachable!("all values are known when a span opens");
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {
        unreachable!("no span is entered");
    }

    fn exit(&self, _: &Id) {}
}

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

const EVERYTHING: TraceSettings =
    TraceSettings { signature: SignatureMode::Hash, context_diff: Some(FieldSet::ALL) };

fn recorder(settings: TraceSettings, dispatch: Dispatch) -> Recorder {
    let clock = ManualClock::new(Timestamp::from_nanos(1_768_958_625_123_456_000), 1_500_000);
    Recorder::new(settings, clock).with_sink(Box::new(TracingSink::new(dispatch)))
}

/// Records two inputs: of the first, the step `greet` makes two messages, of which `fail` cannot take one; the second
/// is only greeted.
fn record(recorder: &mut Recorder) -> Result<(), SinkFailure> {
    let label = RunLabel { run_id: "run".into(), scenario_id: "greetings".into() };
    let mut context = Context::new(label, recorder.settings().context_diff.unwrap_or_default());
    let (greet, fail) = (StepRef { index: 0, name: "greet" }, StepRef { index: 1, name: "fail" });

    context.begin_input(7);
    assert!(recorder.takes_input(7));
    recorder.begin_input();
    recorder.enter(&Greeting("all"), &mut context);
    context.tags.set("mood", "good");
    recorder.exit(greet, &[Greeting("ann"), Greeting("bob")], &mut context, Ok(()));
    recorder.enter(&Greeting("ann"), &mut context);
    let fault =
        StepFault { type_name: "Absent".into(), message: "nobody there".into(), step_name: "fail".into() };
    recorder.exit(fail, std::iter::empty::<&Greeting>(), &mut context, Err(&fault));

    context.begin_input(8);
    recorder.takes_input(8);
    recorder.begin_input();
    recorder.enter(&Greeting("eve"), &mut context);
    recorder.exit(greet, std::iter::empty::<&Greeting>(), &mut context, Ok(()));
    recorder.finish()
}

#[test]
fn a_record_is_a_span_below_that_of_its_input() {
    let log = Log::default();
    record(&mut recorder(TraceSettings::default(), Dispatch::new(Collecting::new(&log)))).unwrap();
    insta::assert_snapshot!(log.take(), @r#"
    open 1 input trace_id=run:7 run_id="run" scenario="greetings" line_no=7
    open 2 step in 1 step_name="greet" step_index=0 work_index=0 t_enter=2026-01-21T01:23:45.123456Z t_exit=2026-01-21T01:23:45.124956Z duration_ms=1.5 msg_in="Greeting" msg_out=Greeting, Greeting msg_out_count=2 status="ok"
    close 2
    open 3 step in 1 step_name="fail" step_index=1 work_index=0 t_enter=2026-01-21T01:23:45.126456Z t_exit=2026-01-21T01:23:45.127956Z duration_ms=1.5 msg_in="Greeting" msg_out= msg_out_count=0 status="error" error.type="Absent" error.message="nobody there"
    ERROR stream_kernel in 3 message="nobody there" trace_id=run:7 step_name="fail" error.type="Absent"
    close 3
    close 1
    open 4 input trace_id=run:8 run_id="run" scenario="greetings" line_no=8
    open 5 step in 4 step_name="greet" step_index=0 work_index=0 t_enter=2026-01-21T01:23:45.129456Z t_exit=2026-01-21T01:23:45.130956Z duration_ms=1.5 msg_in="Greeting" msg_out= msg_out_count=0 status="ok"
    close 5
    close 4
    "#);
}

#[test]
fn a_span_holds_all_that_a_record_shows() {
    let log = Log::default();
    record(&mut recorder(EVERYTHING, Dispatch::new(Collecting::new(&log)))).unwrap();
    let text = log.take();
    insta::assert_snapshot!(text.lines().nth(1).unwrap(), @r#"open 2 step in 1 step_name="greet" step_index=0 work_index=0 t_enter=2026-01-21T01:23:45.123456Z t_exit=2026-01-21T01:23:45.124956Z duration_ms=1.5 msg_in="Greeting" msg_in.identity="all" msg_in.hash="8338103d54513519a7c1ec982ca9727e" msg_out=Greeting, Greeting msg_out_count=2 ctx_diff={"tags":{"before":{},"after":{"mood":"good"}}} status="ok""#);
}

#[test]
fn what_the_recorder_hides_is_hidden_here_too() {
    let log = Log::default();
    let redaction = Redaction::new(IdentityRedaction::Mask, vec!["mood".to_owned()], None);
    let mut recorder = recorder(EVERYTHING, Dispatch::new(Collecting::new(&log))).with_redaction(redaction);
    record(&mut recorder).unwrap();
    let text = log.take();
    for hidden in ["=all", "=ann", "=eve", "\"all\"", "\"ann\"", "good"] {
        assert!(!text.contains(hidden), "{hidden} is in\n{text}");
    }
    assert!(text.contains("msg_in.identity=") && text.contains("\"mood\":"), "{text}");
}

#[test]
fn a_subscriber_that_wants_nothing_gets_nothing() {
    let log = Log::default();
    let collecting = Collecting { wants: |_| false, ..Collecting::new(&log) };
    let mut recorder = recorder(TraceSettings::default(), Dispatch::new(collecting));
    record(&mut recorder).unwrap();
    assert_eq!(log.take(), "");
}

#[test]
fn failures_alone_are_told_if_no_spans_are_wanted() {
    let log = Log::default();
    let collecting = Collecting { wants: |metadata| metadata.is_event(), ..Collecting::new(&log) };
    record(&mut recorder(TraceSettings::default(), Dispatch::new(collecting))).unwrap();
    insta::assert_snapshot!(log.take(), @r#"ERROR stream_kernel message="nobody there" trace_id=run:7 step_name="fail" error.type="Absent""#);
}

#[test]
fn a_panic_of_the_subscriber_fails_the_sink_alone() {
    let log = Log::default();
    let collecting = Collecting { panics_at: Some(3), ..Collecting::new(&log) };
    let mut recorder = recorder(TraceSettings::default(), Dispatch::new(collecting)).with_tape();
    let failure = record(&mut recorder).unwrap_err();
    let SinkFailure::Refused { line_no: 7, ref step_name, ref cause } = failure else { panic!("{failure}") };
    assert_eq!(step_name, "fail");
    let message = cause.to_string();
    assert!(message.starts_with("the `tracing` subscriber panicked: "), "{message}");
    assert!(message.contains("no room for span 3"), "{message}");
    assert_eq!(log.take().lines().count(), 3, "a subscriber that has panicked is not called again");
}

#[test]
fn a_panic_of_a_filter_fails_the_first_record() {
    let collecting = Collecting { wants: |_| panic!("no filter"), ..Collecting::new(&Log::default()) };
    let failure = record(&mut recorder(TraceSettings::default(), Dispatch::new(collecting))).unwrap_err();
    assert!(matches!(failure, SinkFailure::Refused { line_no: 7, .. }), "{failure}");
}

/// Returns a recorder in the middle of an input, whose span the log has.
fn open_input() -> (Log, Recorder, Context) {
    let log = Log::default();
    let mut recorder = recorder(TraceSettings::default(), Dispatch::new(Collecting::new(&log)));
    let label = RunLabel { run_id: "run".into(), scenario_id: "greetings".into() };
    let mut context = Context::new(label, FieldSet::default());
    context.begin_input(1);
    recorder.begin_input();
    recorder.enter(&Greeting("all"), &mut context);
    recorder.exit(StepRef { index: 0, name: "greet" }, [&Greeting("ann")], &mut context, Ok(()));
    log.take();
    (log, recorder, context)
}

#[test]
fn an_input_is_closed_while_the_run_waits() {
    let (log, mut recorder, context) = open_input();
    recorder.idle(&context);
    assert_eq!(log.take(), "close 1\n");
    drop(recorder);
    assert_eq!(log.take(), "", "it is closed once");
}

#[test]
fn the_last_input_of_a_run_that_unwinds_is_closed() {
    let (log, recorder, _) = open_input();
    drop(recorder);
    assert_eq!(log.take(), "close 1\n");
}

/// Logs the spans that the registry has forgotten.
struct Closed(Log);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Closed {
    fn on_close(&self, id: Id, context: layer::Context<'_, S>) {
        self.0.line(context.span(&id).unwrap().name());
    }
}

/// The registry keeps a parent until its last child has told the thread's default subscriber that it is gone: without
/// that default, every input would stay in memory.
#[test]
fn a_registry_that_is_no_default_forgets_every_span() {
    let log = Log::default();
    let registry = Registry::default().with(Closed(log.clone()));
    record(&mut recorder(TraceSettings::default(), Dispatch::new(registry))).unwrap();
    assert_eq!(log.take(), "step\nstep\ninput\nstep\ninput\n");
}

/// A layer's filter remembers what it has refused until the span or event comes that it was asked about.
#[test]
fn what_the_host_tells_between_records_is_not_lost() {
    static TOLD: DefaultCallsite = DefaultCallsite::new(&TOLD_METADATA);
    static TOLD_METADATA: Metadata<'static> = metadata! {
        name: "told", target: "host", level: Level::INFO, fields: &[], callsite: &TOLD, kind: Kind::EVENT,
    };
    let log = Log::default();
    let writer = log.clone();
    let told = fmt::layer().without_time().with_ansi(false).with_writer(move || writer.clone());
    let ours_left_out = filter_fn(|metadata| metadata.target() == "host");
    let everything = filter_fn(|_| true);
    let all = fmt::layer().with_writer(io::sink).with_filter(everything);
    let dispatch = Dispatch::new(Registry::default().with(told.with_filter(ours_left_out)).with(all));
    let mut recorder = recorder(TraceSettings::default(), dispatch.clone());
    assert!(recorder.takes_input(7));
    dispatch.event(&Event::new_child_of(None, &TOLD_METADATA, &TOLD_METADATA.fields().value_set_all(&[])));
    assert_eq!(log.take(), " INFO host: \n");
    record(&mut recorder).unwrap();
    dispatch.event(&Event::new_child_of(None, &TOLD_METADATA, &TOLD_METADATA.fields().value_set_all(&[])));
    assert_eq!(log.take(), " INFO host: \n");
}

#[test]
fn the_usual_subscriber_shows_a_failed_step() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().without_time().with_ansi(false);
    let subscriber = subscriber.with_writer(move || writer.clone()).finish();
    record(&mut recorder(TraceSettings::default(), Dispatch::new(subscriber))).unwrap();
    insta::assert_snapshot!(log.take(), @r#"ERROR input{trace_id=run:7 run_id="run" scenario="greetings" line_no=7}:step{step_name="fail" step_index=1 work_index=0 t_enter=2026-01-21T01:23:45.126456Z t_exit=2026-01-21T01:23:45.127956Z duration_ms=1.5 msg_in="Greeting" msg_out= msg_out_count=0 status="error" error.type="Absent" error.message="nobody there"}: stream_kernel: nobody there trace_id=run:7 step_name="fail" error.type="Absent""#);
}

#[test]
fn without_a_subscriber_given_the_default_gets_records() {
    let log = Log::default();
    let sink = dispatcher::with_default(&Dispatch::new(Collecting::new(&log)), TracingSink::default);
    let clock = ManualClock::new(Timestamp::from_nanos(0), 0);
    let mut recorder = Recorder::new(TraceSettings::default(), clock).with_sink(Box::new(sink));
    record(&mut recorder).unwrap();
    assert!(log.take().starts_with("open 1 input trace_id=run:7 "));
    let is_none = dispatcher::get_default(Dispatch::is::<NoSubscriber>);
    assert!(is_none, "the default of this thread is what it was");
}
