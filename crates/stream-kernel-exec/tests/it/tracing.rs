//! Tracing changes nothing: the steps see and emit the same, whatever is recorded.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use stream_kernel_exec::trace::{
    ContextField, FieldSet, Record, Recorder, SignatureMode, TraceSettings, TraceSink,
};
use stream_kernel_exec::{Nothing, StepError};

use crate::story::{drive, recorder};
use crate::toy::{Line, Rig, Verdict, Word, WordOrVerdict, target};

const INPUTS: [&str; 6] = ["a b c", "", "bad a", "a panic b", "a error b", "z"];

/// A pipeline with every event of a run: fan-out, no output, a target, a dropped message, errors and panics.
fn eventful() -> Rig {
    Rig::new()
        .acting::<Line, WordOrVerdict>("split", vec![target::<Verdict>("last")], |text, context, out| {
            for word in text.split_whitespace() {
                context.tags.set("word", word);
                match word {
                    "bad" => out.emit_to("last", Verdict::from(word)),
                    _ => out.emit(Word::from(word)),
                }
            }
            Ok(())
        })
        .acting::<Word, WordOrVerdict>("judge", vec![], |text, context, out| {
            context.metrics.set("length", text.len() as u64);
            context.notes.push(text);
            match text {
                "panic" => panic!("as told"),
                "error" => return Err(StepError::new("Told", "to fail")),
                // Nothing takes words any more.
                "z" => out.emit(Word::from(text)),
                _ => out.emit(Verdict::from(text)),
            }
            Ok(())
        })
        .step::<Verdict, Verdict>("weigh", |text| vec![text.into()])
        .step::<Verdict, Nothing>("last", |_| vec![])
        .not_strict()
        .continuing()
}

fn traced_story(recorder: Recorder) -> String {
    let (runner, log) = eventful().runner();
    let mut runner = runner.with_recorder(recorder);
    drive(&mut runner, &log, &INPUTS);
    log.lock().unwrap().join("\n")
}

