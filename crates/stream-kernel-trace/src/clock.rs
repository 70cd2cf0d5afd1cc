//! Clocks: the system's, and clocks that tests control.

use std::cell::Cell;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::Timestamp;
use crate::tick_clock::TickClock;

/// A source of time that never goes back.
pub trait Clock: Send {
    /// Returns the present time, never less than an earlier result.
    fn now(&self) -> Timestamp;
}

/// The system's monotonic clock, set by the wall clock at its creation.
///
/// One reading gives both a time and, between two readings, an exact duration. A step of the wall clock during a run
/// does not reach it, and time synchronisation slews both clocks alike.
#[derive(Debug)]
pub struct MonotonicClock {
    started_at_ns: u64,
    started: Instant,
}

impl MonotonicClock {
    /// Returns a clock that starts from the wall clock's present time.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn new() -> Self {
        // A wall clock before 1970 reads as 1970, one after 2554 as 2554.
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            started_at_ns: u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX),
            started: Instant::now(),
        }
    }

    fn elapsed_ns(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn after(&self, elapsed_ns: u64) -> Timestamp {
        Timestamp::from_nanos(self.started_at_ns.saturating_add(elapsed_ns))
    }
}

impl Default for MonotonicClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for MonotonicClock {
    fn now(&self) -> Timestamp {
        self.after(self.elapsed_ns())
    }
}

/// A [`MonotonicClock`] that is faster to read, for traces.
///
/// Between two readings of the monotonic clock, a millisecond apart, the processor's tick counter fills in: the two
/// readings per record cost 20 ns instead of 47 on one machine, and 36 instead of 45 on another.
#[derive(Debug, Default)]
pub struct SystemClock {
    monotonic: MonotonicClock,
    counter: quanta::Clock,
    ticks: Cell<TickClock>,
}

impl SystemClock {
    /// Returns a clock that starts from the wall clock's present time.
    ///
    /// The first one in a process takes a few milliseconds, and at most 200: the crate for the counter calibrates
    /// itself.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let mut ticks = self.ticks.get();
        let counted_ns = || self.counter.delta_as_nanos(0, self.counter.raw());
        let elapsed_ns = ticks.now(counted_ns, || self.monotonic.elapsed_ns());
        self.ticks.set(ticks);
        self.monotonic.after(elapsed_ns)
    }
}

/// A clock that goes on after an earlier one: times do not go back although the wall clock was set back in between.
///
/// It is ahead of the inner clock by the amount that the latter is behind, usually nothing. So durations stay the same.
///
/// ```
/// use stream_kernel_trace::{Clock, ContinuedClock, ManualClock, Timestamp};
///
/// let set_back = ManualClock::new(Timestamp::from_nanos(1_000), 10);
/// let clock = ContinuedClock::new(set_back, Timestamp::from_nanos(5_000));
/// assert_eq!(clock.now().as_nanos(), 5_010);
/// assert_eq!(clock.now().as_nanos(), 5_020);
/// ```
#[derive(Debug)]
pub struct ContinuedClock<C> {
    clock: C,
    ahead_ns: u64,
}

impl<C: Clock> ContinuedClock<C> {
    /// Returns a clock that follows `clock`, and shows no time before `last`. It reads `clock` once, unless `last` is
    /// the epoch.
    pub fn new(clock: C, last: Timestamp) -> Self {
        let ahead_ns = if last == Timestamp::default() { 0 } else { last.nanos_since(clock.now()) };
        Self { clock, ahead_ns }
    }
}

impl<C: Clock> Clock for ContinuedClock<C> {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.clock.now().as_nanos().saturating_add(self.ahead_ns))
    }
}

/// A clock that advances by the same tick at every reading: the same run gives the same trace, byte for byte.
///
/// ```
/// use stream_kernel_trace::{Clock, ManualClock, Timestamp};
///
/// let clock = ManualClock::new(Timestamp::from_nanos(0), 1_000);
/// assert_eq!(clock.now().as_nanos(), 0);
/// assert_eq!(clock.now().as_nanos(), 1_000);
/// ```
#[derive(Debug)]
pub struct ManualClock {
    next_ns: Cell<u64>,
    tick_ns: u64,
}

impl ManualClock {
    /// Returns a clock whose first reading is `start` and which advances by `tick_ns` nanoseconds per reading.
    pub const fn new(start: Timestamp, tick_ns: u64) -> Self {
        Self { next_ns: Cell::new(start.as_nanos()), tick_ns }
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        let now_ns = self.next_ns.get();
        self.next_ns.set(now_ns.saturating_add(self.tick_ns));
        Timestamp::from_nanos(now_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_clocks_follow_the_wall_clock_and_never_go_back() {
        fn check(clock: &impl Clock, wall_ns: u128) {
            let mut last = clock.now();
            assert!(u128::from(last.as_nanos()).abs_diff(wall_ns) < 3_600_000_000_000, "{last} is not now");
            for _ in 0..100_000 {
                let now = clock.now();
                assert!(now >= last);
                last = now;
            }
        }
        #[expect(clippy::disallowed_methods, reason = "the clock is held against it")]
        let wall_ns = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
        check(&MonotonicClock::new(), wall_ns);
        check(&SystemClock::new(), wall_ns);
    }

    /// However long the test is interrupted, a reading must lie between the readings of the monotonic clock around it,
    /// apart from the error of interpolation.
    #[test]
    fn the_system_clock_stays_with_the_monotonic_clock() {
        const TOLERANCE_NS: u64 = 5_000;
        let clock = SystemClock::new();
        for _ in 0..200_000 {
            let before = clock.monotonic.elapsed_ns();
            let now = clock.now().as_nanos() - clock.monotonic.started_at_ns;
            let after = clock.monotonic.elapsed_ns();
            assert!(
                before.saturating_sub(TOLERANCE_NS) <= now && now <= after + TOLERANCE_NS,
                "{now} is not between {before} and {after}"
            );
        }
    }
}
