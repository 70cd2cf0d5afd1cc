//! A toy application: its messages carry a text, and its steps log what they handle.

use std::sync::{Arc, Mutex};

use stream_kernel_exec::trace::{CanonicalContent, Context, RunLabel, ShortText};
use stream_kernel_exec::{
    Emits, Emitter, Kind, Nothing, OnStepError, Payload, Plan, Registry, Scenario, Step, StepError,
    SyncRunner, Target, VariantOf, WiringFaults, messages, outputs,
};

/// A payload of the toy: a text.
pub(crate) trait Text {
    fn text(&self) -> &str;
}

macro_rules! text_payloads {
    ($($name:ident),+) => {$(
        pub(crate) struct $name(pub(crate) String);

        impl Text for $name {
            fn text(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl Payload for $name {
            fn identity(&self, identity: &mut ShortText) -> bool {
                identity.set(&self.0);
                true
            }

            fn digest(&self, content: &mut CanonicalContent) {
                content.text("text", &self.0);
            }
        }
    )+};
}

text_payloads!(Line, Word, Verdict, Report);

messages! {
    /// The messages of the toy; the source gives lines.
    pub(crate) enum Toy { Line, Word, Verdict, Report }
}

outputs! {
    /// The results for a line that may be bad.
    pub(crate) enum WordOrVerdict of Toy { Word, Verdict }
}

/// The events, one entry per line.
pub(crate) type Log = Arc<Mutex<Vec<String>>>;

/// The action of a step on a text.
pub(crate) type Act<E> = fn(&str, &mut Context, &mut Emitter<'_, Toy, E>) -> Result<(), StepError>;

type BoxedAct<T, E> = Box<dyn Fn(&T, &mut Context, &mut Emitter<'_, Toy, E>) -> Result<(), StepError> + Send>;

/// A step that logs its message, and then acts.
struct LoggingStep<T, E> {
    name: &'static str,
    log: Log,
    targets: Vec<Target>,
    act: BoxedAct<T, E>,
}

impl<T: VariantOf<Toy> + Text, E: Emits<Toy>> Step<Toy> for LoggingStep<T, E> {
    type Takes = T;
    type Emits = E;

    fn targets(&self) -> Vec<Target> {
        self.targets.clone()
    }

    fn process(
        &self,
        input: T,
        context: &mut Context,
        out: &mut Emitter<'_, Toy, E>,
    ) -> Result<(), StepError> {
        let kind = T::KIND.name_in::<Toy>();
        let entry = format!("{} {} < {kind} {:?}", context.line_no(), self.name, input.text());
        self.log.lock().unwrap().push(entry);
        (self.act)(&input, context, out)
    }
}

/// Returns the target that sends messages with payload `P` to `step_name`.
pub(crate) fn target<P: VariantOf<Toy>>(step_name: &str) -> Target {
    Target::new::<Toy, P>(step_name)
}

/// A pipeline in the making: each added step is registered and appended to the pipeline.
pub(crate) struct Rig {
    registry: Registry<Toy, Log>,
    pipeline: Vec<String>,
    strict: bool,
    on_step_error: OnStepError,
}

impl Rig {
    /// Returns a strict rig without steps that stops at a step's error.
    pub(crate) fn new() -> Self {
        Self {
            registry: Registry::new(),
            pipeline: Vec::new(),
            strict: true,
            on_step_error: OnStepError::Stop,
        }
    }

    /// Adds a step that emits the result of `emitted`.
    pub(crate) fn step<T, E>(mut self, name: &'static str, emitted: fn(&str) -> Vec<E>) -> Self
    where
        T: VariantOf<Toy> + Text,
        E: Emits<Toy> + 'static,
    {
        self.pipeline.push(name.to_owned());
        self.registry = self.registry.with(name, move |log: &Log| LoggingStep::<T, E> {
            name,
            log: Arc::clone(log),
            targets: Vec::new(),
            act: Box::new(move |input, _, out| {
                for output in emitted(input.text()) {
                    out.emit(output);
                }
                Ok(())
            }),
        });
        self
    }

    /// Adds a step that declares `targets` and runs `act`.
    pub(crate) fn acting<T, E>(mut self, name: &'static str, targets: Vec<Target>, act: Act<E>) -> Self
    where
        T: VariantOf<Toy> + Text,
        E: Emits<Toy> + 'static,
    {
        self.pipeline.push(name.to_owned());
        self.registry = self.registry.with(name, move |log: &Log| LoggingStep::<T, E> {
            name,
            log: Arc::clone(log),
            targets: targets.clone(),
            act: Box::new(move |input, context, out| act(input.text(), context, out)),
        });
        self
    }

    /// Registers a step whose builder refuses, and appends it to the pipeline.
    pub(crate) fn refusing<T>(mut self, name: &'static str, cause: &'static str) -> Self
    where
        T: VariantOf<Toy> + Text,
    {
        self.pipeline.push(name.to_owned());
        self.registry =
            (self.registry).with_fallible::<LoggingStep<T, Nothing>>(name, move |_| Err(cause.into()));
        self
    }

    /// Replaces the pipeline by these names, separated by spaces.
    pub(crate) fn pipeline(mut self, names: &str) -> Self {
        self.pipeline = names.split_whitespace().map(str::to_owned).collect();
        self
    }

    pub(crate) fn not_strict(mut self) -> Self {
        self.strict = false;
        self
    }

    pub(crate) fn continuing(mut self) -> Self {
        self.on_step_error = OnStepError::Continue;
        self
    }

    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.registry.names().collect()
    }

    pub(crate) fn bind(&self, strict: bool, log: &Log) -> Result<Scenario<Toy>, WiringFaults> {
        self.registry.bind(Plan { source: Kind::of::<Toy, Line>(), pipeline: &self.pipeline, strict }, log)
    }

    /// Returns a runner of the pipeline, which must fit, and the log of its steps.
    pub(crate) fn runner(self) -> (SyncRunner<Toy>, Log) {
        let log = Log::default();
        let scenario = self.bind(self.strict, &log).unwrap_or_else(|faults| panic!("{faults:#?}"));
        let label = RunLabel { run_id: "run".into(), scenario_id: "toy".into() };
        (SyncRunner::new(scenario, label, self.on_step_error), log)
    }
}
