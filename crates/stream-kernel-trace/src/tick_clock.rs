//! Time from a counter of ticks, held against a true clock again and again.

/// The true clock is looked at after so long.
const INTERVAL_NS: u64 = 1_000_000;

/// A look at the true clock that took longer was interrupted, and is not trusted. By so much the place at which an interval begins
/// may be out.
const MAX_LOOK_NS: u64 = 2_000;

/// The counter does not keep pace if it is out by more than this part of an interval, and by what a look may take.
const MAX_ERROR_PART: u64 = 1_000;

/// Fills in the time between two looks at a true clock from a counter that is cheaper to read.
///
/// It trusts the counter only for a millisecond after an interval in which it kept pace with the true clock; otherwise, and at
/// first, it asks the true clock each time. So it needs to know nothing of the counter: after a pause, a suspended machine or a
/// change of pace it is out for a millisecond at most; otherwise by 2 µs for a look and 1 µs for its pace. It never goes back.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TickClock {
    /// The counter, in nanoseconds as far as it keeps pace, and the true clock at the last look.
    count: u64,
    true_ns: u64,
    /// For how long after the look the counter is trusted.
    trusted_ns: u64,
    /// The time that was given last; none before it is given again.
    last_ns: u64,
}

impl TickClock {
    /// Returns the present time in nanoseconds.
    #[inline]
    pub(crate) fn now(&mut self, count_ns: impl Fn() -> u64, read_true_ns: impl FnOnce() -> u64) -> u64 {
        let counted_ns = count_ns();
        // A counter that went back is far ahead, and not trusted.
        let since_ns = counted_ns.wrapping_sub(self.count);
        let now_ns = if since_ns < self.trusted_ns {
            self.true_ns + since_ns
        } else {
            self.look(counted_ns, read_true_ns(), count_ns)
        };
        self.last_ns = self.last_ns.max(now_ns);
        self.last_ns
    }

