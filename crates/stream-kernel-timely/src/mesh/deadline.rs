//! Deadline: the time until which something is waited for.

use std::time::{Duration, Instant};

/// A point in time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Instant);

/// The longest time that is waited for anything: longer ones are cut.
const LONGEST: Duration = Duration::from_hours(24);

impl Deadline {
    /// Returns the point in time `wait` from now, a day at most.
    pub(super) fn after(wait: Duration) -> Self {
        Self(now() + wait.min(LONGEST))
    }

    /// Returns the point in time `wait` from now, or this one if it is sooner.
    pub(super) fn or_after(self, wait: Duration) -> Self {
        Self(self.0.min(Self::after(wait).0))
    }

    /// Returns the point in time `wait` after this one.
    pub(super) fn and(self, wait: Duration) -> Self {
        Self(self.0 + wait.min(LONGEST))
    }

    /// Returns the time that is left, zero once it has passed.
    pub(super) fn left(self) -> Duration {
        self.0.saturating_duration_since(now())
    }

    /// Returns whether no time is left.
    pub(super) fn has_passed(self) -> bool {
        self.left().is_zero()
    }
}

#[expect(clippy::disallowed_methods, reason = "how long the network is waited for; no result depends on it")]
fn now() -> Instant {
    Instant::now()
}
