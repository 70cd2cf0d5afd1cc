//! Delivery of a batch: requests until one has a final answer, or the time is over.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::back_off::BackOff;
use crate::batch::Batch;
use crate::client::{Answer, Client};
use crate::report::ExportReport;

/// The time that a delivery has.
pub(crate) trait Patience {
    /// Waits before a retry; returns false if there is no time for it.
    fn wait(&self, delay: Duration) -> bool;

    /// Returns the time left for a request; `None` if it is unlimited.
    fn left(&self) -> Option<Duration>;
}

/// Waits as long as it takes.
pub(crate) struct Endless;

impl Patience for Endless {
    fn wait(&self, delay: Duration) -> bool {
        std::thread::sleep(delay);
        true
    }

    fn left(&self) -> Option<Duration> {
        None
    }
}

/// The reason of a batch without an answer.
pub(crate) const NO_ANSWER: &str = "no answer within the time-out";

/// Delivers batches to one receiver, and counts.
pub(crate) struct Delivery<'a> {
    pub(crate) client: Client,
    pub(crate) timeout: Duration,
    /// How long a batch is retried.
    pub(crate) repeated_for: Duration,
    pub(crate) report: &'a Mutex<ExportReport>,
    /// Whether the spans of each batch are already counted as undelivered.
    pub(crate) are_counted: bool,
}

impl Delivery<'_> {
    /// Delivers a batch, and returns whether the receiver has taken it, rejected spans included.
    pub(crate) fn deliver(&self, batch: &Batch, patience: &dyn Patience) -> bool {
        let spans = batch.len as u64;
        if !self.are_counted {
            lock(self.report).undelivered_spans += spans;
        }
        match self.attempt(&batch.request(), patience) {
            Ok((rejected, reason)) => {
                let mut report = lock(self.report);
                let rejected = rejected.min(spans);
                report.undelivered_spans -= spans.min(report.undelivered_spans);
                report.exported_spans += spans - rejected;
                report.rejected_spans += rejected;
                if rejected > 0 {
                    report.note(reason.unwrap_or_else(|| "the receiver gives no reason".to_owned()));
                }
                true
            }
            Err(why) => {
                lock(self.report).note(why);
                false
            }
        }
    }

    fn attempt(&self, request: &[u8], patience: &dyn Patience) -> Result<(u64, Option<String>), String> {
        let mut back_off = BackOff::new(now(), self.repeated_for);
        loop {
            let timeout = patience.left().map_or(self.timeout, |left| left.min(self.timeout));
            if timeout.is_zero() {
                let trouble = lock(self.report).trouble.take();
                return Err(trouble.unwrap_or_else(|| NO_ANSWER.to_owned()));
            }
            let (after, why) = match self.client.send(request, timeout) {
                Answer::Taken { rejected, reason } => {
                    lock(self.report).trouble = None;
                    return Ok((rejected, reason));
                }
                Answer::Refused(why) => return Err(why),
                Answer::Again { after, why } => (after, why),
            };
            let Some(delay) = back_off.next(now(), after) else { return Err(why) };
            lock(self.report).trouble = Some(why.clone());
            if !patience.wait(delay) {
                return Err(why);
            }
        }
    }
}

/// Locks a value that is valid even if a thread panicked while it held the lock.
pub(crate) fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a receiver is waited for by the machine's clock, and no decision depends on it"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
