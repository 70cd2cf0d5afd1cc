//! A record: the time to make it, to write it as JSON, and to sign its messages.

use std::hint::black_box;
use std::io;

use criterion::Criterion;
use stream_kernel_trace::{Record, RecordSerializer, SignatureMode, TraceSink};

use crate::traced_step::TracedStep;

/// A sink that ignores records.
pub(crate) struct Discard;

impl TraceSink for Discard {
    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        black_box(record);
        Ok(())
    }
}

/// A sink that writes each record over the one before, from cached templates, as sinks do.
#[derive(Default)]
pub(crate) struct Render {
    serializer: RecordSerializer,
    line: Vec<u8>,
}

impl TraceSink for Render {
    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        self.line.clear();
        self.serializer.write_json(record, &mut self.line);
        black_box(&self.line);
        Ok(())
    }
}

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("record");
    let mut step = TracedStep::new(SignatureMode::TypeOnly, None, Discard);
    group.bench_function("discarded", |bencher| bencher.iter(|| step.record(1, |_| {})));
    for (name, mode) in [
        ("as JSON, type_only", SignatureMode::TypeOnly),
        ("as JSON, type_and_identity", SignatureMode::TypeAndIdentity),
        ("as JSON, hash", SignatureMode::Hash),
    ] {
        let mut step = TracedStep::new(mode, None, Render::default());
        group.bench_function(name, |bencher| bencher.iter(|| step.record(1, |_| {})));
    }
    group.finish();
}
