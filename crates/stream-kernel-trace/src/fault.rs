//! Faults: the failure of a step, in a record.

use crate::ShortText;

/// A failed step, as a record shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepFault {
    /// The kind of failure: `Panic`, or a name that the step chose.
    pub type_name: ShortText,
    /// The message, cut at 256 characters.
    pub message: ShortText,
    /// The name of the step.
    pub step_name: String,
}