#[test]
fn the_story_is_the_same_in_every_mode() {
    let untraced = eventful().story(&INPUTS);
    insta::assert_snapshot!(untraced, @r#"
    1 split < Line "a b c"
    1 judge < Word "a"
    1 judge < Word "b"
    1 judge < Word "c"
    1 weigh < Verdict "a"
    1 weigh < Verdict "b"
    1 weigh < Verdict "c"
    1 last < Verdict "a"
    1 last < Verdict "b"
    1 last < Verdict "c"
    2 split < Line ""
    3 split < Line "bad a"
    3 judge < Word "a"
    3 weigh < Verdict "a"
    3 last < Verdict "bad"
    3 last < Verdict "a"
    4 split < Line "a panic b"
    4 judge < Word "a"
    4 judge < Word "panic"
    abandoned: line 4: step `judge` failed: Panic: as told
    5 split < Line "a error b"
    5 judge < Word "a"
    5 judge < Word "error"
    abandoned: line 5: step `judge` failed: Told: to fail
    6 split < Line "z"
    6 judge < Word "z"
    inputs 6, abandoned 2, undeliverable 1
    "#);
    let whitelist = Some(FieldSet::of([ContextField::Tags, ContextField::Notes]));
    for signature in [SignatureMode::TypeOnly, SignatureMode::TypeAndIdentity, SignatureMode::Hash] {
        for context_diff in [None, whitelist, Some(FieldSet::ALL)] {
            let traced = traced_story(recorder(TraceSettings { signature, context_diff }));
            assert_eq!(traced, untraced, "{signature:?}, {context_diff:?}");
        }
    }
}

/// Accepts `takes` records, and fails from then on.
struct Failing {
    takes: usize,
    asked: Arc<AtomicUsize>,
}

impl TraceSink for Failing {
    fn write(&mut self, _: &Record<'_>) -> io::Result<()> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        if asked > self.takes { Err(io::Error::other("disk full")) } else { Ok(()) }
    }
}

#[test]
fn a_failing_sink_is_reported_at_the_end() {
    let untraced = eventful().story(&INPUTS);
    for takes in [0, 3] {
        let asked = Arc::new(AtomicUsize::new(0));
        let sink = Failing { takes, asked: Arc::clone(&asked) };
        let (runner, log) = eventful().runner();
        let settings = TraceSettings { signature: SignatureMode::Hash, context_diff: Some(FieldSet::ALL) };
        let recorder = recorder(settings).with_sink(Box::new(sink));
        let mut runner = runner.with_recorder(recorder);
        drive(&mut runner, &log, &INPUTS);

        assert_eq!(log.lock().unwrap().join("\n"), untraced);
        assert_eq!(asked.load(Ordering::Relaxed), takes + 1, "a sink that has failed is not asked again");
        let counted = runner.report();
        assert_eq!(
            counted.inputs,
            INPUTS.len() as u64,
            "the counts can be had although the trace is not complete"
        );
        let failure = runner.finish().unwrap_err();
        assert!(failure.to_string().starts_with("the trace breaks off at line 1"), "{failure}");
    }
}

#[test]
fn a_run_whose_trace_is_complete_ends_with_its_counts() {
    let (runner, log) = eventful().runner();
    let mut runner = runner.with_recorder(recorder(TraceSettings::default()));
    drive(&mut runner, &log, &INPUTS);
    let counted = runner.report();
    assert_eq!(runner.finish().unwrap(), counted);
}

/// Counts how often it is told that the run goes idle.
#[derive(Clone, Default)]
struct Waiting(Arc<AtomicUsize>);

impl TraceSink for Waiting {
    fn write(&mut self, _: &Record<'_>) -> io::Result<()> {
        Ok(())
    }

    fn idle(&mut self) -> io::Result<()> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// Somebody who follows a trace while the run waits for input wants to see all of it.
#[test]
fn a_sink_learns_that_the_run_waits() {
    let sink = Waiting::default();
    let (runner, _) = eventful().runner();
    let settings = TraceSettings::default();
    let mut runner = runner.with_recorder(recorder(settings).with_sink(Box::new(sink.clone())));
    runner.idle();
    assert_eq!(sink.0.load(Ordering::Relaxed), 1);
}

/// Takes every second input, and keeps what it gets.
#[derive(Clone, Default)]
struct Choosy(Arc<Mutex<Vec<String>>>);

impl TraceSink for Choosy {
    fn takes_input(&mut self, line_no: u64) -> bool {
        line_no.is_multiple_of(2)
    }

    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        let mut json = Vec::new();
        record.write_json(&mut json);
        self.0.lock().unwrap().push(String::from_utf8(json).unwrap());
        Ok(())
    }
}

impl Choosy {
    fn lines(&self) -> Vec<u64> {
        let line = |json: &String| -> u64 {
            let rest = json.split_once("\"line_no\":").unwrap().1;
            rest.split_once(',').unwrap().0.parse().unwrap()
        };
        self.0.lock().unwrap().iter().map(line).collect()
    }
}

#[test]
fn inputs_that_a_sink_refuses_are_not_recorded() {
    let untraced = eventful().story(&INPUTS);
    let settings = TraceSettings { signature: SignatureMode::Hash, context_diff: Some(FieldSet::ALL) };
    let (runner, log) = eventful().runner();
    let sink = Choosy::default();
    let mut runner = runner.with_recorder(recorder(settings).with_sink(Box::new(sink.clone())));
    drive(&mut runner, &log, &INPUTS);
    assert_eq!(log.lock().unwrap().join("\n"), untraced, "the steps cannot tell");
    let mut lines = sink.lines();
    lines.dedup();
    assert_eq!(lines, [2, 4, 6]);

    // Prepared ahead, in blocks of both kinds, the same inputs give the same records.
    let (runner, _) = eventful().runner();
    let ahead = Choosy::default();
    let mut runner = runner.with_recorder(recorder(settings).with_sink(Box::new(ahead.clone())));
    let lines: Vec<_> = (1..).zip(INPUTS).collect();
    for block in lines.chunks(4) {
        let prepared: Vec<_> =
            block.iter().map(|(line_no, input)| runner.prepare(*line_no, Line::from(*input))).collect();
        for paused in prepared {
            runner.finish_paused(paused).unwrap();
        }
    }
    assert_eq!(*ahead.0.lock().unwrap(), *sink.0.lock().unwrap());
    assert_eq!(runner.report().inputs, INPUTS.len() as u64);
}

#[test]
fn an_observer_sees_inputs_that_a_sink_refuses() {
    let (runner, log) = eventful().runner();
    let noted = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&noted);
    let settings = TraceSettings { context_diff: Some(FieldSet::ALL), ..TraceSettings::default() };
    let mut runner = runner
        .with_recorder(recorder(settings).with_sink(Box::new(Choosy::default())))
        .with_observer(move |context| {
            seen.fetch_add(usize::from(context.tags.get("word").is_some()), Ordering::Relaxed);
        });
    drive(&mut runner, &log, &INPUTS);
    assert_eq!(noted.load(Ordering::Relaxed), INPUTS.len() - 1, "all but the one without words");
}

#[test]
fn a_failing_sink_leaves_the_others() {
    let (runner, log) = eventful().runner();
    let (asked, other) = (Arc::default(), Waiting::default());
    let failing = Failing { takes: 0, asked };
    let recorder =
        recorder(TraceSettings::default()).with_sink(Box::new(failing)).with_sink(Box::new(other.clone()));
    let mut runner = runner.with_recorder(recorder);
    drive(&mut runner, &log, &INPUTS);
    runner.idle();
    assert_eq!(other.0.load(Ordering::Relaxed), 1, "it is still there");
    assert!(runner.finish().is_err(), "the failure is reported");
}
