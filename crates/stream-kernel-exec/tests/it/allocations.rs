//! Allocations: in the steady state, neither the runner nor a recorder with a sink allocates.

use std::io;

use allocation_counter::measure;
use stream_kernel_exec::trace::{
    CanonicalContent, Context, ContextField, FieldSet, Record, RecordSerializer, RunLabel, ShortText,
    SignatureMode, TraceSettings, TraceSink,
};
use stream_kernel_exec::{
    Emitter, Kind, Nothing, OnStepError, Payload, Plan, Registry, Step, StepError, SyncRunner, Target,
    messages, outputs,
};

use crate::story::recorder;

struct Number(u64);

struct Sum(u64);

impl Payload for Number {
    fn identity(&self, identity: &mut ShortText) -> bool {
        identity.set(self.0);
        true
    }

    fn digest(&self, content: &mut CanonicalContent) {
        content.unsigned("value", self.0);
    }
}

impl Payload for Sum {
    fn digest(&self, content: &mut CanonicalContent) {
        content.unsigned("value", self.0);
    }
}

messages! {
    /// Messages without anything on the heap.
    enum Numbers { Number, Sum }
}

outputs! {
    /// The outputs of `fork`.
    enum NumberOrSum of Numbers { Number, Sum }
}

/// Hands the number on and notes it.
struct Relay;

impl Step<Numbers> for Relay {
    type Takes = Number;
    type Emits = Number;

    fn process(
        &self,
        number: Number,
        context: &mut Context,
        out: &mut Emitter<'_, Numbers, Number>,
    ) -> Result<(), StepError> {
        context.tags.set("number", number.0);
        context.metrics.set("square", u128::from(number.0) * u128::from(number.0));
        out.emit(Number(number.0 + 1));
        Ok(())
    }
}

/// Emits two numbers, and a sum past the step that would take it.
struct Fork;

impl Step<Numbers> for Fork {
    type Takes = Number;
    type Emits = NumberOrSum;

    fn targets(&self) -> Vec<Target> {
        vec![Target::new::<Numbers, Sum>("total")]
    }

    fn process(
        &self,
        number: Number,
        _: &mut Context,
        out: &mut Emitter<'_, Numbers, NumberOrSum>,
    ) -> Result<(), StepError> {
        out.emit(Number(number.0));
        out.emit_to("total", Sum(number.0));
        out.emit(Number(number.0 * 2));
        Ok(())
    }
}

/// Makes a sum of a number.
struct Add;

impl Step<Numbers> for Add {
    type Takes = Number;
    type Emits = Sum;

    fn process(
        &self,
        number: Number,
        _: &mut Context,
        out: &mut Emitter<'_, Numbers, Sum>,
    ) -> Result<(), StepError> {
        out.emit(Sum(number.0));
        Ok(())
    }
}

/// Hands even sums on and drops odd ones.
struct KeepEven;

impl Step<Numbers> for KeepEven {
    type Takes = Sum;
    type Emits = Sum;

    fn process(
        &self,
        sum: Sum,
        _: &mut Context,
        out: &mut Emitter<'_, Numbers, Sum>,
    ) -> Result<(), StepError> {
        if sum.0.is_multiple_of(2) {
            out.emit(sum);
        }
        Ok(())
    }
}

/// The end of the pipeline.
struct Total;

impl Step<Numbers> for Total {
    type Takes = Sum;
    type Emits = Nothing;

    fn process(
        &self,
        _: Sum,
        _: &mut Context,
        _: &mut Emitter<'_, Numbers, Nothing>,
    ) -> Result<(), StepError> {
        Ok(())
    }
}

/// Returns a runner of eight steps, none of which allocates.
fn runner() -> SyncRunner<Numbers> {
    let names = ["one", "two", "three", "fork", "four", "add", "keep_even", "total"].map(str::to_owned);
    let registry = Registry::new()
        .with("one", |(): &()| Relay)
        .with("two", |(): &()| Relay)
        .with("three", |(): &()| Relay)
        .with("fork", |(): &()| Fork)
        .with("four", |(): &()| Relay)
        .with("add", |(): &()| Add)
        .with("keep_even", |(): &()| KeepEven)
        .with("total", |(): &()| Total);
    let scenario = registry
        .bind(Plan { source: Kind::of::<Numbers, Number>(), pipeline: &names, strict: true }, &())
        .unwrap_or_else(|faults| panic!("{faults:#?}"));
    let label = RunLabel { run_id: "run".into(), scenario_id: "numbers".into() };
    SyncRunner::new(scenario, label, OnStepError::Stop)
}

/// Returns the number of allocations for a thousand inputs, after a few warm-up ones.
fn allocations(mut runner: SyncRunner<Numbers>) -> u64 {
    let mut run = |numbers: std::ops::Range<u64>| {
        for number in numbers {
            assert!(runner.process(number, Number(number)).is_ok());
        }
    };
    run(1_000_000..1_000_010);
    measure(|| run(1_000_010..1_001_010)).count_total
}

/// Writes each record over the last one.
#[derive(Default)]
struct Overwriting {
    serializer: RecordSerializer,
    line: Vec<u8>,
}

impl TraceSink for Overwriting {
    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        self.line.clear();
        self.serializer.write_json(record, &mut self.line);
        Ok(())
    }
}

#[test]
fn an_untraced_run_does_not_allocate() {
    assert_eq!(allocations(runner()), 0);
}

#[test]
fn a_run_traced_into_a_sink_does_not_allocate() {
    let noted = FieldSet::of([ContextField::Tags, ContextField::Metrics]);
    for (signature, context_diff) in [
        (SignatureMode::TypeOnly, None),
        (SignatureMode::TypeAndIdentity, None),
        (SignatureMode::Hash, Some(noted)),
    ] {
        let settings = TraceSettings { signature, context_diff };
        let recorder = recorder(settings).with_sink(Box::new(Overwriting::default()));
        assert_eq!(allocations(runner().with_recorder(recorder)), 0, "{signature:?}, {context_diff:?}");
    }
}

#[test]
fn the_count_is_not_blind_a_tape_allocates() {
    assert!(allocations(runner().with_recorder(recorder(TraceSettings::default()))) > 1_000);
}
