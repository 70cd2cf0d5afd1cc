//! One deadline over the whole reading of a source.

use std::time::{Duration, Instant};

/// The end of the wait for a source.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// Returns the deadline `timeout` from now.
    pub(crate) fn after(timeout: Duration) -> Self {
        Self(now() + timeout)
    }

    /// Returns the time left; none if it has passed.
    pub(crate) fn remaining(self) -> Option<Duration> {
        // The operating system takes a timeout of zero for none.
        self.0.checked_duration_since(now()).filter(|left| !left.is_zero())
    }

    /// Returns whether it has passed.
    pub(crate) fn has_passed(self) -> bool {
        self.remaining().is_none()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a server is waited for by the machine's clock, and no decision depends on it"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_passes() {
        assert!(Deadline::after(Duration::ZERO).has_passed());
        let later = Deadline::after(Duration::from_mins(1));
        assert!(!later.has_passed());
        assert!(later.remaining().unwrap() <= Duration::from_mins(1));
    }
}
