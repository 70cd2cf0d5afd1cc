//! Durations counted in buckets whose width grows with the duration.

use serde::Serialize;

/// Each doubling of the duration is divided into so many buckets: a quantile is off by at most an eighth.
const BUCKETS_PER_OCTAVE: u64 = 1 << OCTAVE_BITS;
const OCTAVE_BITS: u32 = 3;

/// Durations in nanoseconds, counted; its size depends on the longest alone and stays under 500 counters.
#[derive(Clone, Debug, Default)]
pub(super) struct DurationHistogram {
    counts: Vec<u64>,
    count: u64,
    total_ns: u64,
    max_ns: u64,
}

/// How many durations there were of `from_ns` to less than `to_ns`.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Bucket {
    pub(super) from_ns: u64,
    pub(super) to_ns: u64,
    pub(super) count: u64,
}

impl DurationHistogram {
    pub(super) fn add(&mut self, duration_ns: u64) {
        let bucket = bucket_of(duration_ns);
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += 1;
        self.count += 1;
        self.total_ns = self.total_ns.saturating_add(duration_ns);
        self.max_ns = self.max_ns.max(duration_ns);
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn total_ns(&self) -> u64 {
        self.total_ns
    }

    pub(super) fn max_ns(&self) -> u64 {
        self.max_ns
    }

    /// Returns a duration that at least `percent` of all do not exceed: the upper end of its bucket, at most the maximum.
    pub(super) fn percentile_ns(&self, percent: u64) -> u64 {
        let wanted = u128::from(self.count) * u128::from(percent);
        let mut counted = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            counted += u128::from(*count) * 100;
            if *count > 0 && counted >= wanted {
                return (lower_end(bucket + 1) - 1).min(self.max_ns);
            }
        }
        self.max_ns
    }

    /// Returns the buckets that hold anything, from the shortest.
    pub(super) fn buckets(&self) -> Vec<Bucket> {
        let filled = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        filled
            .map(|(bucket, &count)| Bucket {
                from_ns: lower_end(bucket),
                to_ns: lower_end(bucket + 1),
                count,
            })
            .collect()
    }
}

/// The first buckets are one nanosecond wide; then each octave has as many as the one before, twice as wide.
fn bucket_of(duration_ns: u64) -> usize {
    let octave = duration_ns.max(1).ilog2().saturating_sub(OCTAVE_BITS);
    let bucket = u64::from(octave) * BUCKETS_PER_OCTAVE + (duration_ns >> octave);
    usize::try_from(bucket).unwrap_or(usize::MAX)
}

fn lower_end(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let octave = (bucket / BUCKETS_PER_OCTAVE).saturating_sub(1);
    let end = u128::from(bucket - octave * BUCKETS_PER_OCTAVE) << octave;
    u64::try_from(end).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_lies_in_its_bucket_and_no_bucket_is_wider_than_an_eighth() {
        let edges = (0..64).flat_map(|bit| [(1_u64 << bit) - 1, 1 << bit, (1 << bit) + 1]);
        for duration in edges.chain([u64::MAX - 1, u64::MAX, 1_000, 999_999]) {
            let bucket = bucket_of(duration);
            let (from, to) = (lower_end(bucket), lower_end(bucket + 1));
            assert!(from <= duration && (duration < to || to == u64::MAX), "{from} {duration} {to}");
            assert!(to - from <= (from / 8).max(1), "{from} to {to}");
        }
        assert!(bucket_of(u64::MAX) < 500);
    }

    #[test]
    fn percentiles_are_upper_ends_and_never_beyond_the_maximum() {
        let mut histogram = DurationHistogram::default();
        assert_eq!((histogram.percentile_ns(50), histogram.buckets()), (0, vec![]));
        (1..=1_000).for_each(|duration| histogram.add(duration));
        // The 500th is in 480..512, the 990th in 960..1024.
        assert_eq!([50, 99, 100].map(|percent| histogram.percentile_ns(percent)), [511, 1_000, 1_000]);
        assert_eq!((histogram.count(), histogram.total_ns(), histogram.max_ns()), (1_000, 500_500, 1_000));
        assert_eq!(histogram.buckets().iter().map(|bucket| bucket.count).sum::<u64>(), 1_000);
    }
}
