//! Faults of a pipeline, found before it runs.

use std::fmt;

/// A reason why the steps of a pipeline do not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WiringFault {
    /// No step of this name is registered.
    #[error("no step is named `{name}`")]
    UnknownStep {
        /// Its position in the pipeline, from 0.
        index: usize,
        /// The name.
        name: String,
    },
    /// The pipeline lists the same step twice.
    #[error("step `{name}` is listed twice (its first place is {first})")]
    RepeatedStep {
        /// The later position.
        index: usize,
        /// The name.
        name: String,
        /// The earlier position.
        first: usize,
    },
    /// The pipeline lists too many steps.
    #[error("the pipeline lists {count} steps, and at most {} are possible", crate::MAX_STEPS)]
    TooManySteps {
        /// How many it lists.
        count: usize,
    },
    /// The step could not be built from its parameters.
    #[error("step `{name}` cannot be built: {cause}")]
    NotBuilt {
        /// The step's position.
        index: usize,
        /// The step's name.
        name: String,
        /// The error of its builder.
        cause: String,
    },
    /// The step looks into undeclared memory.
    #[error("step `{name}` looks into the memory `{memory}`, which is not declared")]
    MemoryUndeclared {
        /// The step's position.
        index: usize,
        /// The step's name.
        name: String,
        /// The name of the memory.
        memory: &'static str,
    },
    /// The step looks into memory that is declared with another key or of another kind.
    #[error(
        "step `{name}` looks into the memory `{memory}` by `{key}`, and it is declared otherwise, by `{declared}`"
    )]
    MemoryKeyDiffers {
        /// The step's position.
        index: usize,
        /// The step's name.
        name: String,
        /// The name of the memory.
        memory: &'static str,
        /// The type of the step's key.
        key: &'static str,
        /// The type of the declared key.
        declared: &'static str,
    },
    /// Neither the source nor an earlier step sends messages to the step.
    #[error("step `{name}` takes `{takes}`, which no earlier step sends it")]
    Unfed {
        /// The step's position.
        index: usize,
        /// The step's name.
        name: String,
        /// The kind that it waits for.
        takes: &'static str,
    },
    /// No step takes the source's kind.
    #[error("no step takes `{kind}`, which the source gives")]
    SourceUndeliverable {
        /// The source's kind.
        kind: &'static str,
    },
    /// No later step takes a kind that the step emits.
    #[error("step `{name}` emits `{kind}`, which no later step takes")]
    Undeliverable {
        /// The emitting step's position.
        index: usize,
        /// The emitting step's name.
        name: String,
        /// The kind that it emits.
        kind: &'static str,
    },
    /// The step names a target that the pipeline does not have.
    #[error("step `{name}` sends `{kind}` to step `{target}`, which is not in the pipeline")]
    TargetMissing {
        /// The sending step's position.
        index: usize,
        /// The sending step's name.
        name: String,
        /// The kind that it sends.
        kind: &'static str,
        /// The name of the target.
        target: String,
    },
    /// The step names a target that comes before it.
    #[error("step `{name}` sends `{kind}` to step `{target}`, which does not come after it")]
    TargetNotLater {
        /// The sending step's position.
        index: usize,
        /// The sending step's name.
        name: String,
        /// The kind that it sends.
        kind: &'static str,
        /// The name of the target.
        target: String,
    },
    /// The step names a target that takes another kind.
    #[error("step `{name}` sends `{kind}` to step `{target}`, which takes `{takes}`")]
    TargetTakesOther {
        /// The sending step's position.
        index: usize,
        /// The sending step's name.
        name: String,
        /// The kind that it sends.
        kind: &'static str,
        /// The name of the target.
        target: String,
        /// The kind that the target takes.
        takes: &'static str,
    },
}

impl WiringFault {
    /// Returns the position of the faulty name in the pipeline; `None` if the pipeline as a whole is at fault.
    pub fn index(&self) -> Option<usize> {
        match self {
            Self::TooManySteps { .. } | Self::SourceUndeliverable { .. } => None,
            Self::UnknownStep { index, .. }
            | Self::RepeatedStep { index, .. }
            | Self::NotBuilt { index, .. }
            | Self::MemoryUndeclared { index, .. }
            | Self::MemoryKeyDiffers { index, .. }
            | Self::Unfed { index, .. }
            | Self::Undeliverable { index, .. }
            | Self::TargetMissing { index, .. }
            | Self::TargetNotLater { index, .. }
            | Self::TargetTakesOther { index, .. } => Some(*index),
        }
    }

    /// Returns whether the fault is fatal even if the pipeline is not strict.
    pub fn is_fatal(&self) -> bool {
        matches!(
            self,
            Self::RepeatedStep { .. }
                | Self::TooManySteps { .. }
                | Self::NotBuilt { .. }
                | Self::MemoryUndeclared { .. }
                | Self::MemoryKeyDiffers { .. }
        )
    }
}

/// All faults of a pipeline that cannot run, by position; at least one. Displayed one per line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WiringFaults(pub(crate) Vec<WiringFault>);

impl WiringFaults {
    /// Returns the faults.
    pub fn as_slice(&self) -> &[WiringFault] {
        &self.0
    }
}

impl fmt::Display for WiringFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            write!(f, "{}{fault}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for WiringFaults {}
