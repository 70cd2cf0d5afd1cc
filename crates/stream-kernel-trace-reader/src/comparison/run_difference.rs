//! The result of comparing a run.

use serde::Serialize;

use super::{FieldDifference, Sides};

/// The difference between a run of one trace and that of another. Programs read its serialised form.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct RunDifference {
    /// The number of the run, from 1.
    pub run: u64,
    /// Whether no record differs, none is missing, and all steps have the same position.
    pub same: bool,
    /// The number of inputs in each trace; 0 if it lacks the run.
    pub inputs: Sides<u64>,
    /// The first record that differs or that only one trace has.
    pub first: Option<FirstDifference>,
    /// The first step with different positions in the pipelines; records are compared without these.
    pub moved: Option<MovedStep>,
    /// The records by step, in the order of the steps' first appearance; those after the first 1,000 together as
    /// `(others)`.
    pub steps: Vec<StepCounts>,
    /// Whether a snapshot of one of the traces shows tags.
    pub has_tags: bool,
    /// For each tag, the number of inputs that ended with different values: inputs in both traces, with their tags
    /// shown.
    pub tags: Vec<TagCount>,
    /// Decisions according to the tags `accepted` and `reason`: `accepted`, then `declined: <reason>` by name.
    pub decisions: Vec<DecisionCount>,
    /// The number of inputs that one trace accepts and the other declines.
    pub flipped: u64,
    /// The number of inputs that both decline, for different reasons.
    pub other_reason: u64,
}

/// The first record that differs.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct FirstDifference {
    /// The input's line.
    pub line_no: u64,
    /// The step's name.
    pub step_name: String,
    /// The message's index among those that the step handled for this input, from 0.
    pub work_index: u32,
    /// The record's line in each trace, from 1; `None` where the record is missing.
    pub file_line: Sides<Option<u64>>,
    /// The differing fields; none if one trace lacks the record.
    pub fields: Vec<FieldDifference>,
}

/// The comparison of a step's records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StepCounts {
    /// The step's name.
    pub step_name: String,
    /// Records that are the same in both traces.
    pub same: u64,
    /// Records that are in both traces and differ.
    pub differing: u64,
    /// Records that only the first trace has.
    pub only_in_a: u64,
    /// Records that only the second trace has.
    pub only_in_b: u64,
}

/// The number of inputs that ended with different values of a tag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TagCount {
    /// The tag.
    pub tag: String,
    /// The number of inputs.
    pub inputs: u64,
}

/// The number of inputs with a decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DecisionCount {
    /// `accepted`, or `declined` with the reason.
    pub decision: String,
    /// Inputs of the first trace.
    pub a: u64,
    /// Inputs of the second trace.
    pub b: u64,
}

/// A step with different positions in the two pipelines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MovedStep {
    /// The step's name.
    pub step_name: String,
    /// Its position in each pipeline, from 0.
    pub step_index: Sides<usize>,
}

/// An input whose decision changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ChangedDecision {
    /// The number of the run, from 1.
    pub run: u64,
    /// The input's line.
    pub line_no: u64,
    /// The input's id for people, if the trace shows it.
    pub id: Option<String>,
    /// The decision in the first trace.
    pub a: String,
    /// The decision in the second trace.
    pub b: String,
    /// Whether one trace accepts it and the other declines it; otherwise the reason changed.
    pub flipped: bool,
}
