//! Records as spans of the `tracing` ecosystem, for a subscriber that the host has already.

use std::any::Any;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use stream_kernel_trace::{Record, ShortText, Signature, StepFault, TraceSink};
use tracing_core::callsite::{Callsite, DefaultCallsite};
use tracing_core::field::{Value, display};
use tracing_core::metadata::{Kind, Level, Metadata};
use tracing_core::span::{Attributes, Id};
use tracing_core::{Dispatch, Event, dispatcher, metadata};

/// The target of all spans and events, for filters.
const TARGET: &str = "stream_kernel";

const INPUT_FIELDS: &[&str] = &["trace_id", "run_id", "scenario", "line_no"];

const STEP_FIELDS: &[&str] = &[
    "step_name",
    "step_index",
    "work_index",
    "t_enter",
    "t_exit",
    "duration_ms",
    "msg_in",
    "msg_in.identity",
    "msg_in.hash",
    "msg_out",
    "msg_out_count",
    "ctx_diff",
    "status",
    "error.type",
    "error.message",
];

const FAULT_FIELDS: &[&str] = &["message", "trace_id", "step_name", "error.type"];

static INPUT: DefaultCallsite = DefaultCallsite::new(&INPUT_METADATA);
static INPUT_METADATA: Metadata<'static> = metadata! {
    name: "input",
    target: TARGET,
    level: Level::INFO,
    fields: INPUT_FIELDS,
    callsite: &INPUT,
    kind: Kind::SPAN,
};

static STEP: DefaultCallsite = DefaultCallsite::new(&STEP_METADATA);
static STEP_METADATA: Metadata<'static> = metadata! {
    name: "step",
    target: TARGET,
    level: Level::INFO,
    fields: STEP_FIELDS,
    callsite: &STEP,
    kind: Kind::SPAN,
};

static FAULT: DefaultCallsite = DefaultCallsite::new(&FAULT_METADATA);
static FAULT_METADATA: Metadata<'static> = metadata! {
    name: "failed step",
    target: TARGET,
    level: Level::ERROR,
    fields: FAULT_FIELDS,
    callsite: &FAULT,
    kind: Kind::EVENT,
};

/// A sink that hands records to a subscriber of the `tracing` ecosystem, with the feature `tracing`.
///
/// Everything has the target `stream_kernel`:
///
/// - a span `input` (INFO) for each input, without a parent;
/// - in it a span `step` (INFO) for each record;
/// - in that an event (ERROR) if the step failed.
///
/// Fields are named as in a record's JSON: `trace_id`, `run_id`, `scenario` and `line_no` of an input; `step_name`,
/// `step_index`, `work_index`, `t_enter`, `t_exit`, `duration_ms`, `msg_in` and `msg_out` (the kinds of messages),
/// `msg_in.identity`, `msg_in.hash`, `msg_out_count`, `ctx_diff` (JSON: what the step noted), `status`, `error.type`
/// and `error.message` of a step. A field without a value is left out. Values that the recorder hides are hidden here
/// too.
///
/// A subscriber stamps what it gets by its own clock, and a step has ended when its record is made. So the times of
/// steps are `t_enter`, `t_exit` and `duration_ms`, whatever times the subscriber shows. No span is ever entered. A
/// span `step` is closed at once; a span `input` when a record of another input comes, when the run waits for input,
/// and at its end.
///
/// Values are made only if the subscriber wants them. While no subscriber of the process is interested, the sink [takes
/// no inputs](TraceSink::takes_input). If a subscriber panics, it is not called again, and the sink fails; the run goes
/// on.
///
/// During each call, the subscriber is the default of the calling thread, because some close parents through the
/// default. Filters that are reloaded need the process's default subscriber: the library asks no other one again if it
/// is alone.
///
/// ```
/// use stream_kernel_sinks::{Dispatch, TracingSink};
/// use stream_kernel_trace::{Recorder, SystemClock, TraceSettings};
///
/// let subscriber = tracing_subscriber::fmt().with_writer(std::io::stderr).finish();
/// let sink = TracingSink::new(Dispatch::new(subscriber));
/// let mut recorder = Recorder::new(TraceSettings::default(), SystemClock::new()).with_sink(Box::new(sink));
/// // ... hand the recorder to a runner ...
/// recorder.finish()?; // closes the last span
/// # Ok::<(), stream_kernel_trace::SinkFailure>(())
/// ```
pub struct TracingSink {
    dispatch: Dispatch,
    input: Option<OpenInput>,
    /// A buffer.
    json: Vec<u8>,
    /// The message of the subscriber's panic, after which it is not called again.
    panic: Option<ShortText>,
}

