//! Back-off: the delays between retries of a request, and when to give up.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

/// The delay before the first retry; each further one is twice as long, up to [`LONGEST_DELAY`].
const FIRST_DELAY: Duration = Duration::from_millis(200);
const LONGEST_DELAY: Duration = Duration::from_secs(10);
/// How long a run retries a batch, from its first request to the beginning of the last. If a receiver demands a longer
/// delay, the batch is not delivered.
pub(crate) const MAX_RETRY_TIME: Duration = Duration::from_mins(1);

/// The retries of one request.
pub(crate) struct BackOff {
    ends: Instant,
    delay: Duration,
}

impl BackOff {
    /// Returns the retries of a request that begins now. Each begins within `repeated_for`.
    pub(crate) fn new(now: Instant, repeated_for: Duration) -> Self {
        Self { ends: now + repeated_for, delay: FIRST_DELAY }
    }

    /// Returns the delay before the next retry, or `None` if it would end too late. It is a random part, at least half,
    /// of the full delay, but never less than what the receiver demands.
    pub(crate) fn next(&mut self, now: Instant, retry_after: Option<Duration>) -> Option<Duration> {
        let delay = self.delay.mul_f64(0.5 + 0.5 * fraction());
        self.delay = (2 * self.delay).min(LONGEST_DELAY);
        let delay = delay.max(retry_after.unwrap_or_default());
        // A demand may be any number of seconds, even one that no clock can show.
        now.checked_add(delay).is_some_and(|begins| begins <= self.ends).then_some(delay)
    }
}

/// Returns a random number from 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "the first 32 of 64 random bits")]
fn fraction() -> f64 {
    let random = RandomState::new().hash_one(0) >> 32;
    random as f64 / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "any point in time will do")]
    fn any_time() -> Instant {
        Instant::now()
    }

    #[test]
    fn delays_grow_and_end() {
        let mut now = any_time();
        let began = now;
        let mut back_off = BackOff::new(now, MAX_RETRY_TIME);
        let mut whole = FIRST_DELAY;
        while let Some(delay) = back_off.next(now, None) {
            assert!((whole / 2..=whole).contains(&delay), "{delay:?} of {whole:?}");
            whole = (2 * whole).min(LONGEST_DELAY);
            now += delay;
        }
        assert!(now <= began + MAX_RETRY_TIME && now + LONGEST_DELAY > began + MAX_RETRY_TIME);
    }

    #[test]
    fn demanded_delays_are_obeyed_up_to_the_end() {
        let now = any_time();
        let second = Duration::from_secs(1);
        let mut back_off = BackOff::new(now, MAX_RETRY_TIME);
        assert_eq!(back_off.next(now, Some(30 * second)), Some(30 * second));
        assert_eq!(back_off.next(now, Some(MAX_RETRY_TIME)), Some(MAX_RETRY_TIME));
        assert_eq!(back_off.next(now, Some(MAX_RETRY_TIME + Duration::from_nanos(1))), None);
        assert_eq!(back_off.next(now, Some(Duration::MAX)), None, "no clock shows its end");
        let late = now + 31 * second;
        assert_eq!(back_off.next(late, Some(30 * second)), None, "the time that has passed counts");
        assert_eq!(back_off.next(now + MAX_RETRY_TIME, Some(Duration::ZERO)), None);
    }

    #[test]
    fn a_demand_of_no_delay_does_not_shorten_the_delay() {
        let now = any_time();
        let delay = BackOff::new(now, MAX_RETRY_TIME).next(now, Some(Duration::ZERO)).unwrap();
        assert!(delay >= FIRST_DELAY / 2, "{delay:?}");
    }
}
