//! One reading of the record clock, beside the standard library's clock and that of a crate for clocks.

use criterion::Criterion;
use stream_kernel_trace::{Clock, SystemClock};

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("clock");
    let clock = SystemClock::new();
    group.bench_function("ours", |bencher| bencher.iter(|| clock.now()));
    #[expect(clippy::disallowed_methods, reason = "this is a benchmark")]
    group.bench_function("std", |bencher| bencher.iter(std::time::Instant::now));
    group.bench_function("quanta", |bencher| bencher.iter(quanta::Instant::now));
    group.finish();
}
