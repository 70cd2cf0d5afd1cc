//! Chains: whatever steps do, the same steps come to the same as one function, one by one, prepared, and traced.

use std::fmt::Write as _;
use std::marker::PhantomData;
use std::num::NonZeroU64;

use stream_kernel_exec::trace::{
    CanonicalContent, Context, ManualClock, Recorder, RunLabel, Timestamp, TraceSettings,
};
use stream_kernel_exec::{
    Chain, Compose, Declaration, Emits, Emitter, Entry, InputOutcome, KeyedStep, Kind, Limit, Nothing,
    OnStepError, Payload, Plan, Registry, Step, StepError, SyncRunner, Table, Target, VariantOf, messages,
    outputs,
};

/// What each message carries: where it has been, and what steps draw their behaviour from.
#[derive(Clone)]
struct Body {
    path: String,
    seed: u64,
}

trait Carrier: VariantOf<Toy> {
    fn of(body: Body) -> Self;
    fn body(&self) -> &Body;
}

macro_rules! carriers {
    ($($name:ident),+) => {$(
        struct $name(Body);

        impl Payload for $name {
            fn digest(&self, content: &mut CanonicalContent) {
                content.text("path", &self.0.path);
            }
        }

        impl Carrier for $name {
            fn of(body: Body) -> Self {
                Self(body)
            }

            fn body(&self) -> &Body {
                &self.0
            }
        }
    )+};
}

carriers!(A, B, C, D);

messages! {
    /// What moves through the toy; the source gives the first kind.
    enum Toy { A, B, C, D }
}
outputs! { enum Abcd of Toy { A, B, C, D } }
outputs! { enum Bcd of Toy { B, C, D } }
outputs! { enum Cd of Toy { C, D } }

/// What steps remember: a number by key, of which the limit lets pass a few.
struct Numbers;

impl Declaration for Numbers {
    const NAME: &'static str = "numbers";
    type Store = Table<u64, u64>;
}

/// A step that emits, fails or panics as its message's seed says.
struct Act<T, E: 'static> {
    number: u64,
    outputs: &'static [fn(Body) -> E],
    takes: PhantomData<fn(T)>,
}

/// Scatters the bits of a number, so that each step draws its own behaviour from a seed.
fn scatter(seed: u64) -> u64 {
    let mixed = (seed ^ (seed >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

impl<T: Carrier, E: Emits<Toy> + From<D> + 'static> Act<T, E> {
    fn new(number: u64, outputs: &'static [fn(Body) -> E]) -> Self {
        Self { number, outputs, takes: PhantomData }
    }

    fn act(&self, body: &Body, out: &mut Emitter<'_, Toy, E>) -> Result<(), StepError> {
        let number = self.number;
        let drawn = scatter(body.seed ^ number);
        out.write(format!("{number}<{} ", body.path).as_bytes());
        let mut next = 0;
        let mut child = || {
            next += 1;
            Body { path: format!("{}{number}", body.path), seed: scatter(drawn ^ next) }
        };
        let count = match drawn % 64 {
            0 => return Err(StepError::new("Drawn", format_args!("step {number} fails"))),
            // As a panic, but nothing is printed.
            1 => std::panic::resume_unwind(Box::new(format!("step {number} panics"))),
            2 => {
                out.emit(self.outputs[0](child()));
                out.emit_to("nobody", D::of(child()));
                1
            }
            3..6 => {
                out.emit_to("last", D::of(child()));
                usize::from(drawn.is_multiple_of(2))
            }
            6..10 => 0,
            10..20 => 2,
            20..24 => 3,
            _ => 1,
        };
        out.notice("steps", 3, format_args!("step {number} at {}", body.path));
        for _ in 0..count {
            let body = child();
            let kind = usize::try_from(scatter(body.seed) % self.outputs.len() as u64).unwrap();
            out.emit(self.outputs[kind](body));
        }
        Ok(())
    }
}

fn to_last() -> Vec<Target> {
    vec![Target::new::<Toy, D>("last")]
}

impl<T: Carrier, E: Emits<Toy> + From<D> + 'static> Step<Toy> for Act<T, E> {
    type Takes = T;
    type Emits = E;

    fn targets(&self) -> Vec<Target> {
        to_last()
    }

    fn process(&self, input: T, _: &mut Context, out: &mut Emitter<'_, Toy, E>) -> Result<(), StepError> {
        self.act(input.body(), out)
    }
}

/// The same, of a step that remembers.
struct Keyed<T, E: 'static>(Act<T, E>);

impl<T: Carrier, E: Emits<Toy> + From<D> + 'static> KeyedStep<Toy> for Keyed<T, E> {
    type Takes = T;
    type Emits = E;
    type State = Option<Numbers>;

    fn targets(&self) -> Vec<Target> {
        to_last()
    }

    fn key(&self, input: &T) -> Option<u64> {
        let key = scatter(input.body().seed) % 40;
        (key > 3).then_some(key)
    }

    fn process(
        &self,
        input: T,
        number: Option<Entry<'_, u64, u64>>,
        _: &mut Context,
        out: &mut Emitter<'_, Toy, E>,
    ) -> Result<(), StepError> {
        if let Some(mut number) = number {
            let before = number.get().unwrap_or_default();
            number.set(&(before + 1))?;
            out.write(format!("({before}) ").as_bytes());
        }
        self.0.act(input.body(), out)
    }
}

