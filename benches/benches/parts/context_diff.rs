//! The diff of a context: in each mode over the steps of an input, and by the size of a step's changes.

use criterion::{Criterion, Throughput};
use stream_kernel_trace::{Context, ContextField, FieldSet, SignatureMode};

use crate::record::Render;
use crate::traced_step::TracedStep;

/// Roughly the annotations of fund-load's steps.
const NOTES: [fn(&mut Context); 8] = [
    |context| {
        context.tags.set("id", "15887001");
        context.tags.set("customer_id", "528001");
        context.metrics.set("amount_cents", 331_847_u64);
    },
    |context| {
        context.tags.set("day", "2000-03-01");
        context.tags.set("week", "2000-02-28");
    },
    |context| {
        context.tags.set("idempotency", "canonical");
        context.metrics.set("canonical_line_no", 123_456_u64);
    },
    |context| {
        context.tags.set("monday", false);
        context.tags.set("prime", false);
        context.metrics.set("effective_amount_cents", 331_847_u64);
    },
    |context| {
        context.metrics.set("attempts_before", 1_u64);
        context.metrics.set("day_amount_before_cents", 10_000_u64);
        context.metrics.set("week_amount_before_cents", 20_000_u64);
        context.tags.set("accepted", true);
    },
    |context| {
        context.metrics.set("attempts_after", 2_u64);
        context.metrics.set("day_amount_after_cents", 341_847_u64);
        context.metrics.set("week_amount_after_cents", 351_847_u64);
    },
    |_| {},
    |_| {},
];

pub(crate) fn bench(criterion: &mut Criterion) {
    let tags_and_metrics = FieldSet::of([ContextField::Tags, ContextField::Metrics]);
    let mut group = criterion.benchmark_group("context diff");
    group.throughput(Throughput::Elements(NOTES.len() as u64));
    for (name, mode) in [
        ("a step of an input, none", None),
        ("a step of an input, whitelist", Some(tags_and_metrics)),
        ("a step of an input, full", Some(FieldSet::ALL)),
    ] {
        let mut step = TracedStep::new(SignatureMode::TypeOnly, mode, Render::default());
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                step.begin_input();
                for (index, note) in NOTES.iter().enumerate() {
                    step.record(index, note);
                }
            });
        });
    }
    group.throughput(Throughput::Elements(1));
    for (name, change) in [("a step that changes nothing", 0), ("a step that changes one tag of 16", 1)] {
        let whitelist = Some(FieldSet::of([ContextField::Tags]));
        let mut step = TracedStep::new(SignatureMode::TypeOnly, whitelist, Render::default());
        for name in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"] {
            step.context.tags.set(name, "a text of usual length");
        }
        let mut number = 0_u64;
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                number += change;
                step.record(1, |context| {
                    if change > 0 {
                        context.tags.set("h", number);
                    }
                });
            });
        });
    }
    group.finish();
}
