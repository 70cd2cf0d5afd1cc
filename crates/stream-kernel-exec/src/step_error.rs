//! Errors of steps: the step's own error, and the runner's report of it.

use std::borrow::Cow;
use std::fmt;

use crate::Encode;

/// Why a step cannot do its work.
///
/// ```
/// use stream_kernel_exec::StepError;
///
/// let error = StepError::new("OutputError", "no space left on device").stopping();
/// assert_eq!(error.to_string(), "OutputError: no space left on device");
/// assert!(error.always_stops());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepError {
    // Boxed, because a step's result is moved many times per line and is hardly ever an error: this saves 4 % of the
    // instructions of a line.
    details: Box<Details>,
}

/// The result of a step.
pub type StepResult = Result<(), StepError>;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Details {
    type_name: Cow<'static, str>,
    message: String,
    always_stops: bool,
}

impl StepError {
    /// Returns an error of the kind `type_name` that says `message`.
    pub fn new(type_name: impl Into<Cow<'static, str>>, message: impl fmt::Display) -> Self {
        let (type_name, message) = (type_name.into(), message.to_string());
        Self { details: Box::new(Details { type_name, message, always_stops: false }) }
    }

    /// Makes this an error that ends the run under every policy for step errors.
    pub fn stopping(mut self) -> Self {
        self.details.always_stops = true;
        self
    }

    /// Returns the kind of error.
    pub fn type_name(&self) -> &str {
        &self.details.type_name
    }

    /// Returns what happened.
    pub fn message(&self) -> &str {
        &self.details.message
    }

    /// Returns whether this ends the run under every policy for step errors.
    pub fn always_stops(&self) -> bool {
        self.details.always_stops
    }
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.type_name(), self.message())
    }
}

impl std::error::Error for StepError {}

impl Encode for StepError {
    fn encode(&self, to: &mut Vec<u8>) {
        (self.type_name().to_owned(), (self.message().to_owned(), self.always_stops())).encode(to);
    }

    fn decode(from: &mut &[u8]) -> Option<Self> {
        let (type_name, (message, always_stops)) = <(String, (String, bool))>::decode(from)?;
        let error = Self::new(type_name, message);
        Some(if always_stops { error.stopping() } else { error })
    }
}

/// A step's failure, with the input and the step at which it happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line_no}: step `{step_name}` failed: {error}")]
pub struct StepFailure {
    /// The number of the input's line, from 1.
    pub line_no: u64,
    /// The step's name.
    pub step_name: String,
    /// Its error, or its panic message.
    pub error: StepError,
}
