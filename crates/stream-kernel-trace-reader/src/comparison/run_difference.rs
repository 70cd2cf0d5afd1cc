//! What the comparison of a run comes to.

use serde::Serialize;

use super::{FieldDifference, Sides};

/// How a run of one trace differs from that of another. Its serialised form is what programs read.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RunDifference {
    /// The number of the run, from 1.
    pub run: u64,
    /// Whether no record differs, none is missing, and no step stands at another place.
    pub same: bool,
    /// How many inputs each trace has; 0 if it lacks the run.
    pub inputs: Sides<u64>,
    /// The first record that differs or that only one trace has.
    pub first: Option<FirstDifference>,
    /// The first step that stands at another place in the pipeline; records are compared without that.
    pub moved: Option<MovedStep>,
    /// The records by step, in the order in which the steps were first seen; those after the first 1,000 as one, `(others)`.
    pub steps: Vec<StepCounts>,
    /// Whether a snapshot of one of the traces shows tags.
    pub has_tags: bool,
    /// In how many inputs a tag ended with another value: those that both traces have, with their tags shown.
    pub tags: Vec<TagCount>,
    /// Decisions as the tags `accepted` and `reason` tell them: `accepted`, then `declined: <reason>` by name.
    pub decisions: Vec<DecisionCount>,
    /// How many inputs one trace accepts and the other declines.
    pub flipped: u64,
    /// How many inputs both decline, but not for the same reason.
    pub other_reason: u64,
}

/// The first record that differs.
#[derive(Clone, Debug, Serialize)]
pub struct FirstDifference {
    /// The input's line.
    pub line_no: u64,
    /// The step's name.
    pub step_name: String,
    /// The message's place among those that the step handled for this input, from 0.
    pub work_index: u32,
    /// The record's line in each trace, from 1; `None` where the record is missing.
    pub file_line: Sides<Option<u64>>,
    /// What differs; nothing if one trace lacks the record.
    pub fields: Vec<FieldDifference>,
}

/// How the records of a step compare.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StepCounts {
    /// The step's name.
    pub step_name: String,
    /// Records that are the same in both traces.
    pub same: u64,
    /// Records that both have and that differ.
    pub differing: u64,
    /// Records that only the first trace has.
    pub only_in_a: u64,
    /// Records that only the second trace has.
    pub only_in_b: u64,
}

/// In how many inputs a tag ended with another value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TagCount {
    /// The tag.
    pub tag: String,
    /// The number of inputs.
    pub inputs: u64,
}

/// How many inputs ended in a decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DecisionCount {
    /// `accepted`, or `declined` with the reason.
    pub decision: String,
    /// Inputs of the first trace.
    pub a: u64,
    /// Inputs of the second trace.
    pub b: u64,
}

/// A step that stands at another place in the pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MovedStep {
    /// The step's name.
    pub step_name: String,
    /// Its place in each pipeline, from 0.
    pub step_index: Sides<usize>,
}

/// An input whose decision changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedDecision {
    /// The number of the run, from 1.
    pub run: u64,
    /// The input's line.
    pub line_no: u64,
    /// By what people know the input, if the trace tells.
    pub id: Option<String>,
    /// The decision in the first trace.
    pub a: String,
    /// The decision in the second trace.
    pub b: String,
    /// Whether one trace accepts it and the other declines it; otherwise it is declined for another reason.
    pub flipped: bool,
}