/// The input whose records are coming.
struct OpenInput {
    line_no: u64,
    /// `None` if the subscriber does not want it.
    span: Option<Id>,
}

impl TracingSink {
    /// Returns a sink on the subscriber of `dispatch`.
    pub fn new(dispatch: Dispatch) -> Self {
        Self { dispatch, input: None, json: Vec::new(), panic: None }
    }

    /// Calls the subscriber, and makes an error of its panic.
    fn call<T>(&mut self, call: impl FnOnce(&mut Self) -> T) -> io::Result<T> {
        if let Some(message) = &self.panic {
            return Err(panicked(message));
        }
        let dispatch = self.dispatch.clone();
        // A span of tracing-subscriber's registry closes its parent through the default.
        let result = catch_unwind(AssertUnwindSafe(|| dispatcher::with_default(&dispatch, || call(self))));
        result.map_err(|payload| {
            self.input = None;
            panicked(self.panic.insert(message_of(&*payload)))
        })
    }

    fn wants(&self, callsite: &'static DefaultCallsite) -> bool {
        !callsite.interest().is_never() && self.dispatch.enabled(callsite.metadata())
    }

    fn hand_over(&mut self, record: &Record<'_>) {
        if self.input.as_ref().is_none_or(|input| input.line_no != record.line_no) {
            self.close_input();
            let span = self.wants(&INPUT).then(|| self.open_input(record));
            self.input = Some(OpenInput { line_no: record.line_no, span });
        }
        let input = self.input.as_ref().and_then(|input| input.span.clone());
        let step = self.wants(&STEP).then(|| self.open_step(record, input.clone()));
        if let Some(fault) = record.error
            && self.wants(&FAULT)
        {
            self.tell_fault(record, fault, step.clone().or(input));
        }
        if let Some(step) = step {
            self.dispatch.try_close(step);
        }
    }

    fn open_input(&self, record: &Record<'_>) -> Id {
        let trace_id = trace_id(record);
        let values: [Option<&dyn Value>; INPUT_FIELDS.len()] =
            [Some(&trace_id), Some(&record.run_id), Some(&record.scenario), Some(&record.line_no)];
        self.dispatch
            .new_span(&Attributes::new_root(&INPUT_METADATA, &INPUT_METADATA.fields().value_set_all(&values)))
    }

    fn open_step(&mut self, record: &Record<'_>, input: Option<Id>) -> Id {
        self.json.clear();
        if let Some(context) = record.context {
            context.write_diff(&mut self.json);
        }
        let ctx_diff = record.context.map(|_| display(String::from_utf8_lossy(&self.json)));
        let (msg_in, msg_out) = (record.msg_in, record.msg_out);
        // A value of `None` counts as none.
        let values: [Option<&dyn Value>; STEP_FIELDS.len()] = [
            Some(&record.step_name),
            Some(&record.step_index),
            Some(&record.work_index),
            Some(&display(record.t_enter)),
            Some(&display(record.t_exit)),
            Some(&duration_ms(record)),
            Some(&msg_in.type_name()),
            Some(&msg_in.identity()),
            Some(&msg_in.hash()),
            Some(&display(Kinds(msg_out))),
            Some(&msg_out.len()),
            Some(&ctx_diff),
            Some(&record.error.map_or("ok", |_| "error")),
            Some(&record.error.map(|fault| fault.type_name.as_str())),
            Some(&record.error.map(|fault| fault.message.as_str())),
        ];
        let values = STEP_METADATA.fields().value_set_all(&values);
        self.dispatch.new_span(&match input {
            Some(input) => Attributes::child_of(input, &STEP_METADATA, &values),
            None => Attributes::new_root(&STEP_METADATA, &values),
        })
    }

