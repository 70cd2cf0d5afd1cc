//! An application's words for what its traces show.

use stream_kernel_trace::ContextSnapshot;

/// How an application words its inputs for people. By default they are shown as the trace has them.
#[derive(Clone, Copy, Debug)]
pub struct Wording {
    /// Returns the sentences that explain what became of an input, the answer first, by the context after its last
    /// step; none if that does not show it.
    pub explanation: fn(&ContextSnapshot) -> Vec<String>,
    /// Returns the text for people of a value in the context, by its path, such as `metrics.amount_cents`, and its
    /// JSON; `None`: as the trace has it.
    pub value: fn(&str, &str) -> Option<String>,
}

impl Default for Wording {
    fn default() -> Self {
        Self { explanation: |_| Vec::new(), value: |_, _| None }
    }
}
