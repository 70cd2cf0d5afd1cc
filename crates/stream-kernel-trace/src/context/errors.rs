//! Errors that steps note without failing.

use crate::ShortText;
use crate::json::{push_optional_string, push_string};

/// An error in the words of a step, which itself may go on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorEntry {
    /// The kind of error, for machines.
    pub code: ShortText,
    /// The message, for people.
    pub message: ShortText,
    /// The name of the step.
    pub step: ShortText,
    /// Further details.
    pub details: Option<ShortText>,
}

impl ErrorEntry {
    /// Returns an entry without details.
    pub fn new(code: &str, message: &str, step: &str) -> Self {
        Self { code: code.into(), message: message.into(), step: step.into(), details: None }
    }

    pub(crate) fn write_json(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"code\":");
        push_string(out, self.code.as_str());
        out.extend_from_slice(b",\"message\":");
        push_string(out, self.message.as_str());
        out.extend_from_slice(b",\"step\":");
        push_string(out, self.step.as_str());
        out.extend_from_slice(b",\"details\":");
        push_optional_string(out, self.details.as_ref().map(ShortText::as_str));
        out.push(b'}');
    }
}
