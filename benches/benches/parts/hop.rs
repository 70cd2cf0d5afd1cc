//! A hop through the runner: from one step that does nothing to the next.

use criterion::{Criterion, Throughput};
use stream_kernel_exec::trace::{CanonicalContent, Context, Recorder, RunLabel, SystemClock, TraceSettings};
use stream_kernel_exec::{
    Emitter, Kind, Nothing, OnStepError, Payload, Plan, Registry, Step, StepError, SyncRunner,
};

use crate::record::Discard;

struct Ball(u64);

impl Payload for Ball {
    fn digest(&self, content: &mut CanonicalContent) {
        content.unsigned("number", self.0);
    }
}

stream_kernel_exec::messages! {
    /// The message that is handed on.
    enum Toy { Ball }
}

struct HandOn;

impl Step<Toy> for HandOn {
    type Takes = Ball;
    type Emits = Ball;

    fn process(
        &self,
        ball: Ball,
        _: &mut Context,
        out: &mut Emitter<'_, Toy, Ball>,
    ) -> Result<(), StepError> {
        out.emit(ball);
        Ok(())
    }
}

struct Keep;

impl Step<Toy> for Keep {
    type Takes = Ball;
    type Emits = Nothing;

    fn process(&self, _: Ball, _: &mut Context, _: &mut Emitter<'_, Toy, Nothing>) -> Result<(), StepError> {
        Ok(())
    }
}

/// As many steps as fund-load has.
const NAMES: [&str; 8] = ["one", "two", "three", "four", "five", "six", "seven", "eight"];

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hop");
    group.throughput(Throughput::Elements(NAMES.len() as u64));
    let mut untraced = runner();
    group.bench_function("untraced", |bencher| {
        bencher.iter(|| untraced.process(1, Ball(7)).unwrap());
    });
    let recorder = Recorder::new(TraceSettings::default(), SystemClock::new()).with_sink(Box::new(Discard));
    let mut traced = runner().with_recorder(recorder);
    group.bench_function("traced, records discarded", |bencher| {
        bencher.iter(|| traced.process(1, Ball(7)).unwrap());
    });
    group.finish();
}

fn runner() -> SyncRunner<Toy> {
    let [first @ .., last] = NAMES;
    let registry = first.into_iter().fold(Registry::new(), |registry, name| registry.with(name, |()| HandOn));
    let pipeline = NAMES.map(str::to_owned);
    let plan = Plan { source: Kind::of::<Toy, Ball>(), pipeline: &pipeline, strict: true };
    let scenario = registry.with(last, |()| Keep).bind(plan, &()).unwrap();
    let label = RunLabel { run_id: "run".to_owned(), scenario_id: "toy".to_owned() };
    SyncRunner::new(scenario, label, OnStepError::Stop)
}