    #[cold]
    fn look(&mut self, counted_ns: u64, true_ns: u64, count_ns: impl Fn() -> u64) -> u64 {
        let look_ns = count_ns().wrapping_sub(counted_ns);
        let interval_ns = true_ns.saturating_sub(self.true_ns);
        let error_ns = counted_ns.wrapping_sub(self.count).abs_diff(interval_ns);
        self.trusted_ns = 0;
        if interval_ns >= INTERVAL_NS {
            (self.count, self.true_ns) = (counted_ns, true_ns);
            if error_ns <= interval_ns / MAX_ERROR_PART && look_ns <= MAX_LOOK_NS {
                self.trusted_ns = INTERVAL_NS;
            }
        }
        true_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// A true clock and a counter, both of which a test moves on.
    struct Machine {
        true_ns: Cell<u64>,
        ticks: Cell<u64>,
        looks: Cell<u32>,
    }

    impl Machine {
        fn new() -> Self {
            Self { true_ns: Cell::new(0), ticks: Cell::new(77), looks: Cell::new(0) }
        }

        fn pass(&self, ns: u64, ticks: u64) {
            self.true_ns.set(self.true_ns.get() + ns);
            self.ticks.set(self.ticks.get().wrapping_add(ticks));
        }

        fn now(&self, clock: &mut TickClock) -> u64 {
            clock.now(
                || self.ticks.get(),
                || {
                    self.looks.set(self.looks.get() + 1);
                    self.true_ns.get()
                },
            )
        }
    }

    #[test]
    fn it_keeps_to_the_true_clock_and_seldom_asks_it() {
        for (ns, ticks) in [(1_000, 1_000), (100, 100), (1_000, 999), (1_000, 1_001)] {
            let (machine, mut clock) = (Machine::new(), TickClock::default());
            let readings = 20_000_000 / ns;
            for _ in 0..readings {
                machine.pass(ns, ticks);
                let now = machine.now(&mut clock);
                assert!(now.abs_diff(machine.true_ns.get()) <= 1_050, "{now} at {}", machine.true_ns.get());
            }
            let learning = 2 * INTERVAL_NS / ns;
            assert!(u64::from(machine.looks.get()) < learning + 30, "{} looks", machine.looks.get());
        }
    }

    #[test]
    fn a_counter_that_does_not_keep_pace_is_not_trusted() {
        for ticks in [24, 900, 1_100, 2_800] {
            let (machine, mut clock) = (Machine::new(), TickClock::default());
            for _ in 0..20_000 {
                machine.pass(1_000, ticks);
                assert_eq!(machine.now(&mut clock), machine.true_ns.get());
            }
        }
    }

    #[test]
    fn it_never_goes_back_and_is_true_again_after_whatever_the_counter_does() {
        let upsets: [(&str, u64, u64); 5] = [
            ("the machine slept", 5_000_000_000, 3_000),
            ("the counter ran on while the clock stood still", 0, 30_000_000),
            ("the counter went back", 1_000, u64::MAX - 1_000_000),
            ("the counter stood still", 3_000_000, 0),
            ("nothing happened for an hour", 3_600_000_000_000, 3_600_000_000_000),
        ];
        let (machine, mut clock) = (Machine::new(), TickClock::default());
        let mut last = 0;
        // The counter's pace changes, too, each time.
        for ((upset, ns, ticks), pace) in upsets.into_iter().zip([999, 1_002, 3_000, 1_000, 998]) {
            for reading in 0..12_000 {
                machine.pass(1_000, pace);
                let now = machine.now(&mut clock);
                assert!(now >= last, "{upset}: {now} after {last}");
                last = now;
                if reading > 4_000 {
                    assert!(now.abs_diff(machine.true_ns.get()) <= 2_010, "{upset}: {now}");
                }
            }
            machine.pass(ns, ticks);
        }
    }

    #[test]
    fn a_look_that_was_interrupted_is_not_trusted() {
        let (ticks, true_ns) = (Cell::new(0_u64), Cell::new(0_u64));
        let mut clock = TickClock::default();
        for _ in 0..5_000 {
            ticks.set(ticks.get() + 1_000);
            true_ns.set(true_ns.get() + 1_000);
            // Between the two readings of every look, a tenth of the interval passes.
            let now = clock.now(
                || ticks.get(),
                || {
                    ticks.set(ticks.get() + 100_000);
                    true_ns.set(true_ns.get() + 100_000);
                    true_ns.get()
                },
            );
            assert_eq!(now, true_ns.get(), "the counter was never trusted");
        }
    }

    /// However long the interval before it was, a look that is interrupted must not set the clock.
    #[test]
    fn a_long_pause_before_a_slow_look_does_not_make_it_trusted() {
        let (machine, mut clock) = (Machine::new(), TickClock::default());
        for _ in 0..3_000 {
            machine.pass(1_000, 1_000);
            machine.now(&mut clock);
        }
        machine.pass(1_000_000_000, 1_000_000_000);
        let slow_look = clock.now(
            || machine.ticks.get(),
            || {
                machine.pass(900_000, 900_000);
                machine.true_ns.get()
            },
        );
        assert_eq!(slow_look, machine.true_ns.get());
        for _ in 0..3_000 {
            machine.pass(50_000, 50_000);
            assert_eq!(machine.now(&mut clock).abs_diff(machine.true_ns.get()) / 1_000, 0);
        }
    }

    /// A counter that runs a little fast between two looks is ahead of the true clock at the second: time waits there.
    #[test]
    fn time_does_not_go_back_at_a_look() {
        let (machine, mut clock) = (Machine::new(), TickClock::default());
        let mut last = 0;
        for reading in 0..40_000_u64 {
            // Within the tolerance, and faster in every other millisecond.
            let ticks = if reading / 1_000 % 2 == 0 { 1_000 } else { 1_001 };
            machine.pass(1_000, ticks);
            let now = machine.now(&mut clock);
            assert!(now >= last, "{now} after {last}");
            last = now;
        }
        assert!(machine.looks.get() < 20_000, "the counter was trusted");
    }
}
