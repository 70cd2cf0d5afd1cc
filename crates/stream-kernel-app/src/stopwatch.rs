//! How long a run takes, for people: nothing of this reaches a decision or a trace.

use std::time::{Duration, Instant};

/// Measures time from its creation on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "for the summary and the progress bar alone")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Returns a stopwatch that was started so long ago.
    #[cfg(test)]
    pub(crate) fn started(ago: Duration) -> Self {
        Self(Self::start().0.checked_sub(ago).unwrap())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
