//! A line's parsing: fund-load's first step alone in a pipeline, so the figure includes one hop.

use criterion::{BatchSize, Criterion, Throughput};
use fund_load::FundLoad;
use stream_kernel_run::{Job, LineContent, RawLine};

const LINES: &str = include_str!("../../../fixtures/clean.ndjson");

pub(crate) fn bench(criterion: &mut Criterion) {
    // The step's output is dropped at once, which a strict pipeline would not allow.
    let layers =
        Job::<FundLoad>::loader().set("runtime.pipeline=[parse_load_attempt]").set("runtime.strict=false");
    let mut session = Job::<FundLoad>::prepare(layers).unwrap().start("run", None);
    let lines: Vec<RawLine> = (1..)
        .zip(LINES.lines())
        .map(|(line_no, text)| RawLine::new(line_no, LineContent::Whole(text.as_bytes().into())))
        .collect();
    let mut group = criterion.benchmark_group("line");
    group.throughput(Throughput::Elements(lines.len() as u64));
    group.bench_function("parse", |bencher| {
        bencher.iter_batched(
            || lines.clone(),
            |lines| lines.into_iter().for_each(|line| session.take(line, 0).unwrap()),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}
