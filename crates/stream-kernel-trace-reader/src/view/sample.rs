//! The inputs of a run that are retained in full.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::input::Input;
use super::wording::Wording;

/// The number of slowest inputs to retain.
pub(super) const MAX_SLOWEST: usize = 200;
/// The number of inputs with errors to retain: the first ones.
pub(super) const MAX_FAILED: usize = 200;
/// The most bytes of JSON of the slowest inputs of a run, and as many of those with errors, and of the chosen ones. One
/// of each may be larger.
pub(super) const MAX_BYTES_EACH: usize = 2_000_000;

/// The first inputs of a run with errors, the chosen ones, the slowest, and every n-th of the others; each as JSON.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// The slowest of those that are in none of the others, so that no slower one is missing.
    slowest: BTreeMap<(u64, Reverse<u64>), Box<RawValue>>,
    slowest_bytes: usize,
    failed: BTreeMap<u64, Box<RawValue>>,
    failed_bytes: usize,
    chosen: BTreeMap<u64, Box<RawValue>>,
    chosen_bytes: usize,
    regular: BTreeMap<u64, Box<RawValue>>,
    regular_bytes: usize,
}

/// An input for the sample.
pub(super) struct Offer<'a> {
    /// Its number in the run, from 0.
    pub(super) ordinal: u64,
    pub(super) input: &'a Input,
    /// The distance between regular inputs.
    pub(super) stride: u64,
    pub(super) is_chosen: bool,
    pub(super) wording: Wording,
}

impl Sample {
    /// Takes an input, if it belongs to the sample, and returns whether the regular part has grown.
    pub(super) fn offer(&mut self, offer: &Offer<'_>) -> bool {
        let &Offer { ordinal, input, stride, is_chosen, wording } = offer;
        let rank = (input.elapsed_ns, Reverse(ordinal));
        let is_slow = (self.slowest.len() < MAX_SLOWEST && self.slowest_bytes < MAX_BYTES_EACH)
            || self.slowest.first_key_value().is_some_and(|(fastest, _)| rank > *fastest);
        let is_early_failure =
            input.has_failed() && self.failed.len() < MAX_FAILED && self.failed_bytes < MAX_BYTES_EACH;
        let is_chosen = is_chosen && self.chosen_bytes < MAX_BYTES_EACH;
        if !is_slow && !is_early_failure && !is_chosen && !ordinal.is_multiple_of(stride) {
            return false;
        }
        // The steps' changes are costly to parse, so for most inputs of a long trace this is never done.
        let json = input.to_json(wording);
        if is_early_failure {
            self.failed_bytes += json.get().len();
            self.failed.insert(ordinal, json);
            return false;
        }
        if is_chosen {
            self.chosen_bytes += json.get().len();
            self.chosen.insert(ordinal, json);
            return false;
        }
        self.slowest_bytes += json.get().len();
        self.slowest.insert(rank, json);
        let mut has_grown = false;
        while self.slowest.len() > MAX_SLOWEST
            || self.slowest_bytes > MAX_BYTES_EACH && self.slowest.len() > 1
        {
            // An input that is not, or no longer, among the slowest may still belong to the regular ones.
            let Some(((_, Reverse(ordinal)), json)) = self.slowest.pop_first() else { break };
            self.slowest_bytes -= json.get().len();
            if ordinal.is_multiple_of(stride) {
                has_grown = true;
                self.regular_bytes += json.get().len();
                self.regular.insert(ordinal, json);
            }
        }
        has_grown
    }

    /// Drops the inputs that a larger stride excludes.
    pub(super) fn thin(&mut self, stride: u64) {
        self.regular.retain(|ordinal, _| ordinal.is_multiple_of(stride));
        self.regular_bytes = self.regular.values().map(|json| json.get().len()).sum();
    }

    pub(super) fn bytes(&self) -> usize {
        self.regular_bytes
    }
}

/// The inputs in the order of the run.
impl Serialize for Sample {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let slowest = self.slowest.iter().map(|((_, Reverse(ordinal)), json)| (ordinal, json));
        let all: BTreeMap<_, _> =
            slowest.chain(&self.failed).chain(&self.chosen).chain(&self.regular).collect();
        serializer.collect_seq(all.values())
    }
}

#[cfg(test)]
mod tests {
    use stream_kernel_trace::TraceRecord;

    use super::*;

    /// Returns the input on line `ordinal` + 1.
    fn input(ordinal: u64, nanos: u32, has_failed: bool) -> Input {
        let record: TraceRecord = serde_json::from_value(serde_json::json!({
            "trace_id": "r:1", "scenario": "s", "line_no": ordinal + 1, "step_index": 0, "step_name": "a", "work_index": 0,
            "t_enter": "", "t_exit": "", "duration_ms": f64::from(nanos) / 1e6, "msg_in": {"type_name": "In"},
            "msg_out": [], "msg_out_count": 0, "status": if has_failed { "error" } else { "ok" },
        }))
        .unwrap();
        let mut input = Input::new(&record, 0);
        input.take(record, 0);
        input
    }

    /// Offers inputs that take `nanos` nanoseconds each, or fail, and returns the positions of the retained ones.
    fn kept(inputs: impl IntoIterator<Item = (u32, bool)>) -> Vec<u64> {
        let mut sample = Sample::default();
        for (ordinal, (nanos, has_failed)) in (0..).zip(inputs) {
            let input = input(ordinal, nanos, has_failed);
            let wording = Wording::default();
            sample.offer(&Offer { ordinal, input: &input, stride: u64::MAX, is_chosen: false, wording });
        }
        let kept = serde_json::to_value(&sample).unwrap();
        kept.as_array().unwrap().iter().map(|input| input["line_no"].as_u64().unwrap() - 1).collect()
    }

    #[test]
    fn the_first_inputs_with_errors_are_retained() {
        let bound = MAX_FAILED as u64;
        // Each fails and is slower than those before; then come slower ones that succeed.
        let failing = (1..).take(2 * MAX_FAILED).map(|nanos| (nanos, true));
        let slowest = (0..MAX_SLOWEST).map(|_| (1_000_000, false));
        let expected: Vec<u64> = (0..bound).chain(2 * bound..2 * bound + MAX_SLOWEST as u64).collect();
        assert_eq!(kept(failing.chain(slowest)), expected);
    }

    #[test]
    fn the_slowest_are_retained_whether_they_fail_or_not() {
        let (failed, slowest) = (MAX_FAILED as u64, MAX_SLOWEST as u64);
        // All retained failures are slow; as many slow ones of the others are retained as without failures.
        let failing = (0..failed).map(|_| (1_000_000, true));
        let slow = (1_000..).take(1 + MAX_SLOWEST).map(|nanos| (nanos, false));
        let expected: Vec<u64> = (0..failed).chain(failed + 1..=failed + slowest).collect();
        assert_eq!(kept(failing.chain(slow)), expected);
    }
}
