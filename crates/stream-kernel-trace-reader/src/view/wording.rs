//! An application's words for what its traces show.

use stream_kernel_trace::ContextSnapshot;

/// How an application words its inputs for people. By default they are shown as the trace has them.
///
/// ```
/// use stream_kernel_trace_reader::view::Wording;
///
/// let in_percent = |path: &str, json: &str| path.ends_with("_percent").then(|| format!("{json} %"));
/// let wording = Wording::default().with_value(in_percent);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Wording {
    pub(super) explanation: fn(&ContextSnapshot) -> Vec<String>,
    pub(super) value: fn(&str, &str) -> Option<String>,
}

impl Default for Wording {
    fn default() -> Self {
        Self { explanation: |_| Vec::new(), value: |_, _| None }
    }
}

impl Wording {
    /// Sets the function that returns the sentences that explain what became of an input, the answer first, by the
    /// context after its last step; none if that does not show it. The page has up to 8 of 1,200 characters.
    pub fn with_explanation(mut self, explanation: fn(&ContextSnapshot) -> Vec<String>) -> Self {
        self.explanation = explanation;
        self
    }

    /// Sets the function that returns the text for people of a value in the context, by its path, such as
    /// `metrics.amount_cents`, and its JSON; `None`: as the trace has it.
    pub fn with_value(mut self, value: fn(&str, &str) -> Option<String>) -> Self {
        self.value = value;
        self
    }
}
