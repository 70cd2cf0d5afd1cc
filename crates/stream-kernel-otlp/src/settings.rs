//! Settings: from the configuration, else from OpenTelemetry's environment variables, else defaults.

mod environment;

use std::time::Duration;

pub use environment::{Configured, Resolved, resolve};

use crate::endpoint::{Endpoint, Headers};

/// The most records that wait, by default.
pub const DEFAULT_QUEUE: usize = 16_384;
/// The most spans of a request, by default.
pub const DEFAULT_BATCH: usize = 2_048;
/// How long a request may take, and the export at the end of a run, by default.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long spans wait for a batch to become full, by default.
pub const DEFAULT_DELAY: Duration = Duration::from_secs(1);

/// How spans are sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Where they go.
    pub endpoint: Endpoint,
    /// The headers of each request.
    pub headers: Headers,
    /// Whether requests are compressed.
    pub is_compressed: bool,
    /// How long a request may take, and the export at the end of a run.
    pub timeout: Duration,
    /// The most records that wait.
    pub queue: usize,
    /// The most spans of a request.
    pub batch: usize,
    /// How long spans wait for a batch to become full.
    pub delay: Duration,
    /// The inputs that are exported.
    pub sample: Sample,
}

impl Settings {
    /// Returns the default settings for an endpoint.
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            headers: Headers::default(),
            is_compressed: true,
            timeout: DEFAULT_TIMEOUT,
            queue: DEFAULT_QUEUE,
            batch: DEFAULT_BATCH,
            delay: DEFAULT_DELAY,
            sample: Sample::ALL,
        }
    }
}

/// Which inputs are exported; each is exported as a whole or not at all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// The share of inputs, from 0 to 1, chosen by their trace ids.
    pub ratio: f64,
    /// Whether every input with a failed step is exported.
    pub always_errors: bool,
    /// Whether every input is exported whose outcome is that it was declined.
    pub always_declined: bool,
}

impl Sample {
    /// Every input.
    pub const ALL: Self = Self { ratio: 1.0, always_errors: false, always_declined: false };

    /// Returns whether the share includes an input. Like OpenTelemetry's `TraceIdRatioBased`, it decides by the last 63
    /// bits of the trace id.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of all numbers"
    )]
    pub(crate) fn chooses(&self, trace_id: [u8; 16]) -> bool {
        if self.ratio >= 1.0 {
            return true;
        }
        let mut low = [0; 8];
        low.copy_from_slice(&trace_id[8..]);
        (u64::from_be_bytes(low) >> 1) < (self.ratio * (1_u64 << 63) as f64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_the_share_of_trace_ids() {
        let sample = |ratio| Sample { ratio, ..Sample::ALL };
        let id = |low: u64| {
            let mut id = [0xff; 16];
            id[8..].copy_from_slice(&low.to_be_bytes());
            id
        };
        // A quarter of all numbers, whatever the first bit.
        let quarter = 1 << 61;
        assert!(sample(0.25).chooses(id((quarter - 1) << 1)));
        assert!(!sample(0.25).chooses(id(quarter << 1)));
        assert!(sample(1.0).chooses(id(u64::MAX)) && !sample(0.0).chooses(id(0)));
    }
}
