//! Parts of the kernel, each alone: `cargo bench --package stream-kernel-benches --bench parts [FILTER]`.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has nothing to go on with")]

mod clock;
mod context_diff;
mod hop;
mod ids;
mod line;
mod record;
mod sink;
mod traced_step;

use std::time::Duration;

use criterion::Criterion;

fn main() {
    // All of them take less than a minute; the cost of a whole run is measured on whole processes.
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    line::bench(&mut criterion);
    ids::bench(&mut criterion);
    clock::bench(&mut criterion);
    hop::bench(&mut criterion);
    record::bench(&mut criterion);
    context_diff::bench(&mut criterion);
    sink::bench(&mut criterion);
    criterion.final_summary();
}