/// The end of the pipeline.
struct Last;

impl KeyedStep<Toy> for Last {
    type Takes = D;
    type Emits = Nothing;
    type State = Numbers;

    fn key(&self, d: &D) -> u64 {
        d.0.seed % 7
    }

    fn process(
        &self,
        d: D,
        mut number: Entry<'_, u64, u64>,
        _: &mut Context,
        out: &mut Emitter<'_, Toy, Nothing>,
    ) -> Result<(), StepError> {
        let before = number.get().unwrap_or_default();
        out.write(format!("{}={before}\n", d.0.path).as_bytes());
        number.set(&(before + 1))
    }
}

const PIPELINE: [&str; 7] = ["first", "second", "third", "fourth", "fifth", "sixth", "last"];

macro_rules! with_steps {
    ($steps:expr) => {{
        let abcd: &[fn(Body) -> Abcd] =
            &[|body| A(body).into(), |body| B(body).into(), |body| C(body).into(), |body| D(body).into()];
        let bcd: &[fn(Body) -> Bcd] = &[|body| B(body).into(), |body| C(body).into(), |body| D(body).into()];
        let cd: &[fn(Body) -> Cd] = &[|body| C(body).into(), |body| D(body).into()];
        let d: &[fn(Body) -> D] = &[D];
        $steps
            .with("first", move |_: &Option<NonZeroU64>| Act::<A, _>::new(1, abcd))
            .with("second", move |_| Act::<A, _>::new(2, bcd))
            .with_keyed("third", move |_| Keyed(Act::<B, _>::new(3, bcd)))
            .with("fourth", move |_| Act::<B, _>::new(4, cd))
            .with_keyed("fifth", move |_| Keyed(Act::<C, _>::new(5, cd)))
            .with("sixth", move |_| Act::<C, _>::new(6, d))
            .with_keyed("last", |_| Last)
    }};
}

/// How the steps are run.
#[derive(Clone, Copy, Debug)]
struct Form {
    is_chain: bool,
    is_traced: bool,
    /// The number of lines that are prepared together; 0 if none is.
    block: usize,
}

fn registry(form: Form) -> Registry<Toy, Option<NonZeroU64>> {
    let registry = Registry::new().memory::<Numbers>(|max| {
        let limit =
            Limit { name: "max_numbers", one: "number", many: "numbers", max: *max, remedy: "raise it" };
        Table::new().limit(limit)
    });
    if form.is_chain { registry.chain(with_steps!(Chain::new())) } else { with_steps!(registry) }
}

