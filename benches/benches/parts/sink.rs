//! A record through each mode of the file sink; the figures include making the record.

use std::fs::OpenOptions;
use std::num::NonZeroU64;
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{Bencher, Criterion};
use stream_kernel_sinks::{Cadence, Compression, JsonlSink};
use stream_kernel_trace::SignatureMode;

use crate::traced_step::TracedStep;

/// The file is emptied at this many records, so that it never grows beyond some MB.
const RECORDS_A_FILE: u64 = 20_000;

pub(crate) fn bench(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let mut group = criterion.benchmark_group("sink");
    for (name, flush_every_n) in
        [("line, flush 1", 1), ("batch, flush 100", 100), ("batch, blocks of 1 MiB", u64::MAX)]
    {
        let path = folder.path().join("trace.jsonl");
        let cadence = Cadence { flush_every_n: NonZeroU64::new(flush_every_n).unwrap(), fsync_every_n: None };
        let sink = JsonlSink::open(&path, cadence, Compression::None).unwrap();
        let mut step = TracedStep::new(SignatureMode::TypeOnly, None, sink);
        group.bench_function(name, |bencher| record(bencher, &mut step, &path));
    }
    group.finish();
}

fn record(bencher: &mut Bencher<'_>, step: &mut TracedStep, path: &Path) {
    bencher.iter_custom(|records| {
        let (mut left, mut elapsed) = (records, Duration::ZERO);
        while left > 0 {
            let count = left.min(RECORDS_A_FILE);
            #[expect(clippy::disallowed_methods, reason = "this is a benchmark")]
            let started = Instant::now();
            (0..count).for_each(|_| step.record(1, |_| {}));
            elapsed += started.elapsed();
            left -= count;
            OpenOptions::new().write(true).open(path).unwrap().set_len(0).unwrap();
        }
        elapsed
    });
}
