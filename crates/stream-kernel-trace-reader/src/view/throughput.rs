//! Inputs over time, in a bounded number of equal spans.

use serde::Serialize;

/// The most spans; when time exceeds them, adjacent spans are merged in pairs.
const MAX_SPANS: usize = 240;

/// Counts inputs by their beginning.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Throughput {
    /// The length of a span, in microseconds.
    span_us: u64,
    /// The number of inputs that began in each span, from the run's beginning.
    inputs: Vec<u64>,
}

impl Default for Throughput {
    fn default() -> Self {
        Self { span_us: 100, inputs: Vec::new() }
    }
}

impl Throughput {
    /// Counts an input that began `since_start_us` microseconds after the run.
    pub(super) fn add(&mut self, since_start_us: u64) {
        while since_start_us / self.span_us >= MAX_SPANS as u64 {
            self.span_us *= 2;
            self.inputs = self.inputs.chunks(2).map(|pair| pair.iter().sum()).collect();
        }
        let span = usize::try_from(since_start_us / self.span_us).unwrap_or(MAX_SPANS - 1);
        if self.inputs.len() <= span {
            self.inputs.resize(span + 1, 0);
        }
        self.inputs[span] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_double_beyond_the_bound_and_lose_no_input() {
        let mut throughput = Throughput::default();
        throughput.add(0);
        throughput.add(150);
        throughput.add(23_999);
        assert_eq!((throughput.span_us, throughput.inputs.len()), (100, 240));
        throughput.add(24_000);
        assert_eq!((throughput.span_us, throughput.inputs.len()), (200, 121));
        assert_eq!((throughput.inputs[0], throughput.inputs[119], throughput.inputs[120]), (2, 1, 1));
        throughput.add(u64::MAX / 4);
        assert!(throughput.inputs.len() <= MAX_SPANS);
        assert_eq!(throughput.inputs.iter().sum::<u64>(), 5);
    }
}
