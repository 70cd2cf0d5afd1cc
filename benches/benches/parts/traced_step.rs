//! A step as the recorder sees it, without the step's own work: it hands on its message.

use stream_kernel_trace::{
    CanonicalContent, Context, FieldSet, Message, Recorder, RunLabel, ShortText, SignatureMode, StepRef,
    SystemClock, TraceSettings, TraceSink,
};

/// A recorder, and the context of one step.
pub(crate) struct TracedStep {
    recorder: Recorder,
    pub(crate) context: Context,
}

/// A message as large as most of fund-load's.
struct Attempt;

impl Message for Attempt {
    fn type_name(&self) -> &'static str {
        "AttemptWithKeys"
    }

    fn identity(&self, identity: &mut ShortText) -> bool {
        identity.set(15_887_001);
        true
    }

    fn digest(&self, content: &mut CanonicalContent) {
        content.unsigned("line_no", 123_456_u64);
        content.text("id", "15887001");
        content.text("customer_id", "528001");
        content.unsigned("amount_cents", 331_847_u64);
        content.integer("time_seconds", 951_868_801);
        content.unsigned("time_nanos", 0_u64);
        content.integer("day", 11_017);
        content.integer("week", 11_014);
    }
}

impl TracedStep {
    /// Returns a step whose records go to `sink` and have these modes.
    pub(crate) fn new(
        signature: SignatureMode,
        context_diff: Option<FieldSet>,
        sink: impl TraceSink + 'static,
    ) -> Self {
        let settings = TraceSettings { signature, context_diff };
        let label = RunLabel { run_id: "run".to_owned(), scenario_id: "baseline".to_owned() };
        let mut context = Context::new(label, context_diff.unwrap_or_default());
        context.begin_input(123_456);
        Self { recorder: Recorder::new(settings, SystemClock::new()).with_sink(Box::new(sink)), context }
    }

    /// Forgets the input, so that the next step is its first.
    pub(crate) fn begin_input(&mut self) {
        self.context.begin_input(123_456);
        self.recorder.begin_input();
    }

    /// Records the step at `index`, which does `work` to the context and emits one message.
    ///
    /// The message is handed on to the step that is recorded next, as the runner hands on a single message.
    pub(crate) fn record(&mut self, index: usize, work: impl FnOnce(&mut Context)) {
        self.recorder.enter(&Attempt, &mut self.context);
        work(&mut self.context);
        let step = StepRef { index, name: "compute_time_keys" };
        self.recorder.exit(step, [&Attempt], &mut self.context, Ok(()));
        self.recorder.hand_on();
    }
}