    fn tell_fault(&self, record: &Record<'_>, fault: &StepFault, parent: Option<Id>) {
        let trace_id = trace_id(record);
        let values: [Option<&dyn Value>; FAULT_FIELDS.len()] = [
            Some(&fault.message.as_str()),
            Some(&trace_id),
            Some(&record.step_name),
            Some(&fault.type_name.as_str()),
        ];
        let values = FAULT_METADATA.fields().value_set_all(&values);
        self.dispatch.event(&Event::new_child_of(parent, &FAULT_METADATA, &values));
    }

    fn close_input(&mut self) {
        if let Some(span) = self.input.take().and_then(|input| input.span) {
            self.dispatch.try_close(span);
        }
    }
}

/// Returns a sink on the default subscriber of the present moment and thread. A default that is set later changes
/// nothing; without a default, the sink does nothing.
impl Default for TracingSink {
    fn default() -> Self {
        Self::new(dispatcher::get_default(Dispatch::clone))
    }
}

impl TraceSink for TracingSink {
    /// Asks for the interest alone: tracing-subscriber takes `enabled` as the announcement of a span or an event, and
    /// confuses it with the host's next one if none comes.
    fn takes_input(&mut self, _line_no: u64) -> bool {
        let interest =
            self.call(|_| [&INPUT, &STEP, &FAULT].iter().any(|callsite| !callsite.interest().is_never()));
        // The next record tells of a panic.
        interest.unwrap_or(true)
    }

    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        self.call(|sink| sink.hand_over(record))
    }

    fn idle(&mut self) -> io::Result<()> {
        self.call(Self::close_input)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.call(Self::close_input)
    }
}

impl Drop for TracingSink {
    /// The last span of a run that unwinds is closed too.
    fn drop(&mut self) {
        if self.input.is_some() {
            let _ = self.call(Self::close_input);
        }
    }
}

impl fmt::Debug for TracingSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracingSink").field("dispatch", &self.dispatch).finish_non_exhaustive()
    }
}

/// The kinds of messages, as a list.
struct Kinds<'a>(&'a [Signature]);

impl fmt::Display for Kinds<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, signature) in self.0.iter().enumerate() {
            let separator = if position > 0 { ", " } else { "" };
            write!(f, "{separator}{}", signature.type_name())?;
        }
        Ok(())
    }
}

fn trace_id(record: &Record<'_>) -> impl Value {
    display(format!("{}:{}", record.run_id, record.line_no))
}

#[expect(clippy::cast_precision_loss, reason = "no step takes the three months from which on it would show")]
fn duration_ms(record: &Record<'_>) -> f64 {
    record.t_exit.nanos_since(record.t_enter) as f64 / 1e6
}

/// Returns the message of a panic, cut like every text of a record.
fn message_of(panic: &(dyn Any + Send)) -> ShortText {
    let message = panic.downcast_ref::<&str>().copied();
    message.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").into()
}

fn panicked(message: &ShortText) -> io::Error {
    io::Error::other(format!("the `tracing` subscriber panicked: {}", message.as_str()))
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::filter::LevelFilter;

    use super::*;

    /// Interest is that of all subscribers of a process: no other test of this one may have any.
    #[test]
    fn an_input_that_nobody_is_interested_in_is_not_taken() {
        assert!(!TracingSink::new(Dispatch::none()).takes_input(1), "there is no subscriber");
        for (level, takes) in
            [(LevelFilter::OFF, false), (LevelFilter::ERROR, true), (LevelFilter::INFO, true)]
        {
            let subscriber = tracing_subscriber::fmt().with_max_level(level).finish();
            assert_eq!(TracingSink::new(Dispatch::new(subscriber)).takes_input(1), takes, "{level}");
        }
    }
}