/// Runs lines drawn from a seed, up to the first that ends the run, and tells everything that can be seen of it.
fn story(seed: u64, form: Form, on_step_error: OnStepError, max: Option<NonZeroU64>) -> String {
    let pipeline = PIPELINE.map(str::to_owned);
    let plan = Plan { source: Kind::of::<Toy, A>(), pipeline: &pipeline, strict: true };
    let scenario = registry(form).bind(plan, &max).unwrap_or_else(|faults| panic!("{faults:#?}"));
    assert_eq!(scenario.is_chained(), form.is_chain);
    let label = RunLabel { run_id: "run".into(), scenario_id: "toy".into() };
    let mut runner = SyncRunner::new(scenario, label, on_step_error);
    if form.is_traced {
        let clock = ManualClock::new(Timestamp::from_nanos(0), 1_000);
        runner = runner.with_recorder(Recorder::new(TraceSettings::default(), clock));
    }
    let lines: Vec<_> = (1..=48).map(|line_no| (line_no, scatter(seed ^ (line_no << 40)))).collect();
    let mut story = String::new();
    'lines: for block in lines.chunks(form.block.max(1)) {
        let message = |seed| A(Body { path: String::new(), seed });
        if form.block > 0 {
            for &(line_no, seed) in block {
                runner.prepare(line_no, message(seed));
            }
            runner.prefetch();
        }
        for &(line_no, seed) in block {
            let done = match form.block {
                0 => runner.process(line_no, message(seed)),
                _ => runner.process_prepared().unwrap(),
            };
            let written = String::from_utf8_lossy(runner.written());
            match done {
                Ok(InputOutcome::Completed) => writeln!(story, "{line_no}: {written}").unwrap(),
                Ok(InputOutcome::Abandoned(failure)) => writeln!(story, "abandoned: {failure}").unwrap(),
                Err(failure) => {
                    writeln!(story, "ended: {failure}").unwrap();
                    break 'lines;
                }
            }
        }
    }
    writeln!(story, "{:?} {:?}", runner.report(), runner.take_notices()).unwrap();
    let written = runner.memory().snapshot::<std::fmt::Error>(&mut |record| write!(story, "{record:?}"));
    assert_eq!(written, Ok(()));
    story
}

/// Decisions, output, errors with their steps and lines, notices, counts and memory do not depend on how steps are run.
#[test]
fn every_form_tells_the_same_story() {
    let forms = [(true, false), (false, false), (false, true), (true, true)]
        .into_iter()
        .flat_map(|(is_chain, is_traced)| [0, 1, 3, 48].map(|block| Form { is_chain, is_traced, block }));
    let plain = Form { is_chain: false, is_traced: false, block: 0 };
    let mut seen = String::new();
    for seed in 0..24 {
        for on_step_error in [OnStepError::Stop, OnStepError::Continue] {
            for max in [None, NonZeroU64::new(12)] {
                let expected = story(seed, plain, on_step_error, max);
                for form in forms.clone() {
                    let found = story(seed, form, on_step_error, max);
                    assert_eq!(found, expected, "{form:?} {seed} {on_step_error:?} {max:?}");
                }
                seen += &expected;
            }
        }
    }
    // A comparison that never sees a failure or several messages would compare little.
    for what in ["fails", "panics", "StoreFull", "Undeliverable", "reported", "ended", "abandoned"] {
        assert!(seen.matches(what).count() >= 5, "{what}: {}", seen.matches(what).count());
    }
    let forked = seen.lines().filter(|line| line.matches("12345").count() > 1).count();
    assert!(forked >= 5, "{forked} lines");
}

