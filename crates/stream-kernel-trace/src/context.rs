//! The context of one input: its identity, and the annotations of steps for people to read.

mod errors;
mod field;
mod list;
mod named_values;
mod number;

use std::fmt;

pub use errors::ErrorEntry;
pub use field::{ContextField, FieldSet};
pub use list::List;
pub use named_values::NamedValues;
pub use number::Number;

use crate::{ShortText, Timestamp, TraceRecord};

/// The most entries in a field of a context. Further ones are left out; the last entry is then named, or reads,
/// [`TRUNCATED`](crate::TRUNCATED).
pub const MAX_ENTRIES: usize = 1_024;

/// The identity that every input of a run shares. Records cut its texts at 256 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunLabel {
    /// The name of the run, the first half of every trace id.
    pub run_id: String,
    /// The name of the scenario that the run executes.
    pub scenario_id: String,
}

/// The context of one input.
///
/// Steps write into `tags`, `metrics`, `notes`, `flags` and `errors`, for the trace alone. A field that no snapshot
/// will show ignores them, before the value is even formatted, and no decision may depend on them.
///
/// ```
/// use stream_kernel_trace::{Context, ContextField, FieldSet, RunLabel};
///
/// let label = RunLabel { run_id: "run".into(), scenario_id: "baseline".into() };
/// let mut context = Context::new(label, FieldSet::of([ContextField::Tags]));
/// context.begin_input(7);
/// context.tags.set("day", "2000-01-03");
/// context.metrics.set("amount_cents", 331_847_u64); // not shown by any snapshot: ignored
///
/// assert_eq!(context.trace_id().to_string(), "run:7");
/// assert_eq!(context.tags.get("day").map(|day| day.as_str()), Some("2000-01-03"));
/// assert!(context.metrics.is_empty());
/// ```
#[derive(Clone, Debug)]
pub struct Context {
    label: RunLabel,
    line_no: u64,
    /// Whether any field takes entries.
    records: bool,
    pub(crate) received_at: Option<Timestamp>,
    /// Names with texts, such as the day that an attempt counts for.
    pub tags: NamedValues<ShortText>,
    /// Names with numbers, such as an amount in cents.
    pub metrics: NamedValues<Number>,
    /// Remarks in free text.
    pub notes: List<ShortText>,
    /// Names with booleans.
    pub flags: NamedValues<bool>,
    /// Errors, in the steps' own words.
    pub errors: List<ErrorEntry>,
    pub(crate) trace: Vec<TraceRecord>,
}

impl Context {
    /// Returns a context whose fields ignore writes unless they are among `recorded`.
    pub fn new(label: RunLabel, recorded: FieldSet) -> Self {
        let RunLabel { run_id, scenario_id } = label;
        let cut = |text: String| ShortText::from(text).as_str().to_owned();
        Self {
            label: RunLabel { run_id: cut(run_id), scenario_id: cut(scenario_id) },
            line_no: 0,
            records: recorded != FieldSet::EMPTY,
            received_at: None,
            tags: NamedValues::new(recorded.contains(ContextField::Tags)),
            metrics: NamedValues::new(recorded.contains(ContextField::Metrics)),
            notes: List::new(recorded.contains(ContextField::Notes)),
            flags: NamedValues::new(recorded.contains(ContextField::Flags)),
            errors: List::new(recorded.contains(ContextField::Errors)),
            trace: Vec::new(),
        }
    }

    /// Makes this the context of the input at line `line_no`: clears everything of the earlier input and keeps its
    /// allocations.
    #[inline]
    pub fn begin_input(&mut self, line_no: u64) {
        self.line_no = line_no;
        // Unless something is recorded, nothing was written.
        if self.records || self.received_at.is_some() {
            self.clear();
        }
    }

    fn clear(&mut self) {
        self.received_at = None;
        self.tags.clear();
        self.metrics.clear();
        self.notes.clear();
        self.flags.clear();
        self.errors.clear();
        self.trace.clear();
    }

    /// Returns the id of this input among all runs: `<run_id>:<line_no>`.
    pub fn trace_id(&self) -> impl fmt::Display {
        fmt::from_fn(|f| write!(f, "{}:{}", self.label.run_id, self.line_no))
    }

    /// Returns the name of the run.
    pub fn run_id(&self) -> &str {
        &self.label.run_id
    }

    /// Returns the name of the scenario.
    pub fn scenario_id(&self) -> &str {
        &self.label.scenario_id
    }

    /// Returns the number of the input's line, counted from 1.
    pub fn line_no(&self) -> u64 {
        self.line_no
    }

    /// Returns the time at which the input's first step began; `None` before that, and when tracing is off.
    pub fn received_at(&self) -> Option<Timestamp> {
        self.received_at
    }

    /// Returns the tape: this input's records, in the order of execution, if the recorder keeps them.
    pub fn trace(&self) -> &[TraceRecord] {
        &self.trace
    }
}
