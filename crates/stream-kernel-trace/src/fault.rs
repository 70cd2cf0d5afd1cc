//! Why a step did not do its work.

use crate::ShortText;

/// A failed step, as a record shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepFault {
    /// The kind of failure, such as `Panic` or a name that the step chose.
    pub type_name: ShortText,
    /// What happened, cut at 256 characters.
    pub message: ShortText,
    /// The name of the step.
    pub step_name: String,
}