/// A pipeline in another order, with a step left out, or that is not strict goes from step to step, in its own order.
#[test]
fn only_the_usual_pipeline_is_chained() {
    fn steps<L: Compose<Toy, ()>>(chain: Chain<Toy, (), L>) -> Chain<Toy, (), impl Compose<Toy, ()>> {
        let number = |number| move |(): &()| Number(number);
        chain.with("one", number(1)).with("two", number(2)).with("write", |()| WriteB)
    }
    for (pipeline, strict, is_chained, expected) in [
        (&["one", "two", "write"][..], true, true, "12"),
        (&["two", "one", "write"], true, false, "21"),
        (&["two", "write"], true, false, "2"),
        (&["one", "two", "write"], false, false, "12"),
    ] {
        let pipeline: Vec<_> = pipeline.iter().map(|name| (*name).to_owned()).collect();
        let plan = Plan { source: Kind::of::<Toy, B>(), pipeline: &pipeline, strict };
        let registry = Registry::new().chain(steps(Chain::new()));
        let scenario = registry.bind(plan, &()).unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(scenario.is_chained(), is_chained, "{pipeline:?}");
        let label = RunLabel { run_id: "run".into(), scenario_id: "toy".into() };
        let mut runner = SyncRunner::new(scenario, label, OnStepError::Stop);
        runner.process(1, B(Body { path: String::new(), seed: 0 })).unwrap();
        assert_eq!(String::from_utf8_lossy(runner.written()), expected, "{pipeline:?}");
    }
}

/// Adds its number to the path.
struct Number(u64);

impl Step<Toy> for Number {
    type Takes = B;
    type Emits = B;

    fn process(&self, b: B, _: &mut Context, out: &mut Emitter<'_, Toy, B>) -> Result<(), StepError> {
        out.emit(B(Body { path: format!("{}{}", b.0.path, self.0), ..b.0 }));
        Ok(())
    }
}

struct WriteB;

impl Step<Toy> for WriteB {
    type Takes = B;
    type Emits = Nothing;

    fn process(&self, b: B, _: &mut Context, out: &mut Emitter<'_, Toy, Nothing>) -> Result<(), StepError> {
        out.write(b.0.path.as_bytes());
        Ok(())
    }
}

struct HandOn;

impl Step<Toy> for HandOn {
    type Takes = A;
    type Emits = B;

    fn process(&self, a: A, _: &mut Context, out: &mut Emitter<'_, Toy, B>) -> Result<(), StepError> {
        out.emit(B(a.0));
        Ok(())
    }
}

/// Emits as many as the seed says.
struct Burst;

impl Step<Toy> for Burst {
    type Takes = B;
    type Emits = C;

    fn process(&self, b: B, _: &mut Context, out: &mut Emitter<'_, Toy, C>) -> Result<(), StepError> {
        (0..b.0.seed).for_each(|_| out.emit(C(b.0.clone())));
        Ok(())
    }
}

struct Take;

impl Step<Toy> for Take {
    type Takes = C;
    type Emits = Nothing;

    fn process(&self, _: C, _: &mut Context, out: &mut Emitter<'_, Toy, Nothing>) -> Result<(), StepError> {
        out.write(b".");
        Ok(())
    }
}

/// What steps of a chain hand on one by one counts as well.
#[test]
fn a_chain_emits_at_most_65536_messages_for_an_input() {
    let steps = Chain::new().with("hand_on", |()| HandOn).with("burst", |()| Burst).with("take", |()| Take);
    let pipeline = ["hand_on", "burst", "take"].map(str::to_owned);
    let plan = Plan { source: Kind::of::<Toy, A>(), pipeline: &pipeline, strict: true };
    let scenario = Registry::new().chain(steps).bind(plan, &()).unwrap_or_else(|faults| panic!("{faults}"));
    let label = RunLabel { run_id: "run".into(), scenario_id: "toy".into() };
    let mut runner = SyncRunner::new(scenario, label, OnStepError::Continue);
    let mut run = |seed| {
        let done = runner.process(1, A(Body { path: String::new(), seed })).unwrap();
        (runner.written().len(), done)
    };
    assert_eq!(run(65_535), (65_535, InputOutcome::Completed));
    let (written, InputOutcome::Abandoned(failure)) = run(65_536) else { panic!("one too many") };
    assert_eq!(written, 0);
    assert_eq!((failure.step_name.as_str(), failure.error.type_name()), ("burst", "TooManyMessages"));
}
